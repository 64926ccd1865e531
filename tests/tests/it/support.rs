//! What the tests share.

use std::sync::mpsc::{self, Receiver, Sender};
use std::time::{Duration, Instant};

use libprocess::System;
use mesos_local::{Cluster, Options, get_json};
use mesos_scheduler::v1::{FrameworkID, FrameworkInfo, MasterInfo, Offer, TaskInfo, TaskStatus};
use mesos_scheduler::{Driver, Framework, Handle, Scheduler};
use serde_json::Value;

/// How long anything may take: long enough for a machine that is busy with other tests.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// A master with one registered agent.
pub fn cluster() -> Cluster {
    cluster_with(&Options::default())
}

pub fn cluster_with(options: &Options) -> Cluster {
    let cluster = Cluster::start(options).unwrap();
    cluster.wait_for_agents(options.agents).unwrap();
    cluster
}

/// Asks until the answer is what is wanted.
pub fn wait_for(what: &str, mut ask: impl FnMut() -> bool) {
    let started = Instant::now();
    while !ask() {
        assert!(
            started.elapsed() < PATIENCE,
            "{what} did not happen in {PATIENCE:?}"
        );
        std::thread::yield_now();
    }
}

/// The one framework that `/frameworks` lists under `key`.
pub fn framework(cluster: &Cluster, key: &str) -> Value {
    get_json(cluster.master(), "/frameworks").unwrap()[key][0].clone()
}

/// What the only agent's used cpus are, as the master sees them.
pub fn used_cpus(cluster: &Cluster) -> f64 {
    get_json(cluster.master(), "/slaves").unwrap()["slaves"][0]["used_resources"]["cpus"]
        .as_f64()
        .unwrap()
}

/// What to launch on the first offer.
type Launch = Box<dyn FnOnce(&Offer) -> Vec<TaskInfo> + Send>;

/// A scheduler that launches given tasks on the first offer and reports everything.
pub struct Probe {
    make: Option<Launch>,
    news: Sender<News>,
}

/// What a [`Probe`] saw.
#[derive(Debug, Clone)]
pub enum News {
    Subscribed(String),
    Status(Box<TaskStatus>),
    AgentLost,
    /// With the executor's raw wait status.
    ExecutorLost(i32),
    Error(String),
}

/// A running [`Probe`] and what it saw.
pub struct Probed {
    pub handle: Handle<Probe>,
    pub news: Receiver<News>,
    pub system: System,
}

impl Probed {
    /// The next status in this state; others are passed over.
    pub fn status(&self, wanted: &str) -> TaskStatus {
        loop {
            match self
                .news
                .recv_timeout(PATIENCE)
                .unwrap_or_else(|_| panic!("no {wanted}"))
            {
                News::Status(status) if status.state.as_str_name() == wanted => return *status,
                News::Error(error) => panic!("{error}"),
                _ => {}
            }
        }
    }

    /// The id the framework was given.
    pub fn id(&self) -> String {
        loop {
            if let News::Subscribed(id) = self.news.recv_timeout(PATIENCE).unwrap() {
                return id;
            }
        }
    }
}

/// Starts a probe; `info` may change what the master is told.
pub fn probe(
    cluster: &Cluster,
    info: impl FnOnce(&mut FrameworkInfo),
    make: impl FnOnce(&Offer) -> Vec<TaskInfo> + Send + 'static,
) -> Probed {
    let (sender, news) = mpsc::channel();
    let system = System::builder().client_only().start().unwrap();
    let mut framework = Framework::new("probe", cluster.master());
    info(framework.info_mut());
    let handle = framework.start(
        &system,
        Probe {
            make: Some(Box::new(make)),
            news: sender,
        },
    );
    Probed { handle, news, system }
}

impl Scheduler for Probe {
    fn subscribed(&mut self, _: &mut Driver, id: &FrameworkID, _: Option<&MasterInfo>) {
        let _ = self.news.send(News::Subscribed(id.value.clone()));
    }

    fn offers(&mut self, driver: &mut Driver, offers: Vec<Offer>) {
        for offer in offers {
            match self.make.take() {
                Some(make) => driver.launch(&offer, make(&offer)),
                None => driver.decline([offer.id.clone()], Some(0.0)),
            }
        }
    }

    fn update(&mut self, _: &mut Driver, status: TaskStatus) {
        let _ = self.news.send(News::Status(Box::new(status)));
    }

    fn failure(
        &mut self,
        _: &mut Driver,
        _: Option<mesos_scheduler::v1::AgentID>,
        executor: Option<mesos_scheduler::v1::ExecutorID>,
        status: Option<i32>,
    ) {
        let news = match executor {
            Some(_) => News::ExecutorLost(status.unwrap_or(0)),
            None => News::AgentLost,
        };
        let _ = self.news.send(news);
    }

    fn error(&mut self, message: &str) {
        let _ = self.news.send(News::Error(message.to_owned()));
    }
}

/// The process ids of everything whose command line holds `text`.
pub fn processes(text: &str) -> Vec<i32> {
    let all = procfs::process::all_processes().unwrap().flatten();
    all.filter(|process| process.cmdline().is_ok_and(|line| line.join(" ").contains(text)))
        .map(|process| process.pid())
        .collect()
}

/// Whether a process is there and not a zombie.
pub fn is_alive(pid: i32) -> bool {
    procfs::process::Process::new(pid)
        .and_then(|process| process.stat())
        .is_ok_and(|stat| stat.state != 'Z')
}
