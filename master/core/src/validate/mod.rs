//! Mesos' rules, in Mesos' words. An error is the text a scheduler reads.

pub mod executor;
pub mod framework;
pub mod group;
pub mod offer;
pub mod task;
