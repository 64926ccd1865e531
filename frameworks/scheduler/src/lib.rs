//! What framework authors import: a scheduler over the v1 HTTP API of Mesos.
//!
//! Implement [`Scheduler`] and hand it to [`Framework::run`]. The library subscribes, reads the event stream, calls
//! the scheduler for each event, sends what it asks for through its [`Driver`], acknowledges status updates, and
//! subscribes again under the same framework id when the connection breaks.
//!
//! ```no_run
//! use mesos_scheduler::v1::{Offer, TaskStatus};
//! use mesos_scheduler::{Driver, Framework, Scheduler, task};
//!
//! struct Hello;
//!
//! impl Scheduler for Hello {
//!     fn offers(&mut self, driver: &mut Driver, offers: Vec<Offer>) {
//!         for offer in offers {
//!             driver.launch(&offer, vec![task::command(&offer, "hello-1", "echo hello", 0.1, 32.0)]);
//!         }
//!         driver.suppress(); // One is enough.
//!     }
//!
//!     fn update(&mut self, driver: &mut Driver, status: TaskStatus) {
//!         println!("{} is {}", status.task_id.value, status.state.as_str_name());
//!         if task::is_terminal(status.state) {
//!             driver.teardown();
//!         }
//!     }
//! }
//!
//! let outcome = Framework::new("hello", "127.0.0.1:5050").run(Hello);
//! println!("{outcome:?}");
//! ```
//!
//! `examples/hello.rs` is the same as a whole program of sixty lines.
//!
//! | module | what |
//! |---|---|
//! | [`Scheduler`] | what you implement: one method for each event, all optional |
//! | [`Driver`] | what you may ask for: one method for each call |
//! | [`Framework`] | who you are and where the master is |
//! | [`task`] | small help with tasks |
//! | [`v1`] | the messages |
#![forbid(unsafe_code)]

mod driver;
mod framework;
mod process;
mod scheduler;
pub mod task;

pub use driver::Driver;
pub use framework::{Framework, Handle, Outcome, Teller};
pub use mesos_proto::v1;
pub use scheduler::Scheduler;
