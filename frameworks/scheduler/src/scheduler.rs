//! What a framework author implements.

use bytes::Bytes;

use crate::driver::Driver;
use crate::v1::{AgentID, ExecutorID, FrameworkID, MasterInfo, Offer, OfferID, OperationStatus, TaskStatus};

/// The decisions of a framework. Every method is called on one thread, one event at a time, and must not block:
/// while it runs nothing else of the framework does.
///
/// What is asked of the [`Driver`] is sent when the method returns, in order.
#[allow(unused_variables, reason = "the names say what is passed")]
pub trait Scheduler: Send + 'static {
    /// The framework is known to the master under this id. Also called after a reconnection, with the same id.
    fn subscribed(&mut self, driver: &mut Driver, framework_id: &FrameworkID, master: Option<&MasterInfo>) {}

    /// Resources are offered. Each offer must be accepted or declined; by default all are declined.
    fn offers(&mut self, driver: &mut Driver, offers: Vec<Offer>) {
        driver.decline(offers.iter().map(|offer| offer.id.clone()), None);
    }

    /// An offer is void.
    fn rescind(&mut self, driver: &mut Driver, offer_id: OfferID) {}

    /// A task changed. Updates are repeated until acknowledged, so the same may come twice.
    ///
    /// It is acknowledged when this returns, unless [`Driver::acknowledge_later`] was called.
    fn update(&mut self, driver: &mut Driver, status: TaskStatus) {}

    /// An operation changed.
    fn operation_update(&mut self, driver: &mut Driver, status: OperationStatus) {}

    /// An executor sent bytes.
    fn message(&mut self, driver: &mut Driver, agent_id: AgentID, executor_id: ExecutorID, data: Bytes) {}

    /// An agent is gone, or an executor when one is named, with its exit status as `wait` gives it.
    fn failure(
        &mut self,
        driver: &mut Driver,
        agent_id: Option<AgentID>,
        executor_id: Option<ExecutorID>,
        status: Option<i32>,
    ) {
    }

    /// The connection broke; the library subscribes again. Offers of before are void.
    fn disconnected(&mut self, driver: &mut Driver) {}

    /// The master refused the framework or ended it. Nothing follows.
    fn error(&mut self, message: &str) {}
}
