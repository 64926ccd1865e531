//! Mesos' own allocator: hierarchical dominant resource fairness with quota.
//!
//! | file | |
//! |---|---|
//! | `allocator` | the interface, handed on to the operations |
//! | `agents`, `frameworks` | who comes, changes, goes |
//! | `books`, `recovered` | what is held, in all sums at once; what comes back |
//! | `quota` | quota and weights |
//! | `filters`, `suppress` | what is not wanted |
//! | `convert` | operations on reservations and volumes |
//! | `maintenance` | inverse offers |
//! | `trigger`, `recovery` | when to decide |
//! | `run`, `stages`, `visit`, `order` | who is offered what |
//! | `tree`, `standing`, `walk`, `sorter` | roles, shares, the order of clients |
//! | `agent`, `held`, `framework`, `parts`, `amounts`, `bits`, `index`, `labels`, `chance` | what the others are made of |
//! | `metrics`, `exclusions`, `check` | what others may see |
//!
//! Ids and names are numbers inside. What a run learns that cannot change by itself is kept: agents at which there is
//! nothing to do are not looked at again, pairs of framework and role to which an agent has nothing to give are marked
//! there. So a run costs what has changed since the last one.
//!
//! Mesos: `src/master/allocator/mesos/hierarchical.cpp`.

mod agent;
mod agents;
mod allocator;
mod amounts;
mod bits;
mod books;
pub(crate) mod chance;
mod check;
mod convert;
mod exclusions;
mod filters;
mod framework;
mod frameworks;
mod held;
mod index;
mod labels;
mod maintenance;
mod metrics;
mod order;
mod parts;
mod quota;
mod recovered;
mod recovery;
mod run;
mod sorter;
mod stages;
mod standing;
mod suppress;
mod tree;
mod trigger;
mod visit;
mod walk;

use std::collections::{BTreeMap, BTreeSet};

use libprocess_core::time::Time;
use mesos::ids::{AgentId, FrameworkId};

use crate::Options;
use agent::Agent;
use amounts::{Amounts, Names};
use bits::Bits;
use framework::{Framework, Pair};
use index::Index;
use standing::{Place, Pool};
use tree::Tree;

pub use sorter::Sorter;

/// Mesos' own allocator: dominant resource fairness over a tree of roles and their frameworks, with weights, quota,
/// reservations, filters and maintenance.
///
/// Roles are ordered by dominant share, and so are the frameworks in each. Agents are walked in random order; the first
/// framework in order that wants what an agent has is offered all of it, but for what quota keeps it from.
#[derive(Debug, Clone)]
pub struct Hierarchical {
    options: Options,
    seed: u64,
    names: Names,
    /// `--min_allocatable_resources` by number.
    minima: Vec<Amounts>,

    agents: Vec<Option<Agent>>,
    vacant_agents: Vec<u32>,
    /// What the agents' lots are drawn for, beside each other, since every run shuffles many.
    lots: Vec<u64>,
    agent_numbers: BTreeMap<AgentId, u32>,
    agent_index: Index,
    frameworks: Vec<Framework>,
    vacant_frameworks: Vec<u32>,
    framework_numbers: BTreeMap<FrameworkId, u32>,
    framework_index: Index,
    pairs: Vec<Pair>,
    vacant_pairs: Vec<u32>,
    /// What the places of pairs follow from, beside each other, since whole lists are compared by them.
    places: Vec<Place>,
    /// The pairs that want offers.
    active_pairs: Bits,
    /// How many pairs have minima of their own.
    own_minima: u32,
    tree: Tree,
    pool: Pool,
    /// What is available on agents and revocable.
    revocable: Amounts,
    whitelist: Option<BTreeSet<String>>,
    maintained: BTreeSet<u32>,

    /// Roles with quota.
    quota_roles: BTreeSet<u32>,
    /// Something changed that quota is reckoned from.
    quota_dirty: bool,
    /// How much there was to give under quota at the end of the last run.
    quota_room: run::Room,
    /// Agents at which something was held back for quota.
    quota_held: Vec<u32>,
    /// Agents to be looked at.
    pending: Vec<u32>,
    /// Some agents' next ends of filters.
    expiries: BTreeSet<(Time, u32)>,
    /// Agents at which pairs rest until the next regular run.
    rests: Vec<u32>,

    trigger: trigger::Trigger,
    recovery: Option<recovery::Recovery>,
    runs: u64,
}

impl Hierarchical {
    /// An allocator that knows nobody yet. `seed` decides whatever is left to chance.
    pub fn new(options: Options, seed: u64) -> Self {
        let mut names = Names::default();
        let excluded = options.excluded_from_fairness.iter();
        let pool = Pool::new(excluded.map(|name| names.id(name)).collect());
        Self {
            minima: options
                .min_allocatable
                .iter()
                .map(|least| names.amounts(least))
                .collect(),
            options,
            seed,
            names,
            agents: Vec::new(),
            vacant_agents: Vec::new(),
            lots: Vec::new(),
            agent_numbers: BTreeMap::new(),
            agent_index: Index::new(seed),
            frameworks: Vec::new(),
            vacant_frameworks: Vec::new(),
            framework_numbers: BTreeMap::new(),
            framework_index: Index::new(seed),
            pairs: Vec::new(),
            vacant_pairs: Vec::new(),
            places: Vec::new(),
            active_pairs: Bits::default(),
            own_minima: 0,
            tree: Tree::default(),
            pool,
            revocable: Amounts::default(),
            whitelist: None,
            maintained: BTreeSet::new(),
            quota_roles: BTreeSet::new(),
            quota_dirty: false,
            quota_room: run::Room::default(),
            quota_held: Vec::new(),
            pending: Vec::new(),
            expiries: BTreeSet::new(),
            rests: Vec::new(),
            trigger: trigger::Trigger::default(),
            recovery: None,
            runs: 0,
        }
    }

    fn agent_number(&self, id: &AgentId) -> Option<u32> {
        let is = |number| self.agent(number).id == *id;
        self.agent_index.get(id.as_str(), is)
    }

    fn framework_number(&self, id: &FrameworkId) -> Option<u32> {
        self.any_framework_number(id)
            .filter(|number| self.framework(*number).known)
    }

    /// The number of a framework, known or not.
    fn any_framework_number(&self, id: &FrameworkId) -> Option<u32> {
        let is = |number| self.framework(number).id.as_ref() == Some(id);
        self.framework_index.get(id.as_str(), is)
    }

    fn agent(&self, number: u32) -> &Agent {
        self.agents[number as usize]
            .as_ref()
            .expect("numbers of agents are those of agents")
    }

    fn agent_mut(&mut self, number: u32) -> &mut Agent {
        self.agents[number as usize]
            .as_mut()
            .expect("numbers of agents are those of agents")
    }

    fn framework(&self, number: u32) -> &Framework {
        &self.frameworks[number as usize]
    }

    fn framework_mut(&mut self, number: u32) -> &mut Framework {
        &mut self.frameworks[number as usize]
    }

    fn pair(&self, number: u32) -> &Pair {
        &self.pairs[number as usize]
    }

    fn pair_mut(&mut self, number: u32) -> &mut Pair {
        &mut self.pairs[number as usize]
    }
}
