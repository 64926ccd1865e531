//! What the agent can spare for a while, and who has to go when it cannot.

use std::time::Duration;

use libprocess_core::time::Time;
use mesos::{
    Resources,
    ids::{ExecutorId, FrameworkId},
};
use mesos_proto::v0::{Resource, internal::UpdateSlaveMessage, task_status::Reason};
use tracing::{info, warn};

use crate::{
    constants::QOS_CORRECTION_INTERVAL_MIN,
    core::{AgentCore, AgentState, Effects},
    effect::{Effect, Outgoing},
    executor::{Executor, ExecutorState, Termination},
    framework::FrameworkState,
    resources::gone,
    timers::Timer,
};

/// What the agent was told about oversubscription.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Oversubscription {
    /// What the fixed estimator says can be spared (`org_apache_mesos_FixedResourceEstimator`), revocable; nothing is
    /// ever said when `None`, as with Mesos' own default.
    pub estimate: Option<Resources>,
    /// How often the estimate is told (`--oversubscribed_resources_interval`).
    pub interval: Duration,
    /// When the load controller takes back what was spared (`org_apache_mesos_LoadQoSController`); never when `None`.
    pub load: Option<LoadThresholds>,
    /// The least time between two looks at the load (`--qos_correction_interval_min`).
    pub correction_interval_min: Duration,
}

/// Average numbers of processes that want to run, above which the host is overloaded.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct LoadThresholds {
    /// Over 5 minutes.
    pub five_minutes: Option<f64>,
    /// Over 15 minutes.
    pub fifteen_minutes: Option<f64>,
}

/// The load of the host.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Load {
    /// Over 5 minutes.
    pub five_minutes: f64,
    /// Over 15 minutes.
    pub fifteen_minutes: f64,
}

impl LoadThresholds {
    /// Whether a load is above a threshold.
    ///
    /// Mesos: src/slave/qos_controllers/load.cpp.
    #[must_use]
    pub fn exceeded_by(&self, load: Load) -> bool {
        self.five_minutes.is_some_and(|most| load.five_minutes > most)
            || self
                .fifteen_minutes
                .is_some_and(|most| load.fifteen_minutes > most)
    }
}

impl AgentCore {
    /// Recovery is over: estimates and corrections begin.
    pub(crate) fn start_oversubscription(&mut self, now: Time) {
        if self.config.oversubscription.estimate.is_some() {
            self.timers.insert(now, Timer::Oversubscription);
        }
        if self.config.oversubscription.load.is_some() {
            self.timers.insert(now, Timer::QosCorrections);
        }
    }

    /// Tells the master what can be spared, if that changed.
    ///
    /// Mesos: src/slave/slave.cpp, `Slave::forwardOversubscribed`; src/slave/resource_estimators/fixed.cpp.
    pub(crate) fn forward_oversubscribed(&mut self, now: Time, out: &mut Effects) {
        let Some(estimate) = &self.config.oversubscription.estimate else {
            return;
        };
        let used = Resources::from_valid_protos(&self.allocated_revocable()).unallocated();
        let left = estimate.clone() - &used;
        let total = used + &left;
        if self.oversubscribed.as_ref() != Some(&total)
            && let (AgentState::Running, Some(master)) = (self.state, self.master.clone())
        {
            info!(resources = %total, "forwarding total oversubscribed resources");
            let message = UpdateSlaveMessage {
                slave_id: self.id().to_proto(),
                update_oversubscribed_resources: Some(true),
                oversubscribed_resources: total.to_protos(),
                ..UpdateSlaveMessage::default()
            };
            out.push(Effect::Send {
                to: master,
                message: Outgoing::new(&message),
            });
        }
        self.oversubscribed = Some(total);
        let next = now
            + self
                .config
                .oversubscription
                .interval
                .max(Duration::from_millis(1));
        self.timers.insert(next, Timer::Oversubscription);
    }

    fn allocated_revocable(&self) -> Vec<Resource> {
        let executors = self
            .frameworks
            .values()
            .flat_map(|framework| framework.executors.values());
        executors
            .flat_map(Executor::allocated)
            .filter(|resource| resource.revocable.is_some())
            .cloned()
            .collect()
    }

    /// The host's load was measured: when it is too high, all executors with revocable resources go.
    ///
    /// Mesos: src/slave/slave.cpp, `Slave::_qosCorrections`.
    pub(crate) fn load_measured(&mut self, now: Time, load: Load, out: &mut Effects) {
        let interval = self.config.oversubscription.correction_interval_min;
        let next = now + interval.max(QOS_CORRECTION_INTERVAL_MIN);
        self.timers.insert(next, Timer::QosCorrections);
        let thresholds = self.config.oversubscription.load.unwrap_or_default();
        if matches!(self.state, AgentState::Recovering | AgentState::Terminating)
            || !thresholds.exceeded_by(load)
        {
            return;
        }
        let mut preempted: Vec<(FrameworkId, ExecutorId)> = Vec::new();
        for framework in self.frameworks.values() {
            if framework.state == FrameworkState::Terminating {
                continue;
            }
            for executor in framework.executors.values() {
                let alive = matches!(
                    executor.state,
                    ExecutorState::Registering | ExecutorState::Running
                );
                if alive && executor.allocated().any(|resource| resource.revocable.is_some()) {
                    preempted.push((framework.id.clone(), executor.id.clone()));
                }
            }
        }
        for (framework_id, executor_id) in preempted {
            self.preempt(now, &framework_id, &executor_id, out);
        }
    }

    fn preempt(
        &mut self,
        now: Time,
        framework_id: &FrameworkId,
        executor_id: &ExecutorId,
        out: &mut Effects,
    ) {
        let Some(framework) = self.frameworks.get_mut(framework_id) else {
            return;
        };
        let state = gone(&framework.info);
        let Some(executor) = framework.executors.get_mut(executor_id) else {
            return;
        };
        warn!(%framework_id, %executor_id, "killing an executor as a QoS correction");
        executor.state = ExecutorState::Terminating;
        executor.pending_termination = Some(Termination {
            state,
            reason: Reason::ReasonContainerPreempted,
            message: "Container preempted by QoS correction".to_owned(),
        });
        let container_id = executor.container_id.clone();
        self.counters.executors_preempted += 1;
        self.destroy(now, &container_id, out);
    }
}
