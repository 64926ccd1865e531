//! Reads what an earlier run of the agent left on the disk.
//!
//! Mesos: src/slave/state.cpp.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs, io,
    path::Path,
};

use anyhow::{Context as _, Result, bail};
use mesos::ids::{AgentId, ContainerId, ExecutorId, FrameworkId};
use mesos_agent_core::{
    Identity, ReconfigurationPolicy, RecoveredExecutor, RecoveredFeedback, RecoveredFramework,
    RecoveredResources, RecoveredState, RecoveredTask, checkpoint, compatibility::identify, paths,
};
use mesos_containerizer::Launcher;
use mesos_proto::{
    Message,
    v0::{
        Resource, SlaveInfo, Task,
        internal::{
            StatusUpdateRecord, UpdateOperationStatusRecord, slave::ResourceState, status_update_record,
            update_operation_status_record,
        },
    },
};
use tracing::warn;

use crate::disk::Write;

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
    policy: ReconfigurationPolicy,
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
        agents: names(&format!("{root}/slaves"))?
            .into_iter()
            .map(AgentId::new)
            .collect(),
        ..RecoveredState::default()
    };
    let latest_agent = paths::latest_agent(&paths::meta_root(&root));
    if let Ok(latest) = fs::canonicalize(&latest_agent)
        && let Some(id) = latest.file_name().and_then(|name| name.to_str())
    {
        let id = AgentId::new(id);
        if let Some(known) = reader.single::<SlaveInfo>(&paths::agent_info(&root, &id))? {
            match identify(policy, &known, info, state.rebooted, &root) {
                Ok(Identity::Same(info)) => state.info = Some(*info),
                Ok(Identity::New(reason)) => {
                    warn!(reason, "starting as a new agent after a reboot");
                    // The next start is none after a reboot any more: it must come to the same end.
                    fs::remove_file(&latest_agent)
                        .with_context(|| format!("Failed to remove latest symlink '{latest_agent}'"))?;
                }
                Err(reason) => bail!(reason),
            }
            if state.info.is_some() {
                // No process of before a reboot lives, but there may be updates nobody has acknowledged.
                let living = state.living.iter().filter(|_| !state.rebooted).cloned();
                let living: BTreeMap<ContainerId, u32> = living.collect();
                (state.frameworks, state.unusable) = reader.frameworks(&id, &living)?;
            }
        }
    }
    // Reservations and volumes are the host's: they stay, whoever the agent is.
    let agent_id = state
        .info
        .as_ref()
        .and_then(|info| info.id.as_deref())
        .map(AgentId::from);
    state.resources = reader.resources(agent_id.as_ref())?;
    // As a whole: half a boot id would look like a reboot to the next run.
    let write = Write::Replace {
        path: paths::boot_id(&root),
        bytes: boot.into_bytes(),
    };
    write.make_now().context("Failed to checkpoint the boot id")?;
    state.errors = reader.errors;
    Ok(state)
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
        if bytes.is_empty() {
            // An agent that died between opening and writing the file.
            warn!(path, "found an empty checkpoint, going on without it");
            return Ok(None);
        }
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

    /// What was done to the agent's resources; `None` when nothing ever was.
    ///
    /// Mesos: src/slave/state.cpp, `ResourcesState::recover`.
    fn resources(&mut self, agent_id: Option<&AgentId>) -> Result<Option<RecoveredResources>> {
        let current = self.single::<ResourceState>(&paths::resource_state(&self.root))?;
        let target = self.single::<ResourceState>(&paths::resource_state_target(&self.root))?;
        let mut found = RecoveredResources::default();
        match current {
            Some(state) => {
                found.resources = state.resources;
                found.operations = state.operations;
                found.target = target.as_ref().map(|target| target.resources.clone());
            }
            // An agent from before operations had states, or one that ended before its first change was done.
            None => {
                let resources = self.list::<Resource>(&paths::resources_info(&self.root))?;
                let old_target = self.list::<Resource>(&paths::resources_target(&self.root))?;
                let new_target = target.as_ref().map(|target| target.resources.clone());
                if resources.is_none() && new_target.is_none() {
                    return Ok(None);
                }
                found.target = new_target.or(old_target);
                found.resources = resources.unwrap_or_default();
            }
        }
        if let Some(target) = target {
            found.operations = target.operations;
        }
        if let Some(agent_id) = agent_id {
            for name in names(&paths::operations(&self.root, agent_id))? {
                let Ok(uuid) = mesos::uuid::parse(&name) else {
                    self.tolerate::<()>(&name, "Could not decode operation UUID")?;
                    continue;
                };
                let path = paths::operation_updates(&self.root, agent_id, &name);
                found.feedback.push(self.feedback(uuid.to_vec(), &path)?);
            }
        }
        Ok(Some(found))
    }

    /// What the master was told of an operation, or was to be told.
    fn feedback(&mut self, uuid: Vec<u8>, path: &str) -> Result<RecoveredFeedback> {
        let mut found = RecoveredFeedback {
            uuid,
            ..RecoveredFeedback::default()
        };
        for record in self.records::<UpdateOperationStatusRecord>(Path::new(path))? {
            match record.r#type {
                update_operation_status_record::Type::Update => {
                    found.update = record.update.map(|update| *update);
                }
                update_operation_status_record::Type::Ack => found.acknowledged = true,
            }
        }
        Ok(found)
    }

    /// Reads a file of one record a message; `None` when it is not there.
    fn list<M: Message>(&mut self, path: &str) -> Result<Option<Vec<M>>> {
        if !Path::new(path).exists() {
            return Ok(None);
        }
        self.records(Path::new(path)).map(Some)
    }

    fn frameworks(
        &mut self,
        agent_id: &AgentId,
        living: &BTreeMap<ContainerId, u32>,
    ) -> Result<(Vec<RecoveredFramework>, Vec<FrameworkId>)> {
        let directory = format!(
            "{}/frameworks",
            paths::agent(&paths::meta_root(&self.root), agent_id)
        );
        let (mut found, mut broken) = (Vec::new(), Vec::new());
        for framework in names(&directory)? {
            let directory = format!("{directory}/{framework}");
            let Some(info) = self.single(&format!("{directory}/framework.info"))? else {
                broken.push(FrameworkId::new(framework));
                continue;
            };
            let pid = fs::read_to_string(format!("{directory}/framework.pid")).unwrap_or_default();
            let (mut executors, mut unusable) = (Vec::new(), Vec::new());
            for executor in names(&format!("{directory}/executors"))? {
                match self.executor(&format!("{directory}/executors/{executor}"), living)? {
                    Some(executor) => executors.push(executor),
                    None => unusable.push(ExecutorId::new(executor)),
                }
            }
            found.push(RecoveredFramework {
                info,
                pid,
                executors,
                unusable,
            });
        }
        Ok((found, broken))
    }

    /// The latest run of an executor, if there is enough of it.
    fn executor(
        &mut self,
        directory: &str,
        living: &BTreeMap<ContainerId, u32>,
    ) -> Result<Option<RecoveredExecutor>> {
        let Ok(run) = fs::canonicalize(format!("{directory}/runs/latest")) else {
            return Ok(None);
        };
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
        for task in names(&run.join("tasks").display().to_string())? {
            tasks.extend(self.task(&run.join("tasks").join(task))?);
        }
        let runs = names(&format!("{directory}/runs"))?
            .into_iter()
            .map(ContainerId::new);
        Ok(Some(RecoveredExecutor {
            info,
            command_task: generated.is_ok_and(|text| text.trim() == "1"),
            pid: living.get(&container_id).copied(),
            completed: run.join("executor.sentinel").exists(),
            tasks,
            older_runs: runs.filter(|id| *id != container_id).collect(),
            container_id,
        }))
    }

    /// All records of a file that others may be appended to. What is torn or bad at its end is cut off.
    fn records<M: Message>(&mut self, path: &Path) -> Result<Vec<M>> {
        let bytes = match fs::read(path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => {
                self.tolerate::<()>(&path.display().to_string(), &error.to_string())?;
                return Ok(Vec::new());
            }
        };
        let read = checkpoint::records::<M>(&bytes);
        if let Some(error) = &read.error {
            self.tolerate::<()>(&path.display().to_string(), &error.to_string())?;
        }
        if read.length < bytes.len() {
            // The host died while the last record was written: nobody was told of it. What follows a bad record
            // goes too, since nothing could be read that is appended behind it.
            let file = fs::OpenOptions::new().write(true).open(path);
            file.and_then(|file| file.set_len(read.length as u64))
                .context("Failed to cut a torn status update off")?;
        }
        Ok(read.messages)
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
        for record in self.records::<StatusUpdateRecord>(&path)? {
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
fn names(directory: &str) -> Result<BTreeSet<String>> {
    let failed = || format!("Failed to list '{directory}'");
    let entries = match fs::read_dir(directory) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(BTreeSet::new()),
        Err(error) => return Err(error).with_context(failed),
    };
    let mut found = BTreeSet::new();
    for entry in entries {
        let entry = entry.with_context(failed)?;
        if entry.file_type().with_context(failed)?.is_dir() {
            found.extend(entry.file_name().into_string());
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests;
