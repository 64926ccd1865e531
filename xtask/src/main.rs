//! One gate, one fixer: verify, fix, test, bench, demo.

fn main() {}
