//! A whole cluster in one process tree: a master and N agents.

fn main() {}
