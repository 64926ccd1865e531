//! What a framework says about itself.

use std::collections::BTreeSet;

use mesos_proto::v0::framework_info::capability::Type;
use mesos_proto::v0::{FrameworkInfo, OfferFilters};

use super::{id, refuse, scalar_input};
use crate::{Error, capabilities, roles};

/// Checks a framework that subscribes.
///
/// # Errors
///
/// Fails with Mesos' words.
///
/// Mesos: src/master/validation.cpp, framework::validate
pub fn framework_info(info: &FrameworkInfo) -> Result<(), Error> {
    framework_roles(info)?;
    if let Some(framework_id) = info.id.as_ref().filter(|id| !id.value.is_empty()) {
        id(&framework_id.value)?;
    }
    info.offer_filters.values().try_for_each(offer_filters)
}

fn framework_roles(info: &FrameworkInfo) -> Result<(), Error> {
    if !capabilities::framework_has(info, Type::MultiRole) {
        if !info.roles.is_empty() {
            return refuse(
                "'FrameworkInfo.roles' must not be set when the framework is not MULTI_ROLE capable",
            );
        }
        return roles::validate(info.role_or_default())
            .map_err(|error| error.within("'FrameworkInfo.role' is not a valid role"));
    }
    if info.role.is_some() {
        return refuse("'FrameworkInfo.role' must not be set when the framework is MULTI_ROLE capable");
    }
    let mut seen = BTreeSet::new();
    let twice: BTreeSet<&str> = info
        .roles
        .iter()
        .map(String::as_str)
        .filter(|role| !seen.insert(*role))
        .collect();
    if !twice.is_empty() {
        let twice: Vec<&str> = twice.into_iter().collect();
        return refuse(format!(
            "'FrameworkInfo.roles' contains duplicate items: {{ {} }}",
            twice.join(", ")
        ));
    }
    info.roles.iter().try_for_each(|role| {
        roles::validate(role).map_err(|error| error.within("'FrameworkInfo.roles' contains invalid role"))
    })
}

/// Checks what a framework wants to be offered at least.
///
/// # Errors
///
/// Fails with Mesos' words.
pub fn offer_filters(filters: &OfferFilters) -> Result<(), Error> {
    let Some(minimum) = &filters.min_allocatable_resources else {
        return Ok(());
    };
    for quantities in &minimum.quantities {
        if quantities.quantities.is_empty() {
            return refuse("Resource quantities must contain at least one quantity");
        }
        for (name, scalar) in &quantities.quantities {
            scalar_input(scalar.value)
                .map_err(|error| error.within(&format!("Invalid resource quantity for '{name}'")))?;
        }
    }
    Ok(())
}

/// Checks that a known framework changes only what may change.
///
/// # Errors
///
/// Fails with Mesos' words.
///
/// Mesos: src/master/validation.cpp, framework::validateUpdate
pub fn framework_update(old: &FrameworkInfo, new: &FrameworkInfo) -> Result<(), Error> {
    if old.principal != new.principal {
        return refuse("Changing framework's principal is not allowed.");
    }
    if old.user != new.user {
        return refuse(format!(
            "Updating 'FrameworkInfo.user' is unsupported; attempted to update from '{}' to '{}'",
            old.user, new.user
        ));
    }
    let (before, after) = (old.checkpoint_or_default(), new.checkpoint_or_default());
    if before != after {
        return refuse(format!(
            "Updating 'FrameworkInfo.checkpoint' is unsupported; \
             attempted to update from '{before}' to '{after}'"
        ));
    }
    Ok(())
}
