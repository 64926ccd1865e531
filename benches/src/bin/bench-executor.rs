//! An executor that does nothing with its tasks: it reports them finished at once, or, when the task's data is `stay`,
//! running.
#![forbid(unsafe_code)]

use mesos_executor::{Executor, Handle, Settings};
use mesos_proto::v1::{KillPolicy, TaskID, TaskInfo, TaskState, TaskStatus};

struct Instant;

fn report(agent: &mut Handle<'_, Instant>, task_id: TaskID, state: TaskState) {
    agent.update(TaskStatus {
        task_id,
        state,
        ..TaskStatus::default()
    });
}

impl Executor for Instant {
    fn launch(&mut self, agent: &mut Handle<'_, Self>, task: TaskInfo) {
        let stays = task.data.as_deref() == Some(b"stay");
        let state = if stays {
            TaskState::TaskRunning
        } else {
            TaskState::TaskFinished
        };
        report(agent, task.task_id, state);
    }

    fn kill(&mut self, agent: &mut Handle<'_, Self>, task: TaskID, _: Option<KillPolicy>) {
        report(agent, task, TaskState::TaskKilled);
    }

    fn shutdown(&mut self, agent: &mut Handle<'_, Self>) {
        agent.stop();
    }
}

fn main() {
    let ended = Settings::from_env().and_then(|settings| mesos_executor::run(settings, Instant));
    if let Err(error) = ended {
        eprintln!("{error}");
        std::process::exit(1);
    }
}
