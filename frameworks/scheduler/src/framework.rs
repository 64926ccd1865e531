//! Who the framework is and where the master is.

use libprocess::{Future, Pid, System};
use nix::unistd::{Uid, User};

use crate::driver::Driver;
use crate::process::SchedulerProcess;
use crate::scheduler::Scheduler;
use crate::v1::{FrameworkInfo, framework_info};

/// A framework that is to run.
#[derive(Debug, Clone)]
pub struct Framework {
    pub(crate) info: FrameworkInfo,
    pub(crate) master: String,
}

/// How a framework ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The scheduler asked for its end.
    TornDown,
    /// The scheduler left; the framework may live on.
    Stopped,
    /// The master refused or ended it, for this reason.
    Error(String),
}

/// A running scheduler that other threads can reach.
pub struct Handle<S: Scheduler> {
    pid: Pid<SchedulerProcess<S>>,
    outcome: Future<Outcome>,
}

/// A way to a running scheduler.
pub struct Teller<S: Scheduler> {
    pid: Pid<SchedulerProcess<S>>,
}

impl<S: Scheduler> Teller<S> {
    /// Runs `f` on the scheduler, after the events that came before.
    pub fn tell(&self, f: impl FnOnce(&mut S, &mut Driver) + Send + 'static) {
        self.pid.tell(move |process, context| process.with(context, f));
    }
}

impl Framework {
    /// A framework of the user the process runs as in role `*`, with the master at `host:port`.
    pub fn new(name: &str, master: &str) -> Self {
        let multi_role = framework_info::Capability {
            r#type: Some(framework_info::capability::Type::MultiRole),
            ..Default::default()
        };
        let info = FrameworkInfo {
            user: user_name(Uid::current()),
            name: name.to_owned(),
            roles: vec!["*".to_owned()],
            capabilities: vec![multi_role],
            ..Default::default()
        };
        Self {
            info,
            master: master.to_owned(),
        }
    }

    /// Takes over a description of the framework that was made elsewhere.
    pub fn with_info(info: FrameworkInfo, master: &str) -> Self {
        Self {
            info,
            master: master.to_owned(),
        }
    }

    /// What the master is told of it.
    pub fn info_mut(&mut self) -> &mut FrameworkInfo {
        &mut self.info
    }

    /// Runs a scheduler until it ends, in a system of its own. Blocks the calling thread.
    ///
    /// # Panics
    ///
    /// When the operating system has no threads to give.
    pub fn run<S: Scheduler>(self, scheduler: S) -> Outcome {
        let system = System::builder()
            .client_only()
            .start()
            .expect("a thread can be started");
        let outcome = self.start(&system, scheduler).outcome();
        let outcome = outcome
            .wait()
            .unwrap_or_else(|error| Outcome::Error(error.to_string()));
        system.shutdown();
        outcome
    }

    /// Starts a scheduler in a system and returns at once.
    ///
    /// # Panics
    ///
    /// When the system is shutting down.
    pub fn start<S: Scheduler>(self, system: &System, scheduler: S) -> Handle<S> {
        let (process, outcome) = SchedulerProcess::new(self, scheduler);
        let id = system.generate_id("scheduler");
        let pid = system
            .spawn(id, process)
            .expect("the id was just made and the system runs");
        Handle { pid, outcome }
    }
}

impl<S: Scheduler> Handle<S> {
    /// Runs `f` on the scheduler, after the events that came before.
    pub fn tell(&self, f: impl FnOnce(&mut S, &mut Driver) + Send + 'static) {
        self.pid.tell(move |process, context| process.with(context, f));
    }

    /// A second handle that can only tell, to be kept where the first one is waited for.
    pub fn teller(&self) -> Teller<S> {
        Teller {
            pid: self.pid.clone(),
        }
    }

    /// Is ready when the framework has ended.
    pub fn outcome(self) -> Future<Outcome> {
        self.outcome
    }
}

/// The name of a user, or the number of one the host has no name for. The environment may name somebody else.
///
/// Differs from Mesos: `mesos-execute` refuses to run as a user without a name.
///
/// Mesos: 3rdparty/stout/include/stout/os/posix/su.hpp, `os::user`
fn user_name(uid: Uid) -> String {
    match User::from_uid(uid) {
        Ok(Some(user)) => user.name,
        Ok(None) | Err(_) => uid.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_is_named_by_the_host_and_else_by_number() {
        assert_eq!(user_name(Uid::from_raw(0)), "root");
        assert_eq!(user_name(Uid::from_raw(3_999_999_999)), "3999999999");
        let framework = Framework::new("f", "127.0.0.1:5050");
        assert_eq!(framework.info.user, user_name(Uid::current()));
    }
}
