//! What a scheduler may ask for.

use bytes::Bytes;

use crate::framework::Outcome;
use crate::v1::scheduler::{Call, call, call::Type};
use crate::v1::{
    AgentID, ExecutorID, Filters, FrameworkID, Offer, OfferID, TaskID, TaskInfo, TaskStatus, offer,
};

/// Collects the calls of a scheduler; they are sent in order when its method returns.
///
/// All calls are fire and forget, as in Mesos: what comes of them is told by events.
#[derive(Debug, Default)]
pub struct Driver {
    pub(crate) framework_id: Option<FrameworkID>,
    pub(crate) calls: Vec<Call>,
    pub(crate) outcome: Option<Outcome>,
    pub(crate) later: bool,
}

impl Driver {
    /// The framework's id, once it is subscribed.
    pub fn framework_id(&self) -> Option<&FrameworkID> {
        self.framework_id.as_ref()
    }

    /// Sends a call that has no method of its own. The framework id is filled in.
    pub fn call(&mut self, mut call: Call) {
        call.framework_id = self.framework_id.clone().map(Box::new);
        self.calls.push(call);
    }

    /// Launches tasks on what an offer holds; what they leave is declined for five seconds.
    pub fn launch(&mut self, offer: &Offer, tasks: Vec<TaskInfo>) {
        self.launch_filtered(offer, tasks, None);
    }

    /// As [`Driver::launch`], and refuses what is left for this many seconds; zero refuses nothing.
    pub fn launch_filtered(&mut self, offer: &Offer, tasks: Vec<TaskInfo>, refuse_seconds: Option<f64>) {
        let launch = offer::operation::Launch {
            task_infos: tasks,
            ..Default::default()
        };
        let operation = offer::Operation {
            r#type: Some(offer::operation::Type::Launch),
            launch: Some(Box::new(launch)),
            ..Default::default()
        };
        self.accept(vec![offer.id.clone()], vec![operation], refuse_seconds);
    }

    /// Carries out operations on what offers of one agent hold together.
    pub fn accept(
        &mut self,
        offer_ids: Vec<OfferID>,
        operations: Vec<offer::Operation>,
        refuse_seconds: Option<f64>,
    ) {
        let accept = call::Accept {
            offer_ids,
            operations,
            filters: filters(refuse_seconds),
            ..Default::default()
        };
        self.call(Call {
            r#type: Some(Type::Accept),
            accept: Some(Box::new(accept)),
            ..Default::default()
        });
    }

    /// Returns offers unused, and refuses the same for this many seconds (five when not said).
    pub fn decline(&mut self, offer_ids: impl IntoIterator<Item = OfferID>, refuse_seconds: Option<f64>) {
        let decline = call::Decline {
            offer_ids: offer_ids.into_iter().collect(),
            filters: filters(refuse_seconds),
            ..Default::default()
        };
        self.call(Call {
            r#type: Some(Type::Decline),
            decline: Some(Box::new(decline)),
            ..Default::default()
        });
    }

    /// Asks for offers again and forgets what was refused.
    pub fn revive(&mut self) {
        self.call(Call {
            r#type: Some(Type::Revive),
            ..Default::default()
        });
    }

    /// Asks for no more offers until [`Driver::revive`].
    pub fn suppress(&mut self) {
        self.call(Call {
            r#type: Some(Type::Suppress),
            ..Default::default()
        });
    }

    /// Wants a task dead.
    pub fn kill(&mut self, task_id: TaskID, agent_id: Option<AgentID>) {
        let kill = call::Kill {
            task_id,
            agent_id: agent_id.map(Box::new),
            ..Default::default()
        };
        self.call(Call {
            r#type: Some(Type::Kill),
            kill: Some(Box::new(kill)),
            ..Default::default()
        });
    }

    /// Ends an executor and all of its tasks.
    pub fn shutdown(&mut self, executor_id: ExecutorID, agent_id: AgentID) {
        let shutdown = call::Shutdown {
            executor_id,
            agent_id,
            ..Default::default()
        };
        self.call(Call {
            r#type: Some(Type::Shutdown),
            shutdown: Some(Box::new(shutdown)),
            ..Default::default()
        });
    }

    /// Acknowledges an update that [`Driver::acknowledge_later`] held back.
    pub fn acknowledge(&mut self, status: &TaskStatus) {
        let (Some(uuid), Some(agent_id)) = (status.uuid.clone(), status.agent_id.clone()) else {
            return;
        };
        let acknowledge = call::Acknowledge {
            agent_id: *agent_id,
            task_id: status.task_id.clone(),
            uuid,
            ..Default::default()
        };
        self.call(Call {
            r#type: Some(Type::Acknowledge),
            acknowledge: Some(Box::new(acknowledge)),
            ..Default::default()
        });
    }

    /// Keeps the update in hand from being acknowledged when the scheduler's method returns, so that it is repeated
    /// until [`Driver::acknowledge`] is called: for schedulers that first write it down elsewhere.
    pub fn acknowledge_later(&mut self) {
        self.later = true;
    }

    /// Asks what became of tasks; of all when none is named.
    pub fn reconcile(&mut self, tasks: impl IntoIterator<Item = (TaskID, Option<AgentID>)>) {
        let tasks = tasks
            .into_iter()
            .map(|(task_id, agent_id)| call::reconcile::Task {
                task_id,
                agent_id: agent_id.map(Box::new),
                ..Default::default()
            });
        let reconcile = call::Reconcile {
            tasks: tasks.collect(),
            ..Default::default()
        };
        self.call(Call {
            r#type: Some(Type::Reconcile),
            reconcile: Some(Box::new(reconcile)),
            ..Default::default()
        });
    }

    /// Sends bytes to an executor, at most once.
    pub fn message(&mut self, agent_id: AgentID, executor_id: ExecutorID, data: impl Into<Bytes>) {
        let message = call::Message {
            agent_id,
            executor_id,
            data: data.into(),
            ..Default::default()
        };
        self.call(Call {
            r#type: Some(Type::Message),
            message: Some(Box::new(message)),
            ..Default::default()
        });
    }

    /// Ends the framework: all of its tasks are killed, and [`crate::Framework::run`] returns.
    pub fn teardown(&mut self) {
        self.call(Call {
            r#type: Some(Type::Teardown),
            ..Default::default()
        });
        self.outcome = Some(Outcome::TornDown);
    }

    /// Leaves without ending the framework: the master keeps it for its failover timeout.
    pub fn stop(&mut self) {
        self.outcome = Some(Outcome::Stopped);
    }
}

fn filters(refuse_seconds: Option<f64>) -> Option<Box<Filters>> {
    refuse_seconds.map(|seconds| {
        Box::new(Filters {
            refuse_seconds: Some(seconds),
            ..Default::default()
        })
    })
}
