//! Everything the core can ask of the world.

use std::time::Duration;

use bytes::Bytes;
use libprocess_core::upid::Upid;
use mesos::ids::ContainerId;
use mesos_proto::{Message, v0};

/// Ties slow work to its result: the input that reports it carries the same ticket.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Ticket(pub u64);

/// A message for another process, named and encoded.
#[derive(Clone, Debug, PartialEq)]
pub struct Outgoing {
    /// The full protobuf name, which libprocess uses as the message's name.
    pub name: &'static str,
    /// The encoded message.
    pub body: Bytes,
}

impl Outgoing {
    /// Encodes a message.
    #[must_use]
    pub fn new<M: Message>(message: &M) -> Self {
        Self {
            name: M::NAME,
            body: message.encode_to_vec().into(),
        }
    }
}

/// A persistent volume that a container sees in its sandbox.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Volume {
    /// The name in the sandbox, without a slash.
    pub name: String,
    /// The directory with the data.
    pub path: String,
}

/// A container to start; the shell hands it to the containerizer.
#[derive(Clone, Debug, PartialEq)]
pub struct LaunchContainer {
    /// The container.
    pub container_id: ContainerId,
    /// What to run.
    pub command: v0::CommandInfo,
    /// The whole environment, in order; later entries win.
    pub environment: Vec<(String, String)>,
    /// The user to run as; the agent's own when unset.
    pub user: Option<String>,
    /// The sandbox to make.
    pub directory: String,
    /// The link to point at the sandbox.
    pub latest: String,
    /// Where to note the pid, for frameworks that checkpoint.
    pub forked_pid_path: Option<String>,
    /// The persistent volumes to link into the sandbox.
    pub volumes: Vec<Volume>,
}

/// The answer to a call of an executor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ExecutorAnswer {
    /// 202: the call was taken.
    Accepted,
    /// 200: the request's connection becomes the executor's event stream.
    Stream,
    /// 400 with this text.
    BadRequest(String),
    /// 403 with this text.
    Forbidden(String),
    /// 501: a call of a type we do not know.
    NotImplemented,
    /// 503 with this text.
    Unavailable(String),
}

/// What the age of something to be removed is counted from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Since {
    /// Now: it was in use until now. The time is noted with the directory, for the next run of the agent.
    Now,
    /// Its last change: an earlier run of the agent left it.
    LastChange,
}

/// One thing the shell shall do. Effects are performed in their order and none is skipped.
#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    /// Find out who leads; the answer is [`Input::MasterDetected`](crate::Input::MasterDetected).
    Detect,
    /// Keep a connection to this process and report when it breaks.
    Link(Upid),
    /// Send a message.
    Send {
        /// The receiver.
        to: Upid,
        /// The message.
        message: Outgoing,
    },
    /// Call back after this long with [`Input::Wake`](crate::Input::Wake); replaces the wake-up asked for before.
    WakeAfter(Duration),
    /// Write a whole file atomically (through a temporary file), making its directory.
    Checkpoint {
        /// Report the end under this ticket, if anybody waits.
        ticket: Option<Ticket>,
        /// The file.
        path: String,
        /// Its content.
        bytes: Vec<u8>,
    },
    /// Append to a file and make it durable; writes to one file keep their order.
    Append {
        /// Report the end under this ticket, if anybody waits.
        ticket: Option<Ticket>,
        /// The file.
        path: String,
        /// What to append.
        bytes: Vec<u8>,
    },
    /// Point a symbolic link somewhere, replacing what it pointed at.
    Symlink {
        /// The link.
        link: String,
        /// Where it points.
        target: String,
    },
    /// Give a file another name, replacing what had it.
    Rename {
        /// The file.
        from: String,
        /// Its new name.
        to: String,
    },
    /// Remove a file, or a directory with all it holds, if it is there.
    Remove {
        /// The file or directory.
        path: String,
    },
    /// Make the directory of a persistent volume, unless there is one.
    MakeVolume {
        /// The directory.
        path: String,
    },
    /// Remove all data of a persistent volume.
    RemoveVolume {
        /// The directory.
        path: String,
        /// Leave the directory itself, which something is mounted on.
        keep_root: bool,
    },
    /// Link persistent volumes into a sandbox, for its owner to use. One that cannot be linked is reported with
    /// [`Input::VolumesNotLinked`](crate::Input::VolumesNotLinked) instead of `Stored`.
    LinkVolumes {
        /// Report the end under this ticket.
        ticket: Ticket,
        /// The sandbox.
        directory: String,
        /// What to link.
        volumes: Vec<Volume>,
    },
    /// Measure the load of the host; the answer is [`Input::LoadMeasured`](crate::Input::LoadMeasured).
    MeasureLoad,
    /// Report under this ticket when all that was to be written before is on disk.
    Barrier(Ticket),
    /// Start a container; the answer is [`Input::ContainerLaunched`](crate::Input::ContainerLaunched).
    Launch {
        /// Ties the answer to this request.
        ticket: Ticket,
        /// What to start.
        container: Box<LaunchContainer>,
    },
    /// End a container; its exit is reported as for any other.
    Destroy {
        /// The container.
        container_id: ContainerId,
        /// Its first process.
        pid: u32,
    },
    /// Watch a recovered container's first process; its exit is reported as for any other.
    Watch {
        /// The container.
        container_id: ContainerId,
        /// Its first process.
        pid: u32,
    },
    /// Answer a call of an executor.
    Respond {
        /// The request.
        request: u64,
        /// The answer.
        answer: ExecutorAnswer,
    },
    /// Send an event on an executor's stream, named by the request that opened it.
    Event {
        /// The stream.
        connection: u64,
        /// The event.
        event: Box<v0::executor::Event>,
    },
    /// Close an executor's stream.
    CloseStream {
        /// The stream.
        connection: u64,
    },
    /// Show a directory under `/files`.
    Attach {
        /// The name it gets.
        name: String,
        /// The directory.
        path: String,
    },
    /// Stop showing a name under `/files`, when the garbage collector removes what it shows.
    DetachWhenCollected {
        /// The name.
        name: String,
        /// The directory it shows.
        path: String,
    },
    /// Remove a directory when it is old enough or the disk too full.
    Collect {
        /// The directory.
        path: String,
        /// What its age is counted from.
        since: Since,
    },
    /// Keep a directory that was to be removed.
    Keep {
        /// The directory.
        path: String,
    },
    /// The agent is done; the process ends with this text, or peacefully.
    Terminate {
        /// Why, when something is wrong.
        error: Option<String>,
    },
}
