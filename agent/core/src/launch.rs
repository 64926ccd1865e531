//! Tasks find their executor, or start it.

use indexmap::IndexMap;
use libprocess_core::time::Time;
use mesos::{
    Resources,
    ids::{ContainerId, ExecutorId, FrameworkId, TaskId},
};
use mesos_proto::v0::{
    ContainerInfo, ExecutorInfo, FrameworkInfo, Resource, TaskGroupInfo, TaskInfo, TaskState, container_info,
    executor_info, internal::ResourceVersionUUID, task_status::Reason,
};
use tracing::{error, info, warn};

use crate::{
    checkpoint,
    core::{AgentCore, Effects, Pending},
    effect::{Effect, LaunchContainer, Ticket},
    executor::{ContainerState, Executor, ExecutorState, Termination},
    executor_update::AgentUpdate,
    framework::FrameworkState,
    paths::{self, Run},
    resources::{downgraded_executor, downgraded_task, dropped, gone, task_of},
    timers::Timer,
};

/// Tasks for one executor, all to be run or none.
#[derive(Debug)]
pub(crate) struct Launch {
    pub framework: FrameworkInfo,
    pub executor: ExecutorInfo,
    pub tasks: Vec<TaskInfo>,
    pub group: Option<TaskGroupInfo>,
    pub versions: Vec<ResourceVersionUUID>,
    /// Whether the master counts on a new executor; older masters do not say.
    pub launch_executor: Option<bool>,
    pub command_task: bool,
}

impl AgentCore {
    /// Tasks were received and their framework is known: check that they still make sense, then queue them for
    /// their executor.
    ///
    /// Mesos: src/slave/slave.cpp, `Slave::__run`.
    pub(crate) fn launch(&mut self, now: Time, launch: Launch, out: &mut Effects) {
        let framework_id = launch
            .framework
            .id
            .as_deref()
            .map_or_else(|| FrameworkId::new(""), FrameworkId::from);
        let executor_id = ExecutorId::from(&launch.executor.executor_id);
        let Some(framework) = self.frameworks.get(&framework_id) else {
            return;
        };
        if framework.state == FrameworkState::Terminating {
            warn!(%framework_id, "ignoring tasks of a framework that is terminating");
            self.remove_framework_if_idle(&framework_id, out);
            self.launch_refused(&launch, &framework_id, &executor_id, out);
            return;
        }
        if self.is_outdated(&launch) {
            self.drop_tasks(
                now,
                &launch,
                Reason::ReasonInvalidOffers,
                "Task assumes outdated resource state",
                out,
            );
            self.remove_framework_if_idle(&framework_id, out);
            self.launch_refused(&launch, &framework_id, &executor_id, out);
            return;
        }
        if let Some(text) = self.uses_unknown_resources(&launch) {
            self.drop_tasks(now, &launch, Reason::ReasonResourcesUnknown, text, out);
            self.remove_framework_if_idle(&framework_id, out);
            self.launch_refused(&launch, &framework_id, &executor_id, out);
            return;
        }
        let state = self.frameworks[&framework_id]
            .executors
            .get(&executor_id)
            .map(|executor| executor.state);
        if let Some((reason, text)) = contradiction(&launch, state) {
            self.drop_tasks(now, &launch, reason, text, out);
            if reason == Reason::ReasonExecutorTerminated {
                match state {
                    Some(ExecutorState::Terminated) => {
                        self.launch_refused(&launch, &framework_id, &executor_id, out)
                    }
                    Some(ExecutorState::Registering | ExecutorState::Running) => {
                        self.end_executor(now, &framework_id, &executor_id, out);
                    }
                    Some(ExecutorState::Terminating) | None => {}
                }
            }
            self.remove_framework_if_idle(&framework_id, out);
            return;
        }
        match state {
            None => self.add_executor(now, &framework_id, &executor_id, launch, out),
            Some(ExecutorState::Registering) => {
                let container_id = self.queue(&framework_id, &executor_id, &launch);
                self.checkpoint_tasks(&container_id, &launch.tasks, out);
            }
            Some(ExecutorState::Running) => {
                let container_id = self.queue(&framework_id, &executor_id, &launch);
                let checkpointed = self.checkpoint_tasks(&container_id, &launch.tasks, out);
                self.deliver_tasks_when_ready(&container_id, checkpointed, out);
            }
            Some(ExecutorState::Terminating) => {
                self.drop_tasks(
                    now,
                    &launch,
                    Reason::ReasonExecutorTerminated,
                    "Executor terminating",
                    out,
                );
            }
            Some(ExecutorState::Terminated) => {
                self.drop_tasks(
                    now,
                    &launch,
                    Reason::ReasonExecutorTerminated,
                    "Executor terminated",
                    out,
                );
            }
        }
    }

