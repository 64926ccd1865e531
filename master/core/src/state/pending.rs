//! What waits for the registry.

use std::collections::{BTreeMap, BTreeSet};

use libprocess_core::time::Time;
use libprocess_core::upid::Upid;
use mesos::ids::AgentId;

use crate::effect::Ticket;
use crate::operator::Changed;
use crate::register_agent::Registration;
use crate::reregister_agent::Return;

/// What is to be done when a registry write is durable.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Pending {
    RegisterAgent(Box<Registration>),
    ReregisterAgent(Box<Return>),
    MarkUnreachable(AgentId, Time, String),
    RemoveAgent(AgentId, &'static str),
    /// The ticket of the operator, and what is to take effect.
    Operator(Ticket, Box<Changed>),
}

impl Pending {
    /// The agent it is about; one that registers has no id yet.
    fn agent_id(&self) -> Option<&AgentId> {
        match self {
            Self::ReregisterAgent(returned) => Some(&returned.id),
            Self::MarkUnreachable(id, ..) | Self::RemoveAgent(id, _) => Some(id),
            Self::RegisterAgent(_) | Self::Operator(..) => None,
        }
    }

    fn registering(&self) -> Option<&Upid> {
        match self {
            Self::RegisterAgent(registration) => Some(&registration.pid),
            _ => None,
        }
    }
}

/// Registry writes in flight, found by ticket, by agent, and by address of who registers.
#[derive(Debug, Clone, Default)]
pub(crate) struct PendingWrites {
    writes: BTreeMap<Ticket, Pending>,
    agents: BTreeSet<(AgentId, Ticket)>,
    registering: BTreeSet<Upid>,
}

impl PendingWrites {
    pub fn insert(&mut self, ticket: Ticket, pending: Pending) {
        self.agents
            .extend(pending.agent_id().map(|id| (id.clone(), ticket)));
        self.registering.extend(pending.registering().cloned());
        self.writes.insert(ticket, pending);
    }

    /// The write is durable.
    pub fn remove(&mut self, ticket: Ticket) -> Option<Pending> {
        let pending = self.writes.remove(&ticket)?;
        if let Some(id) = pending.agent_id() {
            self.agents.remove(&(id.clone(), ticket));
        }
        if let Some(pid) = pending.registering() {
            self.registering.remove(pid);
        }
        Some(pending)
    }

    /// All of them, oldest first.
    pub fn iter(&self) -> impl Iterator<Item = &Pending> {
        self.writes.values()
    }

    /// Whether one of these is on its way for a known agent.
    pub fn any_of(&self, id: &AgentId, of: impl Fn(&Pending) -> bool) -> bool {
        let first = (id.clone(), Ticket(0));
        let mut tickets = self.agents.range(first..=(id.clone(), Ticket(u64::MAX)));
        tickets.any(|(_, ticket)| self.writes.get(ticket).is_some_and(&of))
    }

    /// Whether somebody at this address is being admitted for the first time.
    pub fn is_registering(&self, pid: &Upid) -> bool {
        self.registering.contains(pid)
    }
}
