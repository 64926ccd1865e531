//! The process `whitelist(1)`: reads the file of `--whitelist` again and again.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, Result};
use libprocess::{Context, Pid, Process, System};
use mesos_master_core::Input;
use tracing::{debug, error, warn};

use crate::master::MasterProcess;

/// How often the file is read. Mesos: `src/master/constants.hpp`, `WHITELIST_WATCH_INTERVAL`.
const INTERVAL: Duration = Duration::from_secs(5);

/// Tells the master which hosts may be offered, whenever that changes.
///
/// Until the file could be read once all may be; when it can no longer be read what it said last holds.
///
/// Mesos: `src/watcher/whitelist_watcher.cpp`.
struct Whitelist {
    path: PathBuf,
    last: Option<BTreeSet<String>>,
    master: Pid<MasterProcess>,
}

/// Starts to watch a file.
///
/// # Errors
///
/// When its name is taken.
pub fn spawn(system: &System, path: &Path, master: Pid<MasterProcess>) -> Result<()> {
    if path == Path::new("*") {
        warn!("whitelist '*' accepts all agents, as does no --whitelist");
        return Ok(());
    }
    let whitelist = Whitelist {
        path: path.to_owned(),
        last: None,
        master,
    };
    let name = system.generate_id("whitelist");
    system.spawn(name, whitelist).context("whitelist")?;
    Ok(())
}

impl Process for Whitelist {
    fn initialize(&mut self, context: &mut Context<Self>) {
        self.watch(context);
    }
}

impl Whitelist {
    fn watch(&mut self, context: &mut Context<Self>) {
        let path = self.path.clone();
        context.blocking(
            move || std::fs::read_to_string(path),
            |whitelist, context, read| {
                match read {
                    Ok(text) => whitelist.tell(hosts(&text)),
                    Err(error) => {
                        error!(path = %whitelist.path.display(), %error, "whitelist could not be read, trying again");
                    }
                }
                context.delay(INTERVAL, Self::watch);
            },
        );
    }

    fn tell(&mut self, hosts: BTreeSet<String>) {
        if hosts.is_empty() {
            debug!(path = %self.path.display(), "whitelist is empty");
        }
        if self.last.as_ref() != Some(&hosts) {
            self.last = Some(hosts.clone());
            self.master
                .tell(|master, context| master.input(context, Input::Whitelist(Some(hosts))));
        }
    }
}

/// One host on each line.
fn hosts(text: &str) -> BTreeSet<String> {
    text.lines()
        .filter(|line| !line.is_empty())
        .map(str::to_owned)
        .collect()
}
