//! The process `allocator`: it decides nothing, since the allocator is part of the master, and has the endpoint that
//! the allocator has in Mesos.

use anyhow::{Context as _, Result};
use libprocess::http::{Help, Responder, Response};
use libprocess::{Context, Pid, Process, System};

use crate::master::MasterProcess;

/// Answers for the allocator.
struct AllocatorProcess {
    master: Pid<MasterProcess>,
}

/// Starts it.
///
/// # Errors
///
/// When its name is taken.
pub fn spawn(system: &System, master: Pid<MasterProcess>) -> Result<()> {
    system
        .spawn("allocator", AllocatorProcess { master })
        .context("allocator")?;
    Ok(())
}

impl Process for AllocatorProcess {
    fn initialize(&mut self, context: &mut Context<Self>) {
        let path = "/offer_constraints_debug";
        context.route(path, |allocator: &mut Self, _, request, responder: Responder| {
            allocator.master.tell(move |master, _| {
                let body = master.core.offer_constraints_debug();
                responder.respond(Response::json_with_jsonp(body, &request));
            });
        });
        let help = Help::new("Shows what offer constraints keep from whom.")
            .description(
                "For every role of every framework the agents that its offer constraints exclude, all constraints \
                 tried against all agents, and the roles that it suppresses.",
            )
            .authentication(true);
        context.explain(path, help);
    }
}
