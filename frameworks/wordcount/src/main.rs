//! The demonstration: a word count over many tasks.

fn main() {}
