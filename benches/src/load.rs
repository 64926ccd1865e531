//! A scheduler that launches many tasks and notes what becomes of them.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use libprocess::System;
use mesos_scheduler::v1::{CommandInfo, ExecutorID, ExecutorInfo, Offer, TaskInfo, TaskState, TaskStatus};
use mesos_scheduler::{Driver, Framework, Handle, Scheduler, task};

/// How long a whole load may take.
const PATIENCE: Duration = Duration::from_secs(600);

/// What each task is.
#[derive(Debug, Clone)]
pub enum Kind {
    /// A shell command with an executor process of its own.
    Command(&'static str),
    /// A task of one shared executor, this program, that finishes it at once.
    Finishing(PathBuf),
    /// A task of the same that runs until it is killed.
    Staying(PathBuf),
}

/// What to launch.
#[derive(Debug, Clone)]
pub struct Plan {
    /// The tasks in their order: how many of which kind.
    pub tasks: Vec<(usize, Kind)>,
    /// How many may be under way; the rest waits.
    pub in_flight: usize,
}

/// What became of a plan.
#[derive(Debug)]
pub struct Done {
    /// From the first offer to the last update that mattered.
    pub elapsed: Duration,
    /// From the ACCEPT to the task's TASK_RUNNING, in the order of the tasks.
    pub to_running: Vec<Duration>,
    /// Last state of each task.
    pub states: BTreeMap<String, TaskState>,
}

impl Done {
    /// How many tasks ended in this state.
    pub fn count(&self, state: TaskState) -> usize {
        self.states.values().filter(|last| **last == state).count()
    }
}

/// A load whose framework is still there.
pub struct Loaded {
    handle: Handle<Load>,
    system: System,
}

impl Loaded {
    /// Ends the framework and with it all that runs.
    ///
    /// # Errors
    ///
    /// When the master does not take the call.
    pub fn end(self) -> Result<()> {
        self.handle.tell(|_, driver| driver.teardown());
        let outcome = self.handle.outcome().wait_for(PATIENCE);
        self.system.shutdown();
        outcome
            .context("the framework does not end")?
            .context("the scheduler was lost")?;
        Ok(())
    }
}

/// Carries out a plan and ends its framework.
///
/// # Errors
///
/// When the framework is refused or the tasks do not come to their state.
pub fn run(master: &str, plan: Plan) -> Result<Done> {
    let (done, loaded) = start(master, plan)?;
    loaded.end()?;
    Ok(done)
}

/// Carries out a plan and leaves its framework, for what stays to be looked at.
///
/// # Errors
///
/// As [`run`].
pub fn start(master: &str, plan: Plan) -> Result<(Done, Loaded)> {
    let (sender, receiver) = channel();
    let system = System::builder().client_only().start().context("no threads")?;
    let load = Load::new(plan, sender);
    let handle = Framework::new("bench", master).start(&system, load);
    let loaded = Loaded { handle, system };
    match wait(&receiver) {
        Ok(done) => Ok((done, loaded)),
        Err(error) => {
            let _ = loaded.end();
            Err(error)
        }
    }
}

fn wait(receiver: &Receiver<Result<Done, String>>) -> Result<Done> {
    match receiver.recv_timeout(PATIENCE) {
        Ok(Ok(done)) => Ok(done),
        Ok(Err(error)) => bail!("the load failed: {error}"),
        Err(_) => bail!("the load is not done after {PATIENCE:?}"),
    }
}

/// The scheduler.
struct Load {
    plan: Plan,
    total: usize,
    launched: usize,
    under_way: usize,
    reached: usize,
    accepted: Vec<Instant>,
    to_running: Vec<Duration>,
    states: BTreeMap<String, TaskState>,
    started: Option<Instant>,
    sender: Option<Sender<Result<Done, String>>>,
}

impl Load {
    fn new(plan: Plan, sender: Sender<Result<Done, String>>) -> Self {
        Self {
            total: plan.tasks.iter().map(|(count, _)| count).sum(),
            plan,
            launched: 0,
            under_way: 0,
            reached: 0,
            accepted: Vec::new(),
            to_running: Vec::new(),
            states: BTreeMap::new(),
            started: None,
            sender: Some(sender),
        }
    }

    fn kind(&self, mut index: usize) -> &Kind {
        for (count, kind) in &self.plan.tasks {
            if index < *count {
                return kind;
            }
            index -= count;
        }
        unreachable!("tasks are numbered below their total")
    }

