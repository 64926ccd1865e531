//! Resources in place of others.

use super::Resources;
use crate::{Error, Quantities, Resource, Scalar, quantities};

impl Resources {
    /// As much of every name as in `targets`, whatever it is reserved for: first from the role the target is
    /// reserved for, then from what is unreserved, then from the rest. `None` when there is not enough.
    ///
    /// Mesos: src/common/resources.cpp, Resources::find
    pub fn find(&self, targets: &Resources) -> Option<Resources> {
        let mut found = Resources::new();
        for target in targets {
            found += &self.find_one(target)?;
        }
        Some(found)
    }

    fn find_one(&self, target: &Resource) -> Option<Resources> {
        let role = target.reservation_role();
        let of_role = |resource: &Resource| role.is_some() && resource.reservation_role() == role;
        let passes: [&dyn Fn(&Resource) -> bool; 3] = [&of_role, &Resource::is_unreserved, &|_| true];
        let mut total = self.clone();
        let mut remaining = Resources::from_iter([target.clone()]).to_unreserved();
        let mut found = Resources::new();
        for pass in passes {
            // What is used up makes room for the next pass; what is enough ends the search.
            let mut used_up = None;
            for candidate in total.iter().filter(|resource| pass(resource)) {
                let unreserved = Resources::from_iter([candidate.clone()]).to_unreserved();
                if unreserved.contains(&remaining) {
                    for part in &remaining {
                        let mut part = part.clone();
                        part.set_reservations(candidate.reservations());
                        found.add(part);
                    }
                    return Some(found);
                }
                if remaining.contains(&unreserved) {
                    remaining -= &unreserved;
                    used_up = Some(candidate.clone());
                    break;
                }
            }
            if let Some(candidate) = used_up {
                total.subtract(&candidate);
                found.add(candidate);
            }
        }
        None
    }

    /// The first resource that differs in nothing but the value.
    ///
    /// Mesos: src/common/resources.cpp, Resources::match
    pub fn find_same_kind(&self, resource: &Resource) -> Option<&Resource> {
        self.iter().find(|own| own.is_same_kind(resource))
    }

    /// How often exactly this resource is in it: the copies of a shared one, one for others.
    ///
    /// Mesos: src/common/resources.cpp, Resources::count
    pub fn count(&self, resource: &Resource) -> u32 {
        self.iter()
            .find(|own| *own == resource)
            .map_or(0, Resource::copies)
    }

    /// Tells whether there is at least so much of every name.
    ///
    /// Mesos: src/common/resources.cpp, Resources::contains(ResourceQuantities)
    pub fn contains_quantities(&self, quantities: &Quantities) -> bool {
        quantities.iter().all(|(name, amount)| {
            let mut missing = amount;
            self.iter()
                .filter(|resource| resource.name() == name)
                .any(|resource| {
                    missing -= quantities::amount(resource);
                    missing <= Scalar::ZERO
                })
        })
    }

    /// The bundle of an agent that its flags give, changed by what it has on disk: dynamic reservations and
    /// persistent volumes.
    ///
    /// # Errors
    ///
    /// Fails with Mesos' words when something on disk is neither, or is not in the bundle.
    ///
    /// Mesos: src/common/resources_utils.cpp, applyCheckpointedResources
    pub fn apply_checkpointed(&self, checkpointed: &Resources) -> Result<Resources, Error> {
        let mut total = self.clone();
        for resource in checkpointed {
            if !resource.needs_checkpointing() {
                return Err(Error::new(format!(
                    "Unexpected checkpointed resources {resource}"
                )));
            }
            let mut stripped = resource.without_volume();
            if stripped.is_dynamically_reserved() {
                // Only the first of the stack can come from the flags.
                let first = stripped.reservations().first().cloned();
                let first: Vec<_> = first.into_iter().filter(crate::resource::is_static).collect();
                stripped.set_reservations(&first);
            }
            let bundle = Resources::from_iter([stripped.clone()]);
            if !total.contains(&bundle) {
                return Err(Error::new(format!(
                    "Incompatible agent resources: {total} does not contain {stripped}"
                )));
            }
            total -= &bundle;
            total.add(resource.clone());
        }
        Ok(total)
    }
}
