//! The program `mesos-master`, with the allocators of this repository.
#![forbid(unsafe_code)]

use mesos_allocator::Allocators;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() {
    mesos_master::main(Allocators::default());
}
