//! The Mesos agent.

#![forbid(unsafe_code)]

mod agent;
mod disk;
mod effects;
mod flags;
mod gc;
mod http;
mod metrics;
mod recover;
mod resources;
mod signals;

use std::{
    fs,
    net::{Ipv4Addr, SocketAddrV4, ToSocketAddrs},
    path::{Path, PathBuf},
    sync::Arc,
};

use anyhow::{Context as _, Result, anyhow};
use libprocess::{System, Upid};
use mesos_agent_core::{AgentCore, Config, Random, views::Daemon};
use mesos_containerizer::{PosixLauncher, Reaper};
use mesos_daemon::{
    files::Files,
    flags::{exit_with, load_or_exit},
    ids, logging, version,
};
use mesos_proto::v0::SlaveInfo;
use tracing::info;

use crate::{agent::Parts, flags::Flags};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() {
    let loaded = load_or_exit::<Flags>();
    if loaded.flags.version {
        println!("mesos {}", version::VERSION);
        return;
    }
    if let Err(error) = run(&loaded.flags, loaded.shown) {
        exit_with(&format!("{error:#}"));
    }
}

fn run(flags: &Flags, shown: Vec<(String, String)>) -> Result<()> {
    // Before any thread starts: all of them are to leave these signals alone.
    let signals = signals::block()?;
    logging::initialize(
        "mesos-agent",
        &flags.logging_level,
        flags.quiet,
        flags.log_dir.as_deref(),
    )
    .map_err(anyhow::Error::msg)?;
    flags.check().map_err(anyhow::Error::msg)?;
    let work_dir = prepare_work_dir(flags.work_dir.as_deref().unwrap_or(Path::new("")))?;
    let launcher_dir = launcher_dir(flags)?;
    let runtime_dir = flags.runtime_dir.clone().unwrap_or_else(|| work_dir.join("run"));
    let launcher = PosixLauncher::new(&runtime_dir).with_context(|| {
        format!(
            "Failed to create the runtime directory '{}'",
            runtime_dir.display()
        )
    })?;
    let resources = resources::detect(flags.resources.as_deref(), &flags.default_role, &work_dir)
        .map_err(|error| anyhow!("Failed to determine agent resources: {error}"))?;
    let attributes = mesos::attributes::parse(flags.attributes.as_deref().unwrap_or_default())
        .map_err(|error| anyhow!("Failed to parse attributes: {error}"))?;
    let master = master_address(flags.master.as_deref().unwrap_or_default())?;

    let system = start_system(flags)?;
    let address = system.address();
    let hostname = hostname(flags, address);
    let pid = system.upid(&system.generate_id("slave"));
    system.set_delegate(pid.id());
    if let Some(rules) = &flags.firewall_rules {
        rules.install(&system);
    }
    info!(%pid, hostname, resources = %resources, "agent starting");
    let info = SlaveInfo {
        hostname: hostname.clone(),
        port: Some(i32::from(address.port())),
        resources: resources.to_protos(),
        attributes,
        domain: flags.domain.clone().map(|domain| Box::new(domain.0)),
        checkpoint: Some(true),
        ..SlaveInfo::default()
    };
    let config = config(flags, &pid, info.clone(), &work_dir, &launcher_dir)?;
    let seed = std::array::from_fn(|_| ids::random_seed());
    let core = AgentCore::new(config, Random::from_seed(seed), system.now());
    let daemon = daemon(flags, shown, &hostname, &launcher_dir, &runtime_dir, &master);
    version::spawn(&system);
    let files = Files::spawn(&system);
    if let Some(log) = flags.log_file() {
        files.attach("/slave/log", &log);
    }
    let launcher = Arc::new(launcher);
    let recovered = recover::read(
        &work_dir,
        launcher.as_ref(),
        &info,
        flags
            .reconfiguration_policy
            .parse()
            .map_err(|error: String| anyhow!(error))?,
        flags.strict,
    )?;
    let parts = Parts {
        master: Upid::new("master", master),
        launcher,
        reaper: Reaper::start().context("Failed to start the reaper")?,
        files,
        daemon,
        gc: gc::Gc::new(flags.gc_delay.0, flags.gc_disk_headroom, work_dir),
        disk_watch_interval: flags.disk_watch_interval.0,
        ended: None,
    };
    let agent = agent::spawn(&system, pid.id(), core, parts, recovered)?;
    signals::watch(signals, agent.process.clone())?;
    let outcome = agent.outcome.wait();
    // Messages to the master are under way; the runtime sends what it has before it stops.
    system.shutdown();
    match outcome {
        Ok(None) => Ok(()),
        Ok(Some(error)) => Err(anyhow!(error)),
        Err(error) => Err(anyhow!("the agent ended: {error}")),
    }
}

/// Makes the work directory and follows all links to it, since paths below it are shown and compared.
fn prepare_work_dir(path: &Path) -> Result<PathBuf> {
    let failed = || format!("Failed to create the work directory '{}'", path.display());
    fs::create_dir_all(path.join("meta")).with_context(failed)?;
    let probe = path.join("meta/.writable");
    fs::write(&probe, b"")
        .and_then(|()| fs::remove_file(&probe))
        .with_context(|| format!("Failed to write to the work directory '{}'", path.display()))?;
    fs::canonicalize(path).with_context(failed)
}

fn launcher_dir(flags: &Flags) -> Result<PathBuf> {
    if let Some(directory) = &flags.launcher_dir {
        return Ok(directory.clone());
    }
    let own = std::env::current_exe().context("Failed to find the path of this program")?;
    Ok(own.parent().map(Path::to_path_buf).unwrap_or_default())
}

