//! Inputs in, effects out: the rules of the master, one after another and in random order.

mod agents;
mod calls;
mod maintenance;
mod operations;
mod placement;
mod quota;
mod random;
mod roles;
mod tasks;
mod views;
mod waiting;
mod world;
