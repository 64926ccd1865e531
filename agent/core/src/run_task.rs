//! The master sends a task.

use libprocess_core::{time::Time, upid::Upid};
use mesos::ids::{AgentId, FrameworkId};
use mesos_proto::v0::{
    FrameworkInfo,
    internal::{RunTaskGroupMessage, RunTaskMessage},
};
use tracing::{info, warn};

use crate::{
    checkpoint,
    core::{AgentCore, AgentState, Effects},
    effect::Effect,
    framework::Framework,
    launch::Launch,
    paths,
    resources::upgraded,
};

impl AgentCore {
    /// Trip 6/14: the agent receives the task and finds or describes its executor.
    ///
    /// Mesos: src/slave/slave.cpp, `Slave::runTask`.
    pub(crate) fn run_task(&mut self, now: Time, message: RunTaskMessage, out: &mut Effects) {
        let RunTaskMessage {
            mut framework,
            mut task,
            pid,
            resource_version_uuids,
            launch_executor,
            framework_id,
            ..
        } = message;
        if framework.id.is_none() {
            framework.id = framework_id;
        }
        task.resources = upgraded(task.resources);
        info!(trip = 6, framework_id = %id_of(&framework), task_id = %task.task_id.value, "received a task");
        if !self.accepts(&framework, &AgentId::from(&task.slave_id)) {
            return;
        }
        let pid = pid
            .and_then(|pid| pid.parse::<Upid>().ok())
            .filter(|pid| !pid.is_empty() && !pid.id().is_empty());
        self.add_framework(&framework, pid, out);
        let mut executor = self.executor_of_task(&framework, &task);
        executor.resources = upgraded(executor.resources);
        let command_task = task.executor.is_none();
        let launch = Launch {
            framework,
            executor,
            tasks: vec![task],
            group: None,
            versions: resource_version_uuids,
            launch_executor,
            command_task,
        };
        self.launch(now, launch, out);
    }

    /// The master sends a group of tasks that start and end together.
    ///
    /// Mesos: src/slave/slave.cpp, `Slave::runTaskGroup`.
    pub(crate) fn run_task_group(&mut self, now: Time, message: RunTaskGroupMessage, out: &mut Effects) {
        let RunTaskGroupMessage {
            framework,
            mut executor,
            mut task_group,
            resource_version_uuids,
            launch_executor,
            ..
        } = message;
        let Some(first) = task_group.tasks.first() else {
            warn!(framework_id = %id_of(&framework), "ignoring an empty task group");
            return;
        };
        if !self.accepts(&framework, &AgentId::from(&first.slave_id)) {
            return;
        }
        for task in &mut task_group.tasks {
            task.resources = upgraded(std::mem::take(&mut task.resources));
        }
        executor.resources = upgraded(executor.resources);
        self.add_framework(&framework, None, out);
        let launch = Launch {
            framework,
            executor,
            tasks: task_group.tasks.clone(),
            group: Some(task_group),
            versions: resource_version_uuids,
            launch_executor,
            command_task: false,
        };
        self.launch(now, launch, out);
    }

    /// Whether tasks can run here at all; otherwise the master finds out when it reconciles.
    fn accepts(&self, framework: &FrameworkInfo, agent_id: &AgentId) -> bool {
        let framework_id = id_of(framework);
        if self.agent_id.as_ref() != Some(agent_id) {
            warn!(%framework_id, %agent_id, "ignoring a task that is meant for another agent");
            return false;
        }
        if matches!(self.state, AgentState::Recovering | AgentState::Terminating) {
            warn!(%framework_id, state = ?self.state, "ignoring a task because of the agent's state");
            return false;
        }
        true
    }

    /// Makes the framework known, and writes it down if it checkpoints.
    fn add_framework(&mut self, info: &FrameworkInfo, pid: Option<Upid>, out: &mut Effects) {
        let framework_id = id_of(info);
        if self.frameworks.contains_key(&framework_id) {
            return;
        }
        let framework = Framework::new(info.clone(), pid);
        self.completed_frameworks
            .retain(|completed| completed.id != framework_id);
        let agent_id = self.id().clone();
        out.push(Effect::Keep {
            path: paths::framework(&self.config.work_dir, &agent_id, &framework_id),
        });
        if framework.checkpoints() {
            let meta = paths::meta_root(&self.config.work_dir);
            out.push(Effect::Keep {
                path: paths::framework(&meta, &agent_id, &framework_id),
            });
            self.checkpoint_framework(&framework, out);
        }
        self.frameworks.insert(framework_id, framework);
    }

    /// Writes a framework down.
    pub(crate) fn checkpoint_framework(&self, framework: &Framework, out: &mut Effects) {
        let (work_dir, agent_id) = (&self.config.work_dir, self.id());
        out.push(Effect::Checkpoint {
            ticket: None,
            path: paths::framework_info(work_dir, agent_id, &framework.id),
            bytes: checkpoint::record(&framework.info),
        });
        let pid = framework
            .pid
            .as_ref()
            .map(ToString::to_string)
            .unwrap_or_default();
        out.push(Effect::Checkpoint {
            ticket: None,
            path: paths::framework_pid(work_dir, agent_id, &framework.id),
            bytes: pid.into_bytes(),
        });
    }
}

/// The id in a description of a framework; masters always fill it in.
fn id_of(info: &FrameworkInfo) -> FrameworkId {
    info.id
        .as_deref()
        .map_or_else(|| FrameworkId::new(""), FrameworkId::from)
}
