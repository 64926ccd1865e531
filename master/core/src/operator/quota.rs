//! What a role is owed, and what it may have at most.

use std::collections::BTreeMap;

use libprocess_core::time::Time;
use mesos::ids::OfferId;
use mesos::{Limits, Quantities, Resources, validate};
use mesos_allocator::Quota;
use mesos_proto::v0::{self, quota};
use tracing::info;

use super::{Changed, Stored, refuse};
use crate::effect::{Answer, Effects};
use crate::registry::Operation;
use crate::roles::is_in_subtree;
use crate::state::{Master, Pending};

impl Master {
    /// The old way: a role without quota gets a guarantee that is its limit.
    ///
    /// Mesos: `src/master/quota_handler.cpp`, `_set`, `__set`.
    pub(super) fn set_quota(&self, request: &quota::QuotaRequest) -> Stored {
        let prefix = "Failed to validate set quota request";
        let mut info = quota::QuotaInfo {
            role: request.role.clone(),
            guarantee: request.guarantee.clone(),
            ..Default::default()
        };
        if let Err(error) = validate::resources(&info.guarantee) {
            return refuse(format!("{prefix}: QuotaInfo with invalid resource: {error}"));
        }
        for resource in &mut info.guarantee {
            if let Err(error) = mesos::convert_format(resource, mesos::ResourceFormat::Refined) {
                return refuse(format!("{prefix}: {error}"));
            }
        }
        validate::quota_info(&info).or_else(|error| refuse(format!("{prefix}: {error}")))?;
        let role = info.role.clone().unwrap_or_default();
        if !self.is_known_role(&role) {
            return refuse(format!("{prefix}: Unknown role '{role}'"));
        }
        let quotas = self.quotas_to_come();
        if quotas.contains_key(&role) {
            return refuse(format!(
                "{prefix}: Cannot set quota for role '{role}' which already has quota"
            ));
        }
        let amounts: BTreeMap<String, v0::value::Scalar> = info
            .guarantee
            .iter()
            .map(|resource| {
                let scalar = resource.scalar.as_deref().cloned().unwrap_or_default();
                (resource.name.clone(), scalar)
            })
            .collect();
        let config = quota::QuotaConfig {
            role: role.clone(),
            guarantees: amounts.clone(),
            limits: amounts,
            ..Default::default()
        };
        let tree = QuotaTree::new(&quotas).with(std::slice::from_ref(&config));
        tree.check()
            .or_else(|reason| refuse(format!("{prefix}: {reason}")))?;
        if role.contains('/') {
            return refuse(format!(
                "Setting quota on nested role '{role}' is not supported yet"
            ));
        }
        if request.force != Some(true) {
            let (guarantees, capacity) = (tree.total(), self.capacity());
            if !capacity.contains(&guarantees) {
                return Err(Answer::Conflict(format!(
                    "Quota guarantees overcommit the cluster (use 'force' to bypass this check): Total quota \
                     guarantees '{guarantees}' exceed cluster capacity '{capacity}'"
                )));
            }
        }
        Ok((
            Operation::UpdateQuota(vec![config.clone()]),
            Changed::OldQuota(config),
        ))
    }

    /// Mesos: `src/master/quota_handler.cpp`, `update`.
    pub(super) fn update_quota(&self, configs: Vec<quota::QuotaConfig>, force: bool) -> Stored {
        for config in &configs {
            let role = &config.role;
            if !self.is_known_role(role) {
                return refuse(format!(
                    "Invalid QuotaConfig: '{role}' is not on the roles whitelist"
                ));
            }
            if role.contains('/') {
                return refuse(format!(
                    "Updating quota on nested role '{role}' is not supported yet"
                ));
            }
            validate::quota_config(config)
                .or_else(|error| refuse(format!("Invalid QuotaConfig: {error}")))?;
        }
        let limited = |config: &&quota::QuotaConfig| !force && !config.limits.is_empty();
        let sums = match configs.iter().any(|config| limited(&config)) {
            true => self.role_sums(),
            false => BTreeMap::new(),
        };
        for config in configs.iter().filter(limited) {
            let limits = Limits::from_protos(&config.limits);
            let consumed = sums.get(&config.role).map(|sums| sums.consumed.clone());
            let consumed = consumed.unwrap_or_default();
            if !limits.allow(&consumed) {
                return refuse(format!(
                    "Invalid QuotaConfig: Role '{}' is already consuming '{consumed}'; this is more than the requested \
                     limits '{limits}' (use 'force' flag to bypass this check)",
                    config.role
                ));
            }
        }
        let quotas = self.quotas_to_come();
        let tree = QuotaTree::new(&quotas).with(&configs);
        tree.check()
            .or_else(|reason| refuse(format!("Invalid QuotaConfig: {reason}")))?;
        let (guarantees, capacity) = (tree.total(), self.capacity());
        if !force && !capacity.contains(&guarantees) {
            return refuse(format!(
                "Invalid QuotaConfig: total quota guarantees '{guarantees}' exceed cluster capacity '{capacity}' (use \
                 'force' flag to bypass this check)"
            ));
        }
        Ok((Operation::UpdateQuota(configs.clone()), Changed::Quota(configs)))
    }

