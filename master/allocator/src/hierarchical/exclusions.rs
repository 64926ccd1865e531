//! What constraints keep from whom.

use crate::Exclusions;

use super::Hierarchical;

impl Hierarchical {
    /// All constraints against all agents, frameworks in the order of their ids.
    ///
    /// Mesos: `offerConstraintsDebug_`.
    pub(super) fn excluded_by_constraints(&self) -> Vec<Exclusions> {
        let frameworks = self.framework_numbers.iter();
        let frameworks = frameworks.filter_map(|(id, number)| {
            let framework = self.frameworks.get(*number as usize)?;
            framework.known.then_some((id, framework))
        });
        frameworks
            .map(|(id, framework)| Exclusions {
                framework: id.clone(),
                suppressed_roles: framework.suppressed.clone(),
                agents: framework
                    .roles
                    .iter()
                    .map(|role| {
                        let excluded = self.agents.iter().flatten();
                        let excluded =
                            excluded.filter(|agent| framework.constraints.excludes(role, &agent.info));
                        let mut excluded: Vec<_> = excluded.map(|agent| agent.id.clone()).collect();
                        excluded.sort();
                        (role.clone(), excluded)
                    })
                    .collect(),
            })
            .collect()
    }
}
