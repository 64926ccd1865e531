//! A site's own master: `cargo run --package mesos-master --example own_policy -- --allocator=first_fit --work_dir=/tmp/m`.
//!
//! It is the master of this repository with one more allocator to choose from.

use mesos_allocator::{Allocators, Factory};

#[path = "../allocator/examples/first_fit/first_fit.rs"]
mod first_fit;

fn main() {
    let own = Factory::new(|options, _seed| Box::new(first_fit::FirstFit::new(options)));
    mesos_master::main(Allocators::default().with("first_fit", own));
}
