//! An agent that was restarted takes up what it left.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use indexmap::IndexMap;
use libprocess_core::{duration::format_duration, time::Time, upid::Upid};
use mesos::ids::{AgentId, ContainerId, ExecutorId, FrameworkId, TaskId};
use mesos_proto::v0::{
    ExecutorInfo, FrameworkInfo, SlaveInfo, Task, TaskState, internal::StatusUpdate, task_status::Reason,
};
use tracing::{info, warn};

use crate::{
    core::{AgentCore, AgentState, Effects},
    effect::{Effect, Since},
    executor::{ContainerState, Executor, ExecutorState, Termination},
    framework::Framework,
    launch::run_of,
    operations::RecoveredResources,
    paths::{self, Run},
    resources::{gone, is_terminal, upgraded},
    status_updates::{Key, Stream, Uuid, uuid_of},
    timers::Timer,
};

/// A task as found on disk.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RecoveredTask {
    /// Its description at launch.
    pub task: Task,
    /// Its updates, in order.
    pub updates: Vec<StatusUpdate>,
    /// The uuids of those that were acknowledged.
    pub acknowledged: BTreeSet<Uuid>,
}

/// The latest run of an executor as found on disk.
#[derive(Clone, Debug, PartialEq)]
pub struct RecoveredExecutor {
    /// Its description.
    pub info: ExecutorInfo,
    /// Whether the agent made it up for a command task.
    pub command_task: bool,
    /// The container of its latest run.
    pub container_id: ContainerId,
    /// Its first process, if that still runs.
    pub pid: Option<u32>,
    /// Whether the run is over and all its updates were acknowledged.
    pub completed: bool,
    /// Its tasks.
    pub tasks: Vec<RecoveredTask>,
    /// The containers of its earlier runs.
    pub older_runs: Vec<ContainerId>,
}

/// A framework as found on disk.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RecoveredFramework {
    /// Its description.
    pub info: FrameworkInfo,
    /// Its scheduler's address; empty for frameworks of the HTTP API.
    pub pid: String,
    /// Its executors.
    pub executors: Vec<RecoveredExecutor>,
    /// Executors of which too little is left to take them up.
    pub unusable: Vec<ExecutorId>,
}

/// What the shell found on disk and in the system.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RecoveredState {
    /// The agent as it was registered.
    pub info: Option<SlaveInfo>,
    /// Whether the host was restarted since: then no process can have survived.
    pub rebooted: bool,
    /// The frameworks that checkpoint.
    pub frameworks: Vec<RecoveredFramework>,
    /// Frameworks of which too little is left to take them up.
    pub unusable: Vec<FrameworkId>,
    /// All agents that ever worked in this directory.
    pub agents: Vec<AgentId>,
    /// All containers of earlier agents that still run.
    pub living: Vec<(ContainerId, u32)>,
    /// Reservations, volumes and operations, if any were ever written.
    pub resources: Option<RecoveredResources>,
    /// Things that could not be read.
    pub errors: u64,
}

impl AgentCore {
    /// The agent has read its disk: it is the agent it was, and waits for the executors that still run.
    ///
    /// Mesos: src/slave/slave.cpp, `Slave::recover`.
    pub(crate) fn recover(&mut self, now: Time, state: RecoveredState, out: &mut Effects) {
        self.counters.recovery_errors += state.errors;
        if let Some(info) = state.info {
            let id = info.id.as_deref().map(AgentId::from);
            info!(agent_id = ?id, rebooted = state.rebooted, "recovered the agent's identity");
            self.info.id = info.id;
            self.agent_id = id;
        }
        if let Some(resources) = state.resources
            && let Err(reason) = self.recover_resources(resources, out)
        {
            out.push(Effect::Terminate {
                error: Some(format!("Failed to perform recovery: {reason}")),
            });
            return;
        }
        let mut wanted = BTreeSet::new();
        if let Some(agent_id) = self.agent_id.clone() {
            for framework in state.frameworks {
                self.recover_framework(framework, &mut wanted, out);
            }
            for framework_id in &state.unusable {
                let work_dir = &self.config.work_dir;
                for root in [work_dir.clone(), paths::meta_root(work_dir)] {
                    collect_left(paths::framework(&root, &agent_id, framework_id), out);
                }
            }
        }
        self.collect_other_agents(&state.agents, out);
        for (container_id, pid) in state.living {
            if !wanted.contains(&container_id) {
                info!(%container_id, pid, "ending a container no executor needs any more");
                out.push(Effect::Destroy { container_id, pid });
            }
        }
        let running = self.containers.keys().any(|id| wanted.contains(id));
        if running {
            let deadline = now + self.config.executor_reregistration_timeout;
            self.timers.insert(deadline, Timer::ExecutorReregistration);
        } else {
            self.recovered(now, out);
        }
    }

