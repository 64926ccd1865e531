//! `/state-summary`: counts instead of tasks.

use std::collections::{BTreeMap, BTreeSet};

use mesos::ids::{AgentId, FrameworkId};
use mesos::model::Object;
use mesos_proto::v0::TaskState;

use crate::state::{Framework, Master, Task};

/// The states that are counted, in the order in which they are shown. Mesos: `TaskStateSummary`.
const SHOWN: [TaskState; 10] = [
    TaskState::TaskStaging,
    TaskState::TaskStarting,
    TaskState::TaskRunning,
    TaskState::TaskKilling,
    TaskState::TaskFinished,
    TaskState::TaskKilled,
    TaskState::TaskFailed,
    TaskState::TaskLost,
    TaskState::TaskError,
    TaskState::TaskUnreachable,
];

type Counts = BTreeMap<TaskState, i64>;

impl Master {
    /// `/state-summary`: one pass over all tasks, counted for their agents and their frameworks.
    pub fn state_summary(&self) -> Vec<u8> {
        let mut by_agent: BTreeMap<AgentId, (Counts, BTreeSet<FrameworkId>)> = BTreeMap::new();
        for framework in self.frameworks.values().chain(&self.completed) {
            for task in all_tasks(framework) {
                let (counts, frameworks) = by_agent.entry(task.agent_id()).or_default();
                *counts.entry(task.message.state).or_default() += 1;
                frameworks.insert(framework.id.clone());
            }
        }
        let nothing = (Counts::new(), BTreeSet::new());
        let mut out = Vec::new();
        Object::write(&mut out, |object| {
            object.string("hostname", self.info.hostname.as_deref().unwrap_or_default());
            if let Some(cluster) = &self.options.cluster {
                object.string("cluster", cluster);
            }
            object.array("slaves", |array| {
                for agent in self.agents.values() {
                    let (counts, frameworks) = by_agent.get(&agent.id).unwrap_or(&nothing);
                    array.object(|object| {
                        self.agent_full(object, agent);
                        states(object, counts);
                        object.array("framework_ids", |ids| {
                            frameworks.iter().for_each(|id| ids.string(id.as_str()));
                        });
                    });
                }
            });
            object.array("frameworks", |array| {
                for framework in self.frameworks.values() {
                    array.object(|object| self.framework_counts(object, framework));
                }
            });
        });
        out
    }

    fn framework_counts(&self, object: &mut Object<'_>, framework: &Framework) {
        self.framework_summary(object, framework);
        let mut counts = Counts::new();
        let mut agents = BTreeSet::new();
        for task in all_tasks(framework) {
            *counts.entry(task.message.state).or_default() += 1;
            agents.insert(task.agent_id());
        }
        states(object, &counts);
        object.array("slave_ids", |ids| {
            agents.iter().for_each(|id| ids.string(id.as_str()))
        });
    }
}

fn all_tasks(framework: &Framework) -> impl Iterator<Item = &Task> {
    framework
        .tasks
        .values()
        .chain(&framework.unreachable_tasks)
        .chain(&framework.completed_tasks)
}

fn states(object: &mut Object<'_>, counts: &Counts) {
    for state in SHOWN {
        object.integer(state.as_str_name(), counts.get(&state).copied().unwrap_or(0));
    }
}
