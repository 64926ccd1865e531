//! Numbers of the master with unit, reason and source.

use std::time::Duration;

/// Seconds between heartbeats on scheduler and operator streams. Mesos: `src/master/constants.hpp`.
pub const HEARTBEAT_INTERVAL: Duration = Duration::from_secs(15);

/// How many agents removed during this master's life are remembered, to refuse their late messages.
/// Mesos: `MAX_REMOVED_SLAVES`, 100000.
pub const REMOVED_AGENTS_MAX: usize = 100_000;

/// The version below which agents are ignored. Mesos: `src/master/constants.hpp`, `MINIMUM_AGENT_VERSION`.
pub const AGENT_VERSION_MIN: (u64, u64, u64) = (1, 0, 0);

/// How long after an agent's return the framework of an operation on it is waited for, before the master acknowledges
/// in its place. Mesos: `src/master/constants.hpp`, `MIN_WAIT_BEFORE_ORPHAN_OPERATION_ADOPTION`.
pub const ORPHAN_OPERATION_WAIT: Duration = Duration::from_secs(600);
