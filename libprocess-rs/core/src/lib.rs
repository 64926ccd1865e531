//! The pure half of libprocess: addresses, message framing, RecordIO, time.
//!
//! Nothing here performs I/O, reads a clock or starts a thread: bytes and instants come in, values come out. The
//! shell, package `libprocess`, feeds it from sockets and timers; simulations feed it from memory.
//!
//! ```
//! use libprocess_core::{Upid, message};
//!
//! let from: Upid = "slave(1)@127.0.0.1:5051".parse()?;
//! let to: Upid = "master@127.0.0.1:5050".parse()?;
//! let mut wire = Vec::new();
//! message::encode(&from, &to, "mesos.internal.PongSlaveMessage", b"", &mut wire);
//! assert!(wire.starts_with(b"POST /master/mesos.internal.PongSlaveMessage HTTP/1.1\r\n"));
//! # Ok::<(), libprocess_core::upid::ParseUpidError>(())
//! ```
//!
//! # Map
//!
//! * [`upid`]: the address of a process, `id@ip:port`.
//! * [`message`]: how a named message travels as an HTTP request, byte for byte.
//! * [`frame`]: how it travels between runtimes that both know frames.
//! * [`http`]: heads, headers, queries and one incremental decoder for requests and responses.
//! * [`recordio`]: length-prefixed records on a stream.
//! * [`time`] and [`duration`]: instants, and the text form of durations (`15secs`).
//! * [`timers`]: deadlines in order. [`backoff`]: how long to wait before trying again.
//!
//! # Examples
//!
//! Every module has its own; start with [`http::RequestDecoder`].
#![forbid(unsafe_code)]

pub mod backoff;
pub mod duration;
pub mod frame;
pub mod http;
pub mod message;
pub mod recordio;
pub mod time;
pub mod timers;
pub mod upid;

pub use time::Time;
pub use upid::Upid;
