//! Everything the master can ask of the world: the table of contents of the core.

use std::sync::Arc;
use std::time::Duration;

use libprocess_core::upid::Upid;
use mesos::ids::{AgentId, FrameworkId};
use mesos_proto::v0::{self, internal, master, scheduler};

use crate::registry;

/// Names one piece of work in flight; it comes back in the input that reports its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ticket(pub u64);

/// Names one event stream: the text of its `Mesos-Stream-Id` header.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StreamId(pub Arc<str>);

/// The effects of one input, in the order in which they must be performed.
pub type Effects = Vec<Effect>;

/// One thing to do. The shell performs all of them, in order, and decides nothing.
#[derive(Debug, Clone, PartialEq)]
pub enum Effect {
    /// Link to a process, so that [`crate::Input::Exited`] tells when the connection to it breaks.
    Link(Upid),
    /// Send a message to an agent.
    Send(Upid, ToAgent),
    /// Start the process that pings an agent, known as `slave-observer(N)`.
    StartObserver(AgentId),
    /// Stop the process that pings an agent.
    StopObserver(AgentId),
    /// Ping an agent from its observer; the flag says whether the master holds it for connected.
    Ping(AgentId, Upid, bool),
    /// Send an event to a scheduler.
    SendEvent(StreamId, Box<scheduler::Event>),
    /// Send an event to these operators.
    SendOperatorEvent(Vec<StreamId>, Box<master::Event>),
    /// End an event stream after what was sent on it.
    CloseStream(StreamId),
    /// Answer a request.
    Respond(Ticket, Answer),
    /// Give the timer back after this long.
    Delay(Timer, Duration),
    /// Make a change of the registry durable, then report [`crate::Input::Stored`].
    Store(Ticket, registry::Operation),
    /// Stop the process: it must not act as a master any longer.
    Abort(String),
}

/// What a request is answered with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// 200 without a body.
    Ok,
    /// 202: taken up.
    Accepted,
    /// 400 with the reason.
    BadRequest(String),
    /// 403 with the reason.
    Forbidden(String),
    /// 409 with the reason.
    Conflict(String),
    /// 501: known but not done here.
    NotImplemented,
}

/// What the timer was set for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Timer {
    /// The allocator wants to decide.
    Allocation,
    /// Time to ping an agent and to count a missed answer. The number is the registration it belongs to.
    Ping(AgentId, u64),
    /// A disconnected agent did not return in time. The number is the disconnection it belongs to.
    AgentReregister(AgentId, u64),
    /// Agents known from the registry did not return in time.
    RecoveredAgents,
    /// A disconnected framework did not return in time. The number is the disconnection it belongs to.
    FrameworkFailover(FrameworkId, u64),
    /// Time to show a scheduler that its stream is alive.
    Heartbeat(StreamId),
    /// Time to show an operator that the stream is alive.
    OperatorHeartbeat(StreamId),
    /// An offer was not used in time.
    Offer(mesos::ids::OfferId),
    /// An inverse offer was not answered in time.
    InverseOffer(mesos::ids::OfferId),
}

/// What the master says to agents.
#[derive(Debug, Clone, PartialEq)]
#[allow(missing_docs, reason = "each variant is the message it carries")]
pub enum ToAgent {
    Registered(internal::SlaveRegisteredMessage),
    Reregistered(internal::SlaveReregisteredMessage),
    RunTask(Box<internal::RunTaskMessage>),
    RunTaskGroup(Box<internal::RunTaskGroupMessage>),
    KillTask(internal::KillTaskMessage),
    ShutdownFramework(internal::ShutdownFrameworkMessage),
    ShutdownExecutor(internal::ShutdownExecutorMessage),
    FrameworkToExecutor(internal::FrameworkToExecutorMessage),
    StatusUpdateAcknowledgement(internal::StatusUpdateAcknowledgementMessage),
    UpdateFramework(Box<internal::UpdateFrameworkMessage>),
    ApplyOperation(Box<internal::ApplyOperationMessage>),
    OperationAcknowledgement(internal::AcknowledgeOperationStatusMessage),
    ReconcileOperations(internal::ReconcileOperationsMessage),
    CheckpointResources(internal::CheckpointResourcesMessage),
    Shutdown(internal::ShutdownMessage),
}

/// A status as the master itself reports it.
pub(crate) fn status_event(status: v0::TaskStatus) -> Box<scheduler::Event> {
    Box::new(scheduler::Event {
        r#type: Some(scheduler::event::Type::Update),
        update: Some(Box::new(scheduler::event::Update {
            status,
            ..Default::default()
        })),
        ..Default::default()
    })
}
