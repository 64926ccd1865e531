use crate::system::Inner;
use crate::tls::{self, Stream};
use libprocess_core::http::{Event, Limits, ResponseDecoder};
use parking_lot::Mutex;
use std::io;
use std::net::{SocketAddr, SocketAddrV4};
use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWriteExt, ReadBuf, ReadHalf, WriteHalf};
use tokio::sync::Notify;

/// How long a half-closed connection waits for the peer's answers; closing earlier could reset it and lose what the
/// peer has not read yet.
const LINGER: Duration = Duration::from_secs(10);

/// A buffer that grew beyond this is not kept for the next write.
const KEPT_CAPACITY: usize = 64 * 1024;

/// One connection this runtime has opened.
pub(super) struct Outbound {
    pub(super) address: SocketAddrV4,
    pub(super) persistent: bool,
    state: Mutex<State>,
    changed: Notify,
}

#[derive(Default)]
struct State {
    /// Encoded messages that have not been written.
    buffer: Vec<u8>,
    unanswered: u64,
    phase: Phase,
}

#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Phase {
    #[default]
    Open,
    /// Another connection has taken over, or the system ends.
    Replaced,
    /// The buffer exceeded its limit.
    Overflown,
    /// Nothing can be queued any more.
    Closed,
}

/// What became of a message.
pub(super) enum Push {
    Queued,
    Full,
    Closed,
}

impl Outbound {
    pub(super) fn new(address: SocketAddrV4, persistent: bool, buffer: Vec<u8>) -> Outbound {
        let state = Mutex::new(State {
            buffer,
            ..State::default()
        });
        Outbound {
            address,
            persistent,
            state,
            changed: Notify::new(),
        }
    }

    /// Appends a message; the writer wakes once for all that are appended before it runs.
    pub(super) fn push(&self, limit: usize, encode: impl FnOnce(&mut Vec<u8>)) -> Push {
        let mut state = self.state.lock();
        match state.phase {
            Phase::Open => {}
            Phase::Overflown => return Push::Full,
            Phase::Replaced | Phase::Closed => return Push::Closed,
        }
        let was_empty = state.buffer.is_empty();
        if state.buffer.len() > limit {
            state.phase = Phase::Overflown;
            drop(state);
            self.changed.notify_one();
            return Push::Full;
        }
        encode(&mut state.buffer);
        state.unanswered += 1;
        drop(state);
        if was_empty {
            self.changed.notify_one();
        }
        Push::Queued
    }

    /// Ends the connection silently and returns what it had queued.
    pub(super) fn replace(&self) -> Vec<u8> {
        let mut state = self.state.lock();
        state.phase = Phase::Replaced;
        state.unanswered = 0;
        let queued = std::mem::take(&mut state.buffer);
        drop(state);
        self.changed.notify_one();
        queued
    }

    pub(super) fn unanswered(&self) -> u64 {
        self.state.lock().unanswered
    }

    /// Starts the task that connects and writes.
    pub(super) fn start(self: &Arc<Self>, system: &Arc<Inner>) {
        let (socket, inner) = (self.clone(), system.clone());
        system.spawn_io(async move { socket.run(&inner).await });
    }

    async fn run(self: Arc<Self>, system: &Arc<Inner>) {
        let ended = self.transfer(system).await;
        let lost = {
            let mut state = self.state.lock();
            let replaced = state.phase == Phase::Replaced;
            state.phase = Phase::Closed;
            state.unanswered = 0;
            let lost = std::mem::take(&mut state.buffer);
            (!replaced).then_some(lost.len())
        };
        let in_use = system.sockets.forget(&self);
        let Some(lost) = lost.filter(|_| in_use) else {
            return;
        };
        if let Err(error) = ended {
            tracing::warn!(to = %self.address, %error, lost_bytes = lost, "connection failed");
        }
        if self.persistent {
            system.links.broken(self.address);
        }
    }

    async fn transfer(self: &Arc<Self>, system: &Arc<Inner>) -> io::Result<()> {
        let stream = tokio::select! {
            stream = tls::connect(system.tls.as_ref(), SocketAddr::V4(self.address), None) => stream?,
            () = self.replaced() => return Ok(()),
        };
        let (mut read, mut write) = tokio::io::split(stream);
        let drained = tokio::select! {
            answers = self.read_answers(&mut read) => return answers,
            written = self.write_messages(system, &mut write) => written?,
        };
        if drained {
            write.shutdown().await?;
            let rest = self.read_answers(&mut read);
            // Whatever comes now, the messages have been handed over.
            drop(tokio::time::timeout(LINGER, rest).await);
        }
        Ok(())
    }

    async fn replaced(&self) {
        while self.state.lock().phase == Phase::Open {
            self.changed.notified().await;
        }
    }

    /// Writes what is queued, all at once; true when a temporary connection has drained.
    async fn write_messages(
        self: &Arc<Self>,
        system: &Arc<Inner>,
        write: &mut WriteHalf<Stream>,
    ) -> io::Result<bool> {
        let mut buffer = Vec::new();
        loop {
            let phase = {
                let mut state = self.state.lock();
                buffer.clear();
                if buffer.capacity() > KEPT_CAPACITY {
                    buffer = Vec::new();
                }
                std::mem::swap(&mut buffer, &mut state.buffer);
                if buffer.is_empty() && !self.persistent && state.phase == Phase::Open {
                    state.phase = Phase::Closed;
                    state.unanswered = 0;
                }
                state.phase
            };
            match phase {
                Phase::Open if buffer.is_empty() => self.changed.notified().await,
                Phase::Open => {
                    write.write_all(&buffer).await?;
                    write.flush().await?;
                }
                Phase::Overflown => return Err(io::Error::other("too much is queued")),
                Phase::Replaced => return Ok(false),
                Phase::Closed => {
                    system.sockets.forget(self);
                    return Ok(true);
                }
            }
        }
    }

    /// Reads and counts answers until the peer closes. Their content does not matter, as in libprocess.
    async fn read_answers(&self, read: &mut ReadHalf<Stream>) -> io::Result<()> {
        let mut decoder = ResponseDecoder::new(Limits::default());
        let mut readable = true;
        loop {
            // The bytes live for one poll only, so that an idle connection holds no buffer.
            let count = std::future::poll_fn(|cx| {
                let mut bytes = [0; 2048];
                let mut arrived = ReadBuf::new(&mut bytes);
                std::task::ready!(Pin::new(&mut *read).poll_read(cx, &mut arrived))?;
                if readable {
                    decoder.push(arrived.filled());
                }
                Poll::Ready(io::Result::Ok(arrived.filled().len()))
            });
            if count.await? == 0 {
                return Ok(());
            }
            if !readable {
                continue;
            }
            let mut answers = 0;
            loop {
                match decoder.next() {
                    Ok(Some(Event::End)) => answers += 1,
                    Ok(Some(_)) => {}
                    Ok(None) => break,
                    Err(_) => {
                        readable = false;
                        break;
                    }
                }
            }
            let mut state = self.state.lock();
            state.unanswered = if readable {
                state.unanswered.saturating_sub(answers)
            } else {
                0
            };
        }
    }
}
