//! Who is offered what: dominant resource fairness over roles, then over the frameworks of a role.
//!
//! The crate is pure. It is told what exists ([`Allocator::add_agent`], [`Allocator::add_framework`]), what comes
//! back ([`Allocator::recover`]) and when to decide ([`Allocator::allocate`]); it answers with [`Allotment`]s, one
//! for each (framework, role, agent) that is to receive an offer. Time is given, randomness is seeded, so one seed
//! and one sequence of calls always give the same offers.
//!
//! ```
//! use std::time::Duration;
//! use libprocess_core::time::Time;
//! use mesos::{Resources, ids::{AgentId, FrameworkId}};
//! use mesos_allocator::{Allocator, Framework, Options};
//!
//! let mut allocator = Allocator::new(Options::default(), 1);
//! let agent = AgentId::new("A0");
//! let framework = FrameworkId::new("F0");
//! allocator.add_agent(agent.clone(), Resources::parse("cpus:4;mem:1024", "*").unwrap(), &[]);
//! allocator.add_framework(framework.clone(), Framework::new(["*".to_owned()]));
//!
//! let offers = allocator.allocate(Time::EPOCH);
//! assert_eq!(offers.len(), 1);
//! assert_eq!(offers[0].agent_id, agent);
//! ```
//!
//! Map: [`Allocator`] keeps the books and walks them; `sorter` orders roles and frameworks by dominant share;
//! `filter` remembers what was refused, where and until when.
//!
//! Mesos: `src/master/allocator/mesos/hierarchical.cpp`. Quota, weights, reservations, offer constraints and inverse
//! offers are not decided here yet.
#![forbid(unsafe_code)]

mod agent;
mod allocator;
mod filter;
mod framework;
mod sorter;
#[cfg(test)]
mod tests;

pub use allocator::{Allocator, Allotment, Options};
pub use framework::Framework;
