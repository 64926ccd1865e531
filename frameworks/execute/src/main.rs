//! Runs one command on a cluster and tells what becomes of it, in the words of Mesos' own `mesos-execute`.
//!
//! Like that program it ends with status 0 once the task has ended, however it ended; scripts read the lines.
#![forbid(unsafe_code)]

mod flags;

use std::{
    io::Write as _,
    sync::{Arc, OnceLock},
    time::Duration,
};

use anyhow::{Context as _, Result, bail};
use libprocess::System;
use mesos_daemon::flags::{exit_with, load_arguments_or_exit};
use mesos_proto::{Dialect, Message};
use mesos_scheduler::v1::{
    self, AgentID, CommandInfo, Environment, FrameworkID, MasterInfo, Offer, TaskGroupInfo, TaskInfo,
    TaskState, TaskStatus, environment, framework_info, offer,
};
use mesos_scheduler::{Driver, Framework, Outcome, Scheduler, Teller, task};

use crate::flags::Flags;

/// Prints a line. Whoever read them may have left, which must not end the task.
macro_rules! say {
    ($($text:tt)*) => {
        let _ = writeln!(std::io::stdout(), $($text)*);
    };
}

fn main() {
    let flags = load_arguments_or_exit::<Flags>().flags;
    if let Err(error) = run(&flags) {
        exit_with(&format!("{error:#}"));
    }
}

fn run(flags: &Flags) -> Result<()> {
    mesos_daemon::logging::initialize("mesos-execute", &flags.logging_level, false, None)
        .map_err(anyhow::Error::msg)?;
    let work = work(flags)?;
    let mut framework = Framework::new("mesos-execute instance", &flags.master);
    let info = framework.info_mut();
    info.roles = vec![flags.role.clone()];
    info.checkpoint = Some(flags.checkpoint);
    info.principal.clone_from(&flags.principal);
    info.capabilities.extend(capabilities(flags)?);
    let system = System::builder()
        .from_env()
        .and_then(|builder| builder.client_only().start())
        .context("failed to start")?;
    let teller = Arc::new(OnceLock::new());
    let kill = flags.kill_after.as_ref().map(|after| KillAfter {
        after: after.0,
        system: system.clone(),
        teller: Arc::clone(&teller),
    });
    let execute = Execute {
        left: work.tasks().len(),
        work,
        launched: false,
        kill,
    };
    let handle = framework.start(&system, execute);
    // An event that came before finds it empty: none of a task has.
    let _ = teller.set(handle.teller());
    match handle.outcome().wait() {
        Ok(Outcome::TornDown | Outcome::Stopped) => Ok(()),
        Ok(Outcome::Error(reason)) => bail!("{reason}"),
        Err(error) => bail!("{error}"),
    }
}

/// The capabilities Mesos' program has, and those that are asked for.
fn capabilities(flags: &Flags) -> Result<Vec<framework_info::Capability>> {
    use framework_info::capability::Type;
    let mut kinds = vec![
        Type::ReservationRefinement,
        Type::TaskKillingState,
        Type::RevocableResources,
    ];
    if flags.partition_aware {
        kinds.push(Type::PartitionAware);
    }
    let asked = flags.framework_capabilities.iter();
    for name in asked.flat_map(|names| names.split(',')) {
        match Type::from_str_name(name) {
            Some(kind @ Type::GpuResources) => kinds.push(kind),
            Some(_) => {
                bail!("Flags '--framework_capabilities' specifies an unsupported capability '{name}'")
            }
            None => bail!("Flags '--framework_capabilities' specifies an unknown capability '{name}'"),
        }
    }
    let capability = |kind| framework_info::Capability {
        r#type: Some(kind),
        ..Default::default()
    };
    Ok(kinds.into_iter().map(capability).collect())
}

/// Kills each task this long after it runs.
struct KillAfter {
    after: Duration,
    system: System,
    teller: Arc<OnceLock<Teller<Execute>>>,
}

