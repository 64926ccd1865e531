//! The Mesos master daemon: flags, the actor around the core, its HTTP endpoints and its registry on disk.
//!
//! The decisions are in `mesos-master-core`; here they are carried out. `master.rs` feeds inputs and performs
//! effects in order, `registrar.rs` makes the registry durable, `observer.rs` pings an agent, `whitelist.rs` watches a file, `http/`
//! answers.
#![forbid(unsafe_code)]

mod flags;
mod http;
mod master;
mod observer;
mod registrar;
mod whitelist;

use std::net::{Ipv4Addr, SocketAddrV4};

use anyhow::{Context as _, Result, bail};
use libprocess::System;
use mesos_allocator::Allocators;
use mesos_daemon::flags::{exit_with, load_or_exit};
use mesos_daemon::{files, ids, logging, version};
use mesos_master_core::Master;
use mesos_proto::v0::{self, master_info::capability};
use tracing::info;

use crate::flags::Flags;

/// The program: reads the flags and runs a master until it ends, which it does only by dying.
///
/// `allocators` are those that `--allocator` can name. A site with one of its own has a `main` of its own:
///
/// ```no_run
/// use mesos_allocator::{Allocators, Factory, Hierarchical};
///
/// let own = Factory::new(|options, seed| Box::new(Hierarchical::new(options.clone(), seed)));
/// mesos_master::main(Allocators::default().with("mine", own));
/// ```
pub fn main(allocators: Allocators) {
    let loaded = load_or_exit::<Flags>();
    if loaded.flags.version {
        println!("mesos {}", version::VERSION);
        return;
    }
    if let Err(error) = run(loaded.flags, loaded.shown, &allocators) {
        exit_with(&format!("{error:#}"));
    }
}

fn run(flags: Flags, mut shown: Vec<(String, String)>, allocators: &Allocators) -> Result<()> {
    logging::initialize(
        "mesos-master",
        &flags.logging_level,
        flags.quiet,
        flags.log_dir.as_deref(),
    )
    .map_err(anyhow::Error::msg)?;
    flags.check().map_err(anyhow::Error::msg)?;
    let store = registrar::Store::open(&flags)?;
    // The flags are said last: they win over the variables of libprocess.
    let mut builder = System::builder()
        .ip(Ipv4Addr::UNSPECIFIED)
        .from_env()?
        .port(flags.port)
        .realms("mesos-master-readwrite", "mesos-master-readonly")
        .log_toggle(logging::set_verbosity)
        .delegate("master")
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
    let system = builder.start().with_context(|| {
        format!(
            "Failed to initialize: Failed to bind on port {}; choose another --port or --ip",
            flags.port
        )
    })?;
    if let Some(rules) = &flags.firewall_rules {
        rules.install(&system);
    }
    let address = system.address();
    let hostname = hostname(&flags, address);
    let ip = flags.ip.unwrap_or(Ipv4Addr::UNSPECIFIED);
    for (name, value) in [("hostname", hostname.clone()), ("ip", ip.to_string())] {
        if !shown.iter().any(|(shown, _)| shown == name) {
            shown.push((name.to_owned(), value));
        }
    }
    shown.sort();
    let master_info = master_info(&flags, address, &hostname);
    info!(id = master_info.id, pid = master_info.pid, "master starting");
    let options = flags.options(shown, allocators).map_err(anyhow::Error::msg)?;
    let core = Master::new(options, master_info, system.now(), ids::random_seed());
    version::spawn(&system);
    let files = files::Files::spawn(&system);
    if let Some(log) = flags.log_file() {
        files.attach("/master/log", &log);
    }
    let registrar = registrar::spawn(&system, store)?;
    let pid = master::spawn(&system, core, registrar, files)?;
    http::allocator::spawn(&system, pid.clone())?;
    if let Some(path) = &flags.whitelist {
        whitelist::spawn(&system, &path.0, pid.clone())?;
    }
    pid.wait().wait().map_err(|error| anyhow::anyhow!("{error}"))?;
    bail!("the master ended")
}

fn master_info(flags: &Flags, address: SocketAddrV4, hostname: &str) -> v0::MasterInfo {
    let capability = |kind| v0::master_info::Capability {
        r#type: Some(kind),
        ..Default::default()
    };
    v0::MasterInfo {
        id: ids::random_uuid(),
        // The bytes of the address in network order, read as an integer of this machine.
        ip: u32::from_le_bytes(address.ip().octets()),
        port: u32::from(address.port()),
        pid: Some(format!("master@{address}")),
        hostname: Some(hostname.to_owned()),
        version: Some(version::VERSION.to_owned()),
        address: Some(Box::new(v0::Address {
            hostname: Some(hostname.to_owned()),
            ip: Some(address.ip().to_string()),
            port: i32::from(address.port()),
            ..Default::default()
        })),
        capabilities: vec![
            capability(capability::Type::AgentUpdate),
            capability(capability::Type::AgentDraining),
            capability(capability::Type::QuotaV2),
        ],
        domain: flags.domain.clone().map(|domain| Box::new(domain.0)),
        ..Default::default()
    }
}

/// `--hostname`, else the name of the address when `--hostname_lookup`, else the address.
fn hostname(flags: &Flags, address: SocketAddrV4) -> String {
    if let Some(hostname) = &flags.hostname {
        return hostname.clone();
    }
    if flags.hostname_lookup {
        mesos_daemon::hostname::of(*address.ip())
    } else {
        address.ip().to_string()
    }
}
