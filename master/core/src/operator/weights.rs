//! How much more one role counts than another.

use libprocess_core::time::Time;
use mesos_proto::v0;
use tracing::info;

use super::{Changed, Stored, refuse};
use crate::effect::Effects;
use crate::registry::Operation;
use crate::state::Master;

impl Master {
    /// Mesos: `src/master/weights_handler.cpp`, `_updateWeights`.
    pub(super) fn update_weights(&self, mut weights: Vec<v0::WeightInfo>) -> Stored {
        let prefix = "Failed to validate update weights request JSON";
        for info in &mut weights {
            let role = info.role.as_deref().unwrap_or_default().trim().to_owned();
            if let Err(error) = mesos::roles::validate(&role).and_then(|()| mesos::roles::check_size(&role)) {
                return refuse(format!("{prefix}: Invalid role '{role}': {error}"));
            }
            if !self.is_known_role(&role) {
                return refuse(format!("{prefix}: Unknown role '{role}'"));
            }
            // Not a number is no weight either.
            if info.weight.is_nan() || info.weight <= 0.0 {
                return refuse(format!(
                    "{prefix} for role '{role}': Invalid weight '{}': Weights must be positive",
                    info.weight
                ));
            }
            info.role = Some(role);
        }
        Ok((
            Operation::UpdateWeights(weights.clone()),
            Changed::Weights(weights),
        ))
    }

    /// The registry holds the weights: shares are counted anew. When a role in use is among them all offers are taken
    /// back, since others may be owed them now.
    pub(super) fn weights_stored(&mut self, now: Time, weights: &[v0::WeightInfo], effects: &mut Effects) {
        let weights: Vec<(String, f64)> = weights
            .iter()
            .filter_map(|info| Some((info.role.clone()?, info.weight)))
            .collect();
        info!(roles = weights.len(), "weights updated");
        self.weights.extend(weights.iter().cloned());
        self.allocator.update_weights(now, &weights);
        let used = self.roles_in_use();
        if weights.iter().any(|(role, _)| used.contains(role)) {
            let offers: Vec<_> = self.offers.keys().cloned().collect();
            for offer_id in offers {
                self.rescind_offer(now, &offer_id, effects);
            }
        }
    }
}
