//! An allocator with agents and frameworks, and what was offered.

use std::collections::BTreeMap;
use std::time::Duration;

use libprocess_core::time::Time;
use mesos::Resources;
use mesos::ids::{AgentId, FrameworkId};
use mesos_allocator::{Allocator, Allotment, FrameworkOptions, Hierarchical, NewAgent, Options};
use mesos_proto::v0::{self, framework_info};

/// A cluster on a clock of its own.
#[derive(Debug)]
pub struct Cluster {
    /// The allocator.
    pub allocator: Hierarchical,
    /// The time.
    pub now: Time,
    /// What was offered and not given back.
    pub offers: Vec<Allotment>,
}

impl Cluster {
    /// A cluster of nobody.
    pub fn new(options: Options) -> Self {
        let mut allocator = Hierarchical::new(options, 1);
        let now = Time::EPOCH + Duration::from_secs(1);
        allocator.recover(now, 0, BTreeMap::new());
        Self {
            allocator,
            now,
            offers: Vec::new(),
        }
    }

    /// The id of the n-th framework, of the length that masters give.
    pub fn framework_id(n: u32) -> FrameworkId {
        FrameworkId::new(format!("9e8ed1d4-6a5c-4d2f-9d9b-3f0a3ee3f4a1-{n:04}"))
    }

    /// The id of the n-th agent.
    pub fn agent_id(n: u32) -> AgentId {
        AgentId::new(format!("9e8ed1d4-6a5c-4d2f-9d9b-3f0a3ee3f4a1-S{n}"))
    }

    /// Adds a framework in one role.
    pub fn add_framework(&mut self, id: &FrameworkId, role: &str) {
        use framework_info::capability::Type;
        let kinds = [
            Type::MultiRole,
            Type::RevocableResources,
            Type::SharedResources,
            Type::ReservationRefinement,
        ];
        let capability = |kind| framework_info::Capability {
            r#type: Some(kind),
            ..Default::default()
        };
        let info = v0::FrameworkInfo {
            roles: vec![role.to_owned()],
            capabilities: kinds.map(capability).to_vec(),
            ..Default::default()
        };
        let options = FrameworkOptions::default();
        self.allocator
            .add_framework(self.now, id, &info, &BTreeMap::new(), true, options);
    }

    /// Adds an agent with what frameworks use of it.
    pub fn add_agent(&mut self, id: AgentId, total: Resources, used: BTreeMap<FrameworkId, Resources>) {
        let info = v0::SlaveInfo {
            hostname: id.to_string(),
            ..Default::default()
        };
        let agent = NewAgent {
            id,
            info,
            capabilities: mesos::capabilities::agent_capabilities(),
            unavailability: None,
            total,
            used,
        };
        self.allocator.add_agent(self.now, agent);
    }

    /// The next regular run.
    pub fn tick(&mut self) {
        self.now += Duration::from_secs(1);
        self.run();
    }

    /// A run now.
    pub fn run(&mut self) {
        let offers = self.allocator.run(self.now).offers;
        self.offers.extend(offers);
    }

    /// Gives all offers back, refusing them for so many seconds.
    pub fn decline_all(&mut self, refuse_seconds: Option<f64>) {
        let filters = refuse_seconds.map(|refuse_seconds| v0::Filters {
            refuse_seconds: Some(refuse_seconds),
            ..Default::default()
        });
        for offer in std::mem::take(&mut self.offers) {
            self.allocator.recover_resources(
                self.now,
                &offer.framework_id,
                &offer.agent_id,
                &offer.resources,
                filters.as_ref(),
                false,
            );
        }
    }
}

/// Resources in the role `*`.
pub fn resources(text: &str) -> Resources {
    Resources::parse(text, "*").expect("the benchmark's resources are valid")
}
