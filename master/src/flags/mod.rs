//! The flags of the master. Names, defaults and meaning are those of Mesos.

mod accepted;
mod allocation;

use std::collections::{BTreeMap, BTreeSet};
use std::net::Ipv4Addr;
use std::path::PathBuf;

use clap::{ArgAction, Parser};
use libprocess_core::duration::DurationText;
use mesos_allocator::Allocators;
use mesos_daemon::domain::Domain;
use mesos_daemon::firewall::FirewallRules;
use mesos_daemon::flags::FilePath;
use mesos_master_core::Options;

/// The largest request body that is read, in bytes: an ACCEPT of some 100,000 tasks. Larger ones are answered 413.
pub const BODY_MAX: usize = 256 << 20;

/// The Mesos master: agents join it, frameworks are offered what they have.
#[derive(Debug, Clone, Parser)]
#[command(
    name = "mesos-master",
    rename_all = "snake_case",
    after_help = "Every flag can be given in the environment as MESOS_ and its name in capitals, as in MESOS_WORK_DIR.\n\
                  A value of the form file:///path stands for the contents of that file.\n\n\
                  A cluster on one machine:\n  \
                  mesos-master --ip=127.0.0.1 --work_dir=/tmp/m\n  \
                  mesos-agent --master=127.0.0.1:5050 --work_dir=/tmp/a"
)]
pub struct Flags {
    /// Show the version and exit.
    #[arg(long, default_value = "false", default_missing_value = "true", num_args = 0..=1, require_equals = true, action = ArgAction::Set)]
    pub version: bool,

    /// The IPv4 address to listen on. Default: all addresses.
    #[arg(long, help_heading = "Network", value_name = "IP")]
    pub ip: Option<Ipv4Addr>,
    /// The port to listen on.
    #[arg(long, default_value_t = 5050, help_heading = "Network")]
    pub port: u16,
    /// The address to announce to agents and frameworks instead.
    #[arg(long, help_heading = "Network", value_name = "IP")]
    pub advertise_ip: Option<Ipv4Addr>,
    /// The port to announce instead.
    #[arg(long, help_heading = "Network", value_name = "PORT")]
    pub advertise_port: Option<u16>,
    /// The host name to announce. Default: looked up.
    #[arg(long, help_heading = "Network", value_name = "NAME")]
    pub hostname: Option<String>,
    /// Whether to look up the host name; else the address is announced.
    #[arg(long, default_value = "true", default_missing_value = "true", num_args = 0..=1, require_equals = true, action = ArgAction::Set, help_heading = "Network")]
    pub hostname_lookup: bool,

    /// The directory for what must survive the master.
    #[arg(long, help_heading = "Registry", value_name = "DIR")]
    pub work_dir: Option<PathBuf>,
    /// Where the registry is kept: local (a file in the work_dir), in_memory (lost with the master), or
    /// replicated_log (kept locally while there is one master).
    #[arg(long, default_value = "local", value_parser = ["local", "in_memory", "replicated_log"], help_heading = "Registry")]
    pub registry: String,
    /// How many masters must hold the registry; with one master it can only be 1.
    #[arg(long, default_value_t = 1, help_heading = "Registry")]
    pub quorum: u32,
    /// How long reading the registry may take.
    #[arg(long, default_value = "1mins", help_heading = "Registry")]
    pub registry_fetch_timeout: DurationText,
    /// How long writing the registry may take.
    #[arg(long, default_value = "20secs", help_heading = "Registry")]
    pub registry_store_timeout: DurationText,
    /// ZooKeeper for leader election among masters. Not supported yet: this master is the only one.
    #[arg(long, help_heading = "Registry", value_name = "URL")]
    pub zk: Option<String>,

