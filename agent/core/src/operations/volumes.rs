//! The directories of persistent volumes.

use std::collections::BTreeMap;

use mesos::{
    Resource, Resources,
    ids::{ExecutorId, FrameworkId, TaskId},
};
use mesos_proto::v0::{self, resource::disk_info::source};

use crate::{
    core::{AgentCore, Effects},
    effect::{Effect, Volume},
    executor::{Executor, ExecutorState},
    paths,
};

/// The volumes of a bundle, by their directories.
fn directories<'a>(work_dir: &str, resources: &'a Resources) -> BTreeMap<String, &'a Resource> {
    resources
        .iter()
        .filter(|resource| resource.is_persistent_volume())
        .filter_map(|volume| Some((paths::persistent_volume(work_dir, volume)?, volume)))
        .collect()
}

/// Makes the directories of new volumes and removes those of destroyed ones.
///
/// Mesos: src/slave/slave.cpp, `Slave::syncCheckpointedResources`.
pub(super) fn sync(work_dir: &str, old: &Resources, new: &Resources, out: &mut Effects) {
    let (old, new) = (directories(work_dir, old), directories(work_dir, new));
    for path in new.keys().filter(|path| !old.contains_key(*path)) {
        out.push(Effect::MakeVolume { path: path.clone() });
    }
    for (path, volume) in old.iter().filter(|(path, _)| !new.contains_key(*path)) {
        // The root of a mount is not ours to remove.
        let mounted = volume
            .disk()
            .and_then(|disk| disk.source.as_ref())
            .is_some_and(|source| source.r#type == source::Type::Mount);
        out.push(Effect::RemoveVolume {
            path: path.clone(),
            keep_root: mounted,
        });
    }
}

impl AgentCore {
    /// Takes the volumes of a task that is over out of the sandbox of its executor, unless others use them.
    pub(crate) fn unlink_volumes(
        &self,
        framework_id: &FrameworkId,
        executor_id: &ExecutorId,
        task_id: &TaskId,
        out: &mut Effects,
    ) {
        let executor = &self.frameworks[framework_id].executors[executor_id];
        if executor.command_task || executor.state != ExecutorState::Running {
            return;
        }
        let Some(task) = executor.terminated.get(task_id) else {
            return;
        };
        let used = self.volumes_of(executor);
        for volume in self.volumes_in(task.resources.iter()) {
            if !used.contains(&volume) {
                out.push(Effect::Remove {
                    path: format!("{}/{}", executor.directory, volume.name),
                });
            }
        }
    }

    /// The volumes that an executor and its tasks shall see in their sandbox.
    ///
    /// A path with a slash is not linked: without a filesystem of its own a container has no place for it.
    ///
    /// Mesos: src/slave/containerizer/mesos/isolators/filesystem/posix.cpp, `update`.
    pub(crate) fn volumes_of(&self, executor: &Executor) -> Vec<Volume> {
        self.volumes_in(executor.allocated())
    }

    fn volumes_in<'a>(&self, messages: impl Iterator<Item = &'a v0::Resource>) -> Vec<Volume> {
        let mut found: BTreeMap<String, String> = BTreeMap::new();
        for message in messages {
            let Some(disk) = message.disk.as_deref().filter(|disk| disk.persistence.is_some()) else {
                continue;
            };
            let Some(name) = disk.volume.as_ref().map(|volume| &volume.container_path) else {
                continue;
            };
            let Ok(volume) = Resource::from_proto(message) else {
                continue;
            };
            let path = paths::persistent_volume(&self.config.work_dir, &volume);
            if let Some(path) = path.filter(|_| !name.contains('/')) {
                found.insert(name.clone(), path);
            }
        }
        found
            .into_iter()
            .map(|(name, path)| Volume { name, path })
            .collect()
    }
}
