//! What can be read of the master. Reading changes nothing and costs one pass over what is shown.
//!
//! v0 endpoints have forms of their own (`mesos::model`); the v1 operator API has messages, written here piece by
//! piece so that nothing is copied to be shown.

mod agents;
mod exclusions;
mod frameworks;
mod maintenance;
mod metrics;
mod operator;
mod roles;
mod state;
mod summary;
mod tasks;

pub use operator::Read;
pub use state::Build;
pub use tasks::TaskQuery;

pub(crate) use operator::{agent_message, framework_message};
