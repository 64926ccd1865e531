//! What a run decided.

use mesos::Resources;
use mesos::ids::{AgentId, FrameworkId};
use mesos_proto::v0;

/// All that one run decided.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Decisions {
    /// The offers to make, by framework, then role, then agent, in the order of their ids; at most one for each
    /// (framework, role, agent).
    pub offers: Vec<Allotment>,
    /// The inverse offers to make, by framework, then agent.
    pub inverse_offers: Vec<InverseAllotment>,
}

impl Decisions {
    /// True when there is nothing to send.
    pub fn is_empty(&self) -> bool {
        self.offers.is_empty() && self.inverse_offers.is_empty()
    }
}

/// Resources of one agent that one framework is to be offered in one role.
#[derive(Debug, Clone, PartialEq)]
pub struct Allotment {
    /// Who gets the offer.
    pub framework_id: FrameworkId,
    /// In which of its roles.
    pub role: String,
    /// Whose resources these are.
    pub agent_id: AgentId,
    /// What is offered, allocated to `role`.
    pub resources: Resources,
}

/// A framework is to be asked to leave an agent.
#[derive(Debug, Clone, PartialEq)]
pub struct InverseAllotment {
    /// Who is asked.
    pub framework_id: FrameworkId,
    /// Which agent it is to leave.
    pub agent_id: AgentId,
    /// What is asked for; always nothing in particular, which means all.
    pub resources: Resources,
    /// When the agent will be away.
    pub unavailability: v0::Unavailability,
}

/// What a framework said to an inverse offer.
#[derive(Debug, Clone, PartialEq)]
pub struct InverseOfferAnswer {
    /// Whether it will leave.
    pub status: v0::allocator::inverse_offer_status::Status,
    /// For how long it does not want to be asked again.
    pub filters: v0::Filters,
}
