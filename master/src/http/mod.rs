//! The master's endpoints.

pub mod allocator;
mod help;
mod operate;
mod operator;
mod readonly;
mod scheduler;

use libprocess::Context;

use crate::master::MasterProcess;

/// Installs all routes. Longest prefix wins, so `/tasks/?x` and `/api/v1/state` reach `/tasks` and `/api/v1`.
pub fn route(context: &mut Context<MasterProcess>) {
    readonly::route(context);
    scheduler::route(context);
    operate::route(context);
    operator::route(context);
    help::explain(context);
}
