//! What Mesos' own tests demand of its allocator, sorters and offer constraints, told as stories about ours.
//!
//! Each names the test of Mesos whose facts it tells, or the rule in its source where there is none. Unless a story says
//! otherwise it is told in the order of Mesos, where what comes back waits for the next regular round, and in ours, with
//! several seeds.

mod agents;
mod bundles;
mod cluster;
mod constraints;
mod fairness;
mod filters;
mod lots;
mod maintenance;
mod metrics;
mod min_allocatable;
mod operations;
mod quota;
mod quota_reservations;
mod ranking;
mod roles;
mod shared;
mod suppress;
