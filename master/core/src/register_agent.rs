//! An agent joins for the first time.

use libprocess_core::time::Time;
use libprocess_core::upid::Upid;
use mesos::Resources;
use mesos::ids::AgentId;
use mesos_allocator::{AgentUpdate, NewAgent};
use mesos_proto::v0::{self, internal, slave_info};
use mesos_proto::{Dialect, Message};
use tracing::{info, warn};

use crate::constants::AGENT_VERSION_MIN;
use crate::effect::{Effect, Effects, Ticket, Timer, ToAgent};
use crate::registry::Operation;
use crate::state::{Agent, Connection, Master, Pending};

/// An agent that is being admitted.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Registration {
    pub id: AgentId,
    pub pid: Upid,
    pub info: v0::SlaveInfo,
    pub version: String,
    pub capabilities: Vec<slave_info::Capability>,
    pub resource_version: Option<v0::UUID>,
    /// Everything it has, with its reservations and volumes.
    pub total: Resources,
}

impl Master {
    /// RegisterSlaveMessage: the agent has no id yet.
    ///
    /// An agent that repeats itself gets the same answer again. Mesos: `Master::registerSlave`.
    pub(crate) fn register_agent(
        &mut self,
        from: Upid,
        message: internal::RegisterSlaveMessage,
        effects: &mut Effects,
    ) {
        self.metrics.bump("messages_register_slave");
        if self.pending.is_registering(&from) {
            return;
        }
        let checkpointed = &message.checkpointed_resources;
        let total = match self.check_agent(&message.slave, checkpointed, message.version.as_deref()) {
            Ok(total) => total,
            Err(reason) => {
                warn!(%from, reason, "agent registration ignored");
                return;
            }
        };
        if self.is_down(&message.slave, &from) {
            turn_away(from, effects);
            return;
        }
        let known = self.agents_at(&from).next().and_then(|id| self.agents.get(id));
        if let Some(agent) = known {
            if agent.is_connected() {
                let reply = self.registered_message(&agent.id);
                effects.push(Effect::Send(from, ToAgent::Registered(reply)));
                return;
            }
            let old = agent.id.clone();
            info!(agent_id = %old, "disconnected agent replaced by a new one at its address");
            self.remove_agent(&old, "a new agent registered at the same address", effects);
        }
        let id = self.ids.agent();
        let mut info = message.slave;
        info.id = Some(Box::new(id.to_proto()));
        info!(agent_id = %id, pid = %from, "agent registering");
        let registration = Registration {
            id,
            pid: from,
            info: info.clone(),
            version: message.version.unwrap_or_default(),
            capabilities: message.agent_capabilities,
            resource_version: message.resource_version_uuid.map(|uuid| *uuid),
            total,
        };
        let ticket = Ticket(self.ids.ticket());
        self.pending
            .insert(ticket, Pending::RegisterAgent(Box::new(registration)));
        effects.push(Effect::Store(ticket, Operation::Admit(Box::new(info))));
    }

    /// The registry holds the agent: it may know its id and be offered.
    pub(crate) fn register_agent_admitted(
        &mut self,
        now: Time,
        registration: Registration,
        effects: &mut Effects,
    ) {
        self.metrics.bump("slave_registrations");
        let (id, pid) = (registration.id.clone(), registration.pid.clone());
        self.add_agent(now, registration, effects);
        self.add_to_allocator(now, &id);
        effects.push(Effect::Send(
            pid,
            ToAgent::Registered(self.registered_message(&id)),
        ));
        self.start_pings(&id, effects);
        self.agent_added_event(&id);
        info!(agent_id = %id, "agent registered");
    }

    /// Puts an agent into the books, without tasks, and links to it.
    pub(crate) fn add_agent(&mut self, now: Time, registration: Registration, effects: &mut Effects) {
        let Registration {
            id,
            pid,
            info,
            version,
            capabilities,
            resource_version,
            total,
        } = registration;
        let epoch = self.ids.epoch();
        self.recovered.remove(&id);
        self.unreachable.remove(&id);
        self.removed.retain(|removed| *removed != id);
        effects.push(Effect::Link(pid.clone()));
        let agent = Agent {
            id: id.clone(),
            info,
            pid,
            version,
            capabilities,
            registered: now,
            reregistered: None,
            connection: Connection::Connected,
            epoch,
            missed_pings: 1,
            checkpointed: total.needing_checkpointing(),
            total,
            operations: Default::default(),
            used: Default::default(),
            tasks: Default::default(),
            executors: Default::default(),
            killed: Default::default(),
            offers: Default::default(),
            inverse_offers: Default::default(),
            resource_version,
        };
        self.addresses.insert((agent.pid.clone(), id.clone()));
        self.agents.insert(id, agent);
    }

