//! Actors with the semantics of libprocess: processes, PIDs, mailboxes, links, HTTP and a clock that can be paused.
//!
//! A [`Process`] is state with a mailbox. It handles one event at a time, in order, each to its end, so its handlers are
//! plain functions on `&mut self` without locks. Every process has an address, `id@ip:port`, by which processes on
//! other machines send it named messages, and it can serve HTTP under its name on the same port. On the wire this is
//! what C++ libprocess speaks, so that the two mix.
//!
//! ```
//! use libprocess::{Context, Process, System, http};
//!
//! struct Counter(u64);
//!
//! impl Process for Counter {
//!     fn initialize(&mut self, ctx: &mut Context<Self>) {
//!         ctx.install("Add", |counter: &mut Counter, _, _from, body| counter.0 += body.len() as u64);
//!         ctx.route("/value", |counter, _, _request, responder| {
//!             responder.respond(http::Response::json(counter.0.to_string()));
//!         });
//!     }
//! }
//!
//! let system = System::builder().start()?;
//! let counter = system.spawn("counter", Counter(1)).expect("the name is free");
//! system.post(counter.upid(), "Add", "xx"); // A message, by address: works across machines.
//! let value = counter.dispatch(|counter, _ctx| counter.0).wait(); // A closure, by handle: works in here.
//! assert_eq!(value, Ok(3));
//!
//! let client = http::Client::new(&system);
//! let response = client.get(&format!("http://{}/counter/value", system.address())).wait().expect("it answers");
//! assert_eq!(response.body_bytes(), b"3");
//! system.shutdown();
//! # Ok::<(), std::io::Error>(())
//! ```
//!
//! # Map
//!
//! * [`System`] and [`Builder`]: one runtime, its workers and address. There are no globals.
//! * [`Process`], [`Context`], [`Pid`]: writing processes, what they can do, talking to them by closure.
//! * [`Upid`] and named messages: talking to them by address.
//! * [`Future`] and [`Promise`]: values that come later, with libprocess' notion of discarding.
//! * [`Clock`] and [`Timer`]: time that tests can stop and move.
//! * [`http`]: routes, requests, responses, streams, and a client.
//! * [`metrics`]: what `/metrics/snapshot` shows.
//! * [`Tls`]: all of it encrypted, peers verified.
//! * [`sync`]: a queue, a sequence and a limit on rates that answer with futures.
//! * [`subprocess`], [`io`], [`reap`]: programs started, talked to, waited for.
//! * [`codec`]: messages as Rust types.
//! * [`recordio`], [`duration`]: formats, from `libprocess-core`.
//!
//! # Rules
//!
//! A handler must not block: use [`Context::defer`], [`Context::then`] or [`Context::blocking`] and go on in a new
//! event. A panic in a handler ends the OS process, as an exception does in libprocess.
#![forbid(unsafe_code)]

mod builder;
mod builtin;
mod cell;
mod clock;
pub mod codec;
mod context;
mod defer;
mod environment;
mod executor;
pub mod future;
mod help;
pub mod http;
pub mod io;
mod link;
pub mod metrics;
mod pid;
mod process;
pub mod reap;
mod recent;
mod resolve;
pub mod subprocess;
pub mod sync;
mod system;
mod table;
mod tls;
mod transport;
mod worker;

pub use builder::Builder;
pub use bytes::Bytes;
pub use cell::EventCounts;
pub use clock::{Clock, Timer};
pub use context::Context;
pub use executor::Executor;
pub use future::{Future, FutureError, Promise};
pub use libprocess_core::{Time, Upid, backoff, duration, message, recordio};
pub use link::LinkMode;
pub use pid::Pid;
pub use process::Process;
pub use system::{OnPanic, SpawnError, SpawnOptions, System};
pub use tls::Tls;
