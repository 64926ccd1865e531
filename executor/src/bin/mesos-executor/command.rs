//! One task's command: from its launch to its end.

use std::{
    os::unix::process::CommandExt,
    process::{Command, ExitStatus, Stdio},
    time::Duration,
};

use libprocess::{Time, Timer, duration::format_duration};
use mesos_executor::{Executor, Handle, v1};
use mesos_proto::{
    Dialect, Message as _,
    v1::{
        TaskState, environment::variable, executor::event, framework_info::capability, task_status::Reason,
    },
};

use tracing::info;

use crate::{
    flags::Flags,
    log::{say, warn},
    signals::describe,
};

/// How long to wait for the agent to take the last update.
///
/// Mesos: src/launcher/executor.cpp, `CommandExecutor::reaped`.
const LAST_ACKNOWLEDGEMENT_TIMEOUT: Duration = Duration::from_secs(60);

/// The executor and its one task.
pub(crate) struct CommandExecutor {
    flags: Flags,
    pub(crate) shutdown_grace: Duration,
    pub(crate) framework: v1::FrameworkInfo,
    pub(crate) stage: Stage,
    pub(crate) kill: Option<Kill>,
    pub(crate) out_of_time: bool,
}

/// Where the task is in its life.
pub(crate) enum Stage {
    /// None has come.
    Idle,
    /// Its process runs.
    Running(Running),
    /// It ended; its last update may not be acknowledged.
    Over,
}

/// A process that runs.
pub(crate) struct Running {
    pub task_id: v1::TaskID,
    pub pid: u32,
    pub kill_policy: Option<v1::KillPolicy>,
    /// Fires when the task took as long as it may.
    pub completion: Option<Timer>,
}

/// A kill under way.
pub(crate) struct Kill {
    pub started: Time,
    pub deadline: Time,
    pub escalation: Timer,
}

impl CommandExecutor {
    pub(crate) fn new(flags: Flags, shutdown_grace: Duration) -> Self {
        Self {
            flags,
            shutdown_grace,
            framework: v1::FrameworkInfo::default(),
            stage: Stage::Idle,
            kill: None,
            out_of_time: false,
        }
    }

    /// Whether the framework wants to hear of kills.
    pub(crate) fn tells_killing(&self) -> bool {
        let wanted = Some(capability::Type::TaskKillingState);
        self.framework
            .capabilities
            .iter()
            .any(|capability| capability.r#type == wanted)
    }

    /// Trip 10/14: the task's command becomes a process.
    fn start(&mut self, agent: &mut Handle<'_, Self>, task: &v1::TaskInfo) -> Result<(), String> {
        let replaced = self
            .flags
            .task_command
            .as_deref()
            .map(|json| v1::CommandInfo::from_json(json.as_bytes(), Dialect::V1));
        let replaced = replaced
            .transpose()
            .map_err(|error| format!("Failed to parse --task_command: {error}"))?;
        let info = replaced
            .as_ref()
            .or(task.command.as_deref())
            .ok_or("Expecting task to have a command")?;
        let mut command = command_of(info)?;
        info!(trip = 10, task_id = task.task_id.value, "task starting");
        if let Some(directory) = &self.flags.working_directory {
            command.current_dir(directory);
        }
        if let Some(json) = &self.flags.task_environment {
            let environment = v1::Environment::from_json(json.as_bytes(), Dialect::V1);
            let environment =
                environment.map_err(|error| format!("Failed to parse --task_environment: {error}"))?;
            add_environment(&mut command, &environment);
        }
        if let Some(environment) = &info.environment {
            add_environment(&mut command, environment);
        }
        let role = task
            .resources
            .iter()
            .find_map(|resource| resource.allocation_info.as_ref()?.role.clone());
        command.env("MESOS_ALLOCATION_ROLE", role.unwrap_or_default());
        // A group of its own: a signal for the task is none for its executor. The session stays the container's,
        // so that the agent finds what the task leaves behind.
        command.stdin(Stdio::null()).process_group(0);
        say(format_args!("Starting task {}", task.task_id.value));
        let mut child = command
            .spawn()
            .map_err(|error| format!("Failed to launch the command: {error}"))?;
        let pid = child.id();
        say(format_args!("Forked command at {pid}"));
        let completion = task
            .max_completion_time
            .as_ref()
            .and_then(|limit| u64::try_from(limit.nanoseconds).ok());
        let completion = completion.filter(|limit| *limit > 0).map(|limit| {
            let limit = Duration::from_nanos(limit);
            agent.delay(limit, move |executor: &mut Self, agent| {
                executor.completion_timed_out(agent, limit)
            })
        });
        let kill_policy = task.kill_policy.as_deref().cloned();
        self.stage = Stage::Running(Running {
            task_id: task.task_id.clone(),
            pid,
            kill_policy,
            completion,
        });
        agent.blocking(
            move || child.wait(),
            move |executor: &mut Self, agent, status| executor.ended(agent, pid, status),
        );
        Ok(())
    }

    /// The task took as long as it may.
    fn completion_timed_out(&mut self, agent: &mut Handle<'_, Self>, limit: Duration) {
        let Stage::Running(running) = &self.stage else {
            return;
        };
        let task_id = running.task_id.clone();
        say(format_args!(
            "Killing task {} which exceeded its maximum completion time of {}",
            task_id.value,
            format_duration(limit)
        ));
        self.out_of_time = true;
        self.end(agent, Duration::ZERO);
    }

    /// The process ended: the task is over.
    fn ended(&mut self, agent: &mut Handle<'_, Self>, pid: u32, status: std::io::Result<ExitStatus>) {
        let Stage::Running(running) = std::mem::replace(&mut self.stage, Stage::Over) else {
            return;
        };
        let kill = self.kill.take();
        for timer in running
            .completion
            .into_iter()
            .chain(kill.as_ref().map(|kill| kill.escalation))
        {
            agent.cancel(timer);
        }
        let (state, reason, message) = match status {
            Err(error) => (
                TaskState::TaskFailed,
                None,
                format!("Failed to get exit status for Command: {error}"),
            ),
            Ok(status) => {
                let message = format!("Command {}", describe(status));
                if self.out_of_time {
                    (
                        TaskState::TaskFailed,
                        Some(Reason::ReasonMaxCompletionTimeReached),
                        message,
                    )
                } else if kill.is_some() {
                    (TaskState::TaskKilled, None, message)
                } else if status.success() {
                    (TaskState::TaskFinished, None, message)
                } else {
                    (TaskState::TaskFailed, None, message)
                }
            }
        };
        say(format_args!("{message} (pid: {pid})"));
        let status = v1::TaskStatus {
            state,
            reason,
            message: Some(message),
            ..status_of(running.task_id)
        };
        agent.update(status);
        self.await_last_acknowledgement(agent);
    }

    fn await_last_acknowledgement(&mut self, agent: &mut Handle<'_, Self>) {
        if agent.is_abandoned() {
            agent.stop();
            return;
        }
        agent.delay(LAST_ACKNOWLEDGEMENT_TIMEOUT, |_: &mut Self, agent| {
            warn(format_args!(
                "Did not receive ACK for the terminal status update from the agent"
            ));
            agent.stop();
        });
    }
}

impl Executor for CommandExecutor {
    fn received(&mut self, kind: event::Type) {
        say(format_args!("Received {} event", kind.as_str_name()));
    }

