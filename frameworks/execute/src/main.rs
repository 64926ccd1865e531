//! Runs one command on a cluster, as mesos-execute does.

fn main() {}