    /// Mesos: `src/master/quota_handler.cpp`, `remove`, `__remove`.
    pub(super) fn remove_quota(&self, role: &str, path: Option<&str>) -> Stored {
        if let Some(path) = path.filter(|_| !self.is_known_role(role)) {
            return refuse(format!(
                "Failed to validate remove quota request for path '{path}': Unknown role '{role}'"
            ));
        }
        let quotas = self.quotas_to_come();
        if !quotas.contains_key(role) {
            return refuse(match path {
                Some(path) => {
                    format!("Failed to remove quota for path '{path}': Role '{role}' has no quota set")
                }
                None => format!("Failed to remove quota: Role '{role}' has no quota set"),
            });
        }
        let config = quota::QuotaConfig {
            role: role.to_owned(),
            ..Default::default()
        };
        let configs = vec![config];
        if let (Some(path), Err(reason)) = (path, QuotaTree::new(&quotas).with(&configs).check()) {
            return refuse(format!("Failed to remove quota for path '{path}': {reason}"));
        }
        Ok((Operation::UpdateQuota(configs.clone()), Changed::Quota(configs)))
    }

    /// The quotas as they are when what is on its way to the registry is there.
    fn quotas_to_come(&self) -> BTreeMap<String, Quota> {
        let mut quotas = self.quotas.clone();
        for pending in self.pending.iter() {
            let Pending::Operator(_, changed) = pending else {
                continue;
            };
            let configs = match &**changed {
                Changed::OldQuota(config) => std::slice::from_ref(config),
                Changed::Quota(configs) => configs,
                Changed::Weights(_) | Changed::Schedule(_) | Changed::Down(_) | Changed::Up(_) => continue,
            };
            for config in configs {
                let quota = quota_of(config);
                if quota.is_default() {
                    quotas.remove(&config.role);
                } else {
                    quotas.insert(config.role.clone(), quota);
                }
            }
        }
        quotas
    }

    /// All that agents have and keep.
    fn capacity(&self) -> Quantities {
        let mut capacity = Quantities::new();
        for agent in self.agents.values() {
            capacity += &Quantities::from_scalars(&agent.total.non_revocable());
        }
        capacity
    }

    /// The registry holds the quotas: the allocator decides by them, and offers that stand in their way are taken back.
    ///
    /// Mesos: `src/master/quota_handler.cpp`, `_update`.
    pub(super) fn quota_stored(&mut self, now: Time, configs: &[quota::QuotaConfig], effects: &mut Effects) {
        for config in configs {
            self.take_quota(now, config);
        }
        if self.offers.is_empty() {
            return;
        }
        let sums = self.role_sums();
        for config in configs {
            let consumed = sums.get(&config.role).map(|sums| &sums.consumed);
            self.make_room(now, config, consumed.cloned().unwrap_or_default(), effects);
        }
    }

    fn take_quota(&mut self, now: Time, config: &quota::QuotaConfig) {
        let quota = quota_of(config);
        info!(role = config.role, guarantees = %quota.guarantees, limits = %quota.limits, "quota updated");
        if quota.is_default() {
            self.quotas.remove(&config.role);
        } else {
            self.quotas.insert(config.role.clone(), quota.clone());
        }
        self.allocator.update_quota(now, &config.role, quota);
    }

