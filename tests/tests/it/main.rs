//! The daemons as a user starts them, and everything that talks to them.
//!
//! Each test has a cluster of its own, on free ports, in a directory of its own, and leaves nothing running.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod agent_flags;
mod bad_input;
mod clients;
mod endpoints;
mod execute;
mod failover;
mod files;
mod golden;
mod local;
mod losses;
mod maintenance;
mod operations;
mod operator;
mod oversubscription;
mod placement;
mod roles;
mod support;
mod tls;
mod trip;
