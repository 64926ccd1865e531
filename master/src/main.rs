//! The Mesos master daemon.

fn main() {}