    /// Tells the allocator of an agent and of what runs on it.
    pub(crate) fn add_to_allocator(&mut self, now: Time, id: &AgentId) {
        let Some(agent) = self.agents.get(id) else { return };
        self.allocator.add_agent(
            now,
            NewAgent {
                id: id.clone(),
                info: agent.info.clone(),
                capabilities: agent.capabilities.clone(),
                unavailability: self.unavailability_of(&agent.info, &agent.pid),
                total: agent.total.clone(),
                used: agent.used.clone(),
            },
        );
    }

    /// Tells the allocator of an agent that was only away for a while and is connected again.
    pub(crate) fn tell_allocator_of_return(&mut self, now: Time, id: &AgentId) {
        let Some(agent) = self.agents.get(id) else { return };
        let update = AgentUpdate {
            info: agent.info.clone(),
            total: Some(agent.total.clone()),
            capabilities: Some(agent.capabilities.clone()),
        };
        self.allocator.update_agent(now, id, update);
        self.allocator.activate_agent(now, id);
    }

    /// The first ping follows the registration; the rest follow one another.
    pub(crate) fn start_pings(&mut self, id: &AgentId, effects: &mut Effects) {
        let Some(agent) = self.agents.get(id) else { return };
        effects.push(Effect::StartObserver(id.clone()));
        effects.push(Effect::Ping(id.clone(), agent.pid.clone(), true));
        let timer = Timer::Ping(id.clone(), agent.epoch);
        effects.push(Effect::Delay(timer, self.options.agent_ping_timeout));
    }

    /// Whether an agent may join at all, and what it has if it may; it is ignored when not, so the reason is for the log.
    ///
    /// An agent with a domain needs a master with one: whether it is far away could not be told.
    pub(crate) fn check_agent(
        &self,
        info: &v0::SlaveInfo,
        checkpointed: &[v0::Resource],
        version: Option<&str>,
    ) -> Result<Resources, String> {
        let resources = Resources::from_protos(&info.resources).map_err(|error| error.to_string())?;
        let checkpointed = Resources::from_protos(checkpointed).map_err(|error| error.to_string())?;
        let total = resources
            .apply_checkpointed(&checkpointed)
            .map_err(|error| error.to_string())?;
        let version = version.unwrap_or_default();
        let parsed = parse_version(version).ok_or_else(|| format!("Failed to parse version '{version}'"))?;
        if parsed < AGENT_VERSION_MIN {
            return Err(format!(
                "agent version is {version}, minimum supported agent version is 1.0.0"
            ));
        }
        match &info.domain {
            Some(domain) if self.info.domain.is_none() => Err(format!(
                "configured with domain {} but the master has no configured domain",
                domain.to_json(Dialect::V0)
            )),
            None if self.options.require_agent_domain => {
                Err("without a domain, but this master is configured to require agent domains".to_owned())
            }
            _ => Ok(total),
        }
    }

    fn registered_message(&self, id: &AgentId) -> internal::SlaveRegisteredMessage {
        internal::SlaveRegisteredMessage {
            slave_id: id.to_proto(),
            connection: Some(Box::new(self.connection_message())),
            ..Default::default()
        }
    }

    pub(crate) fn connection_message(&self) -> internal::MasterSlaveConnection {
        let total = self.options.agent_ping_timeout * self.options.max_agent_ping_timeouts;
        internal::MasterSlaveConnection {
            total_ping_timeout_seconds: Some(total.as_secs_f64()),
            ..Default::default()
        }
    }
}

/// The agent's machine is down for maintenance: the agent ends.
pub(crate) fn turn_away(from: Upid, effects: &mut Effects) {
    warn!(%from, "agent is on a machine that is down");
    let shutdown = internal::ShutdownMessage {
        message: Some("Machine is `DOWN`".to_owned()),
        ..Default::default()
    };
    effects.push(Effect::Send(from, ToAgent::Shutdown(shutdown)));
}

fn parse_version(text: &str) -> Option<(u64, u64, u64)> {
    let core = text.split(['-', '+']).next()?;
    let mut parts = core.split('.').map(|part| part.parse().ok());
    let version = (
        parts.next()??,
        parts.next().unwrap_or(Some(0))?,
        parts.next().unwrap_or(Some(0))?,
    );
    parts.next().is_none().then_some(version)
}
