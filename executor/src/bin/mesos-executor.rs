//! The executor library (v1 API) and the command executor.

fn main() {}
