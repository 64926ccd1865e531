//! The agent's metrics, under the names monitoring knows.

use libprocess::{Pid, System};
use mesos_agent_core::views::VersionValue;
use mesos_daemon::version;

use crate::agent::AgentProcess;

/// Metrics of parts that do nothing yet: monitoring asks for their names all the same.
const ZERO: [&str; 10] = [
    "containerizer/fetcher/cache_size_total_bytes",
    "containerizer/fetcher/cache_size_used_bytes",
    "containerizer/fetcher/task_fetches_failed",
    "containerizer/fetcher/task_fetches_succeeded",
    "containerizer/mesos/container_destroy_errors",
    "containerizer/mesos/provisioner/bind/remove_rootfs_errors",
    "containerizer/mesos/provisioner/remove_container_errors",
    "resource_provider_manager/events/disconnect",
    "resource_provider_manager/events/subscribe",
    "resource_provider_manager/subscribed",
];

/// Lets `/metrics/snapshot` ask the agent.
pub(crate) fn provide(system: &System, agent: &Pid<AgentProcess>) {
    let agent = agent.clone();
    system.metrics().provide("slave", move || {
        agent.dispatch(|agent, ctx| agent.metrics(ctx.now()))
    });
}

impl AgentProcess {
    fn metrics(&self, now: libprocess::Time) -> Vec<(String, f64)> {
        let mut found = self.core.metrics(now);
        let gc = &self.parts.gc;
        let number = |value: u64| {
            // Counters stay far below the range where a double loses whole numbers.
            #[allow(clippy::cast_precision_loss)]
            let value = value as f64;
            value
        };
        found.extend(ZERO.map(|name| (name.to_owned(), 0.0)));
        found.extend([
            ("gc/path_removals_pending".to_owned(), number(gc.pending() as u64)),
            ("gc/path_removals_succeeded".to_owned(), number(gc.succeeded)),
            ("gc/path_removals_failed".to_owned(), number(gc.failed)),
            (
                "slave/executor_directory_max_allowed_age_secs".to_owned(),
                gc.max_age.as_secs_f64(),
            ),
        ]);
        found
    }
}

/// The members of `/version` in the order of `/state`.
pub(crate) fn version() -> Vec<(String, VersionValue)> {
    let text = |name: &str, value: &str| (name.to_owned(), VersionValue::Text(value.to_owned()));
    vec![
        text("version", version::VERSION),
        text("git_sha", version::GIT_SHA),
        text("git_tag", version::GIT_TAG),
        text("build_date", version::BUILD_DATE),
        ("build_time".to_owned(), VersionValue::Number(version::BUILD_TIME)),
        text("build_user", version::BUILD_USER),
    ]
}
