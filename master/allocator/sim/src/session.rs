//! Lines in, answers out.

use std::fmt::Write as _;
use std::time::Duration;

use mesos::{Limits, Quantities};
use mesos_allocator::{Factory, Options, Quota, SorterKind};

use crate::HELP;
use crate::cluster::{Behaviour, Cluster};
use crate::plot;
use crate::script::{Line, resources};

/// A cluster that is told what happens, line by line.
#[derive(Debug)]
pub struct Session {
    factory: Factory,
    cluster: Cluster,
    quiet: bool,
    /// Pictures that were asked for: file and SVG.
    pictures: Vec<(String, String)>,
    ended: bool,
}

impl Default for Session {
    fn default() -> Self {
        Self::new(Factory::default())
    }
}

impl Session {
    /// A session with an allocator of some kind.
    pub fn new(factory: Factory) -> Self {
        Self {
            cluster: Cluster::new(&Options::default(), 1, &factory),
            factory,
            quiet: false,
            pictures: Vec::new(),
            ended: false,
        }
    }

    /// True after `quit`.
    pub fn has_ended(&self) -> bool {
        self.ended
    }

    /// The pictures asked for since the last time: names of files and their contents.
    pub fn take_pictures(&mut self) -> Vec<(String, String)> {
        std::mem::take(&mut self.pictures)
    }

    /// Does what a line says. Returns what there is to show, whole lines.
    ///
    /// # Errors
    ///
    /// Says what is wrong with the line. Nothing has happened then.
    pub fn line(&mut self, text: &str) -> Result<String, String> {
        let Some(line) = Line::parse(text) else {
            return Ok(String::new());
        };
        match line.command {
            "options" => self.options(&line).map(|()| String::new()),
            "tick" => {
                let seconds = match line.words.first() {
                    Some(text) => Line::number::<f64>(text)?,
                    None => 1.0,
                };
                let time = Duration::try_from_secs_f64(seconds).map_err(|error| error.to_string())?;
                Ok(self.cluster.pass(time, !self.quiet))
            }
            "finish" => {
                let count = match line.words.get(1) {
                    Some(text) => Line::number(text)?,
                    None => usize::MAX,
                };
                let name = line.word(0, "a framework")?;
                let ended = self.cluster.finish(name, count)?;
                Ok(format!("{ended} tasks of {name} ended\n"))
            }
            "shares" => Ok(self.shares()),
            "free" => {
                let free = self.cluster.free_resources();
                Ok(free.map(|(name, free)| format!("{name}: {free}\n")).collect())
            }
            "plot" => {
                let title = line.words.get(1..).unwrap_or_default().join(" ");
                let picture = plot::svg(&title, &self.cluster.history);
                self.pictures.push((line.word(0, "a file")?.to_owned(), picture));
                Ok(String::new())
            }
            "help" => Ok(HELP.to_owned()),
            "quit" => {
                self.ended = true;
                Ok(String::new())
            }
            _ => self.change(&line).map(|()| String::new()),
        }
    }

    /// Lines that change the cluster and say nothing.
    fn change(&mut self, line: &Line<'_>) -> Result<(), String> {
        let cluster = &mut self.cluster;
        match line.command {
            "agent" => {
                let total = resources(line.word(1, "resources")?)?;
                cluster.add_agent(line.word(0, "a name")?, total)
            }
            "agents" => {
                let count: u32 = Line::number(line.word(0, "a number")?)?;
                let (prefix, total) = (line.word(1, "a prefix")?, resources(line.word(2, "resources")?)?);
                (1..=count).try_for_each(|n| cluster.add_agent(&format!("{prefix}{n}"), total.clone()))
            }
            "framework" => self.framework(line),
            "task" => {
                let task = resources(line.word(1, "resources")?)?;
                cluster.behaviour(line.word(0, "a framework")?)?.task = Some(task);
                Ok(())
            }
            "tasks" => {
                let wanted = Line::number(line.word(1, "a number")?)?;
                cluster.behaviour(line.word(0, "a framework")?)?.wanted = wanted;
                Ok(())
            }
            "weight" => {
                let weight: f64 = Line::number(line.word(1, "a weight")?)?;
                let role = line.word(0, "a role")?.to_owned();
                cluster.allocator.update_weights(cluster.now, &[(role, weight)]);
                Ok(())
            }
            "quota" => {
                let text = |name: &str| line.options.get(name).copied().unwrap_or_default();
                let said = |error: mesos::Error| error.to_string();
                let quota = Quota {
                    guarantees: Quantities::parse(text("guarantee")).map_err(said)?,
                    limits: Limits::parse(text("limit")).map_err(said)?,
                };
                let role = line.word(0, "a role")?;
                cluster.allocator.update_quota(cluster.now, role, quota);
                Ok(())
            }
            "suppress" => cluster.suppress(line.word(0, "a framework")?, true),
            "revive" => cluster.suppress(line.word(0, "a framework")?, false),
            "remove" => cluster.remove(line.word(0, "a name")?),
            "quiet" => {
                self.quiet = line.word(0, "on or off")? == "on";
                Ok(())
            }
            other => Err(format!("there is no command {other}; try help")),
        }
    }

    fn options(&mut self, line: &Line<'_>) -> Result<(), String> {
        if !self.cluster.is_empty() {
            return Err("options come before agents and frameworks".to_owned());
        }
        let mut options = Options::default();
        if let Some(seconds) = line.option::<f64>("interval")? {
            options.allocation_interval =
                Duration::try_from_secs_f64(seconds).map_err(|error| error.to_string())?;
        }
        let sorter = match line.options.get("sorter").copied() {
            None | Some("drf") => SorterKind::Drf,
            Some("random") => SorterKind::Random,
            Some(other) => return Err(format!("there is no sorter {other}")),
        };
        (options.role_sorter, options.framework_sorter) = (sorter, sorter);
        options.event_driven = line.options.get("events").is_none_or(|events| *events == "on");
        let seed = line.option("seed")?.unwrap_or(1);
        self.cluster = Cluster::new(&options, seed, &self.factory);
        Ok(())
    }

    fn framework(&mut self, line: &Line<'_>) -> Result<(), String> {
        let role = line.options.get("role").ok_or("framework needs role=ROLE")?;
        let time = line.option::<f64>("time")?.map(Duration::try_from_secs_f64);
        let behaviour = Behaviour {
            role: (*role).to_owned(),
            task: line.options.get("task").map(|task| resources(task)).transpose()?,
            wanted: line.option("tasks")?.unwrap_or(usize::MAX),
            each: line.option("each")?.unwrap_or(usize::MAX),
            time: time.transpose().map_err(|error| error.to_string())?,
            refuse_seconds: line.option("refuse")?,
        };
        let caps = line.options.get("caps").copied().unwrap_or_default();
        let caps: Vec<&str> = caps.split(',').filter(|cap| !cap.is_empty()).collect();
        self.cluster
            .add_framework(line.word(0, "a name")?, behaviour, &caps)
    }

    fn shares(&self) -> String {
        let mut said = String::new();
        for (role, share) in self.cluster.shares() {
            let running = self.cluster.running().filter(|(_, of, _)| *of == role);
            let running: Vec<String> = running
                .map(|(name, _, tasks)| format!("{name} {tasks}"))
                .collect();
            let _ = writeln!(
                said,
                "{role}: {:.1} %  tasks: {}",
                100.0 * share,
                running.join(", ")
            );
        }
        said
    }
}
