//! The subject `launch`: tasks through the v1 API on one agent, reads of the state, memory.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use mesos_local::{Cluster, Options, get_json};
use mesos_scheduler::v1::TaskState;

use crate::load::{self, Done, Kind, Plan};
use crate::memory::{self, Memory};
use crate::reads::{self, Read, Series, median};
use crate::table::Row;

const RESOURCES: &str = "cpus:1000;mem:1000000;disk:100000;ports:[31000-32000]";

/// How much of each work is done.
#[derive(Debug, Clone, Copy)]
pub struct Size {
    /// Tasks with an executor of their own, and of the first load of a shared one.
    pub tasks: usize,
    /// How often each of these loads is repeated; the median counts.
    pub runs: usize,
    /// Single launches whose way to TASK_RUNNING is timed.
    pub singles: usize,
    /// Tasks of the long load of a shared executor.
    pub many: usize,
    /// Requests in one series.
    pub requests: usize,
}

impl Size {
    /// The size whose results are kept.
    pub const REAL: Self = Self {
        tasks: 1000,
        runs: 3,
        singles: 50,
        many: 10_000,
        requests: 30,
    };
    /// The size of a test: the same ways, walked a few times.
    pub const QUICK: Self = Self {
        tasks: 20,
        runs: 1,
        singles: 2,
        many: 200,
        requests: 2,
    };
}

/// Where a run is and what it has found.
struct Run<'a> {
    size: Size,
    executor: &'a Path,
    rows: Vec<Row>,
}

/// Does all of the work with the programs in `programs` (beside the running one when `None`) and `executor` for the
/// shared executors, and says on the way what it finds.
///
/// # Errors
///
/// When a cluster does not start or tasks do not come to their end.
pub fn run(size: Size, programs: Option<PathBuf>, executor: &Path) -> Result<Vec<Row>> {
    let options = Options {
        resources: RESOURCES.to_owned(),
        programs,
        master_flags: vec![
            "--registry=in_memory".to_owned(),
            "--allocation_interval=50ms".to_owned(),
            // An agent that leaves two pings in a row without an answer is lost, and all of its tasks with it.
            "--agent_ping_timeout=1secs".to_owned(),
            "--max_agent_ping_timeouts=2".to_owned(),
        ],
        ..Options::default()
    };
    let mut run = Run {
        size,
        executor,
        rows: Vec::new(),
    };
    let start = || -> Result<Cluster> {
        let cluster = Cluster::start(&options)?;
        cluster.wait_for_agents(1)?;
        Ok(cluster)
    };
    run.memory(&start()?)?;
    let cluster = start()?;
    run.commands(&cluster)?;
    run.first_running(&cluster)?;
    run.shared(&cluster)?;
    run.many(&cluster)?;
    run.reads(&start()?)?;
    // Memory is measured first, while the daemons are idle, and shown last.
    run.rows.rotate_left(1);
    Ok(run.rows)
}

