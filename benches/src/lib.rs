//! Benchmarks, one file a subject. Each prints what it measured beside what Mesos 1.11.0 does and what we want.
//!
//! | module | what |
//! |---|---|
//! | [`allocator`] | the subject `allocator`: Mesos' own benchmarks of its allocator |
//! | [`launch`] | the subject `launch`: tasks through the v1 API on one agent, reads of the state, memory |
//! | [`load`] | a scheduler that launches many tasks and notes what becomes of them |
//! | [`reads`] | how long requests take |
//! | [`memory`] | what a process holds |
//! | [`resources`] | the subject `resources`: the algebra of resources |
//! | [`runtime`] | the subject `runtime`: libprocess beside C++ and other actor runtimes |
//! | [`counting`] | an allocator that counts |
//! | [`table`] | how results are shown and kept |
#![deny(unsafe_code)]

pub mod allocator;
pub mod counting;
pub mod launch;
pub mod load;
pub mod memory;
pub mod reads;
pub mod resources;
pub mod runtime;
pub mod table;
