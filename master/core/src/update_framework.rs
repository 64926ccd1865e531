//! A scheduler changes what it says of its framework without subscribing again.

use libprocess_core::time::Time;
use mesos::ids::FrameworkId;
use mesos_proto::v0::scheduler;

use crate::effect::{Answer, Effects};
use crate::state::Master;
use crate::validate;

impl Master {
    /// UPDATE_FRAMEWORK: all or nothing. Mesos: `Master::updateFramework(Call::UpdateFramework&&)`.
    pub(crate) fn update_framework(
        &mut self,
        now: Time,
        framework_id: &FrameworkId,
        call: &scheduler::Call,
        effects: &mut Effects,
    ) -> Answer {
        let Some(update) = call.update_framework.as_deref() else {
            return Answer::NotImplemented;
        };
        if let Err(reason) = self.check_update(framework_id, update) {
            return Answer::BadRequest(reason);
        }
        let mut changed = false;
        let mut left = Vec::new();
        if let Some(framework) = self.frameworks.get_mut(framework_id) {
            changed = framework.info != update.framework_info;
            framework.info = update.framework_info.clone();
            framework.roles = mesos::roles::of_framework(&framework.info);
            framework.suppressed = update.suppressed_roles.iter().cloned().collect();
            framework.constraints = update.offer_constraints.as_deref().cloned();
            let options = framework.allocator_options(self.options.allocator.regex_limits);
            self.allocator
                .update_framework(now, framework_id, &framework.info, options);
            let offers = framework.offers.iter().filter_map(|id| self.offers.get(id));
            left = offers
                .filter(|offer| !framework.roles.contains(&offer.role))
                .map(|offer| offer.id.clone())
                .collect();
        }
        // What was offered to a role the framework has left is not its own any more.
        for offer_id in left {
            self.rescind_offer(now, &offer_id, effects);
        }
        if changed {
            self.framework_updated(framework_id);
            self.tell_agents_of_framework(framework_id, effects);
        }
        Answer::Ok
    }

    fn check_update(
        &self,
        framework_id: &FrameworkId,
        update: &scheduler::call::UpdateFramework,
    ) -> Result<(), String> {
        let info = &update.framework_info;
        self.check_framework(info, &update.suppressed_roles)
            .map_err(|reason| format!("Supplied FrameworkInfo is not valid: {reason}"))?;
        if let Some(framework) = self.frameworks.get(framework_id) {
            validate::framework::update(&framework.info, info)
                .map_err(|reason| format!("FrameworkInfo update is not valid: {reason}"))?;
        }
        if let Some(constraints) = &update.offer_constraints {
            validate::framework::offer_constraints(constraints)
                .map_err(|reason| format!("'UpdateFramework.offer_constraints' are not valid: {reason}"))?;
        }
        Ok(())
    }
}
