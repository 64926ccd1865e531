//! The agent's endpoints.

mod executor;
mod help;
mod operator;
mod readonly;

use libprocess::Context;

use crate::agent::AgentProcess;

/// Installs all routes.
pub(crate) fn route(ctx: &mut Context<AgentProcess>) {
    readonly::route(ctx);
    executor::route(ctx);
    operator::route(ctx);
    help::explain(ctx);
}
