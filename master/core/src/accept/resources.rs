//! Operations on offered resources: RESERVE, UNRESERVE, CREATE, DESTROY, GROW_VOLUME, SHRINK_VOLUME, and those of
//! resource providers.

use libprocess_core::time::Time;
use mesos::Resources;
use mesos::operation::{Conversion, conversions};
use mesos_proto::v0::{self, offer::operation::Type};
use tracing::info;

use super::Accepted;
use crate::effect::Effects;
use crate::state::Master;
use crate::validate;

impl Master {
    /// Judges an operation, applies it to what is left of the offers and sends it to the agent; or drops it.
    ///
    /// Mesos: `Master::_accept`, the cases of these operations.
    pub(super) fn accept_operation(
        &mut self,
        now: Time,
        accepted: &mut Accepted,
        operation: v0::offer::Operation,
        effects: &mut Effects,
    ) {
        let (Some(framework), Some(agent)) = (
            self.frameworks.get(&accepted.framework_id),
            self.agents.get(&accepted.agent_id),
        ) else {
            return;
        };
        if let Err(reason) = validate::operation::judge(&operation, agent, Some(&framework.info)) {
            let reason = format!("{reason}; on agent {}", agent.described());
            self.drop_operation(&accepted.framework_id, &operation, &reason, effects);
            return;
        }
        if operation.r#type == Some(Type::Destroy) {
            self.rescind_offers_with_volumes(now, accepted, &operation, effects);
        }
        let applied = conversions(&operation)
            .map_err(|error| error.to_string())
            .and_then(|steps| accepted.convert(&operation, &steps).map(|()| steps));
        match applied {
            Ok(steps) => {
                info!(
                    framework_id = %accepted.framework_id, agent_id = %accepted.agent_id,
                    kind = operation.r#type.unwrap_or_default().as_str_name(), "applying operation"
                );
                accepted.conversions.extend(steps);
                let framework_id = accepted.framework_id.clone();
                self.apply_operation(&accepted.agent_id, Some(&framework_id), operation, effects);
            }
            Err(reason) => self.drop_operation(&accepted.framework_id, &operation, &reason, effects),
        }
    }

    /// A volume may be offered many times when it is shared: who was offered one that goes must not use it.
    fn rescind_offers_with_volumes(
        &mut self,
        now: Time,
        accepted: &Accepted,
        operation: &v0::offer::Operation,
        effects: &mut Effects,
    ) {
        let volumes = operation
            .destroy
            .as_deref()
            .map_or(&[][..], |destroy| &destroy.volumes);
        let volumes: Vec<Resources> = volumes
            .iter()
            .map(|volume| Resources::from_valid_protos(std::slice::from_ref(volume)).unallocated())
            .collect();
        let offers = self
            .agents
            .get(&accepted.agent_id)
            .map(|agent| agent.offers.clone());
        for offer_id in offers.unwrap_or_default() {
            let holds = self.offers.get(&offer_id).is_some_and(|offer| {
                let offered = offer.resources.clone().unallocated();
                volumes.iter().any(|volume| offered.contains(volume))
            });
            if holds {
                self.rescind_offer(now, &offer_id, effects);
            }
        }
    }
}

impl Accepted {
    /// Applies an operation to what is left.
    ///
    /// What became larger or smaller, and disks of providers, are not for the next operations: the agent may refuse.
    fn convert(&mut self, operation: &v0::offer::Operation, steps: &[Conversion]) -> Result<(), String> {
        let kind = operation.r#type.unwrap_or_default();
        match kind {
            Type::GrowVolume | Type::ShrinkVolume => {
                for step in steps {
                    self.consume(kind, "operation", step.consumed())?;
                    self.resized += step.converted();
                }
                Ok(())
            }
            Type::CreateDisk | Type::DestroyDisk => {
                let source = match (&operation.create_disk, &operation.destroy_disk) {
                    (Some(create), _) => Some(&create.source),
                    (None, Some(destroy)) => Some(&destroy.source),
                    (None, None) => None,
                };
                let source = source.map(std::slice::from_ref).unwrap_or_default();
                self.consume(kind, "Operation", &Resources::from_valid_protos(source))
            }
            _ => {
                self.remaining = self
                    .remaining
                    .apply_conversions(steps)
                    .map_err(|error| error.to_string())?;
                if matches!(kind, Type::Create | Type::Destroy) {
                    self.remaining_shared = self.remaining.shared();
                }
                Ok(())
            }
        }
    }

    fn consume(&mut self, kind: Type, word: &str, consumed: &Resources) -> Result<(), String> {
        let left = self.remaining.checked_sub(consumed);
        self.remaining = left.ok_or_else(|| {
            format!(
                "Invalid {} {word}: {} does not contain {consumed}",
                kind.as_str_name(),
                self.remaining
            )
        })?;
        Ok(())
    }
}
