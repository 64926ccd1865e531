//! The process that pings one agent, known on the wire as `slave-observer(N)`.

use bytes::Bytes;
use libprocess::{Context, Pid, Process, Upid};
use mesos::ids::AgentId;
use mesos_master_core::Input;
use mesos_proto::Message;
use mesos_proto::v0::internal;

use crate::master::MasterProcess;

/// Agents answer to whoever pinged them, so each agent has a pinger of its own.
pub struct Observer {
    agent_id: AgentId,
    master: Pid<MasterProcess>,
}

impl Observer {
    /// A pinger for an agent.
    pub fn new(agent_id: AgentId, master: Pid<MasterProcess>) -> Self {
        Self { agent_id, master }
    }

    /// Sends a ping; the flag says whether the master holds the agent for connected.
    pub fn ping(&mut self, context: &mut Context<Self>, to: &Upid, connected: bool) {
        let ping = internal::PingSlaveMessage {
            connected,
            ..Default::default()
        };
        context.send(to, internal::PingSlaveMessage::NAME, ping.encode_to_vec());
    }
}

impl Process for Observer {
    fn initialize(&mut self, context: &mut Context<Self>) {
        context.install(internal::PongSlaveMessage::NAME, |observer, _, _, _: Bytes| {
            let agent_id = observer.agent_id.clone();
            observer
                .master
                .tell(move |master, context| master.input(context, Input::Pong(agent_id)));
        });
    }
}
