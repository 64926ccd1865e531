//! Makes the registry durable: writes that wait are applied together and stored at once.
//!
//! Mesos: `src/master/registrar.cpp`. The store is a file that is replaced whole: written beside, synced, renamed,
//! and the directory synced, so that after a crash either the old or the new registry is there.

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use libprocess::http::{Help, Request, Responder, Response};
use libprocess::{Context, Future, Pid, Process, Promise, System};
use mesos_master_core::registry::Operation;
use mesos_proto::v0::internal::Registry;
use mesos_proto::{Dialect, Message};
use tracing::{error, info};

use crate::flags::Flags;

/// Where the registry is kept.
#[derive(Debug, Clone)]
pub enum Store {
    /// Nowhere: it is lost with the master.
    InMemory,
    /// In this file.
    Local(PathBuf),
}

impl Store {
    /// Opens the store that the flags name.
    ///
    /// # Errors
    ///
    /// When the work directory cannot be created or written; the text names it.
    pub fn open(flags: &Flags) -> Result<Self> {
        let Some(work_dir) = flags.work_dir.as_ref().filter(|_| flags.registry != "in_memory") else {
            return Ok(Self::InMemory);
        };
        let directory = work_dir.join("registry");
        fs::create_dir_all(&directory)
            .with_context(|| format!("Failed to create --work_dir '{}'", work_dir.display()))?;
        let probe = directory.join(".writable");
        File::create(&probe)
            .and_then(|_| fs::remove_file(&probe))
            .with_context(|| format!("Failed to write in --work_dir '{}'", work_dir.display()))?;
        Ok(Self::Local(directory.join("registry.pb")))
    }

    fn load(&self) -> Result<Registry> {
        match self {
            Self::InMemory => Ok(Registry::default()),
            Self::Local(path) => match fs::read(path) {
                Ok(bytes) => Registry::decode(&bytes)
                    .with_context(|| format!("Failed to recover registrar: '{}' is damaged", path.display())),
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Registry::default()),
                Err(error) => Err(error).with_context(|| format!("Failed to read '{}'", path.display())),
            },
        }
    }

    fn save(&self, bytes: &[u8]) -> std::io::Result<()> {
        let Self::Local(path) = self else { return Ok(()) };
        let beside = path.with_extension("new");
        let mut file = File::create(&beside)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&beside, path)?;
        File::open(path.parent().unwrap_or(Path::new(".")))?.sync_all()
    }
}

/// The process that owns the registry.
pub struct Registrar {
    store: Store,
    registry: Registry,
    waiting: Vec<(Operation, Promise<()>)>,
    storing: bool,
    /// The length of the stored registry, in bytes.
    size: usize,
    /// How long the last write took, in milliseconds.
    store_ms: f64,
}

/// Reads the registry and starts its process, `registrar(1)`.
///
/// # Errors
///
/// When the stored registry cannot be read.
pub fn spawn(system: &System, store: Store) -> Result<Pid<Registrar>> {
    let registry = store.load()?;
    let size = registry.encoded_len();
    let registrar = Registrar {
        store,
        registry,
        waiting: Vec::new(),
        storing: false,
        size,
        store_ms: 0.0,
    };
    let pid = system
        .spawn(system.generate_id("registrar"), registrar)
        .context("registrar")?;
    let asked = pid.clone();
    system.metrics().provide("registrar", move || {
        asked.dispatch(|registrar, _| registrar.metrics())
    });
    Ok(pid)
}

impl Registrar {
    /// What is stored.
    pub fn registry(&self) -> Registry {
        self.registry.clone()
    }

    /// Applies a change. The future is ready when it is durable; it fails when it cannot be made so.
    pub fn apply(&mut self, context: &mut Context<Self>, operation: Operation) -> Future<()> {
        let (promise, future) = Promise::new();
        self.waiting.push((operation, promise));
        self.store_waiting(context);
        future
    }

    fn metrics(&self) -> Vec<(String, f64)> {
        let count = |n: usize| f64::from(u32::try_from(n).unwrap_or(u32::MAX));
        vec![
            (
                "registrar/queued_operations".to_owned(),
                count(self.waiting.len()),
            ),
            ("registrar/registry_size_bytes".to_owned(), count(self.size)),
            ("registrar/state_store_ms".to_owned(), self.store_ms),
        ]
    }

    /// Stores everything that waits, unless a write is on its way; that will call again.
    fn store_waiting(&mut self, context: &mut Context<Self>) {
        if self.storing || self.waiting.is_empty() {
            return;
        }
        let batch = std::mem::take(&mut self.waiting);
        let mut changed = false;
        for (operation, _) in &batch {
            changed |= operation.apply(&mut self.registry);
        }
        let promises: Vec<Promise<()>> = batch.into_iter().map(|(_, promise)| promise).collect();
        if !changed || matches!(self.store, Store::InMemory) {
            promises.into_iter().for_each(|promise| {
                promise.set(());
            });
            return;
        }
        self.storing = true;
        let store = self.store.clone();
        let bytes = self.registry.encode_to_vec();
        self.size = bytes.len();
        let began = context.now();
        context.blocking(
            move || store.save(&bytes),
            move |registrar, context, stored| {
                registrar.storing = false;
                registrar.store_ms = (context.now() - began).as_secs_f64() * 1e3;
                for promise in promises {
                    match &stored {
                        Ok(()) => promise.set(()),
                        Err(error) => promise.fail(format!("failed to store the registry: {error}")),
                    };
                }
                match stored {
                    Ok(()) => info!("registry stored"),
                    Err(error) => error!(%error, "registry could not be stored"),
                }
                registrar.store_waiting(context);
            },
        );
    }
}

impl Process for Registrar {
    fn initialize(&mut self, context: &mut Context<Self>) {
        context.route(
            "/registry",
            |registrar, _, request: Request, responder: Responder| {
                let body = registrar.registry.to_json(Dialect::V0).into_bytes();
                responder.respond(Response::json_with_jsonp(body, &request));
            },
        );
        let help = Help::new("Shows what must survive the master.");
        context.explain("/registry", help.authentication(true));
    }
}
