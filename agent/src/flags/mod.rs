//! The flags of the agent. Names, defaults and meaning are those of Mesos.

mod later;
mod oversubscription;

use std::{net::Ipv4Addr, path::PathBuf};

use clap::{ArgAction, Parser};
use libprocess::duration::{DurationText, format_duration};
use mesos_agent_core::ReconfigurationPolicy;
use mesos_daemon::domain::Domain;
use mesos_daemon::firewall::FirewallRules;

pub use later::LaterFlags;

/// The largest request body that is read, in bytes: far above any status update. Larger ones are answered 413.
pub const BODY_MAX: usize = 256 << 20;

/// The Mesos agent: offers this machine to a master and runs what frameworks send.
#[derive(Debug, Clone, Parser)]
#[command(
    name = "mesos-agent",
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

    /// The master, as host:port.
    #[arg(long, help_heading = "Network", value_name = "HOST:PORT")]
    pub master: Option<String>,
    /// The IPv4 address to listen on. Default: all addresses.
    #[arg(long, help_heading = "Network", value_name = "IP")]
    pub ip: Option<Ipv4Addr>,
    /// The port to listen on.
    #[arg(long, default_value_t = 5051, help_heading = "Network")]
    pub port: u16,
    /// The address to announce to the master instead.
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
    /// Bound of the random wait before the first registration; later waits double up to a minute.
    #[arg(
        long,
        default_value = "1secs",
        help_heading = "Network",
        value_name = "DURATION"
    )]
    pub registration_backoff_factor: DurationText,

    /// What to offer, as in cpus:4;mem:1024;disk:4096;ports:[31000-32000]. Default: what the host has.
    #[arg(long, help_heading = "Offer")]
    pub resources: Option<String>,
    /// Facts about this agent for frameworks to choose by, as in rack:r1;zone:a.
    #[arg(long, help_heading = "Offer")]
    pub attributes: Option<String>,
    /// Its region and zone, as JSON or the path of a file: {"fault_domain": {"region": {"name": "r"}, "zone":
    /// {"name": "z"}}}. The master needs one, too.
    #[arg(long, help_heading = "Offer", value_name = "DOMAIN")]
    pub domain: Option<Domain>,
    /// The role of resources that name none.
    #[arg(long, default_value = "*", help_heading = "Offer")]
    pub default_role: String,

    /// The directory for sandboxes and for what must survive the agent. Required.
    #[arg(long, help_heading = "Directories", value_name = "DIR")]
    pub work_dir: Option<PathBuf>,
    /// The directory for notes about running containers. Default: run, below the work_dir.
    #[arg(long, help_heading = "Directories", value_name = "DIR")]
    pub runtime_dir: Option<PathBuf>,
    /// The directory of mesos-executor. Default: where this program is.
    #[arg(long, help_heading = "Directories", value_name = "DIR")]
    pub launcher_dir: Option<PathBuf>,

    /// How containers are started: posix.
    #[arg(long, default_value = "posix", help_heading = "Containers")]
    pub launcher: String,
    /// How containers are kept apart: posix/cpu,posix/mem (not at all).
    #[arg(long, default_value = "posix/cpu,posix/mem", help_heading = "Containers")]
    pub isolation: String,
    /// Which containerizers to use: mesos.
    #[arg(long, default_value = "mesos", help_heading = "Containers")]
    pub containerizers: String,
    /// Whether tasks run as the user they ask for; else as the user of the agent.
    #[arg(long, default_value = "true", default_missing_value = "true", num_args = 0..=1, require_equals = true, action = ArgAction::Set, help_heading = "Containers")]
    pub switch_user: bool,
    /// How long an executor may take to register.
    #[arg(
        long,
        default_value = "1mins",
        help_heading = "Containers",
        value_name = "DURATION"
    )]
    pub executor_registration_timeout: DurationText,
    /// How long an executor may take to end after it was asked to.
    #[arg(
        long,
        default_value = "5secs",
        help_heading = "Containers",
        value_name = "DURATION"
    )]
    pub executor_shutdown_grace_period: DurationText,
    /// The environment of executors, as a JSON object of texts.
    #[arg(long, help_heading = "Containers", value_name = "JSON")]
    pub executor_environment_variables: Option<String>,

    /// What to do with executors that survived the agent: reconnect or cleanup.
    #[arg(long, default_value = "reconnect", value_parser = ["reconnect", "cleanup"], help_heading = "Recovery")]
    pub recover: String,
    /// How long a checkpointing executor waits for its agent to come back.
    #[arg(
        long,
        default_value = "15mins",
        help_heading = "Recovery",
        value_name = "DURATION"
    )]
    pub recovery_timeout: DurationText,
    /// How long a restarted agent waits for its executors.
    #[arg(
        long,
        default_value = "2secs",
        help_heading = "Recovery",
        value_name = "DURATION"
    )]
    pub executor_reregistration_timeout: DurationText,
    /// Which changes of the agent's description a restart may bring: equal (none) or additive.
    #[arg(long, default_value = "equal", help_heading = "Recovery")]
    pub reconfiguration_policy: String,
    /// Whether state that cannot be read keeps the agent from starting.
    #[arg(long, default_value = "true", default_missing_value = "true", num_args = 0..=1, require_equals = true, action = ArgAction::Set, help_heading = "Recovery")]
    pub strict: bool,

    /// How long sandboxes are kept at most.
    #[arg(
        long,
        default_value = "1weeks",
        help_heading = "Disk",
        value_name = "DURATION"
    )]
    pub gc_delay: DurationText,
    /// The share of the disk to keep free by removing sandboxes earlier.
    #[arg(long, default_value_t = 0.1, help_heading = "Disk")]
    pub gc_disk_headroom: f64,
    /// How often the disk is looked at.
    #[arg(long, default_value = "1mins", help_heading = "Disk", value_name = "DURATION")]
    pub disk_watch_interval: DurationText,

    /// How many completed executors of a framework are shown.
    #[arg(long, default_value_t = 150, help_heading = "Operators")]
    pub max_completed_executors_per_framework: usize,
    /// Whether endpoints that change something ask who calls.
    #[arg(long, default_value = "false", default_missing_value = "true", num_args = 0..=1, require_equals = true, action = ArgAction::Set, hide = true)]
    pub authenticate_http_readwrite: bool,
    /// Whether endpoints that only read ask who calls.
    #[arg(long, default_value = "false", default_missing_value = "true", num_args = 0..=1, require_equals = true, action = ArgAction::Set, hide = true)]
    pub authenticate_http_readonly: bool,
    /// Whether executors must prove who they are.
    #[arg(long, default_value = "false", default_missing_value = "true", num_args = 0..=1, require_equals = true, action = ArgAction::Set, hide = true)]
    pub authenticate_http_executors: bool,

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

    /// Who says what can be spared for a while. Default: nobody. org_apache_mesos_FixedResourceEstimator always says
    /// the `resources` of its parameters in --modules.
    #[arg(long, help_heading = "Oversubscription", value_name = "NAME")]
    pub resource_estimator: Option<String>,
    /// Who takes back what was spared. Default: nobody. org_apache_mesos_LoadQoSController does when the host's load is
    /// above its parameters `load_threshold_5min` or `load_threshold_15min` in --modules.
    #[arg(long, help_heading = "Oversubscription", value_name = "NAME")]
    pub qos_controller: Option<String>,
    /// How often the master is told what can be spared.
    #[arg(
        long,
        default_value = "15secs",
        help_heading = "Oversubscription",
        value_name = "DURATION"
    )]
    pub oversubscribed_resources_interval: DurationText,
    /// The least time between two corrections, and never less than a second.
    #[arg(
        long,
        default_value = "0ns",
        help_heading = "Oversubscription",
        value_name = "DURATION"
    )]
    pub qos_correction_interval_min: DurationText,
    /// Modules and their parameters, as JSON or file:///path. No library is loaded: the two above are built in.
    #[arg(long, help_heading = "Oversubscription", value_name = "MODULES")]
    pub modules: Option<String>,

    /// Endpoints to close, as JSON or the path of a file: {"disabled_endpoints": {"paths": ["/files/browse"]}}.
    #[arg(long, value_name = "RULES")]
    pub firewall_rules: Option<FirewallRules>,

    /// Flags whose features come later.
    #[command(flatten)]
    pub later: LaterFlags,
}

