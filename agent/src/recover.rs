//! Reads what an earlier run of the agent left on the disk.
//!
//! Mesos: src/slave/state.cpp.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs, io,
    path::Path,
};

use anyhow::{Context as _, Result, bail};
use mesos::{
    Resources,
    ids::{AgentId, ContainerId},
};
use mesos_agent_core::{
    RecoveredExecutor, RecoveredFramework, RecoveredState, RecoveredTask, checkpoint, paths,
};
use mesos_containerizer::Launcher;
use mesos_proto::{
    Message,
    v0::{
        SlaveInfo, Task,
        internal::{StatusUpdateRecord, status_update_record},
    },
};
use tracing::{info, warn};

/// The kernel's name of this boot.
const BOOT_ID: &str = "/proc/sys/kernel/random/boot_id";

/// Reads the state below `work_dir`, and writes down which boot it now belongs to.
///
/// # Errors
///
/// When the agent's description changed in a way the policy does not allow, or, if `strict`, when something
/// cannot be read.
pub(crate) fn read(
    work_dir: &Path,
    launcher: &dyn Launcher,
    info: &SlaveInfo,
    policy: &str,
    strict: bool,
) -> Result<RecoveredState> {
    let root = work_dir.display().to_string();
    let boot = fs::read_to_string(BOOT_ID).unwrap_or_default().trim().to_owned();
    let noted = fs::read_to_string(paths::boot_id(&root)).ok();
    let mut reader = Reader {
        root: root.clone(),
        errors: 0,
        strict,
    };
    let mut state = RecoveredState {
        rebooted: noted.is_some_and(|noted| noted.trim() != boot),
        living: launcher
            .recover()
            .into_iter()
            .map(|(id, container)| (ContainerId::new(id), container.pid))
            .collect(),
        ..RecoveredState::default()
    };
    if let Ok(latest) = fs::canonicalize(paths::latest_agent(&paths::meta_root(&root)))
        && let Some(id) = latest.file_name().and_then(|name| name.to_str())
    {
        let id = AgentId::new(id);
        if let Some(known) = reader.single::<SlaveInfo>(&paths::agent_info(&root, &id))? {
            match compatible(&known, info, policy) {
                Ok(()) => {
                    state.info = Some(SlaveInfo {
                        id: known.id,
                        ..info.clone()
                    })
                }
                // After a reboot nothing of the old agent is left to be mixed up: it becomes a new agent.
                Err(reason) if state.rebooted => info!(reason, "starting as a new agent after a reboot"),
                Err(reason) => bail!("{}", incompatible(&reason, &root, policy)),
            }
            if state.info.is_some() && !state.rebooted {
                let living: BTreeMap<ContainerId, u32> = state.living.iter().cloned().collect();
                state.frameworks = reader.frameworks(&id, &living)?;
            }
        }
    }
    fs::write(paths::boot_id(&root), &boot).context("Failed to checkpoint the boot id")?;
    state.errors = reader.errors;
    Ok(state)
}

/// Whether a restarted agent may go on under the id of the old one.
///
/// Mesos: src/slave/compatibility.cpp.
fn compatible(old: &SlaveInfo, new: &SlaveInfo, policy: &str) -> Result<(), String> {
    if policy == "any" {
        return Ok(());
    }
    let resources = |info: &SlaveInfo| Resources::from_protos(&info.resources).unwrap_or_default();
    let (had, has) = (resources(old), resources(new));
    let same = |what: &str, is: bool| {
        if is {
            Ok(())
        } else {
            Err(format!("{what} changed"))
        }
    };
    same(
        "Configuration change not permitted under this policy: hostname",
        old.hostname == new.hostname,
    )?;
    same(
        "Configuration change not permitted under this policy: port",
        old.port == new.port,
    )?;
    if policy == "additive" {
        return if has.contains(&had) {
            Ok(())
        } else {
            Err(format!("Resources changed from '{had}' to '{has}'"))
        };
    }
    if had != has {
        return Err(format!("Resources changed from '{had}' to '{has}'"));
    }
    same(
        "Configuration change not permitted under this policy: attributes",
        mesos::attributes::same(&old.attributes, &new.attributes),
    )
}

/// Mesos: src/slave/slave.cpp, `Slave::__recover`.
fn incompatible(reason: &str, root: &str, policy: &str) -> String {
    format!(
        "Failed to perform recovery: Incompatible agent info detected.\n\
         ------------------------------------------------------------\n\
         Reconfiguration policy: {policy}\n{reason}\n\
         ------------------------------------------------------------\n\
         If recovery failed due to a change in configuration and you want to\n\
         keep the current agent id, you might want to change the\n\
         `--reconfiguration_policy` flag to a more permissive value.\n\n\
         To restart this agent with a new agent id instead, do as follows:\n\
         rm -f {}\n\
         This ensures that the agent does not recover old live executors.",
        paths::latest_agent(&paths::meta_root(root))
    )
}

