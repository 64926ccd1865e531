//! What the agent has not acknowledged, and must be told again after it was away.

use std::collections::VecDeque;

use mesos_proto::v1::{
    TaskInfo, TaskStatus,
    executor::call::{Subscribe, Update},
};

/// Updates and tasks in the order they came.
#[derive(Debug, Default)]
pub(crate) struct Unacknowledged {
    updates: VecDeque<TaskStatus>,
    tasks: Vec<TaskInfo>,
}

impl Unacknowledged {
    /// A task was launched: until its first update is acknowledged, the agent may not know that it arrived.
    pub fn launched(&mut self, task: &TaskInfo) {
        self.tasks.push(task.clone());
    }

    /// An update was made.
    pub fn updated(&mut self, status: TaskStatus) {
        self.updates.push_back(status);
    }

    /// The agent took an update; `None` when it is not one of ours.
    pub fn acknowledged(&mut self, task_id: &str, uuid: &[u8]) -> Option<TaskStatus> {
        let at = self
            .updates
            .iter()
            .position(|status| status.uuid.as_deref() == Some(uuid))?;
        self.tasks.retain(|task| task.task_id.value != task_id);
        self.updates.remove(at)
    }

    /// What a subscription says of the past.
    pub fn subscribe(&self) -> Subscribe {
        let update = |status: &TaskStatus| Update {
            status: status.clone(),
            ..Update::default()
        };
        Subscribe {
            unacknowledged_tasks: self.tasks.clone(),
            unacknowledged_updates: self.updates.iter().map(update).collect(),
            ..Subscribe::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use mesos_proto::v1::TaskID;

    #[test]
    fn everything_is_repeated_until_it_is_acknowledged() {
        let id = |value: &str| TaskID {
            value: value.into(),
            ..TaskID::default()
        };
        let mut list = Unacknowledged::default();
        for task in ["a", "b"] {
            list.launched(&TaskInfo {
                task_id: id(task),
                ..TaskInfo::default()
            });
        }
        for (task, uuid) in [("a", "1"), ("b", "2"), ("a", "3")] {
            let uuid = Some(uuid.to_owned().into());
            list.updated(TaskStatus {
                task_id: id(task),
                uuid,
                ..TaskStatus::default()
            });
        }
        assert!(list.acknowledged("a", b"9").is_none());
        assert_eq!(list.acknowledged("a", b"1").unwrap().task_id, id("a"));
        let said = list.subscribe();
        assert_eq!(said.unacknowledged_tasks.len(), 1);
        assert_eq!(said.unacknowledged_tasks[0].task_id, id("b"));
        let uuids: Vec<_> = said
            .unacknowledged_updates
            .iter()
            .map(|update| update.status.uuid.clone().unwrap())
            .collect();
        assert_eq!(uuids, ["2", "3"]);
    }
}
