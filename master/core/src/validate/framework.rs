//! What a framework may say of itself.

use std::collections::BTreeSet;

use mesos_proto::v0::{self, scheduler};
use tracing::warn;

/// Checks a framework on its own. Mesos: `src/master/validation.cpp`, `framework::validate`.
///
/// # Errors
///
/// The reason in Mesos' words.
pub fn framework(info: &v0::FrameworkInfo) -> Result<(), String> {
    mesos::validate::framework_info(info).map_err(|error| error.to_string())
}

/// Checks that only roles of the framework are suppressed.
///
/// # Errors
///
/// The reason in Mesos' words.
pub fn suppressed_roles(roles: &BTreeSet<String>, suppressed: &[String]) -> Result<(), String> {
    let invalid: BTreeSet<&str> = suppressed
        .iter()
        .filter(|role| !roles.contains(*role))
        .map(String::as_str)
        .collect();
    if invalid.is_empty() {
        return Ok(());
    }
    let invalid = invalid.into_iter().collect::<Vec<_>>().join(", ");
    Err(format!(
        "Suppressed roles {{ {invalid} }} are not contained in the set of roles"
    ))
}

/// Checks that offer constraints name only roles of the framework.
///
/// # Errors
///
/// The reason in Mesos' words.
pub fn offer_constraints_roles(
    roles: &BTreeSet<String>,
    constraints: &scheduler::OfferConstraints,
) -> Result<(), String> {
    match constraints
        .role_constraints
        .keys()
        .find(|role| !roles.contains(*role))
    {
        Some(role) => Err(format!(
            "Offer constraints specify `role_constraints` for a role '{role}'not contained in the set of roles"
        )),
        None => Ok(()),
    }
}

/// Checks a change of what a framework says of itself. Mesos: `framework::validateUpdate`.
///
/// # Errors
///
/// The reason in Mesos' words.
pub fn update(old: &v0::FrameworkInfo, new: &v0::FrameworkInfo) -> Result<(), String> {
    mesos::validate::framework_update(old, new).map_err(|error| error.to_string())
}

/// What cannot change on a new subscription keeps its value. Mesos: `framework::preserveImmutableFields`.
pub fn keep_immutable(old: &v0::FrameworkInfo, new: &mut v0::FrameworkInfo) {
    if new.user != old.user || new.checkpoint != old.checkpoint {
        let framework_id = old.id.as_deref().map_or("", |id| id.value.as_str());
        warn!(framework_id, "user and checkpoint of a framework cannot change");
        new.user.clone_from(&old.user);
        new.checkpoint = old.checkpoint;
    }
}
