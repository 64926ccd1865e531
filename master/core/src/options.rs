//! What an operator can set.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// The flags that change decisions. Names and defaults are those of Mesos' flags.
#[derive(Debug, Clone)]
pub struct Options {
    /// `--agent_ping_timeout`: how long to wait for a pong before counting a miss.
    pub agent_ping_timeout: Duration,
    /// `--max_agent_ping_timeouts`: how many misses make an agent unreachable.
    pub max_agent_ping_timeouts: u32,
    /// `--agent_reregister_timeout`: how long a disconnected agent may stay away.
    pub agent_reregister_timeout: Duration,
    /// `--recovery_agent_removal_limit`: the share of recovered agents that may be lost at once, in percent.
    pub recovery_agent_removal_limit_percent: f64,
    /// `--offer_timeout`: after which an unused offer is rescinded; never when `None`.
    pub offer_timeout: Option<Duration>,
    /// `--max_completed_frameworks`.
    pub max_completed_frameworks: usize,
    /// `--max_completed_tasks_per_framework`.
    pub max_completed_tasks_per_framework: usize,
    /// `--max_unreachable_tasks_per_framework`.
    pub max_unreachable_tasks_per_framework: usize,
    /// `--max_operator_event_stream_subscribers`.
    pub max_operator_event_stream_subscribers: usize,
    /// `--root_submissions`: whether frameworks of user root are admitted.
    pub root_submissions: bool,
    /// `--require_agent_domain`: whether agents without a domain are turned away.
    pub require_agent_domain: bool,
    /// `--roles`: the only roles admitted; any when `None`.
    pub roles: Option<BTreeSet<String>>,
    /// `--weights`: how much roles count, while the registry has no weights.
    pub weights: BTreeMap<String, f64>,
    /// `--cluster`: the name shown to people.
    pub cluster: Option<String>,
    /// `--publish_per_framework_metrics`.
    pub publish_per_framework_metrics: bool,
    /// What the allocator is told.
    pub allocator: mesos_allocator::Options,
    /// Makes the allocator (`--allocator`).
    pub make_allocator: mesos_allocator::Factory,
    /// All flags as `/flags` and `/state` show them: sorted name and value.
    pub shown: Vec<(String, String)>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            agent_ping_timeout: Duration::from_secs(15),
            max_agent_ping_timeouts: 5,
            agent_reregister_timeout: Duration::from_secs(600),
            recovery_agent_removal_limit_percent: 100.0,
            offer_timeout: None,
            max_completed_frameworks: 50,
            max_completed_tasks_per_framework: 1000,
            max_unreachable_tasks_per_framework: 1000,
            max_operator_event_stream_subscribers: 1000,
            root_submissions: true,
            require_agent_domain: false,
            roles: None,
            weights: BTreeMap::new(),
            cluster: None,
            publish_per_framework_metrics: true,
            allocator: mesos_allocator::Options::default(),
            make_allocator: mesos_allocator::Factory::default(),
            shown: Vec::new(),
        }
    }
}