fn start_system(flags: &Flags) -> Result<System> {
    // The flags are said last: they win over the variables of libprocess.
    let mut builder = System::builder()
        .ip(Ipv4Addr::UNSPECIFIED)
        .from_env()?
        .port(flags.port)
        .realms("mesos-agent-readwrite", "mesos-agent-readonly")
        .log_toggle(logging::set_verbosity)
        .max_body(flags::BODY_MAX);
    if let Some(ip) = flags.ip {
        builder = builder.ip(ip);
    }
    if let Some(advertised) = flags.advertise_ip {
        builder = builder.advertise_ip(advertised);
    }
    if let Some(port) = flags.advertise_port {
        builder = builder.advertise_port(port);
    }
    builder.start().with_context(|| {
        format!(
            "Failed to initialize: Failed to bind on port {}; choose another --port or --ip",
            flags.port
        )
    })
}

fn v4(host: &str, port: u16) -> Option<SocketAddrV4> {
    (host, port)
        .to_socket_addrs()
        .ok()?
        .find_map(|address| match address {
            std::net::SocketAddr::V4(address) => Some(address),
            std::net::SocketAddr::V6(_) => None,
        })
}

/// `--hostname`, else the name of the address when `--hostname_lookup`, else the address.
fn hostname(flags: &Flags, address: SocketAddrV4) -> String {
    match &flags.hostname {
        Some(hostname) => hostname.clone(),
        None if flags.hostname_lookup => mesos_daemon::hostname::of(*address.ip()),
        None => address.ip().to_string(),
    }
}

/// `host:port`, or `master@host:port` as a PID is written.
fn master_address(text: &str) -> Result<SocketAddrV4> {
    let bare = text.strip_prefix("master@").unwrap_or(text);
    let parsed = bare
        .rsplit_once(':')
        .and_then(|(host, port)| v4(host, port.parse().ok()?));
    parsed.ok_or_else(|| anyhow!("Failed to create a master detector: Failed to parse '{text}'"))
}

fn config(
    flags: &Flags,
    pid: &Upid,
    info: SlaveInfo,
    work_dir: &Path,
    launcher_dir: &Path,
) -> Result<Config> {
    let executor = launcher_dir.join(mesos_agent_core::constants::COMMAND_EXECUTOR);
    let executor = fs::canonicalize(&executor)
        .map(|path| path.display().to_string())
        .map_err(|error| match error.kind() {
            std::io::ErrorKind::NotFound => format!("{}: No such file or directory", executor.display()),
            _ => error.to_string(),
        });
    if let Err(error) = &executor {
        tracing::warn!(error, "the command executor is missing, command tasks will fail");
    }
    Ok(Config {
        pid: pid.clone(),
        info,
        work_dir: work_dir.display().to_string(),
        launcher_dir: launcher_dir.display().to_string(),
        command_executor: executor,
        switch_user: flags.switch_user,
        libprocess_ip: std::env::var("LIBPROCESS_IP").ok(),
        executor_environment: executor_environment(flags.executor_environment_variables.as_deref())?,
        registration_backoff_factor: flags.registration_backoff_factor.0,
        executor_registration_timeout: flags.executor_registration_timeout.0,
        executor_reregistration_timeout: flags.executor_reregistration_timeout.0,
        executor_shutdown_grace_period: flags.executor_shutdown_grace_period.0,
        recovery_timeout: flags.recovery_timeout.0,
        max_completed_executors_per_framework: flags.max_completed_executors_per_framework,
        oversubscription: flags.oversubscription().map_err(anyhow::Error::msg)?,
        recover_cleanup: flags.recover == "cleanup",
    })
}

/// The JSON object of `--executor_environment_variables`.
///
/// Mesos: src/slave/flags.cpp; 3rdparty/stout/include/stout/json.hpp, `JSON::parse` for what is no object.
fn executor_environment(json: Option<&str>) -> Result<Vec<(String, String)>> {
    let Some(json) = json else { return Ok(Vec::new()) };
    let invalid = |reason: &dyn std::fmt::Display| {
        let flag = "executor_environment_variables";
        anyhow!("Failed to load flag '{flag}': Failed to load value '{json}': {reason}")
    };
    let text = mesos_daemon::flags::json_text(json).map_err(|error| invalid(&error))?;
    let value: serde_json::Value = serde_json::from_str(&text).map_err(|error| invalid(&error))?;
    let object = value
        .as_object()
        .ok_or_else(|| invalid(&"Unexpected JSON type parsed"))?;
    object
        .iter()
        .map(|(name, value)| match value.as_str() {
            Some(text) => Ok((name.clone(), text.to_owned())),
            None => Err(anyhow!(
                "`executor_environment_variables` must only contain string values"
            )),
        })
        .collect()
}

/// What `/state` and `/flags` show of the daemon: flags that were worked out are shown as they turned out.
fn daemon(
    flags: &Flags,
    mut shown: Vec<(String, String)>,
    hostname: &str,
    launcher_dir: &Path,
    runtime_dir: &Path,
    master: &SocketAddrV4,
) -> Daemon {
    for (name, value) in [
        ("hostname", hostname.to_owned()),
        ("launcher_dir", launcher_dir.display().to_string()),
        ("runtime_dir", runtime_dir.display().to_string()),
    ] {
        if !shown.iter().any(|(known, _)| known == name) {
            shown.push((name.to_owned(), value));
        }
    }
    shown.sort();
    Daemon {
        version: metrics::version(),
        flags: shown,
        master_hostname: Some(mesos_daemon::hostname::of(*master.ip())),
        log_dir: flags.log_dir.as_ref().map(|path| path.display().to_string()),
        external_log_file: flags
            .external_log_file
            .as_ref()
            .map(|path| path.display().to_string()),
    }
}
