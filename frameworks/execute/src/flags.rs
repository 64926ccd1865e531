//! The flags, by Mesos' names.

use clap::{ArgAction, Parser};
use libprocess_core::duration::DurationText;

/// Runs one command on a cluster and tells what becomes of it.
#[derive(Debug, Clone, Parser)]
#[command(
    name = "mesos-execute",
    rename_all = "snake_case",
    after_help = "mesos-execute --master=127.0.0.1:5050 --name=hello --command='echo hello'"
)]
pub struct Flags {
    /// The master, as IP:PORT.
    #[arg(long, value_name = "IP:PORT")]
    pub master: String,
    /// A name for the command; also the id of its task.
    #[arg(long)]
    pub name: Option<String>,
    /// The command to run.
    #[arg(long)]
    pub command: Option<String>,
    /// Whether the command is a line for the shell; else it is a program.
    #[arg(long, default_value = "true", default_missing_value = "true", num_args = 0..=1, require_equals = true, action = ArgAction::Set)]
    pub shell: bool,
    /// Environment variables, as a JSON object.
    #[arg(long, alias = "environment", value_name = "JSON")]
    pub env: Option<String>,
    /// What the command may use.
    #[arg(long, default_value = "cpus:1;mem:128")]
    pub resources: String,
    /// A whole TaskInfo as JSON, or the path of a file with one.
    #[arg(long, value_name = "JSON")]
    pub task: Option<String>,
    /// A whole TaskGroupInfo as JSON, or the path of a file with one.
    #[arg(long, value_name = "JSON")]
    pub task_group: Option<String>,
    /// Whether the task survives its agent.
    #[arg(long, default_value = "false", default_missing_value = "true", num_args = 0..=1, require_equals = true, action = ArgAction::Set)]
    pub checkpoint: bool,
    /// Whether the framework knows that agents may come back.
    #[arg(long, default_value = "true", default_missing_value = "true", num_args = 0..=1, require_equals = true, action = ArgAction::Set)]
    pub partition_aware: bool,
    /// Kill the task when it has run for this long.
    #[arg(long, value_name = "DURATION")]
    pub kill_after: Option<DurationText>,
    /// The role to take offers in.
    #[arg(long, default_value = "*")]
    pub role: String,
    /// The principal of the framework.
    #[arg(long)]
    pub principal: Option<String>,
    /// The least severe lines to log: INFO, WARNING or ERROR.
    #[arg(long, default_value = "WARNING")]
    pub logging_level: String,
    /// More capabilities of the framework, separated by commas: GPU_RESOURCES.
    #[arg(long)]
    pub framework_capabilities: Option<String>,
}
