//! Flags of Mesos that this release takes and shows, but whose feature it does not have yet.
//!
//! Their defaults are harmless and stand in many start scripts; asking for the feature itself is an error, so that
//! nobody believes to be protected who is not.

use clap::{ArgAction, Args};
use libprocess_core::duration::DurationText;

/// Taken for compatibility.
#[derive(Debug, Clone, Args)]
#[command(rename_all = "snake_case")]
pub struct Accepted {
    /// Only false.
    #[arg(long, default_value = "false", default_missing_value = "true", num_args = 0..=1, require_equals = true, action = ArgAction::Set, alias = "authenticate_slaves", help_heading = "Taken for compatibility")]
    pub authenticate_agents: bool,
    /// Only false.
    #[arg(long, default_value = "false", default_missing_value = "true", num_args = 0..=1, require_equals = true, action = ArgAction::Set, alias = "authenticate", help_heading = "Taken for compatibility")]
    pub authenticate_frameworks: bool,
    /// Only false.
    #[arg(long, default_value = "false", default_missing_value = "true", num_args = 0..=1, require_equals = true, action = ArgAction::Set, help_heading = "Taken for compatibility")]
    pub authenticate_http_frameworks: bool,
    /// Only false.
    #[arg(long, default_value = "false", default_missing_value = "true", num_args = 0..=1, require_equals = true, action = ArgAction::Set, help_heading = "Taken for compatibility")]
    pub authenticate_http_readonly: bool,
    /// Only false.
    #[arg(long, default_value = "false", default_missing_value = "true", num_args = 0..=1, require_equals = true, action = ArgAction::Set, alias = "authenticate_http", help_heading = "Taken for compatibility")]
    pub authenticate_http_readwrite: bool,
    /// How long an authentication may take.
    #[arg(long, default_value = "15secs", help_heading = "Taken for compatibility")]
    pub authentication_v0_timeout: DurationText,
    /// How agents and frameworks of old are authenticated.
    #[arg(long, default_value = "crammd5", value_parser = ["crammd5"], help_heading = "Taken for compatibility")]
    pub authenticators: String,
    /// Who decides what is allowed.
    #[arg(long, default_value = "local", value_parser = ["local"], help_heading = "Taken for compatibility")]
    pub authorizers: String,
    /// How operators are authenticated.
    #[arg(long, default_value = "basic", value_parser = ["basic"], help_heading = "Taken for compatibility")]
    pub http_authenticators: String,
    /// Has no effect here.
    #[arg(long, default_value = "true", default_missing_value = "true", num_args = 0..=1, require_equals = true, action = ArgAction::Set, help_heading = "Taken for compatibility")]
    pub initialize_driver_logging: bool,
    /// Has no effect here.
    #[arg(long, default_value = "true", default_missing_value = "true", num_args = 0..=1, require_equals = true, action = ArgAction::Set, help_heading = "Taken for compatibility")]
    pub log_auto_initialize: bool,
    /// Only false.
    #[arg(long, default_value = "false", default_missing_value = "true", num_args = 0..=1, require_equals = true, action = ArgAction::Set, help_heading = "Taken for compatibility")]
    pub memory_profiling: bool,
    /// How often the registry forgets old agents.
    #[arg(long, default_value = "15mins", help_heading = "Taken for compatibility")]
    pub registry_gc_interval: DurationText,
    /// How old such agents are.
    #[arg(long, default_value = "2weeks", help_heading = "Taken for compatibility")]
    pub registry_max_agent_age: DurationText,
    /// How many such agents are kept.
    #[arg(long, default_value_t = 102_400, help_heading = "Taken for compatibility")]
    pub registry_max_agent_count: u64,
    /// Only false, as in Mesos.
    #[arg(long, default_value = "false", default_missing_value = "true", num_args = 0..=1, require_equals = true, action = ArgAction::Set, help_heading = "Taken for compatibility")]
    pub registry_strict: bool,
    /// Where the web pages are; this release has none.
    #[arg(
        long,
        default_value = "/usr/share/mesos/webui",
        help_heading = "Taken for compatibility"
    )]
    pub webui_dir: String,
    /// How long a session with ZooKeeper lasts.
    #[arg(long, default_value = "10secs", help_heading = "Taken for compatibility")]
    pub zk_session_timeout: DurationText,
}

impl Accepted {
    /// Refuses what asks for a feature that is not there.
    ///
    /// # Errors
    ///
    /// Names the flag and what to do.
    pub fn check(&self) -> Result<(), String> {
        let asked = [
            ("authenticate_agents", self.authenticate_agents),
            ("authenticate_frameworks", self.authenticate_frameworks),
            ("authenticate_http_frameworks", self.authenticate_http_frameworks),
            ("authenticate_http_readonly", self.authenticate_http_readonly),
            ("authenticate_http_readwrite", self.authenticate_http_readwrite),
            ("memory_profiling", self.memory_profiling),
            ("registry_strict", self.registry_strict),
        ];
        match asked.iter().find(|(_, asked)| *asked) {
            Some((name, _)) => Err(format!(
                "Flag '--{name}' is not supported by this release: leave it out"
            )),
            None => Ok(()),
        }
    }
}
