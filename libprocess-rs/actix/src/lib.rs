//! actix actors and libprocess processes, each within reach of the other.
//!
//! An actix actor has an `Addr`, which means something within one program. A process has a PID, which means something
//! on every machine. This crate builds the two bridges:
//!
//! * [`Host`] puts an actix actor under a PID. Processes, here or on another machine, send it named messages, link to
//!   it and get its answers; code in this program can [`Hosted::ask`] it as it would dispatch to a process.
//! * [`recipient`] and [`remote_recipient`] make a process an actix `Recipient`: actors send to it and await its result without knowing
//!   what it is.
//!
//! Both keep the order of messages from one sender to one receiver, though not of the answers. Neither copies what travels within the program.
//!
//! # An actix actor that a process on another machine can reach
//!
//! ```
//! use actix::{Actor, Context, Handler, Message};
//! use libprocess::System;
//! use libprocess::codec::Bincode;
//! use libprocess_actix::Host;
//! use serde::{Deserialize, Serialize};
//!
//! #[derive(Message, Serialize, Deserialize)]
//! #[rtype(result = "u64")]
//! struct Add(u64);
//!
//! #[derive(Default)]
//! struct Counter(u64);
//!
//! impl Actor for Counter {
//!     type Context = Context<Self>;
//! }
//!
//! impl Handler<Add> for Counter {
//!     type Result = u64;
//!
//!     fn handle(&mut self, Add(n): Add, _: &mut Context<Self>) -> u64 {
//!         self.0 += n;
//!         self.0
//!     }
//! }
//!
//! actix::System::new().block_on(async {
//!     let system = System::builder().start().expect("a port is free");
//!     let counter = Host::new(Counter::default().start())
//!         .on::<Bincode, Add>("Add")
//!         .spawn(&system, "counter")
//!         .expect("the name is free");
//!
//!     // By address: this is what works from another machine.
//!     system.post_as::<Bincode, _>(counter.upid(), "Add", &Add(40)).expect("it has a form");
//!     // By handle: the answer is a future of libprocess. It comes after the message above.
//!     assert_eq!(counter.ask(Add(2)).await, Ok(42));
//!     system.shutdown();
//! });
//! ```
//!
//! # A process that an actix actor can send to
//!
//! ```
//! use actix::Message;
//! use libprocess::{Context, Process, System};
//! use libprocess_actix::{Receive, recipient};
//!
//! #[derive(Message)]
//! #[rtype(result = "usize")]
//! struct Line(String);
//!
//! #[derive(Default)]
//! struct Log(Vec<String>);
//!
//! impl Process for Log {}
//!
//! impl Receive<Line> for Log {
//!     fn receive(&mut self, _: &mut Context<Self>, Line(text): Line) -> usize {
//!         self.0.push(text);
//!         self.0.len()
//!     }
//! }
//!
//! actix::System::new().block_on(async {
//!     let system = System::builder().start().expect("a port is free");
//!     let log = system.spawn("log", Log::default()).expect("the name is free");
//!     let lines: actix::Recipient<Line> = recipient(&log);
//!     lines.do_send(Line("first".to_owned()));
//!     assert_eq!(lines.send(Line("second".to_owned())).await, Ok(2));
//!     system.shutdown();
//! });
//! ```
//!
//! # What ends what
//!
//! | ends | then |
//! |---|---|
//! | the actix actor | its [`Host`] ends when the next message finds it gone, at the latest [`CHECK_INTERVAL`] later; links to its PID see `exited` |
//! | the host, by `terminate` | the actor goes on under its `Addr`; its PID is gone |
//! | the process behind a `Recipient` | `send` gives `MailboxError::Closed`, `connected` is false |
//! | the last clone of the `Recipient` | nothing: the process goes on |
#![forbid(unsafe_code)]

mod host;
mod recipient;

pub use host::{CHECK_INTERVAL, Host, Hosted};
pub use recipient::{Receive, recipient, remote_recipient};
