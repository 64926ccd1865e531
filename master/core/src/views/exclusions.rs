//! `/allocator/offer_constraints_debug`.

use mesos::model::Object;

use crate::state::Master;

impl Master {
    /// Which agents frameworks are never offered because of their offer constraints, and the roles they suppress.
    ///
    /// Mesos: `src/master/allocator/mesos/hierarchical.cpp`, `offerConstraintsDebug_`.
    pub fn offer_constraints_debug(&self) -> Vec<u8> {
        let mut out = Vec::new();
        Object::write(&mut out, |object| {
            object.object("frameworks", |frameworks| {
                for exclusions in self.allocator.exclusions() {
                    frameworks.object(exclusions.framework.as_str(), |framework| {
                        framework.array("suppressed_roles", |roles| {
                            exclusions
                                .suppressed_roles
                                .iter()
                                .for_each(|role| roles.string(role));
                        });
                        framework.object("excluded_by_attribute_constraints", |roles| {
                            for (role, agents) in &exclusions.agents {
                                roles.array(role, |list| {
                                    agents.iter().for_each(|agent| list.string(agent.as_str()));
                                });
                            }
                        });
                    });
                }
            });
        });
        out
    }
}
