//! Whether offers may be accepted together.

use std::collections::{BTreeMap, BTreeSet};

use mesos::ids::{FrameworkId, OfferId};

use crate::state::Offer;

/// Checks that the offers stand, are the framework's, of one role and one agent, and named once.
///
/// Mesos: `src/master/validation.cpp`, `offer::validate`.
///
/// # Errors
///
/// The reason in Mesos' words.
pub fn offers(
    known: &BTreeMap<OfferId, Offer>,
    ids: &[OfferId],
    framework: &FrameworkId,
) -> Result<(), String> {
    if ids.is_empty() {
        return Err("No offers specified".to_owned());
    }
    let mut seen = BTreeSet::new();
    if let Some(id) = ids.iter().find(|id| !seen.insert(*id)) {
        return Err(format!("Duplicate offer {id} in offer list"));
    }
    let mut offers = Vec::with_capacity(ids.len());
    for id in ids {
        offers.push(
            known
                .get(id)
                .ok_or_else(|| format!("Offer {id} is no longer valid"))?,
        );
    }
    if let Some(offer) = offers.iter().find(|offer| offer.framework_id != *framework) {
        return Err(format!(
            "Offer {} has invalid framework {} while framework {framework} is expected",
            offer.id, offer.framework_id
        ));
    }
    let first = offers[0];
    if let Some(offer) = offers.iter().find(|offer| offer.role != first.role) {
        return Err(format!(
            "Aggregated offers must be allocated to the same role. Offer {} uses role '{} but another is using \
             role '{}",
            offer.id, offer.role, first.role
        ));
    }
    if let Some(offer) = offers.iter().find(|offer| offer.agent_id != first.agent_id) {
        return Err(format!(
            "Aggregated offers must belong to one single agent. Offer {} uses agent {} and agent {}",
            offer.id, offer.agent_id, first.agent_id
        ));
    }
    Ok(())
}