    /// How long an agent that disconnected, or was known to an earlier master, may take to return.
    #[arg(
        long,
        default_value = "10mins",
        alias = "slave_reregister_timeout",
        help_heading = "Agents"
    )]
    pub agent_reregister_timeout: DurationText,
    /// How long to wait for an agent's answer to a ping before it counts as missed.
    #[arg(
        long,
        default_value = "15secs",
        alias = "slave_ping_timeout",
        help_heading = "Agents"
    )]
    pub agent_ping_timeout: DurationText,
    /// How many missed pings make an agent unreachable.
    #[arg(
        long,
        default_value_t = 5,
        alias = "max_slave_ping_timeouts",
        help_heading = "Agents"
    )]
    pub max_agent_ping_timeouts: u32,
    /// The share of agents that may be lost at once after a failover.
    #[arg(long, default_value = "100%", help_heading = "Agents")]
    pub recovery_agent_removal_limit: String,

    /// The region and zone of this master, as JSON or the path of a file: {"fault_domain": {"region": {"name": "r"},
    /// "zone": {"name": "z"}}}. Agents of other regions are offered only to frameworks that are REGION_AWARE.
    #[arg(long, help_heading = "Agents", value_name = "DOMAIN")]
    pub domain: Option<Domain>,
    /// Whether agents without a --domain are turned away.
    #[arg(long, default_value = "false", default_missing_value = "true", num_args = 0..=1, require_equals = true, action = ArgAction::Set, help_heading = "Agents")]
    pub require_agent_domain: bool,

    /// A file with the host names of the agents to offer, one on each line, read again every 5 seconds. Default: all
    /// agents are offered.
    #[arg(long, help_heading = "Offers", value_name = "FILE", value_hint = clap::ValueHint::FilePath)]
    pub whitelist: Option<FilePath>,
    /// The time between regular allocation rounds.
    #[arg(long, default_value = "1secs", help_heading = "Offers")]
    pub allocation_interval: DurationText,
    /// After which time an unused offer is taken back. Default: never.
    #[arg(long, help_heading = "Offers", value_name = "DURATION")]
    pub offer_timeout: Option<DurationText>,
    /// Flags of the allocator.
    #[command(flatten)]
    pub allocation: allocation::Allocation,

    /// The only roles that are admitted, separated by commas. Default: any.
    #[arg(long, help_heading = "Frameworks")]
    pub roles: Option<String>,
    /// How much roles count, while the registry has no weights: role=weight,role=weight. See /weights.
    #[arg(long, help_heading = "Frameworks", value_name = "WEIGHTS")]
    pub weights: Option<String>,
    /// Whether frameworks may run as root.
    #[arg(long, default_value = "true", default_missing_value = "true", num_args = 0..=1, require_equals = true, action = ArgAction::Set, help_heading = "Frameworks")]
    pub root_submissions: bool,
    /// How many completed frameworks are shown.
    #[arg(long, default_value_t = 50, help_heading = "Frameworks")]
    pub max_completed_frameworks: usize,
    /// How many completed tasks are shown for each framework.
    #[arg(long, default_value_t = 1000, help_heading = "Frameworks")]
    pub max_completed_tasks_per_framework: usize,
    /// How many unreachable tasks are kept for each framework.
    #[arg(long, default_value_t = 1000, help_heading = "Frameworks")]
    pub max_unreachable_tasks_per_framework: usize,

    /// A name for the cluster.
    #[arg(long, help_heading = "Operators")]
    pub cluster: Option<String>,
    /// How many operators may listen to the event stream at once.
    #[arg(long, default_value_t = 1000, help_heading = "Operators")]
    pub max_operator_event_stream_subscribers: usize,
    /// Whether each framework has metrics of its own.
    #[arg(long, default_value = "true", default_missing_value = "true", num_args = 0..=1, require_equals = true, action = ArgAction::Set, help_heading = "Operators")]
    pub publish_per_framework_metrics: bool,
    /// Endpoints to close, as JSON or the path of a file: {"disabled_endpoints": {"paths": ["/files/browse"]}}.
    #[arg(long, help_heading = "Operators", value_name = "RULES")]
    pub firewall_rules: Option<FirewallRules>,

    /// The least severe lines to log: INFO, WARNING or ERROR.
    #[arg(long, default_value = "INFO", help_heading = "Logging")]
    pub logging_level: String,
    /// The directory for log files. Default: stderr only.
    #[arg(long, help_heading = "Logging", value_name = "DIR")]
    pub log_dir: Option<PathBuf>,
    /// The log file to show at /files, when something else writes it.
    #[arg(long, help_heading = "Logging", value_name = "FILE")]
    pub external_log_file: Option<PathBuf>,
    /// Do not log to stderr.
    #[arg(long, default_value = "false", default_missing_value = "true", num_args = 0..=1, require_equals = true, action = ArgAction::Set, help_heading = "Logging")]
    pub quiet: bool,
    /// Accepted for compatibility; lines are never held back.
    #[arg(long, default_value_t = 0, help_heading = "Logging")]
    pub logbufsecs: u32,

    /// Flags whose features are not there yet.
    #[command(flatten)]
    pub accepted: accepted::Accepted,
}

impl Flags {
    /// Checks what depends on more than one flag, or on Mesos' limits.
    ///
    /// # Errors
    ///
    /// The mistake in Mesos' words.
    pub fn check(&self) -> Result<(), String> {
        self.accepted.check()?;
        if self.zk.is_some() {
            return Err(
                "Flag '--zk' is not supported by this release: it runs one master. Leave it out, and point \
                        agents at this master's address"
                    .to_owned(),
            );
        }
        if self.quorum != 1 {
            return Err("Flag '--quorum' must be 1 with one master".to_owned());
        }
        if self.registry != "in_memory" && self.work_dir.is_none() {
            return Err(format!("--work_dir needed for {} based registry", self.registry));
        }
        let secs = self.agent_ping_timeout.0.as_secs_f64();
        if !(1.0..=900.0).contains(&secs) {
            return Err(format!(
                "Invalid value '{}' for --agent_ping_timeout: Must be between 1secs and 15mins",
                libprocess_core::duration::format_duration(self.agent_ping_timeout.0)
            ));
        }
        if self.max_agent_ping_timeouts < 1 {
            return Err(format!(
                "Invalid value '{}' for --max_agent_ping_timeouts: Must be at least 1",
                self.max_agent_ping_timeouts
            ));
        }
        if self.agent_reregister_timeout.0.as_secs() < 600 {
            return Err(format!(
                "Invalid value '{}' for --agent_reregister_timeout: Must be at least 10mins",
                libprocess_core::duration::format_duration(self.agent_reregister_timeout.0)
            ));
        }
        Ok(())
    }