impl Run<'_> {
    fn row(&mut self, work: String, cpp: &'static str, goal: &'static str, ours: String, reached: bool) {
        self.rows.push(Row {
            work,
            cpp,
            goal,
            ours,
            reached,
        });
    }

    /// Repeats a load of `tasks` tasks and returns the median rate in tasks a second.
    fn rate(&self, name: &str, cluster: &Cluster, kind: Kind, in_flight: usize) -> Result<f64> {
        let mut times = Vec::new();
        for _ in 0..self.size.runs {
            let plan = Plan {
                tasks: vec![(self.size.tasks, kind.clone())],
                in_flight,
            };
            let done = load::run(cluster.master(), plan)?;
            println!(
                "{name}: {:.3} s, result {:016x}",
                done.elapsed.as_secs_f64(),
                hash(&done)
            );
            times.push(done.elapsed);
        }
        Ok(per_second(self.size.tasks, median(&mut times)))
    }

    fn commands(&mut self, cluster: &Cluster) -> Result<()> {
        let rate = self.rate("command tasks", cluster, Kind::Command("true"), 16)?;
        let work = format!(
            "{} command tasks `true`, 16 in flight, each its own executor process",
            self.size.tasks
        );
        self.row(
            work,
            "10.8 tasks/s",
            ">= 150 tasks/s",
            format!("{rate:.0} tasks/s"),
            rate >= 150.0,
        );
        Ok(())
    }

    fn first_running(&mut self, cluster: &Cluster) -> Result<()> {
        let plan = Plan {
            tasks: vec![(self.size.singles, Kind::Command("sleep 0.2"))],
            in_flight: 1,
        };
        let mut done = load::run(cluster.master(), plan)?;
        let result = hash(&done);
        let middle = median(&mut done.to_running);
        let (first, last) = (done.to_running[0], done.to_running[done.to_running.len() - 1]);
        println!("single launches: {first:?} to {last:?}, result {result:016x}");
        let work = format!(
            "ACCEPT to TASK_RUNNING, median of {} single launches",
            self.size.singles
        );
        let reached = middle <= Duration::from_millis(15);
        self.row(work, "92 ms", "<= 15 ms", ms(middle), reached);
        Ok(())
    }

    fn shared(&mut self, cluster: &Cluster) -> Result<()> {
        let kind = Kind::Finishing(self.executor.to_path_buf());
        let rate = self.rate("shared executor", cluster, kind, self.size.tasks)?;
        let work = format!("{} tasks on one shared executor", self.size.tasks);
        self.row(
            work,
            "317 tasks/s",
            ">= 5,000 tasks/s",
            format!("{rate:.0} tasks/s"),
            rate >= 5000.0,
        );
        Ok(())
    }

    fn many(&mut self, cluster: &Cluster) -> Result<()> {
        let plan = Plan {
            tasks: vec![(self.size.many, Kind::Finishing(self.executor.to_path_buf()))],
            in_flight: 100,
        };
        let done = load::run(cluster.master(), plan)?;
        let finished = done.count(TaskState::TaskFinished);
        let metrics = get_json(cluster.master(), "/metrics/snapshot")?;
        let number = |name: &str| {
            metrics[name]
                .as_f64()
                .with_context(|| format!("there is no {name}"))
        };
        let lost = number("master/slave_unreachable_scheduled")? + number("master/slave_removals")?;
        let here = number("master/slaves_active")? == 1.0 && lost == 0.0;
        println!(
            "many tasks: {:.3} s, agent here: {here}, result {:016x}",
            done.elapsed.as_secs_f64(),
            hash(&done)
        );
        let rate = per_second(self.size.many, done.elapsed);
        let pings = if here {
            "pings answered"
        } else {
            "the agent was lost"
        };
        let work = format!(
            "{} tasks on one shared executor, one ACCEPT after another (100 tasks each)",
            self.size.many
        );
        self.row(
            work,
            "fails: pings missed, all lost",
            "all finish, pings answered",
            format!("{finished} finished, {pings}; {rate:.0} tasks/s"),
            here && finished == self.size.many,
        );
        Ok(())
    }

    fn reads(&mut self, cluster: &Cluster) -> Result<()> {
        let executor = self.executor.to_path_buf();
        let tasks = self.size.tasks;
        let plan = Plan {
            tasks: vec![
                (tasks, Kind::Finishing(executor.clone())),
                (tasks, Kind::Staying(executor)),
            ],
            in_flight: 2 * tasks,
        };
        let (done, loaded) = load::start(cluster.master(), plan)?;
        let states = (
            done.count(TaskState::TaskFinished),
            done.count(TaskState::TaskRunning),
        );
        ensure!(
            states == (tasks, tasks),
            "{states:?} tasks are finished and running"
        );
        let call = Some("{\"type\":\"GET_STATE\"}");
        let (json, protobuf) = ("application/json", "application/x-protobuf");
        let state = self.series(
            cluster,
            Read {
                path: "/state",
                call: None,
                accept: json,
            },
        )?;
        let v1 = Read {
            path: "/api/v1",
            call,
            accept: json,
        };
        let v1_json = self.series(cluster, v1)?;
        let v1_protobuf = self.series(
            cluster,
            Read {
                accept: protobuf,
                ..v1
            },
        )?;
        loaded.end()?;
        let all = [state, v1_json, v1_protobuf];
        let limits = [2, 3, 1].map(Duration::from_millis);
        let reached = all
            .iter()
            .zip(limits)
            .all(|(series, limit)| series.median <= limit);
        let times = all
            .map(|series| format!("{:.2}", series.median.as_secs_f64() * 1000.0))
            .join(" / ");
        let sizes = all.map(|series| format!("{}", series.bytes / 1000)).join(" / ");
        self.row(
            format!("/state, GET_STATE JSON, GET_STATE protobuf with {tasks} running + {tasks} finished"),
            "14.2 / 28.7 / 8.5 ms (990 / 1900 / 698 kB)",
            "<= 2 / 3 / 1 ms",
            format!("{times} ms ({sizes} kB)"),
            reached,
        );
        Ok(())
    }

    /// The median of three series.
    fn series(&self, cluster: &Cluster, read: Read) -> Result<Series> {
        let mut all = Vec::new();
        for _ in 0..3 {
            all.push(reads::series(cluster.master(), read, self.size.requests)?);
        }
        println!(
            "{} as {}: {:?}",
            read.path,
            read.accept,
            all.iter().map(|series| series.median).collect::<Vec<_>>()
        );
        all.sort_by_key(|series| series.median);
        Ok(all[1])
    }

    fn memory(&mut self, cluster: &Cluster) -> Result<()> {
        let agent = cluster.agents().first().context("there is an agent")?;
        let idle = [
            memory::of(cluster.master_daemon().pid())?,
            memory::of(agent.pid())?,
        ];
        let plan = Plan {
            tasks: vec![(1, Kind::Command("sleep 1"))],
            in_flight: 1,
        };
        let executor = std::thread::scope(|scope| {
            let load = scope.spawn(|| load::run(cluster.master(), plan));
            let mut last = None;
            // The one with its task running holds the most.
            while !load.is_finished() {
                last = memory::find("mesos-executor", cluster.directory())
                    .and_then(memory::of)
                    .ok()
                    .or(last);
                std::thread::sleep(Duration::from_millis(20));
            }
            load.join().expect("the load does not panic")?;
            last.context("no executor was seen")
        })?;
        let [master, agent] = idle;
        let all = [master, agent, executor];
        let limits = [15_000, 15_000, 6_000];
        let shown = |part: fn(&Memory) -> u64| {
            let parts = all.each_ref().map(|memory| {
                let tenths = part(memory) / 100;
                format!("{}.{}", tenths / 10, tenths % 10)
            });
            parts.join(" / ")
        };
        let (resident, private) = (shown(|memory| memory.resident), shown(|memory| memory.private));
        let reached = all
            .iter()
            .zip(limits)
            .all(|(memory, limit)| memory.resident <= limit);
        self.row(
            "RSS idle master / agent / a command executor".to_owned(),
            "89 / 90 / 88 MB (private 6 / 6 / 5)",
            "<= 15 / 15 / 6 MB",
            format!("{resident} MB (private {private})"),
            reached,
        );
        Ok(())
    }
}

/// Tells whether two runs had the same result: the last state of each task.
fn hash(done: &Done) -> u64 {
    let mut hasher = DefaultHasher::new();
    for (id, state) in &done.states {
        (id, state.as_str_name()).hash(&mut hasher);
    }
    hasher.finish()
}

fn per_second(n: usize, elapsed: Duration) -> f64 {
    let n = u32::try_from(n).map_or(f64::MAX, f64::from);
    n / elapsed.as_secs_f64()
}

fn ms(duration: Duration) -> String {
    format!("{:.1} ms", duration.as_secs_f64() * 1000.0)
}
