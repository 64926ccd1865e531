//! The Mesos agent daemon.

fn main() {}
