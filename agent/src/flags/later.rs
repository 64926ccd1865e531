//! Flags of Mesos whose features come later. They are known, shown with their defaults, and refused when they are
//! set to something this agent would not do.

use clap::{ArgAction, Args};

/// Flags that have one possible value for now.
#[derive(Debug, Clone, Args)]
#[command(
    rename_all = "snake_case",
    next_help_heading = "Known, but without effect yet"
)]
pub struct LaterFlags {
    /// Prefix for simple appc discovery.
    #[arg(long, hide = true, default_value = "http://")]
    pub appc_simple_discovery_uri_prefix: String,
    /// Appc image store.
    #[arg(long, hide = true, default_value = "/tmp/mesos/store/appc")]
    pub appc_store_dir: String,
    /// Client authentication implementation.
    #[arg(long, hide = true, default_value = "crammd5")]
    pub authenticatee: String,
    /// Grows the authentication retry window.
    #[arg(long, hide = true, default_value = "1secs")]
    pub authentication_backoff_factor: String,
    /// Upper bound before retrying authentication.
    #[arg(long, hide = true, default_value = "1mins")]
    pub authentication_timeout_max: String,
    /// Lower bound before retrying authentication.
    #[arg(long, hide = true, default_value = "5secs")]
    pub authentication_timeout_min: String,
    /// Authorizer implementation.
    #[arg(long, hide = true, default_value = "local")]
    pub authorizer: String,
    /// Report process and thread counts.
    #[arg(long, hide = true, default_value = "false", default_missing_value = "true", num_args = 0..=1, require_equals = true, action = ArgAction::Set)]
    pub cgroups_cpu_enable_pids_and_tids_count: bool,
    /// Time allowed to destroy a cgroup.
    #[arg(long, hide = true, default_value = "1mins")]
    pub cgroups_destroy_timeout: String,
    /// Hard CPU limit with CFS quota.
    #[arg(long, hide = true, default_value = "false", default_missing_value = "true", num_args = 0..=1, require_equals = true, action = ArgAction::Set)]
    pub cgroups_enable_cfs: bool,
    /// Cgroup mount root.
    #[arg(long, hide = true, default_value = "/sys/fs/cgroup")]
    pub cgroups_hierarchy: String,
    /// Limit memory plus swap.
    #[arg(long, hide = true, default_value = "false", default_missing_value = "true", num_args = 0..=1, require_equals = true, action = ArgAction::Set)]
    pub cgroups_limit_swap: bool,
    /// Name of root cgroup.
    #[arg(long, hide = true, default_value = "mesos")]
    pub cgroups_root: String,
    /// disk/du usage check period.
    #[arg(long, hide = true, default_value = "15secs")]
    pub container_disk_watch_interval: String,
    /// Reject containers sharing host IPC namespace.
    #[arg(long, hide = true, default_value = "false", default_missing_value = "true", num_args = 0..=1, require_equals = true, action = ArgAction::Set)]
    pub disallow_sharing_agent_ipc_namespace: bool,
    /// Reject containers sharing host pid namespace.
    #[arg(long, hide = true, default_value = "false", default_missing_value = "true", num_args = 0..=1, require_equals = true, action = ArgAction::Set)]
    pub disallow_sharing_agent_pid_namespace: bool,
    /// Docker CLI executable.
    #[arg(long, hide = true, default_value = "docker")]
    pub docker: String,
    /// Ignore image ENV, WORKDIR, CMD.
    #[arg(long, hide = true, default_value = "false", default_missing_value = "true", num_args = 0..=1, require_equals = true, action = ArgAction::Set)]
    pub docker_ignore_runtime: bool,
    /// Kill unknown docker containers named by Mesos.
    #[arg(long, hide = true, default_value = "true", default_missing_value = "true", num_args = 0..=1, require_equals = true, action = ArgAction::Set)]
    pub docker_kill_orphans: bool,
    /// Registry for pulls, or local tar directory.
    #[arg(long, hide = true, default_value = "https://registry-1.docker.io")]
    pub docker_registry: String,
    /// Delay before removing exited docker containers.
    #[arg(long, hide = true, default_value = "6hrs")]
    pub docker_remove_delay: String,
    /// Docker daemon socket mounted into executor.
    #[arg(long, hide = true, default_value = "/var/run/docker.sock")]
    pub docker_socket: String,
    /// Grace for docker stop when no kill policy.
    #[arg(long, hide = true, default_value = "0ns")]
    pub docker_stop_timeout: String,
    /// Docker image layer store for UCR.
    #[arg(long, hide = true, default_value = "/tmp/mesos/store/docker")]
    pub docker_store_dir: String,
    /// Checkpoints for docker/volume isolator.
    #[arg(long, hide = true, default_value = "/var/run/mesos/isolators/docker/volume")]
    pub docker_volume_checkpoint_dir: String,
    /// Chown docker volume mountpoint to container user.
    #[arg(long, hide = true, default_value = "false", default_missing_value = "true", num_args = 0..=1, require_equals = true, action = ArgAction::Set)]
    pub docker_volume_chown: bool,
    /// Kill containers over disk allocation.
    #[arg(long, hide = true, default_value = "false", default_missing_value = "true", num_args = 0..=1, require_equals = true, action = ArgAction::Set)]
    pub enforce_container_disk_quota: bool,
    /// Fetcher cache location, cleared at start.
    #[arg(long, hide = true, default_value = "/tmp/mesos/fetch")]
    pub fetcher_cache_dir: String,
    /// Capacity of fetcher cache.
    #[arg(long, hide = true, default_value = "2GB")]
    pub fetcher_cache_size: String,
    /// Abort downloads slower than one byte/sec this long.
    #[arg(long, hide = true, default_value = "1mins")]
    pub fetcher_stall_timeout: String,
    /// Prefix for relative executor URIs.
    #[arg(long, hide = true, default_value = "")]
    pub frameworks_home: String,
    /// Collect standalone/nested container sandboxes.
    #[arg(long, hide = true, default_value = "false", default_missing_value = "true", num_args = 0..=1, require_equals = true, action = ArgAction::Set)]
    pub gc_non_executor_container_sandboxes: bool,
    /// Run command executor over v1 HTTP API.
    #[arg(long, hide = true, default_value = "false", default_missing_value = "true", num_args = 0..=1, require_equals = true, action = ArgAction::Set)]
    pub http_command_executor: bool,
    /// HTTP executors connect over unix socket.
    #[arg(long, hide = true, default_value = "false", default_missing_value = "true", num_args = 0..=1, require_equals = true, action = ArgAction::Set)]
    pub http_executor_domain_sockets: bool,
    /// Heartbeats on nested session/attach-output streams.
    #[arg(long, hide = true, default_value = "30secs")]
    pub http_heartbeat_interval: String,
    /// Driver initialises glog in frameworks/executors.
    #[arg(long, hide = true, default_value = "true", default_missing_value = "true", num_args = 0..=1, require_equals = true, action = ArgAction::Set)]
    pub initialize_driver_logging: bool,
    /// Enable heap profiler endpoints.
    #[arg(long, hide = true, default_value = "false", default_missing_value = "true", num_args = 0..=1, require_equals = true, action = ArgAction::Set)]
    pub memory_profiling: bool,
    /// Export CNI container network metrics.
    #[arg(long, hide = true, default_value = "true", default_missing_value = "true", num_args = 0..=1, require_equals = true, action = ArgAction::Set)]
    pub network_cni_metrics: bool,
    /// Keep CNI state across reboot.
    #[arg(long, hide = true, default_value = "false", default_missing_value = "true", num_args = 0..=1, require_equals = true, action = ArgAction::Set)]
    pub network_cni_root_dir_persist: bool,
    /// Length of a perf sample.
    #[arg(long, hide = true, default_value = "10secs")]
    pub perf_duration: String,
    /// Start-to-start gap between perf samples.
    #[arg(long, hide = true, default_value = "1mins")]
    pub perf_interval: String,
    /// Lower cpu shares for revocable cpu.
    #[arg(long, hide = true, default_value = "true", default_missing_value = "true", num_args = 0..=1, require_equals = true, action = ArgAction::Set)]
    pub revocable_cpu_low_priority: bool,
    /// Sandbox mount point inside images.
    #[arg(long, hide = true, default_value = "/mnt/mesos/sandbox")]
    pub sandbox_directory: String,
    /// Extend executor lifetime using systemd slice.
    #[arg(long, hide = true, default_value = "false", default_missing_value = "true", num_args = 0..=1, require_equals = true, action = ArgAction::Set)]
    pub systemd_enable_support: bool,
    /// Systemd runtime path.
    #[arg(long, hide = true, default_value = "/run/systemd/system")]
    pub systemd_runtime_directory: String,
    /// ZooKeeper session timeout for detector.
    #[arg(long, hide = true, default_value = "10secs")]
    pub zk_session_timeout: String,
    /// Image types supported by Mesos containerizer.
    #[arg(long, hide = true)]
    pub image_providers: Option<String>,
    /// Rootfs layering strategy.
    #[arg(long, hide = true)]
    pub image_provisioner_backend: Option<String>,
    /// Automatic image garbage collection settings.
    #[arg(long, hide = true)]
    pub image_gc_config: Option<String>,
    /// Key for generating executor JWTs (alias executor_secret_key).
    #[arg(long, hide = true)]
    pub jwt_secret_key: Option<String>,
    /// Module handling executor stdout/stderr.
    #[arg(long, hide = true)]
    pub container_logger: Option<String>,
    /// GPUs exposed; requires matching gpus resource.
    #[arg(long, hide = true)]
    pub nvidia_gpu_devices: Option<String>,
    /// Capabilities granted by default (alias allowed_capabilities).
    #[arg(long, hide = true)]
    pub effective_capabilities: Option<String>,
    /// Maximum capabilities a container may hold.
    #[arg(long, hide = true)]
    pub bounding_capabilities: Option<String>,
    /// Principal and secret used with master.
    #[arg(long, hide = true)]
    pub credential: Option<String>,
    /// Agent local authorizer ACLs.
    #[arg(long, hide = true)]
    pub acls: Option<String>,
    /// Default docker registry credentials.
    #[arg(long, hide = true)]
    pub docker_config: Option<String>,
    /// CNI plugin search path.
    #[arg(long, hide = true)]
    pub network_cni_plugins_dir: Option<String>,
    /// CNI network configuration directory.
    #[arg(long, hide = true)]
    pub network_cni_config_dir: Option<String>,
    /// Directory of module manifests.
    #[arg(long, hide = true)]
    pub modules_dir: Option<String>,
    /// Authenticators for agent HTTP realms.
    #[arg(long, hide = true)]
    pub http_authenticators: Option<String>,
    /// Credentials for agent HTTP authentication.
    #[arg(long, hide = true)]
    pub http_credentials: Option<String>,
    /// Script printing IP to bind.
    #[arg(long, hide = true)]
    pub ip_discovery_command: Option<String>,
    /// Hadoop client root for hdfs fetches.
    #[arg(long, hide = true)]
    pub hadoop_home: Option<String>,
    /// Directory of local resource provider JSON configs.
    #[arg(long, hide = true)]
    pub resource_provider_config_dir: Option<String>,
    /// ContainerInfo applied when executor lacks one.
    #[arg(long, hide = true)]
    pub default_container_info: Option<String>,
    /// DNS settings per network mode.
    #[arg(long, hide = true)]
    pub default_container_dns: Option<String>,
    /// Hook modules to install.
    #[arg(long, hide = true)]
    pub hooks: Option<String>,
    /// Resolves Secret references.
    #[arg(long, hide = true)]
    pub secret_resolver: Option<String>,
    /// Custom detector module.
    #[arg(long, hide = true)]
    pub master_detector: Option<String>,
    /// Extra devices for cgroups/devices isolator.
    #[arg(long, hide = true)]
    pub allowed_devices: Option<String>,
    /// Directories where missing host paths may be created.
    #[arg(long, hide = true)]
    pub host_path_volume_force_creation: Option<String>,
}