    /// Whether the offer was made before the agent's resources changed.
    fn is_outdated(&self, launch: &Launch) -> bool {
        launch.versions.iter().any(|version| {
            version.resource_provider_id.is_none() && version.uuid.value != self.resource_version[..]
        })
    }

    /// Whether the tasks or their executor count on reservations or volumes that are not here.
    ///
    /// Mesos: src/slave/slave.cpp, `Slave::__run`.
    fn uses_unknown_resources(&self, launch: &Launch) -> Option<&'static str> {
        let unknown = |messages: &[Resource]| {
            Resources::from_valid_protos(messages)
                .unallocated()
                .needing_checkpointing()
                .iter()
                .any(|resource| {
                    let alone: Resources = [resource.clone()].into_iter().collect();
                    !self.operations.checkpointed.contains(&alone)
                })
        };
        if launch.tasks.iter().any(|task| unknown(&task.resources)) {
            return Some(
                "The checkpointed resources being used by the task or task group are unknown to the agent",
            );
        }
        unknown(&launch.executor.resources)
            .then_some("The checkpointed resources being used by the executor are unknown to the agent")
    }

    /// Sends queued tasks to their executor when they are on disk and their volumes are in the sandbox.
    pub(crate) fn deliver_tasks_when_ready(
        &mut self,
        container_id: &ContainerId,
        checkpointed: bool,
        out: &mut Effects,
    ) {
        let Some((framework_id, executor_id)) = self.containers.get(container_id) else {
            return;
        };
        let executor = &self.frameworks[framework_id].executors[executor_id];
        let (volumes, directory) = (self.volumes_of(executor), executor.directory.clone());
        if volumes.is_empty() && !checkpointed {
            self.deliver_tasks(container_id, out);
            return;
        }
        let ticket = self.ticket(Pending::CheckpointTasks(container_id.clone()));
        out.push(if volumes.is_empty() {
            Effect::Barrier(ticket)
        } else {
            Effect::LinkVolumes {
                ticket,
                directory,
                volumes,
            }
        });
    }

    /// A volume could not be linked into the sandbox of a running executor: the executor ends.
    ///
    /// Mesos: src/slave/slave.cpp, `Slave::___run`.
    pub(crate) fn volumes_not_linked(&mut self, now: Time, ticket: Ticket, reason: &str, out: &mut Effects) {
        let Some(Pending::CheckpointTasks(container_id)) = self.pending.remove(&ticket) else {
            return;
        };
        error!(%container_id, reason, "failed to update the container of an executor, destroying it");
        let Some((framework_id, _)) = self.containers.get(&container_id) else {
            return;
        };
        let state = gone(&self.frameworks[framework_id].info);
        if let Some(executor) = self.executor_in(&container_id) {
            executor.state = ExecutorState::Terminating;
            executor.pending_termination.get_or_insert(Termination {
                state,
                reason: Reason::ReasonContainerUpdateFailed,
                message: format!("Failed to update resources for container: {reason}"),
            });
        }
        self.destroy(now, &container_id, out);
    }

    /// Reports tasks that were never started.
    fn drop_tasks(&mut self, now: Time, launch: &Launch, reason: Reason, message: &str, out: &mut Effects) {
        let framework_id = launch
            .framework
            .id
            .as_deref()
            .map_or_else(|| FrameworkId::new(""), FrameworkId::from);
        let executor_id = ExecutorId::from(&launch.executor.executor_id);
        let state = dropped(&launch.framework);
        for task in &launch.tasks {
            let task_id = TaskId::from(&task.task_id);
            warn!(%framework_id, %task_id, reason = message, "dropping a task");
            let update = self.agent_update(
                now,
                &AgentUpdate {
                    framework_id: &framework_id,
                    executor_id: Some(&executor_id),
                    task_id: &task_id,
                    state,
                    reason,
                    message,
                },
            );
            self.status_update(now, update, crate::core::Origin::Agent, out);
        }
    }

    /// The master counts on an executor that will not start: tell it.
    fn launch_refused(
        &self,
        launch: &Launch,
        framework_id: &FrameworkId,
        executor_id: &ExecutorId,
        out: &mut Effects,
    ) {
        if launch.launch_executor == Some(true) {
            self.send_exited_executor(framework_id, executor_id, None, out);
        }
    }

    /// Queues tasks for an executor that is there.
    fn queue(
        &mut self,
        framework_id: &FrameworkId,
        executor_id: &ExecutorId,
        launch: &Launch,
    ) -> ContainerId {
        let framework = self
            .frameworks
            .get_mut(framework_id)
            .expect("the caller found the framework");
        let executor = framework
            .executors
            .get_mut(executor_id)
            .expect("the caller found the executor");
        for task in &launch.tasks {
            let task_id = TaskId::from(&task.task_id);
            framework.tasks.insert(task_id.clone(), executor_id.clone());
            executor.queued.insert(task_id, task.clone());
        }
        executor.queued_groups.extend(launch.group.clone());
        executor.container_id.clone()
    }

    /// Makes a new executor and has its container started, after its checkpoint is on disk if there is one.
    fn add_executor(
        &mut self,
        now: Time,
        framework_id: &FrameworkId,
        executor_id: &ExecutorId,
        launch: Launch,
        out: &mut Effects,
    ) {
        let container_id = ContainerId::new(self.random.uuid_text());
        let (work_dir, agent_id) = (self.config.work_dir.clone(), self.id().clone());
        let run = Run {
            work_dir: &work_dir,
            agent_id: &agent_id,
            framework_id,
            executor_id,
            container_id: &container_id,
        };
        let framework = self
            .frameworks
            .get_mut(framework_id)
            .expect("the caller found the framework");
        let user = launch
            .executor
            .command
            .as_ref()
            .and_then(|command| command.user.clone());
        let user = user
            .or_else(|| Some(framework.info.user.clone()))
            .filter(|user| self.config.switch_user && !user.is_empty());
        let refusal = unsupported(&launch.executor);
        let executor = Executor {
            id: executor_id.clone(),
            framework_id: framework_id.clone(),
            info: launch.executor.clone(),
            container_id: container_id.clone(),
            directory: run.sandbox(),
            user,
            checkpoint: framework.checkpoints(),
            command_task: launch.command_task,
            state: ExecutorState::Registering,
            container: ContainerState::Gone,
            connection: None,
            queued: IndexMap::new(),
            queued_groups: Vec::new(),
            launched: std::collections::BTreeMap::new(),
            terminated: std::collections::BTreeMap::new(),
            completed: std::collections::VecDeque::new(),
            pending_termination: None,
            timer: None,
        };
        let checkpoint = executor.checkpoint;
        framework.executors.insert(executor_id.clone(), executor);
        self.containers
            .insert(container_id.clone(), (framework_id.clone(), executor_id.clone()));
        out.push(Effect::Keep {
            path: run.executor_directory(),
        });
        self.queue(framework_id, executor_id, &launch);
        if let Some(reason) = refusal {
            self.executor_failed(now, &container_id, reason, out);
            return;
        }
        if checkpoint {
            out.push(Effect::Keep {
                path: run.executor_meta_directory(),
            });
            out.push(Effect::Checkpoint {
                ticket: None,
                path: run.generated_for_command_task(),
                bytes: if launch.command_task { b"1" } else { b"0" }.to_vec(),
            });
            self.checkpoint_tasks(&container_id, &launch.tasks, out);
            let ticket = self.ticket(Pending::CheckpointExecutor(container_id.clone()));
            out.push(Effect::Symlink {
                link: run.latest_meta(),
                target: run.meta_directory(),
            });
            out.push(Effect::Checkpoint {
                ticket: Some(ticket),
                path: run.executor_info(),
                bytes: checkpoint::record(&downgraded_executor(&launch.executor)),
            });
            self.executor_in(&container_id).expect("just inserted").container =
                ContainerState::Waiting(ticket);
        } else if self
            .executor_in(&container_id)
            .is_some_and(|executor| executor.allocated().any(|resource| resource.disk.is_some()))
        {
            // The directories of its volumes may still be on their way to the disk.
            let ticket = self.ticket(Pending::CheckpointExecutor(container_id.clone()));
            out.push(Effect::Barrier(ticket));
            if let Some(executor) = self.executor_in(&container_id) {
                executor.container = ContainerState::Waiting(ticket);
            }
        } else {
            self.launch_container(&container_id, out);
        }
        let timer = self.timers.insert(
            now + self.config.executor_registration_timeout,
            Timer::ExecutorRegistration(container_id.clone()),
        );
        if let Some(executor) = self.executor_in(&container_id) {
            executor.timer = Some(timer);
        }
    }

    /// The executor's checkpoint, if any, is on disk: its container starts.
    ///
    /// Mesos: src/slave/slave.cpp, `Slave::launchExecutor`.
    pub(crate) fn launch_container(&mut self, container_id: &ContainerId, out: &mut Effects) {
        let Some((framework_id, executor_id)) = self.containers.get(container_id).cloned() else {
            return;
        };
        let Some(framework) = self.frameworks.get(&framework_id) else {
            return;
        };
        let Some(executor) = framework.executors.get(&executor_id) else {
            return;
        };
        if executor.state != ExecutorState::Registering {
            return;
        }
        let agent_id = self.id();
        let run = Run {
            work_dir: &self.config.work_dir,
            agent_id,
            framework_id: &framework_id,
            executor_id: &executor_id,
            container_id,
        };
        info!(%framework_id, %executor_id, %container_id, "launching container");
        let container = LaunchContainer {
            container_id: container_id.clone(),
            command: executor.info.command.as_deref().cloned().unwrap_or_default(),
            environment: self.executor_environment(framework, executor),
            user: executor.user.clone(),
            directory: executor.directory.clone(),
            latest: run.latest_sandbox(),
            forked_pid_path: executor.checkpoint.then(|| run.forked_pid()),
            volumes: self.volumes_of(executor),
        };
        let ticket = self.ticket(Pending::Launch(container_id.clone()));
        if let Some(executor) = self.executor_in(container_id) {
            executor.container = ContainerState::Launching {
                ticket,
                destroy: false,
            };
        }
        out.push(Effect::Launch {
            ticket,
            container: Box::new(container),
        });
    }

    /// Writes tasks down if their framework checkpoints; says whether it does.
    fn checkpoint_tasks(&self, container_id: &ContainerId, tasks: &[TaskInfo], out: &mut Effects) -> bool {
        let Some((framework_id, executor_id)) = self.containers.get(container_id) else {
            return false;
        };
        let executor = self
            .frameworks
            .get(framework_id)
            .and_then(|framework| framework.executors.get(executor_id));
        if !executor.is_some_and(|executor| executor.checkpoint) {
            return false;
        }
        let run = Run {
            work_dir: &self.config.work_dir,
            agent_id: self.id(),
            framework_id,
            executor_id,
            container_id,
        };
        for info in tasks {
            let task = downgraded_task(task_of(info, TaskState::TaskStaging, framework_id.to_proto()));
            out.push(Effect::Checkpoint {
                ticket: None,
                path: run.task_info(&TaskId::from(&info.task_id)),
                bytes: checkpoint::record(&task),
            });
        }
        !tasks.is_empty()
    }

    /// The executor in a container.
    pub(crate) fn executor_in(&mut self, container_id: &ContainerId) -> Option<&mut Executor> {
        let (framework_id, executor_id) = self.containers.get(container_id)?;
        self.frameworks
            .get_mut(framework_id)?
            .executors
            .get_mut(executor_id)
    }

    /// An executor cannot be started for this reason.
    pub(crate) fn executor_failed(
        &mut self,
        now: Time,
        container_id: &ContainerId,
        reason: &str,
        out: &mut Effects,
    ) {
        self.counters.container_launch_errors += 1;
        if let Some(executor) = self.executor_in(container_id) {
            executor.container = ContainerState::Gone;
            executor.pending_termination.get_or_insert(Termination {
                state: TaskState::TaskFailed,
                reason: Reason::ReasonContainerLaunchFailed,
                message: format!("Failed to launch container: {reason}"),
            });
        }
        self.executor_terminated(now, container_id, None, out);
    }
}

