//! Who is offered what: dominant resource fairness over roles, then over the frameworks of a role.
//!
//! The crate is pure. An [`Allocator`] is told what exists ([`Allocator::add_agent`], [`Allocator::add_framework`]),
//! what comes back ([`Allocator::recover_resources`]) and when to decide ([`Allocator::run`]); it answers with
//! [`Decisions`]. Time is given, randomness is seeded, so one seed and one sequence of calls always give the same offers.
//!
//! ```
//! use std::collections::BTreeMap;
//! use libprocess_core::time::Time;
//! use mesos::{Resources, ids::{AgentId, FrameworkId}};
//! use mesos_allocator::{Allocator, FrameworkOptions, Hierarchical, NewAgent, Options};
//! use mesos_proto::v0;
//!
//! let mut allocator = Hierarchical::new(Options::default(), 1);
//! allocator.recover(Time::EPOCH, 0, BTreeMap::new());
//! allocator.add_agent(Time::EPOCH, NewAgent {
//!     id: AgentId::new("A0"),
//!     info: v0::SlaveInfo::default(),
//!     capabilities: mesos::capabilities::agent_capabilities(),
//!     unavailability: None,
//!     total: Resources::parse("cpus:4;mem:1024", "*").unwrap(),
//!     used: BTreeMap::new(),
//! });
//! let info = v0::FrameworkInfo { role: Some("web".to_owned()), ..Default::default() };
//! let id = FrameworkId::new("F0");
//! allocator.add_framework(Time::EPOCH, &id, &info, &BTreeMap::new(), true, FrameworkOptions::default());
//!
//! assert_eq!(allocator.next_run(), Some(Time::EPOCH));
//! let decisions = allocator.run(Time::EPOCH);
//! assert_eq!(decisions.offers[0].agent_id, AgentId::new("A0"));
//! assert_eq!(decisions.offers[0].role, "web");
//! ```
//!
//! Mesos: `src/master/allocator/mesos/hierarchical.cpp`.
#![forbid(unsafe_code)]

mod agent_spec;
mod allocator;
mod constraints;
mod decisions;
mod error;
mod exclusions;
mod factory;
mod framework_options;
mod hierarchical;
mod options;
mod quota;
#[cfg(test)]
mod tests;

pub use agent_spec::{AgentUpdate, NewAgent};
pub use allocator::Allocator;
pub use constraints::{OfferConstraints, RegexLimits};
pub use decisions::{Allotment, Decisions, InverseAllotment, InverseOfferAnswer};
pub use error::UpdateAvailableError;
pub use exclusions::Exclusions;
pub use factory::{Allocators, Factory};
pub use framework_options::FrameworkOptions;
pub use hierarchical::{Hierarchical, Sorter};
pub use options::{Options, SorterKind};
pub use quota::Quota;

pub use mesos::operation::Conversion;
pub use mesos::{Limits, Quantities};
