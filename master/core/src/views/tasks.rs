//! `/tasks`: a page of all tasks.

use mesos::model::{self, Object};

use crate::state::{Master, Task};

/// Which page of which tasks. Mesos: `src/master/readonly_handler.cpp`, `tasks`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TaskQuery<'a> {
    /// At most this many.
    pub limit: usize,
    /// Skipping this many.
    pub offset: usize,
    /// Oldest first; else newest first.
    pub ascending: bool,
    /// Only of this framework.
    pub framework_id: Option<&'a str>,
    /// Only this task.
    pub task_id: Option<&'a str>,
}

impl Default for TaskQuery<'_> {
    fn default() -> Self {
        Self {
            limit: 100,
            offset: 0,
            ascending: false,
            framework_id: None,
            task_id: None,
        }
    }
}

impl Master {
    /// `/tasks`: ordered by the time of their first status, tasks without one last.
    pub fn tasks(&self, query: &TaskQuery<'_>) -> Vec<u8> {
        let wanted = |task: &&Task| query.task_id.is_none_or(|id| id == task.message.task_id.value);
        let mut tasks: Vec<&Task> = self
            .frameworks
            .values()
            .chain(&self.completed)
            .filter(|framework| query.framework_id.is_none_or(|id| id == framework.id.as_str()))
            .flat_map(|framework| {
                framework
                    .tasks
                    .values()
                    .chain(&framework.unreachable_tasks)
                    .chain(&framework.completed_tasks)
            })
            .filter(wanted)
            .collect();
        let began = |task: &Task| task.message.statuses.first().and_then(|status| status.timestamp);
        tasks.sort_by(|a, b| {
            let order = match (began(a), began(b)) {
                (Some(a), Some(b)) => a.total_cmp(&b),
                (a, b) => b.is_some().cmp(&a.is_some()),
            };
            if query.ascending { order } else { order.reverse() }
        });
        let mut out = Vec::new();
        Object::write(&mut out, |object| {
            object.array("tasks", |array| {
                for task in tasks.into_iter().skip(query.offset).take(query.limit) {
                    array.object(|object| model::task(object, &task.message, &task.resources));
                }
            });
        });
        out
    }
}