    fn subscribed(&mut self, _: &mut Handle<'_, Self>, subscribed: event::Subscribed) {
        say(format_args!(
            "Subscribed executor on {}",
            subscribed.agent_info.hostname
        ));
        self.framework = subscribed.framework_info;
    }

    fn launch(&mut self, agent: &mut Handle<'_, Self>, task: v1::TaskInfo) {
        if !matches!(self.stage, Stage::Idle) {
            let message = Some("Attempted to run multiple tasks using a \"command\" executor".to_owned());
            let status = v1::TaskStatus {
                state: TaskState::TaskFailed,
                message,
                ..status_of(task.task_id)
            };
            agent.update(status);
            return;
        }
        if task.health_check.is_some() || task.check.is_some() {
            warn(format_args!(
                "Checks and health checks are not supported yet; the task runs without"
            ));
        }
        agent.update(v1::TaskStatus {
            state: TaskState::TaskStarting,
            ..status_of(task.task_id.clone())
        });
        let status = match self.start(agent, &task) {
            Ok(()) => v1::TaskStatus {
                state: TaskState::TaskRunning,
                ..status_of(task.task_id)
            },
            Err(reason) => {
                warn(format_args!("{reason}"));
                self.stage = Stage::Over;
                v1::TaskStatus {
                    state: TaskState::TaskFailed,
                    message: Some(reason),
                    ..status_of(task.task_id)
                }
            }
        };
        agent.update(status);
        if matches!(self.stage, Stage::Over) {
            self.await_last_acknowledgement(agent);
        }
    }

    fn launch_group(&mut self, agent: &mut Handle<'_, Self>, _: v1::TaskGroupInfo) {
        warn(format_args!("LAUNCH_GROUP event is not supported"));
        self.shutdown(agent);
    }

    fn kill(&mut self, agent: &mut Handle<'_, Self>, task: v1::TaskID, policy: Option<v1::KillPolicy>) {
        self.kill_task(agent, &task, policy.as_ref());
    }

    fn acknowledged(&mut self, agent: &mut Handle<'_, Self>, last: v1::TaskStatus) {
        use TaskState::{TaskFailed, TaskFinished, TaskKilled};
        if matches!(last.state, TaskFailed | TaskFinished | TaskKilled) && matches!(self.stage, Stage::Over) {
            agent.stop();
        }
    }

    fn shutdown(&mut self, agent: &mut Handle<'_, Self>) {
        say(format_args!("Shutting down"));
        self.end_all(agent);
    }

    fn error(&mut self, _: &mut Handle<'_, Self>, message: String) {
        warn(format_args!("Error: {message}"));
    }

    fn disconnected(&mut self, _: &mut Handle<'_, Self>) {
        warn(format_args!("Lost the connection to the agent"));
    }
}

pub(crate) fn status_of(task_id: v1::TaskID) -> v1::TaskStatus {
    v1::TaskStatus {
        task_id,
        ..v1::TaskStatus::default()
    }
}

/// The command as the system starts it.
fn command_of(info: &v1::CommandInfo) -> Result<Command, String> {
    if info.shell.unwrap_or(true) {
        let line = info.value.as_deref().ok_or("Shell command is not specified")?;
        let mut command = Command::new("/bin/sh");
        command.arg0("sh").args(["-c", line]);
        return Ok(command);
    }
    let program = info.value.as_deref().ok_or("Executable is not specified")?;
    let mut command = Command::new(program);
    if let Some((first, rest)) = info.arguments.split_first() {
        command.arg0(first).args(rest);
    }
    Ok(command)
}

fn add_environment(command: &mut Command, environment: &v1::Environment) {
    for variable in &environment.variables {
        if variable.type_or_default() == variable::Type::Value {
            command.env(&variable.name, variable.value.as_deref().unwrap_or_default());
        }
    }
}
