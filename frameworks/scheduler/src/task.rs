//! Small help with tasks.

use crate::v1::{CommandInfo, Offer, Resource, TaskID, TaskInfo, TaskState, value};

/// An amount of a resource: cpus, or mem and disk in megabytes.
pub fn scalar(name: &str, amount: f64) -> Resource {
    Resource {
        name: name.to_owned(),
        r#type: value::Type::Scalar,
        scalar: Some(Box::new(value::Scalar {
            value: amount,
            ..Default::default()
        })),
        ..Default::default()
    }
}

/// How much of a scalar resource an offer holds.
pub fn offered(offer: &Offer, name: &str) -> f64 {
    let amounts = offer.resources.iter().filter(|resource| resource.name == name);
    amounts
        .filter_map(|resource| resource.scalar.as_deref())
        .map(|scalar| scalar.value)
        .sum()
}

/// A task that runs a shell command on the agent of an offer, with these cpus and megabytes of memory.
pub fn command(offer: &Offer, id: &str, command: &str, cpus: f64, mem: f64) -> TaskInfo {
    TaskInfo {
        name: id.to_owned(),
        task_id: TaskID {
            value: id.to_owned(),
            ..Default::default()
        },
        agent_id: offer.agent_id.clone(),
        resources: vec![scalar("cpus", cpus), scalar("mem", mem)],
        command: Some(Box::new(CommandInfo {
            value: Some(command.to_owned()),
            ..Default::default()
        })),
        ..Default::default()
    }
}

/// True when a task in this state will never change again.
pub fn is_terminal(state: TaskState) -> bool {
    match state {
        TaskState::TaskFinished
        | TaskState::TaskFailed
        | TaskState::TaskKilled
        | TaskState::TaskError
        | TaskState::TaskLost
        | TaskState::TaskDropped
        | TaskState::TaskGone
        | TaskState::TaskGoneByOperator => true,
        TaskState::TaskStaging
        | TaskState::TaskStarting
        | TaskState::TaskRunning
        | TaskState::TaskKilling
        | TaskState::TaskUnreachable
        | TaskState::TaskUnknown => false,
    }
}