struct Reader {
    root: String,
    errors: u64,
    strict: bool,
}

impl Reader {
    /// Reads a file that holds one message; `None` when it is not there, or unreadable and that is tolerated.
    fn single<M: Message>(&mut self, path: &str) -> Result<Option<M>> {
        let bytes = match fs::read(path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return self.tolerate(path, &error.to_string()),
        };
        match checkpoint::single(&bytes) {
            Ok(message) => Ok(Some(message)),
            Err(error) => self.tolerate(path, &error.to_string()),
        }
    }

    fn tolerate<T>(&mut self, path: &str, error: &str) -> Result<Option<T>> {
        if self.strict {
            bail!("Failed to recover '{path}': {error}; restart with --no-strict to go on without it");
        }
        warn!(path, error, "cannot recover a file, going on without it");
        self.errors += 1;
        Ok(None)
    }

    fn frameworks(
        &mut self,
        agent_id: &AgentId,
        living: &BTreeMap<ContainerId, u32>,
    ) -> Result<Vec<RecoveredFramework>> {
        let directory = format!(
            "{}/frameworks",
            paths::agent(&paths::meta_root(&self.root), agent_id)
        );
        let mut found = Vec::new();
        for framework in names(&directory) {
            let directory = format!("{directory}/{framework}");
            let Some(info) = self.single(&format!("{directory}/framework.info"))? else {
                continue;
            };
            let pid = fs::read_to_string(format!("{directory}/framework.pid")).unwrap_or_default();
            let mut executors = Vec::new();
            for executor in names(&format!("{directory}/executors")) {
                executors.extend(self.executor(&format!("{directory}/executors/{executor}"), living)?);
            }
            found.push(RecoveredFramework { info, pid, executors });
        }
        Ok(found)
    }

    /// The latest run of an executor, unless it is over.
    fn executor(
        &mut self,
        directory: &str,
        living: &BTreeMap<ContainerId, u32>,
    ) -> Result<Option<RecoveredExecutor>> {
        let Ok(run) = fs::canonicalize(format!("{directory}/runs/latest")) else {
            return Ok(None);
        };
        if run.join("executor.sentinel").exists() {
            return Ok(None);
        }
        let Some(container_id) = run
            .file_name()
            .and_then(|name| name.to_str())
            .map(ContainerId::new)
        else {
            return Ok(None);
        };
        let Some(info) = self.single(&format!("{directory}/executor.info"))? else {
            return Ok(None);
        };
        let generated = fs::read_to_string(format!("{directory}/executor_generated_for_command_task"));
        let mut tasks = Vec::new();
        for task in names(&run.join("tasks").display().to_string()) {
            tasks.extend(self.task(&run.join("tasks").join(task))?);
        }
        Ok(Some(RecoveredExecutor {
            info,
            command_task: generated.is_ok_and(|text| text.trim() == "1"),
            pid: living.get(&container_id).copied(),
            container_id,
            tasks,
        }))
    }

    fn task(&mut self, directory: &Path) -> Result<Option<RecoveredTask>> {
        let Some(task) = self.single::<Task>(&directory.join("task.info").display().to_string())? else {
            return Ok(None);
        };
        let mut found = RecoveredTask {
            task,
            ..RecoveredTask::default()
        };
        let path = directory.join("task.updates");
        let Ok(bytes) = fs::read(&path) else {
            return Ok(Some(found));
        };
        let (records, whole) = match checkpoint::records::<StatusUpdateRecord>(&bytes) {
            Ok(read) => read,
            Err(error) => {
                self.tolerate::<()>(&path.display().to_string(), &error.to_string())?;
                return Ok(Some(found));
            }
        };
        if whole < bytes.len() {
            // The host died while the last record was written: nobody was told of it.
            let file = fs::OpenOptions::new().write(true).open(&path);
            file.and_then(|file| file.set_len(whole as u64))
                .context("Failed to cut a torn status update off")?;
        }
        for record in records {
            match record.r#type {
                status_update_record::Type::Update => {
                    found.updates.extend(record.update.map(|update| *update))
                }
                status_update_record::Type::Ack => {
                    found.acknowledged.extend(record.uuid.map(|uuid| uuid.to_vec()))
                }
            }
        }
        Ok(Some(found))
    }
}

/// Names of the directories in a directory, in order.
fn names(directory: &str) -> BTreeSet<String> {
    let Ok(entries) = fs::read_dir(directory) else {
        return BTreeSet::new();
    };
    entries
        .filter_map(Result::ok)
        .filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()))
        .filter_map(|entry| entry.file_name().into_string().ok())
        .collect()
}