impl LaterFlags {
    /// The first flag that asks for something this agent does not do.
    #[must_use]
    pub fn unsupported(&self) -> Option<&'static str> {
        let asked = [
            ("authenticatee", self.authenticatee != "crammd5"),
            ("authorizer", self.authorizer != "local"),
            (
                "cgroups_cpu_enable_pids_and_tids_count",
                self.cgroups_cpu_enable_pids_and_tids_count,
            ),
            ("cgroups_enable_cfs", self.cgroups_enable_cfs),
            ("cgroups_limit_swap", self.cgroups_limit_swap),
            (
                "disallow_sharing_agent_ipc_namespace",
                self.disallow_sharing_agent_ipc_namespace,
            ),
            (
                "disallow_sharing_agent_pid_namespace",
                self.disallow_sharing_agent_pid_namespace,
            ),
            ("docker_ignore_runtime", self.docker_ignore_runtime),
            ("docker_volume_chown", self.docker_volume_chown),
            ("enforce_container_disk_quota", self.enforce_container_disk_quota),
            ("frameworks_home", !self.frameworks_home.is_empty()),
            (
                "gc_non_executor_container_sandboxes",
                self.gc_non_executor_container_sandboxes,
            ),
            ("http_executor_domain_sockets", self.http_executor_domain_sockets),
            ("network_cni_root_dir_persist", self.network_cni_root_dir_persist),
            ("revocable_cpu_low_priority", !self.revocable_cpu_low_priority),
            ("image_providers", self.image_providers.is_some()),
            (
                "image_provisioner_backend",
                self.image_provisioner_backend.is_some(),
            ),
            ("image_gc_config", self.image_gc_config.is_some()),
            ("jwt_secret_key", self.jwt_secret_key.is_some()),
            ("container_logger", self.container_logger.is_some()),
            ("nvidia_gpu_devices", self.nvidia_gpu_devices.is_some()),
            ("effective_capabilities", self.effective_capabilities.is_some()),
            ("bounding_capabilities", self.bounding_capabilities.is_some()),
            ("credential", self.credential.is_some()),
            ("acls", self.acls.is_some()),
            ("docker_config", self.docker_config.is_some()),
            ("network_cni_plugins_dir", self.network_cni_plugins_dir.is_some()),
            ("network_cni_config_dir", self.network_cni_config_dir.is_some()),
            ("modules_dir", self.modules_dir.is_some()),
            ("http_authenticators", self.http_authenticators.is_some()),
            ("http_credentials", self.http_credentials.is_some()),
            ("ip_discovery_command", self.ip_discovery_command.is_some()),
            ("hadoop_home", self.hadoop_home.is_some()),
            (
                "resource_provider_config_dir",
                self.resource_provider_config_dir.is_some(),
            ),
            ("default_container_info", self.default_container_info.is_some()),
            ("default_container_dns", self.default_container_dns.is_some()),
            ("hooks", self.hooks.is_some()),
            ("secret_resolver", self.secret_resolver.is_some()),
            ("master_detector", self.master_detector.is_some()),
            ("allowed_devices", self.allowed_devices.is_some()),
            (
                "host_path_volume_force_creation",
                self.host_path_volume_force_creation.is_some(),
            ),
        ];
        asked.into_iter().find(|(_, asked)| *asked).map(|(name, _)| name)
    }
}
