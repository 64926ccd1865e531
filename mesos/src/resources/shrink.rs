//! Bundles cut down to amounts.

use super::Resources;
use crate::{Limits, Quantities, Resource, Scalar, quantities};

impl Resources {
    /// The same bundle in another order. `below(n)` chooses a number below `n`; with uniform choices every
    /// order is equally likely.
    ///
    /// What comes first survives [`Resources::shrink_to`] and [`Resources::shrink_within`] first.
    pub fn shuffle(&mut self, mut below: impl FnMut(usize) -> usize) {
        let resources = self.as_mut_slice();
        for last in (1..resources.len()).rev() {
            resources.swap(last, below(last + 1).min(last));
        }
    }

    /// At most `target` of every name, in the order of the bundle. Names that are not in `target` are
    /// dropped; so is what cannot be divided and does not fit: exclusive disks, volumes, ranges, sets.
    ///
    /// Mesos: src/common/resources_utils.cpp, shrinkResources(resources, ResourceQuantities), which shuffles
    #[must_use]
    pub fn shrink_to(&self, target: &Quantities) -> Resources {
        let mut left: Limits = target.iter().collect();
        self.shrunk(|resource| {
            left.get(resource.name())
                .is_some_and(|most| take(resource, most, &mut left))
        })
    }

    /// No more than `limits` allow, in the order of the bundle. Names without a limit are kept whole; what
    /// cannot be divided and does not fit is dropped.
    ///
    /// Mesos: src/common/resources_utils.cpp, shrinkResources(resources, ResourceLimits), which shuffles
    #[must_use]
    pub fn shrink_within(&self, limits: &Limits) -> Resources {
        let mut left = limits.clone();
        self.shrunk(|resource| {
            left.get(resource.name())
                .is_none_or(|most| take(resource, most, &mut left))
        })
    }

    /// What is left of each resource; what is joined in a bundle stays apart after a cut, so nothing is
    /// looked up.
    fn shrunk(&self, mut shrink: impl FnMut(&mut Resource) -> bool) -> Resources {
        let mut result = Resources::new();
        for resource in self {
            let mut resource = resource.clone();
            if shrink(&mut resource) {
                result.push(resource);
            }
        }
        result
    }
}

/// Cuts a resource down to `most`, and takes what remains of it from what is left; `false` when nothing remains.
fn take(resource: &mut Resource, most: Scalar, left: &mut Limits) -> bool {
    let fits = most > Scalar::ZERO && resource.shrink(most) && !resource.is_empty();
    if fits {
        left.set(resource.name(), most - quantities::amount(resource));
    }
    fits
}
