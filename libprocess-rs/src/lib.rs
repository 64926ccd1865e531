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
//! # Talking to a process
//!
//! | you hold | you call | what happens there | you get |
//! |---|---|---|---|
//! | a [`Pid`] | [`Pid::dispatch`] | the closure runs on its state | a [`Future`] of the result |
//! | a [`Pid`] | [`Pid::tell`], [`Pid::delay`] | the closure runs, now or later | nothing |
//! | a [`Pid`] | [`Pid::defer`] | nothing yet: it makes a callback that runs there | something for [`Future::then`] |
//! | a [`Upid`] | [`Context::send`], [`System::post`] | the handler of that name runs | nothing: at most once, in order |
//! | a [`Upid`] | [`Context::link`] | nothing | [`Process::exited`] when it, or its machine, is gone |
//! | a URL | [`http::Client`] | the longest route that fits runs | a response |
//!
//! What one sender sends to one process arrives in order. Nothing is kept for a process that is not there: messages are
//! dropped, futures of its closures are [abandoned](FutureError::Abandoned), requests are answered with 404.
//!
//! # The life of a process
//!
//! | state | since | accepts | next |
//! |---|---|---|---|
//! | bottom | it was spawned | everything; it waits | ready, when [`Process::initialize`] has run |
//! | ready | something waits, or runs | everything | blocked, when all is handled |
//! | blocked | nothing waits | everything | ready, with the next event |
//! | terminating | its end was asked for, and its turn has come | nothing | gone, when [`Process::finalize`] has run |
//! | gone | those who are linked to it, or wait for it, were told | | its name is free; its [`Pid`]s stay dead |
//!
//! | event | comes from | is handled by |
//! |---|---|---|
//! | dispatch | closures, timers, work that is done | the closure |
//! | message | any process, anywhere | [`Context::install`], [`Context::delegate`], else [`Process::message`] |
//! | HTTP request | any client | [`Context::route`], [`Context::provide`], else 404 |
//! | exited | a link | [`Process::exited`] |
//! | terminate | [`System::terminate`], [`Pid::terminate`], [`System::shutdown`] | [`Process::finalize`] |
//!
//! # Waiting without blocking
//!
//! A handler runs to its end, and nothing else runs on its worker meanwhile. What takes time is handed over together with what is to
//! be done then, as an event of its own; the world may have moved on by that time.
//!
//! ```
//! use libprocess::http::{Response, RouteOptions};
//! use libprocess::{Context, Future, Process, System};
//! use std::time::Duration;
//!
//! struct Kitchen {
//!     served: u32,
//! }
//!
//! impl Process for Kitchen {
//!     fn initialize(&mut self, ctx: &mut Context<Self>) {
//!         ctx.route("/soup", |_, ctx, _, responder| {
//!             let cooked = ctx.system().after(Duration::from_secs(600));
//!             ctx.then(cooked, move |kitchen, _, _| {
//!                 kitchen.served += 1;
//!                 responder.respond(Response::text(200, format!("soup number {}", kitchen.served)));
//!             });
//!         });
//!     }
//! }
//!
//! let system = System::builder().paused_clock(true).start()?; // Time that a test moves by hand.
//! let kitchen = system.spawn("kitchen", Kitchen { served: 0 }).expect("the name is free");
//! let url = format!("http://{}/kitchen/soup", system.address());
//! let soup = libprocess::http::Client::new(&system).get(&url);
//! while soup.is_pending() {
//!     system.clock().advance(Duration::from_secs(60));
//!     system.clock().settle().wait().expect("it settles");
//! }
//! assert_eq!(soup.wait().expect("it answers").body_bytes(), b"soup number 1");
//! system.shutdown();
//! # Ok::<(), std::io::Error>(())
//! ```
//!
//! # Coming from C++
//!
//! | libprocess | here |
//! |---|---|
//! | `process::initialize`, `finalize` | [`System::builder`], [`System::shutdown`]: as many as you like |
//! | `spawn`, `terminate`, `wait` | [`System::spawn`], [`System::terminate`], [`System::wait`]; processes are always managed |
//! | `dispatch(pid, &P::method, a)` | `pid.dispatch(move \|process, ctx\| process.method(a))` |
//! | `defer(self(), ...)`, `delay`, `loop(self(), ...)` | [`Pid::defer`], [`Context::delay`], [`Pid::repeat`] |
//! | `async`, `run`, `Executor` | [`System::run_blocking`], [`System::run_process`], [`Executor`] |
//! | `future.onReady`, `then`, `recover`, `repair`, `after` | [`Future::on_ready`] and so on |
//! | `collect`, `await`, `select`, `loop`, `undiscardable` | [`future::collect`], [`future::await_all`], [`future::select`], [`future::repeat`], [`Future::undiscardable`] |
//! | `install`, `send`, `link`, `delegate` | [`Context::install`] and so on; [`Context::install_decoded`] for protobuf |
//! | `route`, `provide`, `HELP` | [`Context::route_with`], [`Context::provide`], [`http::Help`] |
//! | `http::get`, `http::connect`, `http::Pipe` | [`http::Client`], [`http::Connection`], [`http::pipe`] |
//! | `subprocess`, `reap`, `io::read` | [`subprocess`], [`reap::reap`], [`io`] |
//! | `Clock::pause`, `advance`, `settle` | [`Clock`], of each system |
//! | `RateLimiter`, `Sequence`, `Queue`, `Mutex`, `ReadWriteLock`, `CountDownLatch` | [`sync`] |
//! | `metrics::add`, `Counter`, `Timer` | [`System::metrics`] |
//! | `LIBPROCESS_*` | [`Builder::from_env`], [`Tls::from_variables`] |
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
//! * [`sync`]: a queue, a sequence, a limit on rates, locks and a latch that answer with futures.
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
mod watchdog;
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
pub use watchdog::SlowHandler;
