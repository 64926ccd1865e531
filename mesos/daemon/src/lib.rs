//! What the daemons share: flags as Mesos writes them, logging, version, the `/files` endpoints, and the forms in
//! which the v1 APIs are spoken over HTTP.
//!
//! | module | what |
//! |---|---|
//! | [`flags`] | `--name=value`, `--no-name`, `MESOS_NAME`, `file://` values, Mesos' error wording |
//! | [`logging`] | where log lines go |
//! | [`version`] | `/version` |
//! | [`firewall`] | `--firewall_rules` |
//! | [`domain`] | `--domain` |
//! | [`files`] | `/files/{browse,read,download,debug}` and LIST_FILES, READ_FILE |
//! | [`api`] | content types, decoding of calls, encoding of responses and event streams |
#![forbid(unsafe_code)]

pub mod api;
pub mod domain;

pub mod files;
pub mod firewall;
pub mod flags;
pub mod hostname;
pub mod ids;
pub mod logging;
pub mod version;
