//! What a framework may say of itself.

use std::collections::BTreeSet;

use mesos_proto::v0;
use tracing::warn;

/// Checks a framework on its own. Mesos: `src/master/validation.cpp`, `framework::validate`.
///
/// # Errors
///
/// The reason in Mesos' words.
pub fn framework(info: &v0::FrameworkInfo) -> Result<(), String> {
    mesos::validate::framework_info(info).map_err(|error| error.to_string())?;
    let roles = mesos::roles::of_framework(info);
    let checked = roles.iter().try_for_each(|role| mesos::roles::check_size(role));
    checked.map_err(|error| error.to_string())
}

/// Checks that only roles of the framework are suppressed. Mesos: `Master::validateFramework`.
///
/// # Errors
///
/// The reason in Mesos' words.
pub fn suppressed_roles(roles: &BTreeSet<String>, suppressed: &[String]) -> Result<(), String> {
    match suppressed.iter().find(|role| !roles.contains(*role)) {
        Some(role) => Err(format!(
            "Suppressed role '{role}' is not contained in the list of roles"
        )),
        None => Ok(()),
    }
}

/// The longest time a C++ `Duration` holds, in seconds: 2^63 nanoseconds. A timeout beyond it, either way, is invalid.
const FAILOVER_TIMEOUT_SECONDS_MAX: f64 = 9_223_372_036.854_775;

/// Checks that the failover timeout is one that can be waited for. Mesos: `Master::validateFramework`.
///
/// # Errors
///
/// The reason in Mesos' words.
pub fn failover_timeout(info: &v0::FrameworkInfo) -> Result<(), String> {
    let seconds = info.failover_timeout.unwrap_or(0.0);
    if seconds.abs() <= FAILOVER_TIMEOUT_SECONDS_MAX {
        return Ok(());
    }
    Err(format!(
        "The framework failover_timeout ({}) is invalid",
        six_digits(seconds)
    ))
}

/// A huge number, or none, as a C++ stream prints it.
fn six_digits(number: f64) -> String {
    if !number.is_finite() {
        return number.to_string().to_lowercase();
    }
    let text = format!("{number:.5e}");
    let (digits, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let digits = digits.trim_end_matches('0').trim_end_matches('.');
    format!("{digits}e+{exponent:0>2}")
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