    fn task(&self, driver: &Driver, offer: &Offer, index: usize) -> TaskInfo {
        let id = format!("task-{index}");
        let (program, data) = match self.kind(index) {
            Kind::Command(line) => return task::command(offer, &id, line, NEEDED.0, NEEDED.1),
            Kind::Finishing(program) => (program, None),
            Kind::Staying(program) => (program, Some("stay".into())),
        };
        let mut task = task::command(offer, &id, "", 0.01, 1.0);
        task.command = None;
        task.data = data;
        task.executor = Some(Box::new(executor(driver, program)));
        task
    }

    fn finish(&mut self, result: Result<(), String>) {
        if let Some(sender) = self.sender.take() {
            let done = Done {
                elapsed: self.started.map(|started| started.elapsed()).unwrap_or_default(),
                to_running: std::mem::take(&mut self.to_running),
                states: std::mem::take(&mut self.states),
            };
            let _ = sender.send(result.map(|()| done));
        }
    }
}

/// What a task needs of cpus and megabytes of memory, and what its executor does if it is a shared one.
const NEEDED: (f64, f64) = (0.1, 32.0);

/// How many tasks an offer holds, with one executor beside them.
fn fitting(offer: &Offer) -> usize {
    let fit = |name: &str, each: f64| ((task::offered(offer, name) - each) / each + 0.5).floor();
    // Rounded above, and far below the precision of a float.
    fit("cpus", NEEDED.0).min(fit("mem", NEEDED.1)).max(0.0) as usize
}

fn executor(driver: &Driver, program: &std::path::Path) -> ExecutorInfo {
    ExecutorInfo {
        r#type: Some(mesos_scheduler::v1::executor_info::Type::Custom),
        executor_id: ExecutorID {
            value: "shared".to_owned(),
            ..Default::default()
        },
        framework_id: driver.framework_id().cloned().map(Box::new),
        command: Some(Box::new(CommandInfo {
            value: Some(program.display().to_string()),
            ..Default::default()
        })),
        resources: vec![task::scalar("cpus", NEEDED.0), task::scalar("mem", NEEDED.1)],
        ..Default::default()
    }
}

impl Scheduler for Load {
    fn offers(&mut self, driver: &mut Driver, offers: Vec<Offer>) {
        self.started.get_or_insert_with(Instant::now);
        for offer in offers {
            let room = fitting(&offer).min(self.plan.in_flight - self.under_way);
            let next = self.launched..self.total.min(self.launched + room);
            self.under_way += next.len();
            self.launched = next.end;
            let now = Instant::now();
            self.accepted.extend(next.clone().map(|_| now));
            let tasks: Vec<TaskInfo> = next.map(|index| self.task(driver, &offer, index)).collect();
            if tasks.is_empty() {
                driver.decline([offer.id], Some(0.0));
            } else {
                driver.launch_filtered(&offer, tasks, Some(0.0));
            }
        }
        if self.launched == self.total {
            driver.suppress();
        }
    }

    fn update(&mut self, _: &mut Driver, status: TaskStatus) {
        let id = status.task_id.value;
        let index: usize = id
            .strip_prefix("task-")
            .and_then(|index| index.parse().ok())
            .unwrap_or(usize::MAX);
        let Some(accepted) = self.accepted.get(index) else {
            return self.finish(Err(format!("an update of the unknown task {id}")));
        };
        let last = self.states.insert(id, status.state);
        if last == Some(status.state) {
            return;
        }
        if status.state == TaskState::TaskRunning {
            self.to_running.push(accepted.elapsed());
        }
        let wanted = match self.kind(index) {
            Kind::Command(_) | Kind::Finishing(_) => TaskState::TaskFinished,
            Kind::Staying(_) => TaskState::TaskRunning,
        };
        if status.state == wanted {
            self.under_way -= usize::from(wanted == TaskState::TaskFinished);
            self.reached += 1;
        } else if task::is_terminal(status.state) {
            let text = format!(
                "task {index} ended as {}: {:?}",
                status.state.as_str_name(),
                status.message
            );
            return self.finish(Err(text));
        }
        if self.reached == self.total {
            self.finish(Ok(()));
        }
    }

    fn error(&mut self, message: &str) {
        self.finish(Err(message.to_owned()));
    }
}
