//! Everything the world can tell the master.

use std::collections::BTreeSet;

use libprocess_core::upid::Upid;
use mesos::ids::{AgentId, FrameworkId};
use mesos_proto::v0::{internal, scheduler};

use crate::effect::{StreamId, Ticket, Timer};
use crate::operator::OperatorCall;

/// One thing that happened. [`crate::Master::handle`] takes them one at a time.
#[derive(Debug, Clone, PartialEq)]
pub enum Input {
    /// The registry was read; the master may begin to act.
    Recovered(Box<internal::Registry>),
    /// A registry write asked for by [`crate::Effect::Store`] is durable.
    Stored(Ticket),
    /// A timer asked for by [`crate::Effect::Delay`] ran out.
    TimerFired(Timer),
    /// `--whitelist` was read and is another: only agents on these hosts are offered; all when `None`.
    Whitelist(Option<BTreeSet<String>>),

    /// An agent wants to join for the first time.
    RegisterAgent(Upid, Box<internal::RegisterSlaveMessage>),
    /// An agent returns with its id.
    ReregisterAgent(Upid, Box<internal::ReregisterSlaveMessage>),
    /// An agent leaves for good.
    UnregisterAgent(Upid, internal::UnregisterSlaveMessage),
    /// An agent reports its totals.
    UpdateAgent(Upid, Box<internal::UpdateSlaveMessage>),
    /// An agent answered a ping; the ping was sent for this agent.
    Pong(AgentId),
    /// The connection to a linked process broke.
    Exited(Upid),
    /// An agent reports what became of a task.
    StatusUpdate(Upid, Box<internal::StatusUpdateMessage>),
    /// An agent reports what became of an operation on its resources.
    OperationStatus(Upid, Box<internal::UpdateOperationStatusMessage>),
    /// An agent reports that an executor ended.
    ExitedExecutor(Upid, internal::ExitedExecutorMessage),
    /// An executor has something to say to its scheduler.
    ExecutorMessage(Upid, internal::ExecutorToFrameworkMessage),

    /// A scheduler opened an event stream.
    Subscribe(StreamId, Box<scheduler::call::Subscribe>),
    /// A subscribed scheduler calls. The text is its `Mesos-Stream-Id` header; the ticket is answered once.
    Call(Ticket, Box<scheduler::Call>, Option<String>),
    /// A scheduler's event stream broke.
    StreamClosed(StreamId),

    /// An operator opened an event stream.
    OperatorSubscribe(StreamId),
    /// An operator's event stream broke.
    OperatorStreamClosed(StreamId),
    /// An operator changes something. The ticket is answered once, when the change is durable.
    Operator(Ticket, OperatorCall),
    /// An operator ends a framework. The ticket is answered once.
    Teardown(Ticket, FrameworkId),
}
