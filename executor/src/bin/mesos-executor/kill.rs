//! The end of a task that does not end by itself: SIGTERM, and SIGKILL when its time is over.

use std::time::Duration;

use libprocess::duration::format_duration;
use mesos_containerizer::tree::{Signal, signal_tree};
use mesos_executor::{Handle, v1};
use mesos_proto::v1::TaskState;

use crate::{
    command::{CommandExecutor, Kill, Stage, status_of},
    log::{say, warn},
};

/// The grace of tasks that name none.
///
/// Mesos: src/launcher/executor.cpp, `CommandExecutor::kill`.
const DEFAULT_GRACE: Duration = Duration::from_secs(3);

/// What an executor needs of its own grace to see its task off: a second to reap it, a second to say so.
///
/// Mesos: src/launcher/executor.cpp, `CommandExecutor::shutdown`.
const SHUTDOWN_MARGIN: Duration = Duration::from_secs(2);

impl CommandExecutor {
    /// The scheduler wants the task to end.
    pub(crate) fn kill_task(
        &mut self,
        agent: &mut Handle<'_, Self>,
        task_id: &v1::TaskID,
        policy: Option<&v1::KillPolicy>,
    ) {
        let Stage::Running(running) = &mut self.stage else {
            warn(format_args!(
                "Ignoring the kill of task {} which does not run",
                task_id.value
            ));
            return;
        };
        if let Some(timer) = running.completion.take() {
            agent.cancel(timer);
        }
        let Stage::Running(running) = &self.stage else {
            return;
        };
        let grace = |policy: Option<&v1::KillPolicy>| {
            let nanoseconds = policy?.grace_period.as_ref()?.nanoseconds;
            Some(Duration::from_nanos(nanoseconds.max(0).unsigned_abs()))
        };
        let grace = grace(policy)
            .or_else(|| grace(running.kill_policy.as_ref()))
            .unwrap_or(DEFAULT_GRACE);
        say(format_args!(
            "Received kill for task {} with grace period of {}",
            task_id.value,
            format_duration(grace)
        ));
        self.end(agent, grace);
    }

    /// The executor is to end, and its task before it.
    pub(crate) fn end_all(&mut self, agent: &mut Handle<'_, Self>) {
        match self.stage {
            Stage::Running(_) => self.end(agent, self.shutdown_grace.saturating_sub(SHUTDOWN_MARGIN)),
            Stage::Idle => agent.stop(),
            // The last update is under way; the agent has it, or will end us.
            Stage::Over if agent.is_abandoned() => agent.stop(),
            Stage::Over => {}
        }
    }

    /// Ends the task within `grace`; a second call can only shorten the time.
    pub(crate) fn end(&mut self, agent: &mut Handle<'_, Self>, grace: Duration) {
        let Stage::Running(running) = &self.stage else {
            return;
        };
        let (task_id, pid) = (running.task_id.clone(), running.pid);
        let now = agent.now();
        if let Some(kill) = &mut self.kill {
            let deadline = kill.started + grace;
            if deadline < kill.deadline {
                let remaining = deadline.duration_since(now);
                say(format_args!(
                    "Rescheduling escalation to SIGKILL in {} from now",
                    format_duration(remaining)
                ));
                agent.cancel(kill.escalation);
                kill.deadline = deadline;
                kill.escalation =
                    agent.delay(remaining, move |executor: &mut Self, _| executor.escalate(grace));
            }
            return;
        }
        if !self.out_of_time && self.tells_killing() {
            agent.update(v1::TaskStatus {
                state: TaskState::TaskKilling,
                ..status_of(task_id)
            });
        }
        say(format_args!("Sending SIGTERM to process tree at pid {pid}"));
        let reached = signal_tree(pid, Signal::SIGTERM);
        say(format_args!(
            "Sent SIGTERM to the following processes: {reached:?}"
        ));
        say(format_args!(
            "Scheduling escalation to SIGKILL in {} from now",
            format_duration(grace)
        ));
        let escalation = agent.delay(grace, move |executor: &mut Self, _| executor.escalate(grace));
        self.kill = Some(Kill {
            started: now,
            deadline: now + grace,
            escalation,
        });
    }

    /// The task had its time.
    fn escalate(&mut self, grace: Duration) {
        let Stage::Running(running) = &self.stage else {
            return;
        };
        let pid = running.pid;
        say(format_args!(
            "Process {pid} did not terminate after {}, sending SIGKILL to process tree at {pid}",
            format_duration(grace)
        ));
        let reached = signal_tree(pid, Signal::SIGKILL);
        say(format_args!("Killed the following processes: {reached:?}"));
    }
}