impl Flags {
    /// Checks what the flags cannot show by themselves.
    ///
    /// # Errors
    ///
    /// The mistake, in Mesos' words where it has some.
    pub fn check(&self) -> Result<(), String> {
        let Some(master) = &self.master else {
            return Err("Missing required option `--master` or `--master_detector`.".to_owned());
        };
        if self.work_dir.is_none() {
            return Err("Flag 'work_dir' is required, but it was not provided".to_owned());
        }
        let unsupported = |name: &str| {
            Err(format!(
                "Flag '--{name}' is not supported by this release with this value"
            ))
        };
        if master.starts_with("zk://") {
            return Err(
                "Flag '--master' with zk:// is not supported by this release: give the master's host:port"
                    .to_owned(),
            );
        }
        for (name, value, only) in [
            ("launcher", &self.launcher, "posix"),
            ("containerizers", &self.containerizers, "mesos"),
        ] {
            if value != only {
                return unsupported(name);
            }
        }
        for isolator in self.isolation.split(',') {
            if !["posix/cpu", "posix/mem", "process", "filesystem/posix"].contains(&isolator) {
                return Err(format!(
                    "Unknown or unsupported isolator '{isolator}' in flag '--isolation'"
                ));
            }
        }
        for (name, asked) in [
            ("authenticate_http_readwrite", self.authenticate_http_readwrite),
            ("authenticate_http_readonly", self.authenticate_http_readonly),
            ("authenticate_http_executors", self.authenticate_http_executors),
        ] {
            if asked {
                return unsupported(name);
            }
        }
        if let Some(name) = self.later.unsupported() {
            return unsupported(name);
        }
        self.reconfiguration_policy.parse::<ReconfigurationPolicy>()?;
        if !(0.0..=1.0).contains(&self.gc_disk_headroom) {
            return Err(format!(
                "Invalid value '{}' for --gc_disk_headroom. Must be between 0.0 and 1.0",
                self.gc_disk_headroom
            ));
        }
        if self.executor_reregistration_timeout.0.as_secs() > 15 {
            return Err(format!(
                "Expected `--executor_reregistration_timeout` to be not more than 15secs, but it is {}",
                format_duration(self.executor_reregistration_timeout.0)
            ));
        }
        Ok(())
    }

    /// The log file that operators can read, if there is one.
    #[must_use]
    pub fn log_file(&self) -> Option<PathBuf> {
        let own = || {
            self.log_dir
                .as_ref()
                .map(|directory| directory.join("mesos-agent.INFO"))
        };
        self.external_log_file.clone().or_else(own)
    }
}
