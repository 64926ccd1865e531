//! What `/help/slave(1)` says about each endpoint.

use libprocess::{Context, http::Help};

use crate::agent::AgentProcess;

/// Path, what it is for, and what else there is to know.
const ENDPOINTS: [(&str, &str, &str); 7] = [
    (
        "/health",
        "Tells whether the agent is alive.",
        "200 as long as it answers.",
    ),
    (
        "/state",
        "Shows all the agent knows.",
        "Frameworks, executors, tasks, resources and attributes, as one JSON object.",
    ),
    ("/flags", "Shows the flags this agent runs with.", ""),
    (
        "/containers",
        "Lists the containers and what they use.",
        ">        framework_id=VALUE   Only those of this framework\n>        executor_id=VALUE    Only those of this executor\n\
         >        container_id=VALUE   Only this one",
    ),
    (
        "/monitor/statistics",
        "Shows what every executor uses.",
        "Cpus, memory and time, as the machine counts them.",
    ),
    (
        "/api/v1",
        "Takes calls of operators.",
        "`POST` of a `mesos.v1.agent.Call`, as JSON or protobuf by `Content-Type`; `Accept` says how the answer is to be.",
    ),
    (
        "/api/v1/executor",
        "Takes calls of executors.",
        "`POST` of a `mesos.v1.executor.Call`. SUBSCRIBE is answered with a stream of events in RecordIO.",
    ),
];

/// Explains all of them.
pub(super) fn explain(ctx: &mut Context<AgentProcess>) {
    for (path, summary, description) in ENDPOINTS {
        let help = Help::new(summary).authentication(path != "/health");
        let help = if description.is_empty() {
            help
        } else {
            help.description(description)
        };
        ctx.explain(path, help);
    }
}