    /// Makes a framework and its executors known again.
    fn recover_framework(
        &mut self,
        found: RecoveredFramework,
        wanted: &mut BTreeSet<ContainerId>,
        out: &mut Effects,
    ) {
        let framework = Framework::new(
            found.info,
            found.pid.parse::<Upid>().ok().filter(|pid| !pid.is_empty()),
        );
        let framework_id = framework.id.clone();
        self.frameworks.insert(framework_id.clone(), framework);
        for executor_id in &found.unusable {
            warn!(%framework_id, %executor_id, "too little is left of an executor to take it up");
            let work_dir = &self.config.work_dir;
            for root in [work_dir.clone(), paths::meta_root(work_dir)] {
                collect_left(paths::executor(&root, self.id(), &framework_id, executor_id), out);
            }
        }
        for executor in found.executors {
            let (container_id, pid) = (executor.container_id.clone(), executor.pid);
            let executor_id = ExecutorId::from(&executor.info.executor_id);
            let completed = executor.completed;
            self.collect_older_runs(&framework_id, &executor, out);
            self.recover_executor(&framework_id, executor);
            if let Some(pid) = pid.filter(|_| !completed) {
                wanted.insert(container_id.clone());
                out.push(Effect::Watch {
                    container_id: container_id.clone(),
                    pid,
                });
            }
            let Some(framework) = self.frameworks.get(&framework_id) else {
                continue;
            };
            let holds = |executor: &&Executor| executor.container_id == container_id;
            let Some(executor) = framework.executors.values().find(holds) else {
                continue;
            };
            let directory = executor.directory.clone();
            let run = run_of(&self.config.work_dir, self.id(), executor);
            for name in [directory.clone(), run.latest_sandbox(), run.virtual_sandbox()] {
                out.push(Effect::Attach {
                    name,
                    path: directory.clone(),
                });
            }
            if completed {
                self.counters.executors_terminated += 1;
                self.retire_executor(&framework_id, &executor_id, Since::LastChange, out);
            }
        }
    }

    /// Only the latest run of an executor is taken up.
    fn collect_older_runs(&self, framework_id: &FrameworkId, found: &RecoveredExecutor, out: &mut Effects) {
        let executor_id = ExecutorId::from(&found.info.executor_id);
        for container_id in &found.older_runs {
            let run = Run {
                work_dir: &self.config.work_dir,
                agent_id: self.id(),
                framework_id,
                executor_id: &executor_id,
                container_id,
            };
            collect_left(run.sandbox(), out);
            collect_left(run.meta_directory(), out);
        }
    }

    /// What agents left that worked here before under other ids.
    ///
    /// Mesos: src/slave/slave.cpp, `Slave::__recover`.
    fn collect_other_agents(&self, agents: &[AgentId], out: &mut Effects) {
        let work_dir = &self.config.work_dir;
        for agent_id in agents.iter().filter(|id| self.agent_id.as_ref() != Some(*id)) {
            info!(%agent_id, "an earlier agent's directories go");
            for root in [work_dir.clone(), paths::meta_root(work_dir)] {
                let path = paths::agent(&root, agent_id);
                out.push(Effect::Collect {
                    path,
                    since: Since::Now,
                });
            }
        }
    }