/// Where the master's picture of the executor and ours differ.
fn contradiction(launch: &Launch, state: Option<ExecutorState>) -> Option<(Reason, &'static str)> {
    let wanted = launch.launch_executor?;
    if launch.group.is_none() && launch.command_task {
        let text = "Cannot reuse an already existing executor for a command task";
        return state.map(|_| (Reason::ReasonTaskInvalid, text));
    }
    match (wanted, state) {
        (true, Some(_)) => Some((
            Reason::ReasonExecutorTerminated,
            "Master wants to launch executor, but one already exists",
        )),
        (false, None) => Some((
            Reason::ReasonExecutorTerminated,
            "No executor is expected to launch and there is none running",
        )),
        _ => None,
    }
}

/// Why this agent cannot run an executor, if it cannot. Refusing beats running it without what it asked for.
fn unsupported(executor: &ExecutorInfo) -> Option<&'static str> {
    if executor.r#type == Some(executor_info::Type::Default) {
        return Some("the default executor is not supported yet");
    }
    let container: &ContainerInfo = executor.container.as_deref()?;
    if container.r#type == container_info::Type::Docker || container.docker.is_some() {
        return Some(
            "None of the enabled containerizers (mesos) could create a container for the provided TaskInfo/ExecutorInfo message",
        );
    }
    if container
        .mesos
        .as_ref()
        .is_some_and(|mesos| mesos.image.is_some())
    {
        return Some("container images are not supported yet");
    }
    if !container.volumes.is_empty() {
        return Some("volumes are not supported yet");
    }
    if container
        .network_infos
        .iter()
        .any(|network| network.name.is_some())
    {
        return Some("container networks are not supported yet");
    }
    None
}

/// The directories of one executor run, for those who clean up.
pub(crate) fn run_of<'a>(
    work_dir: &'a str,
    agent_id: &'a mesos::ids::AgentId,
    executor: &'a Executor,
) -> Run<'a> {
    paths::Run {
        work_dir,
        agent_id,
        framework_id: &executor.framework_id,
        executor_id: &executor.id,
        container_id: &executor.container_id,
    }
}
