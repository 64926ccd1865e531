//! A whole cluster in one process tree: a master and N agents, the real programs, on free ports, in one directory.
//!
//! Tests, benchmarks and the demonstration start their clusters here, as a user would start the daemons by hand.
//!
//! ```no_run
//! use mesos_local::{Cluster, Options};
//!
//! let cluster = Cluster::start(&Options { agents: 3, ..Options::default() }).unwrap();
//! println!("the master is at http://{}", cluster.master());
//! cluster.wait_for_agents(3).unwrap();
//! // Dropping it stops everything that runs in it, tasks included.
//! ```
#![forbid(unsafe_code)]

mod cluster;
mod daemon;
mod http;

pub use cluster::{Cluster, Options};
pub use daemon::Daemon;
pub use http::{get, get_json, post, request};