    /// Mesos: src/slave/slave.cpp, `Framework::recoverExecutor`.
    fn recover_executor(&mut self, framework_id: &FrameworkId, found: RecoveredExecutor) {
        let executor_id = ExecutorId::from(&found.info.executor_id);
        let agent_id = self.id().clone();
        let run = Run {
            work_dir: &self.config.work_dir,
            agent_id: &agent_id,
            framework_id,
            executor_id: &executor_id,
            container_id: &found.container_id,
        };
        let mut info = found.info;
        info.resources = upgraded(info.resources);
        let mut executor = Executor {
            id: executor_id.clone(),
            framework_id: framework_id.clone(),
            user: info.command.as_ref().and_then(|command| command.user.clone()),
            info,
            container_id: found.container_id.clone(),
            directory: run.sandbox(),
            checkpoint: true,
            command_task: found.command_task,
            state: ExecutorState::Registering,
            container: found.pid.map_or(ContainerState::Gone, ContainerState::Running),
            connection: None,
            queued: IndexMap::new(),
            queued_groups: Vec::new(),
            launched: BTreeMap::new(),
            terminated: BTreeMap::new(),
            completed: VecDeque::new(),
            pending_termination: None,
            timer: None,
        };
        let completed = found.completed;
        let mut tasks = Vec::new();
        for found in found.tasks {
            let task_id = TaskId::from(&found.task.task_id);
            let file = run.task_updates(&task_id);
            let unfinished = recover_task(&mut executor, &task_id, &found);
            if completed {
                // Nobody waits for its updates any more.
                continue;
            }
            if unfinished {
                tasks.push(task_id.clone());
            }
            let mut stream = Stream::new(Some(file));
            for update in found.updates {
                let uuid = uuid_of(&update).to_vec();
                if stream.knows(&uuid) {
                    continue;
                }
                stream.push(update, true);
                if found.acknowledged.contains(&uuid) {
                    stream.acknowledge(&uuid);
                }
            }
            // Kept while the task lives, though all may be acknowledged: its executor may repeat one it got no answer to.
            if unfinished {
                let key: Key = (framework_id.clone(), task_id);
                self.updates.streams.insert(key, stream);
            }
        }
        if completed {
            executor.state = ExecutorState::Terminated;
            executor.container = ContainerState::Gone;
            let launched = std::mem::take(&mut executor.launched);
            executor.terminated.extend(launched);
        } else {
            self.containers
                .insert(found.container_id, (framework_id.clone(), executor_id.clone()));
        }
        if let Some(framework) = self.frameworks.get_mut(framework_id) {
            framework
                .tasks
                .extend(tasks.into_iter().map(|task_id| (task_id, executor_id.clone())));
            framework.executors.insert(executor_id, executor);
        }
    }

    /// Executors had their time to come back.
    ///
    /// Mesos: src/slave/slave.cpp, `Slave::reregisterExecutorTimeout`.
    pub(crate) fn executor_reregistration_timed_out(&mut self, now: Time, out: &mut Effects) {
        let timeout = format_duration(self.config.executor_reregistration_timeout);
        let mut late = Vec::new();
        for framework in self.frameworks.values_mut() {
            let state = gone(&framework.info);
            for executor in framework.executors.values_mut() {
                if executor.state == ExecutorState::Registering && executor.container != ContainerState::Gone
                {
                    warn!(executor_id = %executor.id, "killing an executor that did not come back");
                    executor.state = ExecutorState::Terminating;
                    executor.pending_termination = Some(Termination {
                        state,
                        reason: Reason::ReasonExecutorReregistrationTimeout,
                        message: format!("Executor did not reregister within {timeout}"),
                    });
                    late.push(executor.container_id.clone());
                }
            }
        }
        for container_id in late {
            self.destroy(now, &container_id, out);
        }
        self.recovered(now, out);
    }

    /// Recovery is over: what did not survive is reported, and a master is looked for.
    fn recovered(&mut self, now: Time, out: &mut Effects) {
        self.state = AgentState::Disconnected;
        self.start_oversubscription(now);
        self.recovery_time = Some(now.duration_since(self.start_time));
        let dead: Vec<ContainerId> = self
            .frameworks
            .values_mut()
            .flat_map(|framework| framework.executors.values_mut())
            .filter(|executor| {
                executor.container == ContainerState::Gone && executor.state == ExecutorState::Registering
            })
            .map(|executor| {
                executor.pending_termination = Some(Termination {
                    state: TaskState::TaskFailed,
                    reason: Reason::ReasonExecutorTerminated,
                    message: "Abnormal executor termination: unknown container".to_owned(),
                });
                executor.container_id.clone()
            })
            .collect();
        for container_id in dead {
            self.executor_terminated(now, &container_id, None, out);
        }
        let idle: Vec<FrameworkId> = self.frameworks.keys().cloned().collect();
        for framework_id in idle {
            self.remove_framework_if_idle(&framework_id, out);
        }
        if self.config.recover_cleanup {
            self.shutdown(now, "the agent was started to clean up", out);
        } else {
            info!("finished recovery");
            out.push(Effect::Detect);
        }
    }
}

/// Has something removed that an earlier run left, at the age it has.
fn collect_left(path: String, out: &mut Effects) {
    let since = Since::LastChange;
    out.push(Effect::Collect { path, since });
}

/// Puts a task where its updates say it belongs; `false` when nothing is left to do for it.
fn recover_task(executor: &mut Executor, task_id: &TaskId, found: &RecoveredTask) -> bool {
    let mut task = found.task.clone();
    task.resources = upgraded(task.resources);
    task.state = TaskState::TaskStaging;
    executor.launched.insert(task_id.clone(), task);
    for update in &found.updates {
        if let Err(reason) = executor.update_task(&update.status) {
            warn!(%task_id, reason, "ignoring a recovered status update");
        }
        if is_terminal(update.status.state) {
            if found.acknowledged.contains(uuid_of(update)) {
                executor.complete_task(task_id);
                return false;
            }
            break;
        }
    }
    true
}
