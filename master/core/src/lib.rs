//! The decisions of the master: a pure state machine from inputs to effects.
//!
//! [`Master::handle`] is the only way in and [`Effect`] the only way out; what the world is asked to do stands in
//! `effect.rs`, what it may say in `input.rs`. The crate does no I/O, has no clock and no ambient randomness.
//!
//! Map, in the order a task travels:
//!
//! | module | what it decides |
//! |---|---|
//! | `register_agent`, `reregister_agent`, `update_agent`, `unregister_agent` | who may join, and what a returning agent brings |
//! | `ping`, `disconnect_agent`, `unreachable`, `remove_agent` | when an agent is gone and what becomes of its tasks |
//! | `subscribe`, `disconnect_framework`, `remove_framework` | the life of a framework |
//! | `offers` | who is offered what (with `mesos-allocator`) |
//! | `call` | what a scheduler may ask, and in which words it is refused |
//! | `accept` | what happens to accepted offers; `accept::launch` starts tasks |
//! | `decline`, `revive`, `kill`, `shutdown_executor`, `acknowledge`, `reconcile`, `message` | the other calls |
//! | `apply_operation`, `operation_status`, `acknowledge_operation`, `reconcile_operations` | what is done to agents' resources, and what became of it |
//! | `operator` | what operators change: resources, quota, weights, maintenance |
//! | `roles` | what roles hold |
//! | `inverse_offers` | frameworks are asked to leave agents |
//! | `status_update`, `exited_executor` | what agents report |
//! | `events` | what operators are told |
//! | `registry` | what must survive the master |
//! | `views` | what can be read: v0 JSON and v1 responses |
//! | `validate` | Mesos' rules for frameworks, tasks, executors and offers, in Mesos' words |
#![forbid(unsafe_code)]

mod accept;
mod acknowledge;
mod acknowledge_operation;
mod add_task;
mod apply_operation;
mod call;
mod check;
mod constants;
mod decline;
mod disconnect_agent;
mod disconnect_framework;
mod effect;
mod events;
mod exited_executor;
mod handle;
mod heartbeat;
mod ids;
mod input;
mod inverse_offers;
mod kill;
mod message;
pub mod metrics;
mod offers;
mod operation_status;
mod operator;
mod options;
mod ping;
mod reconcile;
mod reconcile_operations;
mod recover;
mod register_agent;
pub mod registry;
mod remove_agent;
mod remove_framework;
mod reregister_agent;
mod revive;
mod role_sums;
mod roles;
mod shutdown_executor;
pub mod state;
mod status_update;
mod subscribe;
mod unreachable;
mod unregister_agent;
mod update_agent;
mod update_framework;
pub mod validate;
pub mod views;

#[cfg(test)]
mod tests;

pub use call::validate_call;
pub use effect::{Answer, Effect, Effects, StreamId, Ticket, Timer, ToAgent};
pub use input::Input;
pub use operator::OperatorCall;
pub use options::Options;
pub use state::Master;