    /// The log file that operators can read, if there is one.
    pub fn log_file(&self) -> Option<PathBuf> {
        let own = || {
            self.log_dir
                .as_ref()
                .map(|directory| directory.join("mesos-master.INFO"))
        };
        self.external_log_file.clone().or_else(own)
    }

    /// What the core is told. `shown` is what `/flags` shows; one of the `allocators` is the one that `--allocator` names.
    ///
    /// # Errors
    ///
    /// The mistake in Mesos' words.
    pub fn options(&self, shown: Vec<(String, String)>, allocators: &Allocators) -> Result<Options, String> {
        let name = &self.allocation.allocator;
        let make_allocator = allocators.get(name).ok_or_else(|| {
            let names: Vec<&str> = allocators.names().collect();
            format!(
                "Failed to create allocator '{name}': Module '{name}' unknown; there are {}",
                names.join(", ")
            )
        })?;
        let limit = self
            .recovery_agent_removal_limit
            .trim_end_matches('%')
            .parse::<f64>();
        let limit = limit
            .ok()
            .filter(|limit| (0.0..=100.0).contains(limit))
            .ok_or_else(|| {
                format!(
                    "Invalid value '{}' for --recovery_agent_removal_limit: Must be within [0%-100%]",
                    self.recovery_agent_removal_limit
                )
            })?;
        let roles = self.roles.as_ref().map(|roles| {
            roles
                .split(',')
                .filter(|role| !role.is_empty())
                .map(|role| role.trim().to_owned())
                .collect::<BTreeSet<String>>()
        });
        for role in roles.iter().flatten() {
            mesos::roles::validate(role).map_err(|error| format!("Failed to parse roles: {error}"))?;
        }
        if let Some(timeout) = self.offer_timeout.as_ref().filter(|timeout| timeout.0.is_zero()) {
            return Err(format!(
                "Invalid value '{}' for --offer_timeout: Must be greater than zero",
                libprocess_core::duration::format_duration(timeout.0)
            ));
        }
        Ok(Options {
            agent_ping_timeout: self.agent_ping_timeout.0,
            max_agent_ping_timeouts: self.max_agent_ping_timeouts,
            agent_reregister_timeout: self.agent_reregister_timeout.0,
            recovery_agent_removal_limit_percent: limit,
            offer_timeout: self.offer_timeout.as_ref().map(|timeout| timeout.0),
            max_completed_frameworks: self.max_completed_frameworks,
            max_completed_tasks_per_framework: self.max_completed_tasks_per_framework,
            max_unreachable_tasks_per_framework: self.max_unreachable_tasks_per_framework,
            max_operator_event_stream_subscribers: self.max_operator_event_stream_subscribers,
            root_submissions: self.root_submissions,
            weights: weights(self.weights.as_deref().unwrap_or_default(), roles.as_ref())?,
            roles,
            cluster: self.cluster.clone(),
            publish_per_framework_metrics: self.publish_per_framework_metrics,
            require_agent_domain: self.require_agent_domain,
            allocator: mesos_allocator::Options {
                domain: self.domain.clone().map(|domain| domain.0),
                ..self.allocation.options(self.allocation_interval.0)?
            },
            make_allocator: make_allocator.clone(),
            shown,
        })
    }
}

/// `role=weight,role=weight`. Mesos: `src/master/master.cpp`, `Master::initialize`.
fn weights(text: &str, roles: Option<&BTreeSet<String>>) -> Result<BTreeMap<String, f64>, String> {
    let mut weights = BTreeMap::new();
    for token in text.split(',').filter(|token| !token.is_empty()) {
        let parts: Vec<&str> = token.split('=').filter(|part| !part.is_empty()).collect();
        let [role, weight] = parts[..] else {
            return Err(format!(
                "Invalid weight: '{token}'. --weights should be of the form 'role=weight,role=weight'"
            ));
        };
        let known = mesos::roles::validate(role).is_ok()
            && roles.is_none_or(|roles| role == "*" || roles.contains(role));
        if !known {
            return Err(format!("Invalid weight: '{token}'. {role} is not a valid role"));
        }
        let weight = weight.trim().parse::<f64>().unwrap_or(0.0);
        if weight.is_nan() || weight <= 0.0 {
            return Err(format!("Invalid weight: '{token}'. Weights must be positive"));
        }
        weights.insert(role.to_owned(), weight);
    }
    Ok(weights)
}