impl KillAfter {
    fn start(&self, task_id: v1::TaskID, agent_id: Option<AgentID>) {
        let teller = Arc::clone(&self.teller);
        self.system.after(self.after).finish(move |_| {
            let Some(teller) = teller.get() else { return };
            teller.tell(move |_, driver| {
                let agent = agent_id.as_ref().map_or("", |id| &id.value);
                say!("Asked to kill task '{}' on agent '{agent}'", task_id.value);
                driver.kill(task_id, agent_id);
            });
        });
    }
}

/// What is to run.
#[derive(Debug, Clone)]
enum Work {
    Task(Box<TaskInfo>),
    Group(TaskGroupInfo),
}

impl Work {
    fn tasks(&self) -> &[TaskInfo] {
        match self {
            Self::Task(task) => std::slice::from_ref(task),
            Self::Group(group) => &group.tasks,
        }
    }

    fn tasks_mut(&mut self) -> &mut [TaskInfo] {
        match self {
            Self::Task(task) => std::slice::from_mut(task),
            Self::Group(group) => &mut group.tasks,
        }
    }
}

/// The task or group that the flags describe.
fn work(flags: &Flags) -> Result<Work> {
    let described = flags.task.is_some() || flags.task_group.is_some();
    if flags.task.is_some() && flags.task_group.is_some() {
        bail!(
            "Either task or task group should be set but not both. Provide either '--task' OR '--task_group'"
        );
    }
    if described && (flags.name.is_some() || flags.command.is_some() || flags.env.is_some()) {
        bail!(
            "'--name, --command, --env, --appc_image, --docker_image, --volumes' can only be set when both \
             '--task' and '--task_group' are not set"
        );
    }
    if let Some(text) = &flags.task {
        return Ok(Work::Task(Box::new(read(text, "task")?)));
    }
    if let Some(text) = &flags.task_group {
        return Ok(Work::Group(read(text, "task_group")?));
    }
    let name = flags.name.clone().context("Missing required option --name")?;
    let command = flags
        .command
        .clone()
        .context("Missing required option --command")?;
    let resources = mesos::Resources::parse(&flags.resources, "*")
        .map_err(|error| anyhow::anyhow!("Failed to parse resources '{}': {error}", flags.resources))?;
    let resources = resources
        .to_protos()
        .iter()
        .map(mesos::convert::recode)
        .collect::<Result<_, _>>()?;
    let variables = flags.env.as_deref().map(variables).transpose()?;
    let command = CommandInfo {
        value: Some(command),
        shell: Some(flags.shell),
        environment: variables.map(|variables| {
            Box::new(Environment {
                variables,
                ..Default::default()
            })
        }),
        ..Default::default()
    };
    Ok(Work::Task(Box::new(TaskInfo {
        name: name.clone(),
        task_id: v1::TaskID {
            value: name,
            ..Default::default()
        },
        resources,
        command: Some(Box::new(command)),
        ..Default::default()
    })))
}

/// A message from JSON; `agent_id` may be left out, since the offer decides it.
fn read<M: Message>(text: &str, flag: &str) -> Result<M> {
    let file = text
        .starts_with('/')
        .then(|| std::fs::read_to_string(text))
        .transpose();
    let file = file.with_context(|| format!("Failed to load flag '{flag}': Error reading file '{text}'"))?;
    let text = file.as_deref().unwrap_or(text);
    M::from_json(text.as_bytes(), Dialect::V0)
        .map_err(|error| anyhow::anyhow!("Failed to load flag '{flag}': Failed to parse JSON: {error}"))
}

/// `{"NAME": "value"}` as environment variables.
fn variables(text: &str) -> Result<Vec<environment::Variable>> {
    let pairs = mesos_daemon::flags::string_map(text)
        .map_err(|error| anyhow::anyhow!("Failed to load flag 'env': {error}"))?;
    let variable = |(name, value)| environment::Variable {
        name,
        value: Some(value),
        ..Default::default()
    };
    Ok(pairs.into_iter().map(variable).collect())
}

/// Launches once and waits for the end.
struct Execute {
    work: Work,
    left: usize,
    launched: bool,
    kill: Option<KillAfter>,
}

