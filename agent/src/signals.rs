//! SIGUSR1: the operator wants the agent to unregister. SIGTERM keeps its meaning: the agent ends at once, its
//! executors go on.
//!
//! Mesos: src/slave/slave.cpp, `Slave::signaled`.

use anyhow::{Context as _, Result};
use libprocess::Pid;
use mesos_agent_core::Input;
use nix::sys::signal::{SigSet, Signal};
use tracing::{info, warn};

use crate::agent::AgentProcess;

/// Keeps the signals from the threads that are started from here on.
pub(crate) fn block() -> Result<SigSet> {
    let mut signals = SigSet::empty();
    signals.add(Signal::SIGUSR1);
    signals.thread_block().context("Failed to block SIGUSR1")?;
    Ok(signals)
}

/// Waits for them on a thread of its own, which ends with the program.
pub(crate) fn watch(signals: SigSet, agent: Pid<AgentProcess>) -> Result<()> {
    let wait = move || match signals.wait() {
        Ok(signal) => {
            info!(%signal, "received a signal, unregistering");
            let reason = format!("{signal} was received");
            agent.tell(move |agent, ctx| agent.handle(ctx, Input::Unregister { reason }));
        }
        Err(error) => warn!(%error, "cannot wait for signals"),
    };
    std::thread::Builder::new()
        .name("signals".to_owned())
        .stack_size(64 * 1024)
        .spawn(wait)
        .context("Failed to start the thread that waits for signals")?;
    Ok(())
}
