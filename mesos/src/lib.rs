//! The vocabulary of Mesos: ids, scalars, resources, attributes, roles, predicates, validation.
//!
//! Everything here is pure: no I/O, no clock, no randomness. Messages come from [`mesos_proto`]; this
//! crate gives them checked types and the rules of Mesos, with Mesos' own words for every refusal.
//!
//! # Examples
//!
//! ```
//! use mesos::Resources;
//!
//! let total = Resources::parse("cpus:4;mem:1024;ports:[31000-32000]", "*")?;
//! let task = Resources::parse("cpus:0.5;ports:[31000-31001]", "*")?;
//! assert!(total.contains(&task));
//! assert_eq!((total - &task).to_string(), "cpus:3.5; mem:1024; ports:[31002-32000]");
//! # Ok::<(), mesos::Error>(())
//! ```
//!
//! # Map
//!
//! [`ids`] names things, [`Scalar`], [`Ranges`], [`Set`] and [`Value`] measure them, [`Resource`] and
//! [`Resources`] add them up, [`Quantities`] and [`Limits`] count them, [`operation`] turns one into another,
//! [`attributes`] and [`roles`] label them, [`task`] and [`capabilities`]
//! answer questions about messages, [`validate`] refuses them, [`convert`] carries them over the door
//! between the v1 API and the inside.

#![forbid(unsafe_code)]

pub mod attributes;
pub mod capabilities;
pub mod convert;
mod error;
pub mod ids;
pub mod model;
pub mod operation;
mod quantities;
mod ranges;
mod resource;
mod resources;
pub mod roles;
mod scalar;
mod set;
pub mod task;
pub mod uuid;
pub mod validate;
mod value;

pub use self::error::Error;
pub use self::quantities::{Limits, Quantities};
pub use self::ranges::Ranges;
pub use self::resource::{Allocation, Resource, ResourceFormat, convert_format};
pub use self::resources::Resources;
pub use self::scalar::Scalar;
pub use self::set::Set;
pub use self::value::Value;
