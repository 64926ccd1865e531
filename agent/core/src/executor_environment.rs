//! The environment of executors.

use std::time::Duration;

use libprocess_core::duration::format_duration;
use mesos_proto::v0::environment::variable;

use crate::{core::AgentCore, executor::Executor, framework::Framework};

impl AgentCore {
    /// Everything an executor finds in its environment; later entries win.
    ///
    /// `MESOS_HTTP_COMMAND_EXECUTOR` is always `1`. Differs from Mesos, where it follows the flag: this agent
    /// speaks to executors through the v1 API only.
    ///
    /// Mesos: src/slave/slave.cpp, `executorEnvironment`.
    pub(crate) fn executor_environment(
        &self,
        framework: &Framework,
        executor: &Executor,
    ) -> Vec<(String, String)> {
        let mut environment = Vec::new();
        let mut set = |name: &str, value: String| environment.push((name.to_owned(), value));
        if let Some(ip) = &self.config.libprocess_ip {
            set("LIBPROCESS_IP", ip.clone());
        }
        for (name, value) in &self.config.executor_environment {
            set(name, value.clone());
        }
        set("LIBPROCESS_PORT", "0".to_owned());
        set("MESOS_FRAMEWORK_ID", framework.id.to_string());
        set("MESOS_EXECUTOR_ID", executor.id.to_string());
        set("MESOS_DIRECTORY", executor.directory.clone());
        set("MESOS_SLAVE_ID", self.id().to_string());
        set("MESOS_SLAVE_PID", self.config.pid.to_string());
        set("MESOS_AGENT_ENDPOINT", self.config.pid.address().to_string());
        set(
            "MESOS_CHECKPOINT",
            if framework.checkpoints() { "1" } else { "0" }.to_owned(),
        );
        set("MESOS_HTTP_COMMAND_EXECUTOR", "1".to_owned());
        set(
            "MESOS_EXECUTOR_SHUTDOWN_GRACE_PERIOD",
            format_duration(self.shutdown_grace(executor)),
        );
        if framework.checkpoints() {
            set(
                "MESOS_RECOVERY_TIMEOUT",
                format_duration(self.config.recovery_timeout),
            );
            set(
                "MESOS_SUBSCRIPTION_BACKOFF_MAX",
                format_duration(self.config.executor_reregistration_timeout),
            );
        }
        set("MESOS_SANDBOX", executor.directory.clone());
        let command = executor
            .info
            .command
            .as_deref()
            .and_then(|command| command.environment.as_deref());
        for variable in command.iter().flat_map(|environment| &environment.variables) {
            if variable.type_or_default() == variable::Type::Value {
                set(&variable.name, variable.value.clone().unwrap_or_default());
            }
        }
        // One variable may be set several times on the way; a process sees its last value.
        let mut last: Vec<(String, String)> = Vec::with_capacity(environment.len());
        for (name, value) in environment {
            match last.iter_mut().find(|(known, _)| *known == name) {
                Some((_, known)) => *known = value,
                None => last.push((name, value)),
            }
        }
        last
    }

    /// How long an executor may take to end.
    pub(crate) fn shutdown_grace(&self, executor: &Executor) -> Duration {
        executor
            .info
            .shutdown_grace_period
            .as_ref()
            .map_or(self.config.executor_shutdown_grace_period, |grace| {
                Duration::from_nanos(grace.nanoseconds.max(0).unsigned_abs())
            })
    }
}
