//! What the agent tells its executors in their environment.

use std::{
    net::{SocketAddr, ToSocketAddrs},
    path::PathBuf,
    time::Duration,
};

use libprocess::{Upid, duration::parse_duration};
use mesos_proto::v1;

use crate::error::ExecutorError;

/// Mesos: src/slave/constants.hpp, `DEFAULT_EXECUTOR_SHUTDOWN_GRACE_PERIOD`.
const DEFAULT_SHUTDOWN_GRACE_PERIOD: Duration = Duration::from_secs(5);
/// Mesos: src/slave/constants.hpp, `RECOVERY_TIMEOUT`.
const DEFAULT_RECOVERY_TIMEOUT: Duration = Duration::from_secs(15 * 60);
/// Mesos: src/slave/constants.hpp, `EXECUTOR_REREGISTRATION_TIMEOUT`.
const DEFAULT_SUBSCRIPTION_BACKOFF_MAX: Duration = Duration::from_secs(2);

/// Where the agent is, and what it expects of this executor.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The framework this executor belongs to (`MESOS_FRAMEWORK_ID`).
    pub framework_id: v1::FrameworkID,
    /// This executor (`MESOS_EXECUTOR_ID`).
    pub executor_id: v1::ExecutorID,
    /// The agent's address (`MESOS_AGENT_ENDPOINT`).
    pub agent: SocketAddr,
    /// The agent's name below that address, from `MESOS_SLAVE_PID`.
    pub agent_process: String,
    /// Whether the framework checkpoints, so that the executor outlives its agent (`MESOS_CHECKPOINT`).
    pub checkpoint: bool,
    /// How long to wait for the agent to come back (`MESOS_RECOVERY_TIMEOUT`).
    pub recovery_timeout: Duration,
    /// Longest wait between two tries to come back (`MESOS_SUBSCRIPTION_BACKOFF_MAX`).
    pub subscription_backoff_max: Duration,
    /// How long the executor may take to end (`MESOS_EXECUTOR_SHUTDOWN_GRACE_PERIOD`).
    pub shutdown_grace_period: Duration,
    /// The sandbox (`MESOS_SANDBOX`, else `MESOS_DIRECTORY`).
    pub sandbox: Option<PathBuf>,
}

impl Settings {
    /// Reads what the agent wrote into the environment.
    ///
    /// # Errors
    ///
    /// Names the variable that is missing or cannot be read.
    pub fn from_env() -> Result<Self, ExecutorError> {
        Self::from(|name| std::env::var(name).ok())
    }

    /// Reads the settings from variables given by `get`.
    ///
    /// # Errors
    ///
    /// As [`from_env`](Self::from_env).
    pub fn from(get: impl Fn(&str) -> Option<String>) -> Result<Self, ExecutorError> {
        let need = |name: &'static str| get(name).ok_or(ExecutorError::Missing(name));
        let duration = |name: &'static str, default: Duration| match get(name) {
            None => Ok(default),
            Some(value) => parse_duration(&value).map_err(|error| ExecutorError::Invalid {
                name,
                reason: error.to_string(),
                value: value.clone(),
            }),
        };
        let framework_id = v1::FrameworkID {
            value: need("MESOS_FRAMEWORK_ID")?,
            ..Default::default()
        };
        let executor_id = v1::ExecutorID {
            value: need("MESOS_EXECUTOR_ID")?,
            ..Default::default()
        };
        let pid = need("MESOS_SLAVE_PID")?;
        let upid: Upid = pid.parse().map_err(|error| ExecutorError::Invalid {
            name: "MESOS_SLAVE_PID",
            value: pid.clone(),
            reason: format!("{error}"),
        })?;
        let agent = match get("MESOS_AGENT_ENDPOINT") {
            None => SocketAddr::V4(upid.address()),
            Some(value) => resolve(&value).map_err(|reason| ExecutorError::Invalid {
                name: "MESOS_AGENT_ENDPOINT",
                value: value.clone(),
                reason,
            })?,
        };
        Ok(Self {
            framework_id,
            executor_id,
            agent,
            agent_process: upid.id().to_owned(),
            checkpoint: get("MESOS_CHECKPOINT").as_deref() == Some("1"),
            recovery_timeout: duration("MESOS_RECOVERY_TIMEOUT", DEFAULT_RECOVERY_TIMEOUT)?,
            subscription_backoff_max: duration(
                "MESOS_SUBSCRIPTION_BACKOFF_MAX",
                DEFAULT_SUBSCRIPTION_BACKOFF_MAX,
            )?,
            shutdown_grace_period: duration(
                "MESOS_EXECUTOR_SHUTDOWN_GRACE_PERIOD",
                DEFAULT_SHUTDOWN_GRACE_PERIOD,
            )?,
            sandbox: get("MESOS_SANDBOX")
                .or_else(|| get("MESOS_DIRECTORY"))
                .map(PathBuf::from),
        })
    }
}

fn resolve(endpoint: &str) -> Result<SocketAddr, String> {
    let mut found = endpoint.to_socket_addrs().map_err(|error| error.to_string())?;
    found.next().ok_or_else(|| "no such host".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(change: &[(&str, Option<&str>)]) -> Result<Settings, String> {
        let base = [
            ("MESOS_FRAMEWORK_ID", "F"),
            ("MESOS_EXECUTOR_ID", "E"),
            ("MESOS_SLAVE_PID", "slave(1)@127.0.0.1:5051"),
            ("MESOS_AGENT_ENDPOINT", "127.0.0.1:5051"),
            ("MESOS_EXECUTOR_SHUTDOWN_GRACE_PERIOD", "7secs"),
        ];
        Settings::from(|name| {
            let changed = change
                .iter()
                .find(|(known, _)| *known == name)
                .map(|(_, value)| *value);
            let own = base
                .iter()
                .find(|(known, _)| *known == name)
                .map(|(_, value)| *value);
            changed.unwrap_or(own).map(str::to_owned)
        })
        .map_err(|error| error.to_string())
    }

    #[test]
    fn what_the_agent_says_is_read() {
        let settings = read(&[
            ("MESOS_CHECKPOINT", Some("1")),
            ("MESOS_RECOVERY_TIMEOUT", Some("15mins")),
        ])
        .unwrap();
        assert_eq!(settings.framework_id.value, "F");
        assert_eq!(settings.agent_process, "slave(1)");
        assert_eq!(settings.agent, "127.0.0.1:5051".parse().unwrap());
        assert!(settings.checkpoint);
        assert_eq!(settings.recovery_timeout, Duration::from_secs(900));
        assert_eq!(settings.shutdown_grace_period, Duration::from_secs(7));
    }

    #[test]
    fn what_is_missing_or_wrong_is_named() {
        assert_eq!(
            read(&[("MESOS_FRAMEWORK_ID", None)]).unwrap_err(),
            "Expecting 'MESOS_FRAMEWORK_ID' to be set in the environment"
        );
        let error = read(&[("MESOS_RECOVERY_TIMEOUT", Some("soon"))]).unwrap_err();
        assert!(
            error.starts_with("Failed to parse value 'soon' of 'MESOS_RECOVERY_TIMEOUT': "),
            "{error}"
        );
        assert!(read(&[("MESOS_SLAVE_PID", Some("nonsense"))]).is_err());
    }
}
