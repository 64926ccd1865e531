//! The messages of Mesos: generated types, their protobuf wire format and Mesos' own JSON.
//!
//! The `.proto` files under `proto/` are the source; `cargo xtask gen` turns them into the committed
//! Rust of `src/gen/`. A thin runtime ([`wire`], [`json`]) does the work, so generated code only lists
//! fields.
//!
//! * [`v0`]: packages `mesos.*`: internal messages, files on disk, and what the daemons think in.
//! * [`v1`]: packages `mesos.v1.*`: what clients of the HTTP APIs send and receive.
//! * The others describe container images and volumes.
//!
//! v0 and v1 messages have (but for `scheduler.Call.Subscribe` and `master.Call.DrainAgent`) the same
//! bytes on the wire and differ in names, which matters in JSON only: a v0 message reads and writes both
//! kinds, see [`Dialect`].
//!
//! Who looks at a message once and keeps nothing of it reads it where it lies, see [`mod@view`].
//!
//! # Shape of the generated types
//!
//! `required` and proto3 fields are plain values, `optional` ones `Option`, messages in an `Option` are
//! boxed; `repeated` is `Vec`, `map` is `BTreeMap`. Every struct has `unknown`, the fields this build does
//! not know. Construct with `..Default::default()`. Fields with a declared default have a getter ending in
//! `_or_default`.

#![forbid(unsafe_code)]

#[macro_use]
mod macros;

mod error;
#[path = "gen/mod.rs"]
mod generated;
pub mod json;
mod message;
mod unknown;
pub mod view;
pub mod wire;

pub use self::error::{DecodeError, JsonError};
pub use self::generated::*;
pub use self::message::{Dialect, Message};
pub use self::unknown::UnknownFields;
