//! The one way in.

use libprocess_core::time::Time;

use crate::effect::{Effects, Timer};
use crate::input::Input;
use crate::state::{Master, Pending};

impl Master {
    /// Takes one input and appends what is to be done, in order, to `effects`.
    ///
    /// `now` must not run backwards from call to call.
    pub fn handle(&mut self, now: Time, input: Input, effects: &mut Effects) {
        if !self.is_recovered() && !matches!(input, Input::Recovered(_) | Input::Whitelist(_)) {
            // Nobody is answered before the registry is known: messages are sent again by their senders.
            self.metrics.bump("dropped_messages");
            return;
        }
        match input {
            Input::Recovered(registry) => self.recover(now, *registry, effects),
            Input::Stored(ticket) => match self.pending.remove(ticket) {
                Some(Pending::RegisterAgent(registration)) => {
                    self.register_agent_admitted(now, *registration, effects);
                }
                Some(Pending::ReregisterAgent(returned)) => {
                    self.reregister_agent_admitted(now, *returned, effects);
                }
                Some(Pending::MarkUnreachable(agent_id, when, why)) => {
                    self.unreachable_stored(now, &agent_id, when, why, effects);
                }
                Some(Pending::RemoveAgent(agent_id, why)) => {
                    self.remove_agent_stored(now, &agent_id, why, effects);
                }
                Some(Pending::Operator(ticket, changed)) => {
                    self.operator_change_stored(now, ticket, *changed, effects);
                }
                None => {}
            },
            Input::Whitelist(hosts) => self.allocator.update_whitelist(now, hosts),
            Input::TimerFired(timer) => self.timer_fired(now, timer, effects),
            Input::RegisterAgent(from, message) => self.register_agent(from, *message, effects),
            Input::ReregisterAgent(from, message) => self.reregister_agent(now, from, *message, effects),
            Input::UnregisterAgent(from, message) => self.unregister_agent(&from, &message, effects),
            Input::UpdateAgent(_, message) => self.update_agent(now, *message, effects),
            Input::Pong(agent_id) => self.pong(&agent_id),
            Input::Exited(pid) => self.agent_exited(now, &pid, effects),
            Input::StatusUpdate(from, message) => self.status_update(now, &from, *message, effects),
            Input::OperationStatus(from, message) => self.operation_status(now, &from, *message, effects),
            Input::ExitedExecutor(from, message) => self.exited_executor(now, &from, &message, effects),
            Input::ExecutorMessage(_, message) => self.executor_message(message, effects),
            Input::Subscribe(stream, subscribe) => self.subscribe(now, stream, *subscribe, effects),
            Input::Call(ticket, call, stream) => self.call(now, ticket, *call, stream.as_deref(), effects),
            Input::StreamClosed(stream) => self.stream_closed(now, &stream, effects),
            Input::OperatorSubscribe(stream) => self.operator_subscribe(now, stream, effects),
            Input::OperatorStreamClosed(stream) => self.subscribers.retain(|known| *known != stream),
            Input::Operator(ticket, call) => self.operate(now, ticket, call, effects),
            Input::Teardown(ticket, framework_id) => {
                self.operator_teardown(now, ticket, &framework_id, effects);
            }
        }
        self.return_freed(now);
        self.drive_allocator(now, effects);
        self.deliver_operator_events(effects);
    }

    fn timer_fired(&mut self, now: Time, timer: Timer, effects: &mut Effects) {
        match timer {
            Timer::Allocation => self.allocation_due(now),
            Timer::Ping(agent_id, epoch) => self.ping_due(now, agent_id, epoch, effects),
            Timer::AgentReregister(agent_id, epoch) => {
                self.agent_reregister_timeout(now, agent_id, epoch, effects);
            }
            Timer::RecoveredAgents => self.recovered_agents_timeout(now, effects),
            Timer::FrameworkFailover(framework_id, epoch) => {
                self.framework_failover_timeout(now, &framework_id, epoch, effects);
            }
            Timer::Heartbeat(stream) => self.heartbeat(stream, effects),
            Timer::OperatorHeartbeat(stream) => self.operator_heartbeat(stream, effects),
            Timer::Offer(offer_id) => self.offer_timeout(now, &offer_id, effects),
            Timer::InverseOffer(offer_id) => self.rescind_inverse_offer(now, &offer_id, effects),
        }
    }
}
