//! Runs one task for each chunk.

use std::collections::BTreeMap;
use std::sync::mpsc::Sender;

use anyhow::Result;
use mesos_scheduler::v1::{FrameworkID, MasterInfo, Offer, TaskState, TaskStatus};
use mesos_scheduler::{Driver, Scheduler, task};

use crate::chunks::Chunk;

/// What one task needs, in cpus and MB.
const CPUS: f64 = 0.25;
const MEM: f64 = 32.0;

/// Where a task left its result.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The agent, as `ip:port`.
    pub agent: String,
    /// The path under which the agent shows the file.
    pub path: String,
}

/// What the scheduler tells the rest of the program.
#[derive(Debug)]
pub enum News {
    /// How many tasks are in which state.
    State {
        /// Sent to an agent.
        staged: usize,
        /// Running.
        running: usize,
        /// Ended.
        finished: usize,
    },
    /// A task finished; its result is here.
    Finished(Place),
    /// What a finished task had counted.
    Fetched(Result<String>),
    /// The job cannot be done.
    Failed(String),
    /// Somebody wants it to stop.
    Interrupted,
}

/// The scheduler: chunks to do, tasks on their way.
pub struct WordCount {
    todo: Vec<(usize, Chunk)>,
    total: usize,
    framework_id: String,
    /// Which agent, as `ip:port`, runs which task, and in which state the task is.
    tasks: BTreeMap<String, (String, TaskState)>,
    finished: usize,
    news: Sender<News>,
}

impl WordCount {
    /// A scheduler for these chunks.
    pub fn new(chunks: Vec<Chunk>, news: Sender<News>) -> Self {
        let total = chunks.len();
        let todo = chunks.into_iter().enumerate().rev().collect();
        Self {
            todo,
            total,
            framework_id: String::new(),
            tasks: BTreeMap::new(),
            finished: 0,
            news,
        }
    }

    /// How many tasks there will be.
    pub fn tasks(&self) -> usize {
        self.total
    }

    fn tell(&self, news: News) {
        // Nobody listens any more when the program is ending.
        let _ = self.news.send(news);
    }

    fn tell_states(&self) {
        let count =
            |wanted: fn(TaskState) -> bool| self.tasks.values().filter(|(_, state)| wanted(*state)).count();
        let running = count(|state| state == TaskState::TaskRunning);
        let staged = self.tasks.len() - running;
        self.tell(News::State {
            staged,
            running,
            finished: self.finished,
        });
    }
}

impl Scheduler for WordCount {
    fn subscribed(&mut self, _: &mut Driver, framework_id: &FrameworkID, _: Option<&MasterInfo>) {
        self.framework_id.clone_from(&framework_id.value);
    }

    fn offers(&mut self, driver: &mut Driver, offers: Vec<Offer>) {
        for offer in offers {
            let fit = (task::offered(&offer, "cpus") / CPUS)
                .min(task::offered(&offer, "mem") / MEM)
                .floor();
            let mut tasks = Vec::new();
            while (tasks.len() as f64) < fit {
                let Some((n, chunk)) = self.todo.pop() else { break };
                let id = format!("chunk-{n:04}");
                tasks.push(task::command(&offer, &id, &count_words(&chunk), CPUS, MEM));
                self.tasks.insert(id, (agent_of(&offer), TaskState::TaskStaging));
            }
            // What is left is wanted again as soon as there is more to do with it.
            driver.launch_filtered(&offer, tasks, Some(0.0));
        }
        if self.todo.is_empty() {
            driver.suppress();
        }
        self.tell_states();
    }

    fn update(&mut self, _: &mut Driver, status: TaskStatus) {
        let id = status.task_id.value;
        let Some((agent, state)) = self.tasks.get_mut(&id) else {
            return;
        };
        *state = status.state;
        if status.state == TaskState::TaskFinished {
            let path = format!(
                "/frameworks/{}/executors/{id}/runs/latest/counts",
                self.framework_id
            );
            let place = Place {
                agent: agent.clone(),
                path,
            };
            self.tasks.remove(&id);
            self.finished += 1;
            self.tell(News::Finished(place));
        } else if task::is_terminal(status.state) {
            let message = status.message.unwrap_or_default();
            self.tell(News::Failed(format!(
                "{id} is {}: {message}",
                status.state.as_str_name()
            )));
        }
        self.tell_states();
    }

    fn error(&mut self, message: &str) {
        self.tell(News::Failed(format!("the master refused the job: {message}")));
    }
}

/// Counts the words of a chunk with what every machine has, into `counts` in the sandbox.
fn count_words(chunk: &Chunk) -> String {
    format!(
        "tail -c +{} '{}' | head -c {} | tr -cs '[:alpha:]' '\\n' | tr '[:upper:]' '[:lower:]' | sort | uniq -c > counts",
        chunk.offset + 1,
        chunk.path.display().to_string().replace('\'', "'\\''"),
        chunk.length
    )
}

fn agent_of(offer: &Offer) -> String {
    let address = offer.url.as_deref().map(|url| &url.address);
    let ip = address
        .and_then(|address| address.ip.clone())
        .unwrap_or_else(|| offer.hostname.clone());
    format!("{ip}:{}", address.map_or(5051, |address| address.port))
}
