//! Mesos' rules beside what the master knows. An error is the text a scheduler reads.

pub mod framework;
pub mod offer;
pub mod operation;
pub mod task;