impl Scheduler for Execute {
    fn subscribed(&mut self, _: &mut Driver, framework_id: &FrameworkID, _: Option<&MasterInfo>) {
        say!("Subscribed with ID {}", framework_id.value);
    }

    fn offers(&mut self, driver: &mut Driver, offers: Vec<Offer>) {
        for offer in offers {
            if self.launched || !fits(&self.work, &offer) {
                driver.decline([offer.id.clone()], None);
                continue;
            }
            self.launched = true;
            for task in self.work.tasks_mut() {
                task.agent_id = offer.agent_id.clone();
            }
            match self.work.clone() {
                Work::Task(task) => {
                    say!(
                        "Submitted task '{}' to agent '{}'",
                        task.name,
                        offer.agent_id.value
                    );
                    driver.launch(&offer, vec![*task]);
                }
                Work::Group(group) => {
                    let ids: Vec<String> = group
                        .tasks
                        .iter()
                        .map(|task| task.task_id.value.clone())
                        .collect();
                    say!(
                        "Submitted task group with tasks [ {} ] to agent '{}'",
                        ids.join(", "),
                        offer.agent_id.value
                    );
                    launch_group(driver, &offer, group);
                }
            }
        }
    }

    fn update(&mut self, driver: &mut Driver, status: TaskStatus) {
        say!(
            "Received status update {} for task '{}'",
            status.state.as_str_name(),
            status.task_id.value
        );
        if let Some(message) = &status.message {
            say!("  message: '{message}'");
        }
        if let Some(source) = status.source {
            say!("  source: {}", source.as_str_name());
        }
        if let Some(reason) = status.reason {
            say!("  reason: {}", reason.as_str_name());
        }
        if let Some(healthy) = status.healthy {
            say!("  healthy?: {}", i32::from(healthy));
        }
        if let Some(kill) = self
            .kill
            .as_ref()
            .filter(|_| status.state == TaskState::TaskRunning)
        {
            kill.start(status.task_id.clone(), status.agent_id.as_deref().cloned());
        }
        if task::is_terminal(status.state) {
            self.left = self.left.saturating_sub(1);
            if self.left == 0 {
                driver.acknowledge_later();
                driver.acknowledge(&status);
                driver.stop();
            }
        }
    }

    fn error(&mut self, message: &str) {
        eprintln!("{message}");
    }
}

/// Whether an offer holds what the tasks need.
fn fits(work: &Work, offer: &Offer) -> bool {
    let needed = |name: &str| -> f64 {
        let resources = work.tasks().iter().flat_map(|task| &task.resources);
        let amounts = resources.filter(|resource| resource.name == name);
        amounts
            .filter_map(|resource| resource.scalar.as_deref())
            .map(|scalar| scalar.value)
            .sum()
    };
    ["cpus", "mem", "disk", "gpus"]
        .iter()
        .all(|name| task::offered(offer, name) + 1e-9 >= needed(name))
}

/// A group runs on the default executor, which needs something for itself. Mesos: `src/cli/execute.cpp`.
fn launch_group(driver: &mut Driver, offer: &Offer, group: TaskGroupInfo) {
    let executor = v1::ExecutorInfo {
        r#type: Some(v1::executor_info::Type::Default),
        executor_id: v1::ExecutorID {
            value: "default-executor".to_owned(),
            ..Default::default()
        },
        framework_id: driver.framework_id().cloned().map(Box::new),
        resources: vec![
            task::scalar("cpus", 0.1),
            task::scalar("mem", 32.0),
            task::scalar("disk", 32.0),
        ],
        ..Default::default()
    };
    let launch = offer::operation::LaunchGroup {
        executor,
        task_group: group,
        ..Default::default()
    };
    let operation = offer::Operation {
        r#type: Some(offer::operation::Type::LaunchGroup),
        launch_group: Some(Box::new(launch)),
        ..Default::default()
    };
    driver.accept(vec![offer.id.clone()], vec![operation], None);
}
