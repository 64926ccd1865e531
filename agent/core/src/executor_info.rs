//! The executor of a task.

use mesos_proto::v0::{
    CommandInfo, DurationInfo, ExecutorInfo, FrameworkInfo, Resource, TaskInfo, executor_info,
    resource::AllocationInfo,
    value::{self, Scalar},
};

use crate::{
    constants::{COMMAND_EXECUTOR, DEFAULT_EXECUTOR_CPUS, DEFAULT_EXECUTOR_MEM_MB, KILL_GRACE_MARGIN},
    core::AgentCore,
};

impl AgentCore {
    /// The executor a task names, or the command executor the agent makes up for it.
    ///
    /// Mesos: src/slave/slave.cpp, `Slave::getExecutorInfo`.
    pub(crate) fn executor_of_task(&self, framework: &FrameworkInfo, task: &TaskInfo) -> ExecutorInfo {
        if let Some(executor) = &task.executor {
            let mut executor = (**executor).clone();
            if executor.framework_id.is_none() {
                executor.framework_id.clone_from(&framework.id);
            }
            return executor;
        }
        let default = CommandInfo::default();
        let of_task = task.command.as_deref().unwrap_or(&default);
        let mut command = CommandInfo {
            uris: of_task.uris.clone(),
            environment: of_task.environment.clone(),
            user: of_task.user.clone(),
            ..CommandInfo::default()
        };
        match &self.config.command_executor {
            Ok(path) => {
                command.shell = Some(false);
                command.value = Some(path.clone());
                command.arguments = vec![
                    COMMAND_EXECUTOR.to_owned(),
                    format!("--launcher_dir={}", self.config.launcher_dir),
                ];
            }
            Err(error) => {
                command.shell = Some(true);
                command.value = Some(format!("echo '{error}'; exit 1"));
            }
        }
        let role = task
            .resources
            .iter()
            .find_map(|resource| resource.allocation_info.as_deref());
        ExecutorInfo {
            r#type: None::<executor_info::Type>,
            executor_id: mesos_proto::v0::ExecutorID {
                value: task.task_id.value.clone(),
                ..Default::default()
            },
            framework_id: framework.id.clone(),
            command: Some(Box::new(command)),
            container: task.container.clone(),
            resources: vec![
                overhead("cpus", DEFAULT_EXECUTOR_CPUS, role),
                overhead("mem", DEFAULT_EXECUTOR_MEM_MB, role),
            ],
            name: Some(format!(
                "Command Executor (Task: {}) {}",
                task.task_id.value,
                shown_command(of_task)
            )),
            source: Some(task.task_id.value.clone()),
            discovery: task.discovery.clone(),
            shutdown_grace_period: kill_grace(task),
            labels: task.labels.clone(),
            ..ExecutorInfo::default()
        }
    }
}

fn overhead(name: &str, value: f64, role: Option<&AllocationInfo>) -> Resource {
    Resource {
        name: name.to_owned(),
        r#type: value::Type::Scalar,
        scalar: Some(Box::new(Scalar {
            value,
            ..Scalar::default()
        })),
        allocation_info: role.map(|role| Box::new(role.clone())),
        ..Resource::default()
    }
}

/// An executor needs a little longer to end than its task may take.
fn kill_grace(task: &TaskInfo) -> Option<Box<DurationInfo>> {
    let grace = task.kill_policy.as_ref()?.grace_period.as_ref()?.nanoseconds;
    let margin = i64::try_from(KILL_GRACE_MARGIN.as_nanos()).expect("two seconds fit");
    Some(Box::new(DurationInfo {
        nanoseconds: grace.saturating_add(margin),
        ..DurationInfo::default()
    }))
}

/// A command as it appears in the name of its executor, cut to fifteen characters.
fn shown_command(command: &CommandInfo) -> String {
    let shortened =
        |text: &str| -> Option<String> { (text.len() > 15).then(|| text.chars().take(12).collect()) };
    match (command.shell.unwrap_or(true), &command.value) {
        (true, None) => "(Command: NO COMMAND)".to_owned(),
        (true, Some(value)) => match shortened(value) {
            Some(short) => format!("(Command: sh -c '{short}...')"),
            None => format!("(Command: sh -c '{value}')"),
        },
        (false, None) => "(Command: NO EXECUTABLE)".to_owned(),
        (false, Some(value)) => {
            let arguments = format!("{value}, {}", command.arguments.join(", "));
            match shortened(&arguments) {
                Some(short) => format!("(Command: [{short}...])"),
                None => format!("(Command: [{arguments}])"),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_show_at_most_fifteen_characters_of_a_command() {
        let shell = |value: &str| CommandInfo {
            value: Some(value.to_owned()),
            ..CommandInfo::default()
        };
        let exec = |value: &str, arguments: &[&str]| CommandInfo {
            shell: Some(false),
            arguments: arguments.iter().map(|argument| (*argument).to_owned()).collect(),
            ..shell(value)
        };
        for (command, expected) in [
            (shell("sleep 600"), "(Command: sh -c 'sleep 600')"),
            (shell("exactly-15-char"), "(Command: sh -c 'exactly-15-char')"),
            (shell("sixteen-charact!"), "(Command: sh -c 'sixteen-char...')"),
            (exec("/bin/true", &[]), "(Command: [/bin/true, ])"),
            (
                exec("/bin/echo", &["a", "b", "c"]),
                "(Command: [/bin/echo, a...])",
            ),
            (CommandInfo::default(), "(Command: NO COMMAND)"),
        ] {
            assert_eq!(shown_command(&command), expected);
        }
    }
}
