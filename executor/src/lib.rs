//! What executor authors import: a client of the v1 executor API.
//!
//! An executor is a program the agent starts in a container of its own. It subscribes to the agent, is sent
//! tasks, runs them as it sees fit and reports how they do. Implement [`Executor`] and hand it to [`run`]; the
//! library keeps the connection, repeats what the agent has not acknowledged, comes back after the agent was
//! restarted, and gives up when the agent stays away.
//!
//! ```no_run
//! use mesos_executor::{Executor, Handle, Settings, run, v1};
//!
//! /// Finishes every task at once.
//! struct Quick;
//!
//! impl Executor for Quick {
//!     fn launch(&mut self, agent: &mut Handle<'_, Self>, task: v1::TaskInfo) {
//!         let id = task.task_id.clone();
//!         agent.update(v1::TaskStatus { task_id: id.clone(), state: v1::TaskState::TaskRunning, ..Default::default() });
//!         agent.update(v1::TaskStatus { task_id: id, state: v1::TaskState::TaskFinished, ..Default::default() });
//!     }
//!
//!     fn kill(&mut self, _: &mut Handle<'_, Self>, _: v1::TaskID, _: Option<v1::KillPolicy>) {}
//!
//!     fn shutdown(&mut self, agent: &mut Handle<'_, Self>) {
//!         agent.stop();
//!     }
//! }
//!
//! run(Settings::from_env()?, Quick)?;
//! # Ok::<(), mesos_executor::ExecutorError>(())
//! ```
//!
//! Map: [`Settings`] is what the agent says in the environment; [`Executor`] the callbacks; [`Handle`] what they
//! may do; `client` and `subscribe` keep the two connections; `unacknowledged` remembers what must be repeated.

#![forbid(unsafe_code)]

mod call;
mod client;
mod error;
mod executor;
mod handle;
mod settings;
mod subscribe;
mod unacknowledged;

pub use client::{Driver, run, spawn};
pub use error::ExecutorError;
pub use executor::Executor;
pub use handle::Handle;
pub use mesos_proto::v1;
pub use settings::Settings;