    /// Takes back what the role was offered above its limit, then what others were offered until its guarantee could be
    /// met.
    fn make_room(
        &mut self,
        now: Time,
        config: &quota::QuotaConfig,
        consumed: Quantities,
        effects: &mut Effects,
    ) {
        let quota = quota_of(config);
        let mut held = consumed + &self.offered_quantities(&config.role);
        let offers = match quota.limits.allow(&held) {
            true => Vec::new(),
            false => self.offers_by_framework(),
        };
        for offer_id in offers {
            if quota.limits.allow(&held) {
                break;
            }
            let Some(offer) = self.offers.get(&offer_id) else {
                continue;
            };
            if is_in_subtree(&offer.role, &config.role) {
                held -= &Quantities::from_resources(&offer.resources);
                self.rescind_offer(now, &offer_id, effects);
            }
        }
        let mut rescinded = held;
        let offers = match rescinded.contains(&quota.guarantees) {
            true => Vec::new(),
            false => self.offers_by_agent(),
        };
        for offer_id in offers {
            if rescinded.contains(&quota.guarantees) {
                break;
            }
            let Some(offer) = self.offers.get(&offer_id) else {
                continue;
            };
            if !is_in_subtree(&offer.role, &config.role) {
                rescinded += &Quantities::from_resources(&offer.resources);
                self.rescind_offer(now, &offer_id, effects);
            }
        }
    }

    fn offers_by_agent(&self) -> Vec<OfferId> {
        let agents = self.agents.values();
        agents.flat_map(|agent| agent.offers.iter().cloned()).collect()
    }

    fn offers_by_framework(&self) -> Vec<OfferId> {
        self.frameworks
            .values()
            .flat_map(|framework| framework.offers.iter().cloned())
            .collect()
    }

    /// The old way: whole agents are freed, at least one for each framework in the role, until the guarantee fits.
    ///
    /// Mesos: `src/master/quota_handler.cpp`, `rescindOffers`.
    pub(super) fn old_quota_stored(&mut self, now: Time, config: &quota::QuotaConfig, effects: &mut Effects) {
        self.take_quota(now, config);
        let guarantees = Quantities::from_protos(&config.guarantees);
        let connected = |framework: &&crate::state::Framework| {
            framework.is_connected() && framework.roles.contains(&config.role)
        };
        let frameworks = self.frameworks.values().filter(connected).count();
        let agents: Vec<_> = self
            .agents
            .values()
            .filter(|agent| agent.is_connected())
            .map(|agent| agent.offers.clone())
            .collect();
        let (mut rescinded, mut visited) = (Resources::default(), 0);
        for offers in agents {
            let enough = Quantities::from_scalars(&rescinded.unreserved()).contains(&guarantees);
            if enough && visited >= frameworks {
                break;
            }
            visited += usize::from(!offers.is_empty());
            for offer_id in offers {
                if let Some(offer) = self.offers.get(&offer_id) {
                    rescinded += &offer.resources.clone().unallocated();
                    self.rescind_offer(now, &offer_id, effects);
                }
            }
        }
    }
}

/// A quota as the allocator is told of it.
pub(crate) fn quota_of(config: &quota::QuotaConfig) -> Quota {
    Quota {
        guarantees: Quantities::from_protos(&config.guarantees),
        limits: Limits::from_protos(&config.limits),
    }
}

/// Guarantees by role; a role's must cover those of the roles below it.
///
/// Mesos: `src/master/quota_handler.cpp`, `QuotaTree`.
struct QuotaTree(BTreeMap<String, Quantities>);

impl QuotaTree {
    fn new(quotas: &BTreeMap<String, Quota>) -> Self {
        let guarantees = quotas
            .iter()
            .map(|(role, quota)| (role.clone(), quota.guarantees.clone()));
        Self(guarantees.collect())
    }

    fn with(mut self, configs: &[quota::QuotaConfig]) -> Self {
        for config in configs {
            self.0
                .insert(config.role.clone(), Quantities::from_protos(&config.guarantees));
        }
        self
    }

    fn check(&self) -> Result<(), String> {
        let mut parents: BTreeMap<&str, Quantities> = BTreeMap::new();
        for (role, guarantees) in &self.0 {
            if let Some((parent, _)) = role.rsplit_once('/') {
                *parents.entry(parent).or_default() += guarantees;
            }
        }
        for (parent, children) in parents {
            let own = self.0.get(parent).cloned().unwrap_or_default();
            if !own.contains(&children) {
                let name = parent.rsplit('/').next().unwrap_or(parent);
                return Err(format!(
                    "Invalid quota configuration. Parent role '{name}' with guarantees ({own}) does not contain the sum \
                     of its children's guarantees ({children})"
                ));
            }
        }
        Ok(())
    }

    /// What all roles at the top are owed.
    fn total(&self) -> Quantities {
        let mut total = Quantities::new();
        for (role, guarantees) in &self.0 {
            if !role.contains('/') {
                total += guarantees;
            }
        }
        total
    }
}
