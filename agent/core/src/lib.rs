//! The decisions of the agent: a pure state machine.
//!
//! [`AgentCore`] is given what happened ([`Input`]) and says what shall happen ([`Effect`]). It reads no clock,
//! no disk and no socket; the shell (`mesos-agent`) does, and performs the effects in their order.
//!
//! ```text
//!  master ── RunTaskMessage ──▶ run_task ──▶ Launch ──▶ container_launched
//!  executor ── SUBSCRIBE ─────▶ executor_subscribe ──▶ SUBSCRIBED, LAUNCH
//!  executor ── UPDATE ────────▶ executor_update ──▶ status_updates ──▶ StatusUpdateMessage to the master
//!  master ── acknowledgement ─▶ status_updates::acknowledge ──▶ the next update
//!  the system ── exit ────────▶ executor_exited ──▶ TASK_FAILED for what still ran
//! ```
//!
//! Map: [`input`] and [`effect`] are the two doors; `core` holds the state and sends each input to the file of
//! its operation; [`status_updates`] keeps updates in order until they are acknowledged; [`paths`] and
//! [`checkpoint`] say where and how things are written; [`views`] answers who looks at the agent.

#![forbid(unsafe_code)]

pub mod checkpoint;
pub mod compatibility;
pub mod config;
pub mod constants;
pub mod effect;
pub mod executor;
pub mod framework;
pub mod input;
pub mod metrics;
pub mod operations;
pub mod oversubscription;
pub mod paths;
pub mod random;
pub mod status_updates;
pub mod views;

mod check;
mod container_launched;
mod core;
mod executor_call;
mod executor_environment;
mod executor_exited;
mod executor_info;
mod executor_subscribe;
mod executor_update;
mod kill_task;
mod launch;
mod master_detected;
mod messages;
mod ping;
mod recover;
mod register;
mod remove;
mod resources;
mod run_task;
mod shutdown;
mod timers;

pub use crate::core::{AgentCore, AgentState};
pub use compatibility::{Identity, ReconfigurationPolicy};
pub use config::Config;
pub use effect::{Effect, ExecutorAnswer, LaunchContainer, Outgoing, Since, Ticket, Volume};
pub use input::{ContainerEnd, ExecutorRequest, FromMaster, Input};
pub use operations::{RecoveredFeedback, RecoveredResources};
pub use oversubscription::{Load, LoadThresholds, Oversubscription};
pub use random::Random;
pub use recover::{RecoveredExecutor, RecoveredFramework, RecoveredState, RecoveredTask};
