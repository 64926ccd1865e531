//! The callbacks of an executor.

use mesos_proto::v1;

use crate::handle::Handle;

/// What an executor does about the agent's events.
///
/// Callbacks run one at a time and must not block: hand slow work to [`Handle::blocking`].
pub trait Executor: Sized + Send + 'static {
    /// The agent took this executor in, for the first time or again.
    fn subscribed(&mut self, agent: &mut Handle<'_, Self>, subscribed: v1::executor::event::Subscribed) {
        let _ = (agent, subscribed);
    }

    /// A task is to be run; report on it with [`Handle::update`].
    fn launch(&mut self, agent: &mut Handle<'_, Self>, task: v1::TaskInfo);

    /// Tasks are to be run, all or none. An executor that cannot do this ends.
    fn launch_group(&mut self, agent: &mut Handle<'_, Self>, group: v1::TaskGroupInfo) {
        let _ = group;
        self.shutdown(agent);
    }

    /// A task is to be ended; `policy` goes before the task's own.
    fn kill(&mut self, agent: &mut Handle<'_, Self>, task: v1::TaskID, policy: Option<v1::KillPolicy>);

    /// The agent took an update and will see to it that the scheduler gets it. `last` is the update.
    fn acknowledged(&mut self, agent: &mut Handle<'_, Self>, last: v1::TaskStatus) {
        let _ = (agent, last);
    }

    /// The scheduler sent bytes.
    fn message(&mut self, agent: &mut Handle<'_, Self>, data: bytes::Bytes) {
        let _ = (agent, data);
    }

    /// The executor is to end its tasks and then itself, within
    /// [`shutdown_grace_period`](crate::Settings::shutdown_grace_period). Also called when the agent is gone for
    /// good.
    fn shutdown(&mut self, agent: &mut Handle<'_, Self>);

    /// The agent found fault with this executor.
    fn error(&mut self, agent: &mut Handle<'_, Self>, message: String) {
        let _ = (agent, message);
    }

    /// The connection to the agent broke; the library tries to come back.
    fn disconnected(&mut self, agent: &mut Handle<'_, Self>) {
        let _ = agent;
    }

    /// An event of any type arrived; called before its own callback, for logs.
    fn received(&mut self, kind: v1::executor::event::Type) {
        let _ = kind;
    }
}
