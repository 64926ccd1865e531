//! A scheduler's calls: checked, then handed to the operation they name.

use libprocess_core::time::Time;
use mesos::ids::FrameworkId;
use mesos_proto::v0::scheduler::{self, call::Type};
use tracing::debug;

use crate::effect::{Answer, Effect, Effects, Ticket};
use crate::metrics::count;
use crate::state::Master;

/// Checks the form of a call, before anything is known of its framework.
///
/// # Errors
///
/// The reason in Mesos' words, without the prefix `Failed to validate scheduler::Call: `.
pub fn validate_call(call: &scheduler::Call) -> Result<Type, String> {
    mesos::validate::scheduler_call(call, None).map_err(|error| error.to_string())?;
    Ok(call.r#type.unwrap_or(Type::Unknown))
}

impl Master {
    /// A scheduler called on a connection of its own; SUBSCRIBE does not come this way.
    ///
    /// Mesos: `src/master/http.cpp`, `Master::Http::scheduler`.
    pub(crate) fn call(
        &mut self,
        now: Time,
        ticket: Ticket,
        call: scheduler::Call,
        stream: Option<&str>,
        effects: &mut Effects,
    ) {
        match self.admit_call(&call, stream) {
            Ok((framework_id, kind)) => {
                // Mesos answers before it acts; what follows is told on the stream.
                let answer = match kind {
                    Type::UpdateFramework => self.update_framework(now, &framework_id, &call, effects),
                    Type::Unknown | Type::Subscribe => Answer::NotImplemented,
                    _ => Answer::Accepted,
                };
                effects.push(Effect::Respond(ticket, answer));
                self.perform(now, &framework_id, kind, call, effects);
            }
            Err(answer) => {
                self.metrics.invalid_call();
                effects.push(Effect::Respond(ticket, answer));
            }
        }
    }

    /// Whether the caller may call at all, and for whom.
    fn admit_call(
        &mut self,
        call: &scheduler::Call,
        stream: Option<&str>,
    ) -> Result<(FrameworkId, Type), Answer> {
        let kind = validate_call(call)
            .map_err(|reason| Answer::BadRequest(format!("Failed to validate scheduler::Call: {reason}")))?;
        let id = call.framework_id.as_deref().map(FrameworkId::from);
        let Some((id, framework)) = id.and_then(|id| {
            let framework = self.frameworks.get_mut(&id)?;
            Some((id, framework))
        }) else {
            return Err(Answer::BadRequest("Framework cannot be found".to_owned()));
        };
        count(&mut framework.metrics.calls, kind);
        let Some(current) = framework.stream() else {
            return Err(Answer::Forbidden("Framework is not subscribed".to_owned()));
        };
        match stream {
            None => Err(Answer::BadRequest(
                "All non-subscribe calls should include the 'Mesos-Stream-Id' header".to_owned(),
            )),
            Some(stream) if *stream != *current.0 => Err(Answer::BadRequest(format!(
                "The stream ID '{stream}' included in this request didn't match the stream ID currently \
                 associated with framework ID {id}"
            ))),
            Some(_) => Ok((id, kind)),
        }
    }

    fn perform(
        &mut self,
        now: Time,
        framework_id: &FrameworkId,
        kind: Type,
        call: scheduler::Call,
        effects: &mut Effects,
    ) {
        debug!(%framework_id, call = kind.as_str_name(), "call");
        match kind {
            Type::Teardown => {
                self.metrics.bump("messages_unregister_framework");
                self.remove_framework(now, framework_id, effects);
            }
            Type::Accept => {
                if let Some(accept) = call.accept {
                    self.accept(now, framework_id, *accept, effects);
                }
            }
            Type::Decline => {
                if let Some(decline) = call.decline {
                    self.decline(now, framework_id, &decline);
                }
            }
            Type::Revive => {
                let roles = call.revive.map(|revive| revive.roles).unwrap_or_default();
                self.revive(now, framework_id, &roles);
            }
            Type::Suppress => {
                let roles = call.suppress.map(|suppress| suppress.roles).unwrap_or_default();
                self.suppress(now, framework_id, &roles);
            }
            Type::Kill => {
                if let Some(kill) = call.kill {
                    self.kill(now, framework_id, &kill, effects);
                }
            }
            Type::Shutdown => {
                if let Some(shutdown) = call.shutdown {
                    self.shutdown_executor(framework_id, &shutdown, effects);
                }
            }
            Type::Acknowledge => {
                if let Some(acknowledge) = call.acknowledge {
                    self.acknowledge(now, framework_id, *acknowledge, effects);
                }
            }
            Type::Reconcile => {
                if let Some(reconcile) = call.reconcile {
                    self.reconcile(now, framework_id, &reconcile, effects);
                }
            }
            Type::Message => {
                if let Some(message) = call.message {
                    self.message(framework_id, *message, effects);
                }
            }
            // The hierarchical allocator ignores requests, as Mesos' does.
            Type::Request => self.metrics.bump("messages_resource_request"),
            Type::ReconcileOperations => {
                if let Some(reconcile) = call.reconcile_operations {
                    self.reconcile_operations(framework_id, &reconcile, effects);
                }
            }
            Type::AcknowledgeOperationStatus => {
                if let Some(acknowledge) = call.acknowledge_operation_status {
                    self.acknowledge_operation(framework_id, &acknowledge, effects);
                }
            }
            Type::AcceptInverseOffers => {
                if let Some(accept) = call.accept_inverse_offers {
                    self.accept_inverse_offers(now, framework_id, &accept);
                }
            }
            Type::DeclineInverseOffers => {
                if let Some(decline) = call.decline_inverse_offers {
                    self.decline_inverse_offers(now, framework_id, &decline);
                }
            }
            Type::UpdateFramework | Type::Unknown | Type::Subscribe => {}
        }
    }
}
