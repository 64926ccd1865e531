//! What `/help/master` says about each endpoint.

use libprocess::Context;
use libprocess::http::Help;

use crate::master::MasterProcess;

/// Path, what it is for, and the parameters it takes.
const ENDPOINTS: [(&str, &str, &str); 22] = [
    (
        "/health",
        "Tells whether the master is alive.",
        "200 as long as it answers.",
    ),
    (
        "/state",
        "Shows all the master knows.",
        "Agents, frameworks, their tasks and executors, as one JSON object. Large clusters make it large: see the others first.",
    ),
    (
        "/state-summary",
        "Shows agents and frameworks in numbers.",
        "How many tasks of each state, and what is used and offered, for every agent and framework.",
    ),
    (
        "/slaves",
        "Lists the agents.",
        ">        slave_id=VALUE       The id of the only agent to show",
    ),
    (
        "/frameworks",
        "Lists the frameworks.",
        "With their tasks, executors and offers.\n\n>        framework_id=VALUE   The id of the only framework to show",
    ),
    (
        "/roles",
        "Lists the roles.",
        "With their weights, their frameworks and what these hold.",
    ),
    ("/flags", "Shows the flags this master runs with.", ""),
    (
        "/tasks",
        "Lists tasks, running and completed, of all frameworks.",
        ">        limit=VALUE          At most so many (100)\n>        offset=VALUE         Begin behind so many (0)\n\
         >        order=(asc|desc)     By the time of their status (desc)\n>        framework_id=VALUE   Only those of this framework\n\
         >        task_id=VALUE        Only those with this id",
    ),
    (
        "/redirect",
        "Leads to the leading master.",
        "307 with the address of the leader.",
    ),
    (
        "/teardown",
        "Removes a framework, with all of its executors and tasks.",
        "`POST` with a form:\n\n>        frameworkId=VALUE    The id of the framework",
    ),
    (
        "/reserve",
        "Reserves resources of an agent.",
        "`POST` with a form; offers in the way are taken back:\n\n>        slaveId=VALUE        The id of the agent\n\
         >        resources=VALUE      JSON, a list of resources with their reservations",
    ),
    (
        "/unreserve",
        "Takes reservations back.",
        "`POST` with a form:\n\n>        slaveId=VALUE        The id of the agent\n\
         >        resources=VALUE      JSON, a list of reserved resources",
    ),
    (
        "/create-volumes",
        "Makes persistent volumes of reserved disk.",
        "`POST` with a form:\n\n>        slaveId=VALUE        The id of the agent\n\
         >        volumes=VALUE        JSON, a list of volumes",
    ),
    (
        "/destroy-volumes",
        "Removes persistent volumes with their data.",
        "`POST` with a form:\n\n>        slaveId=VALUE        The id of the agent\n\
         >        volumes=VALUE        JSON, a list of volumes",
    ),
    (
        "/quota",
        "Shows quotas, sets and removes them.",
        "`GET`; `POST` of a `QuotaRequest` as JSON; `DELETE` with the role behind it. See UPDATE_QUOTA of `/api/v1` for limits.",
    ),
    (
        "/weights",
        "Shows how much roles count, and sets it.",
        "`GET`, or `PUT` of a JSON list of `role` and `weight`.",
    ),
    (
        "/maintenance/schedule",
        "Shows when which machines are away, and sets it.",
        "`GET`, or `POST` of a `Schedule` as JSON, which replaces the one before.",
    ),
    (
        "/maintenance/status",
        "Shows which machines are draining, with the answers of frameworks, and which are down.",
        "",
    ),
    (
        "/machine/down",
        "Takes draining machines down: their agents end.",
        "`POST` of a JSON list of machines.",
    ),
    (
        "/machine/up",
        "Takes machines up again, and out of the schedule.",
        "`POST` of a JSON list of machines.",
    ),
    (
        "/api/v1",
        "Takes calls of operators.",
        "`POST` of a `mesos.v1.master.Call`, as JSON or protobuf by `Content-Type`; `Accept` says how the answer is to be.",
    ),
    (
        "/api/v1/scheduler",
        "Takes calls of schedulers.",
        "`POST` of a `mesos.v1.scheduler.Call`. SUBSCRIBE is answered with a stream of events in RecordIO, whose `Mesos-Stream-Id` all other calls carry.",
    ),
];

/// Explains all of them.
pub fn explain(context: &mut Context<MasterProcess>) {
    for (path, summary, description) in ENDPOINTS {
        let help = Help::new(summary).authentication(!matches!(path, "/health" | "/redirect"));
        let help = if description.is_empty() {
            help
        } else {
            help.description(description)
        };
        context.explain(path, help);
    }
}
