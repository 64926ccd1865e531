//! Agents, and frameworks that answer offers as they were told.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fmt::Write as _;
use std::time::Duration;

use libprocess_core::time::Time;
use mesos::Resources;
use mesos::ids::{AgentId, FrameworkId};
use mesos_allocator::{Allocator, Allotment, Factory, FrameworkOptions, NewAgent, Options};
use mesos_proto::v0::{self, framework_info};

/// A task that runs.
#[derive(Debug)]
struct Task {
    agent: AgentId,
    resources: Resources,
    ends: Option<Time>,
}

/// How a framework answers offers.
#[derive(Debug, Default)]
pub(crate) struct Behaviour {
    pub role: String,
    /// None declines.
    pub task: Option<Resources>,
    pub wanted: usize,
    pub each: usize,
    pub time: Option<Duration>,
    pub refuse_seconds: Option<f64>,
}

#[derive(Debug)]
struct Framework {
    behaviour: Behaviour,
    tasks: VecDeque<Task>,
}

/// The cluster.
#[derive(Debug)]
pub(crate) struct Cluster {
    pub allocator: Box<dyn Allocator>,
    pub now: Time,
    start: Time,
    frameworks: BTreeMap<String, Framework>,
    agents: BTreeMap<String, Resources>,
    /// Seconds since the start, and the shares of roles then.
    pub history: Vec<(f64, BTreeMap<String, f64>)>,
}

impl Cluster {
    pub fn new(options: &Options, seed: u64, factory: &Factory) -> Self {
        let start = Time::EPOCH + Duration::from_secs(1_000_000);
        let mut allocator = factory.make(options, seed);
        allocator.recover(start, 0, BTreeMap::new());
        Self {
            allocator,
            now: start,
            start,
            frameworks: BTreeMap::new(),
            agents: BTreeMap::new(),
            history: Vec::new(),
        }
    }

    pub fn is_empty(&self) -> bool {
        self.agents.is_empty() && self.frameworks.is_empty()
    }

    pub fn add_agent(&mut self, name: &str, total: Resources) -> Result<(), String> {
        if self.agents.insert(name.to_owned(), total.clone()).is_some() {
            return Err(format!("there is an agent {name}"));
        }
        let info = v0::SlaveInfo {
            hostname: name.to_owned(),
            ..Default::default()
        };
        self.allocator.add_agent(
            self.now,
            NewAgent {
                id: AgentId::new(name),
                info,
                capabilities: mesos::capabilities::agent_capabilities(),
                unavailability: None,
                total,
                used: BTreeMap::new(),
            },
        );
        Ok(())
    }

    pub fn add_framework(&mut self, name: &str, behaviour: Behaviour, caps: &[&str]) -> Result<(), String> {
        if self.frameworks.contains_key(name) {
            return Err(format!("there is a framework {name}"));
        }
        let mut capabilities = vec![v0::framework_info::Capability {
            r#type: Some(framework_info::capability::Type::MultiRole),
            ..Default::default()
        }];
        for cap in caps {
            let kind = framework_info::capability::Type::from_str_name(cap)
                .ok_or_else(|| format!("there is no capability {cap}"))?;
            capabilities.push(v0::framework_info::Capability {
                r#type: Some(kind),
                ..Default::default()
            });
        }
        let info = v0::FrameworkInfo {
            name: name.to_owned(),
            roles: vec![behaviour.role.clone()],
            capabilities,
            ..Default::default()
        };
        let id = FrameworkId::new(name);
        let options = FrameworkOptions::default();
        self.allocator
            .add_framework(self.now, &id, &info, &BTreeMap::new(), true, options);
        self.frameworks.insert(
            name.to_owned(),
            Framework {
                behaviour,
                tasks: VecDeque::new(),
            },
        );
        Ok(())
    }

    /// How a framework behaves, to be changed.
    pub fn behaviour(&mut self, name: &str) -> Result<&mut Behaviour, String> {
        let framework = self.frameworks.get_mut(name);
        framework
            .map(|framework| &mut framework.behaviour)
            .ok_or_else(|| format!("there is no framework {name}"))
    }

    pub fn suppress(&mut self, name: &str, suppress: bool) -> Result<(), String> {
        self.behaviour(name)?;
        let (id, all) = (FrameworkId::new(name), BTreeSet::new());
        if suppress {
            self.allocator.suppress_offers(self.now, &id, &all);
        } else {
            self.allocator.revive_offers(self.now, &id, &all);
        }
        Ok(())
    }

    /// Ends the oldest tasks of a framework. Returns how many ended.
    pub fn finish(&mut self, name: &str, count: usize) -> Result<usize, String> {
        self.behaviour(name)?;
        let mut ended = 0;
        while ended < count {
            let framework = self.frameworks.get_mut(name);
            let Some(task) = framework.and_then(|framework| framework.tasks.pop_front()) else {
                break;
            };
            self.free(name, &task);
            ended += 1;
        }
        Ok(ended)
    }

    fn free(&mut self, name: &str, task: &Task) {
        let id = FrameworkId::new(name);
        self.allocator
            .recover_resources(self.now, &id, &task.agent, &task.resources, None, true);
    }

