//! Checks and health checks.

use mesos_proto::v0::{
    CheckInfo, CheckStatusInfo, CommandInfo, HealthCheck, check_info as checks, health_check as health,
};

use super::{command_info, refuse};
use crate::Error;

fn command(command: Option<&CommandInfo>, label: &str, owner: &str) -> Result<(), Error> {
    let default = CommandInfo::default();
    let command = command.unwrap_or(&default);
    if command.value.is_none() {
        let kind = if command.shell_or_default() {
            "'shell command'"
        } else {
            "'executable path'"
        };
        return refuse(format!("{label} must contain {kind}"));
    }
    command_info(command).map_err(|error| error.within(&format!("{owner}'s `CommandInfo` is invalid")))
}

fn non_negative(fields: &[(&str, Option<f64>)]) -> Result<(), Error> {
    match fields
        .iter()
        .find(|(_, seconds)| seconds.is_some_and(|seconds| seconds < 0.0))
    {
        Some((field, _)) => refuse(format!("Expecting '{field}' to be non-negative")),
        None => Ok(()),
    }
}

/// Checks a health check.
///
/// # Errors
///
/// Fails with Mesos' words.
///
/// Mesos: src/common/validation.cpp, validateHealthCheck
pub fn health_check(check: &HealthCheck) -> Result<(), Error> {
    match check.r#type {
        None => return refuse("HealthCheck must specify 'type'"),
        Some(health::Type::Command) => {
            if check.command.is_none() {
                return refuse("Expecting 'command' to be set for COMMAND health check");
            }
            command(check.command.as_deref(), "Command health check", "Health check")?;
        }
        Some(health::Type::Http) => {
            let Some(http) = &check.http else {
                return refuse("Expecting 'http' to be set for HTTP health check");
            };
            if let Some(scheme) = http
                .scheme
                .as_ref()
                .filter(|scheme| *scheme != "http" && *scheme != "https")
            {
                return refuse(format!("Unsupported HTTP health check scheme: '{scheme}'"));
            }
            if let Some(path) = http.path.as_ref().filter(|path| !path.starts_with('/')) {
                return refuse(format!(
                    "The path '{path}' of HTTP health check must start with '/'"
                ));
            }
        }
        Some(health::Type::Tcp) if check.tcp.is_none() => {
            return refuse("Expecting 'tcp' to be set for TCP health check");
        }
        Some(health::Type::Tcp) => {}
        Some(health::Type::Unknown) => return refuse("'UNKNOWN' is not a valid health check type"),
    }
    non_negative(&[
        ("delay_seconds", check.delay_seconds),
        ("grace_period_seconds", check.grace_period_seconds),
        ("interval_seconds", check.interval_seconds),
        ("timeout_seconds", check.timeout_seconds),
    ])
}

/// Checks a check.
///
/// # Errors
///
/// Fails with Mesos' words.
///
/// Mesos: src/common/validation.cpp, validateCheckInfo
pub fn check_info(check: &CheckInfo) -> Result<(), Error> {
    match check.r#type {
        None => return refuse("CheckInfo must specify 'type'"),
        Some(checks::Type::Command) => {
            let Some(of_command) = &check.command else {
                return refuse("Expecting 'command' to be set for COMMAND check");
            };
            command(Some(&of_command.command), "Command check", "Check")?;
        }
        Some(checks::Type::Http) => {
            let Some(http) = &check.http else {
                return refuse("Expecting 'http' to be set for HTTP check");
            };
            if let Some(path) = http.path.as_ref().filter(|path| !path.starts_with('/')) {
                return refuse(format!("The path '{path}' of HTTP check must start with '/'"));
            }
        }
        Some(checks::Type::Tcp) if check.tcp.is_none() => {
            return refuse("Expecting 'tcp' to be set for TCP check");
        }
        Some(checks::Type::Tcp) => {}
        Some(checks::Type::Unknown) => return refuse("'UNKNOWN' is not a valid check type"),
    }
    non_negative(&[
        ("delay_seconds", check.delay_seconds),
        ("interval_seconds", check.interval_seconds),
        ("timeout_seconds", check.timeout_seconds),
    ])
}

/// Checks the outcome of a check in a status update.
///
/// # Errors
///
/// Fails with Mesos' words.
pub fn check_status_info(status: &CheckStatusInfo) -> Result<(), Error> {
    let (field, name, set) = match status.r#type {
        None => return refuse("CheckStatusInfo must specify 'type'"),
        Some(checks::Type::Command) => ("command", "COMMAND", status.command.is_some()),
        Some(checks::Type::Http) => ("http", "HTTP", status.http.is_some()),
        Some(checks::Type::Tcp) => ("tcp", "TCP", status.tcp.is_some()),
        Some(checks::Type::Unknown) => return refuse("'UNKNOWN' is not a valid check's status type"),
    };
    if set {
        Ok(())
    } else {
        refuse(format!("Expecting '{field}' to be set for {name} check's status"))
    }
}