    pub fn remove(&mut self, name: &str) -> Result<(), String> {
        if self.agents.remove(name).is_some() {
            for framework in self.frameworks.values_mut() {
                framework.tasks.retain(|task| task.agent.as_str() != name);
            }
            self.allocator.remove_agent(self.now, &AgentId::new(name));
            return Ok(());
        }
        self.finish(name, usize::MAX)
            .map_err(|_| format!("there is neither an agent nor a framework {name}"))?;
        self.frameworks.remove(name);
        self.allocator.remove_framework(self.now, &FrameworkId::new(name));
        Ok(())
    }

    /// Lets time pass; offers are made when the allocator wants to, and answered at once. Returns what happened.
    pub fn pass(&mut self, time: Duration, say: bool) -> String {
        let until = self.now + time;
        let mut said = String::new();
        loop {
            let ends = self.frameworks.values().flat_map(|framework| &framework.tasks);
            let next_end = ends.filter_map(|task| task.ends).min();
            let next = self.allocator.next_run().into_iter().chain(next_end).min();
            let Some(next) = next.filter(|next| *next <= until) else {
                break;
            };
            self.now = self.now.max(next);
            self.end_tasks();
            if self.allocator.next_run().is_some_and(|due| due <= self.now) {
                let decisions = self.allocator.run(self.now);
                for offer in decisions.offers {
                    let line = self.answer(offer);
                    if say {
                        said += &line;
                    }
                }
                let shares = self.shares();
                let at = self.now.duration_since(self.start).as_secs_f64();
                self.history.push((at, shares));
            }
        }
        self.now = until;
        said
    }

    fn end_tasks(&mut self) {
        let now = self.now;
        let names: Vec<String> = self.frameworks.keys().cloned().collect();
        for name in names {
            let Some(framework) = self.frameworks.get_mut(&name) else {
                continue;
            };
            let (ended, left) = std::mem::take(&mut framework.tasks)
                .into_iter()
                .partition(|task| task.ends.is_some_and(|ends| ends <= now));
            framework.tasks = left;
            let ended: VecDeque<Task> = ended;
            for task in ended {
                self.free(&name, &task);
            }
        }
    }

    fn answer(&mut self, offer: Allotment) -> String {
        let name = offer.framework_id.as_str().to_owned();
        let mut said = format!(
            "{:8.3} {name} ({}) is offered {}: {}",
            self.now.duration_since(self.start).as_secs_f64(),
            offer.role,
            offer.agent_id,
            offer.resources.clone().unallocated()
        );
        let Some(framework) = self.frameworks.get_mut(&name) else {
            return said;
        };
        let behaviour = &framework.behaviour;
        let mut rest = offer.resources.clone();
        let mut launched = 0;
        if let Some(task) = &behaviour.task {
            let task = task.clone().allocated(&offer.role);
            while framework.tasks.len() < behaviour.wanted
                && launched < behaviour.each
                && rest.contains(&task)
            {
                rest -= &task;
                launched += 1;
                framework.tasks.push_back(Task {
                    agent: offer.agent_id.clone(),
                    resources: task.clone(),
                    ends: behaviour.time.map(|time| self.now + time),
                });
            }
        }
        let filters = v0::Filters {
            refuse_seconds: Some(behaviour.refuse_seconds.unwrap_or(0.0)),
            ..Default::default()
        };
        let used = offer.resources - &rest;
        let (now, allocator) = (self.now, &mut self.allocator);
        allocator.recover_resources(
            now,
            &offer.framework_id,
            &offer.agent_id,
            &rest,
            Some(&filters),
            false,
        );
        allocator.transition_offered_to_allocated(now, &offer.framework_id, &offer.agent_id, &used);
        let _ = match launched {
            0 => writeln!(said, " -> declined"),
            1 => writeln!(said, " -> 1 task"),
            _ => writeln!(said, " -> {launched} tasks"),
        };
        said
    }

    /// The dominant shares of roles, as the allocator tells them.
    pub fn shares(&self) -> BTreeMap<String, f64> {
        let mut metrics = Vec::new();
        self.allocator.metrics(&mut metrics);
        let role = |name: &str| {
            let role = name.strip_prefix("allocator/mesos/roles/")?;
            Some(role.strip_suffix("/shares/dominant")?.to_owned())
        };
        metrics
            .iter()
            .filter_map(|(name, share)| Some((role(name)?, *share)))
            .collect()
    }

    /// How many tasks each framework runs, with its role.
    pub fn running(&self) -> impl Iterator<Item = (&str, &str, usize)> {
        self.frameworks.iter().map(|(name, framework)| {
            (
                name.as_str(),
                framework.behaviour.role.as_str(),
                framework.tasks.len(),
            )
        })
    }

    /// What is free on each agent.
    pub fn free_resources(&self) -> impl Iterator<Item = (&str, Resources)> {
        self.agents.iter().map(|(name, total)| {
            let held = self.allocator.offered_or_allocated(&AgentId::new(name.as_str()));
            (name.as_str(), total.clone() - &held.unwrap_or_default())
        })
    }
}
