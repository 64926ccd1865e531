//! The task of a connection: connects, waits for a peer that does not read, reads what it answers.

use super::{Outbound, Phase, Writing};
use crate::system::Inner;
use crate::tls::{self, Stream};
use crate::transport::answers::Answers;
use crate::transport::queue::Queue;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt as _, ReadBuf};
use tokio::net::tcp::OwnedReadHalf;

/// How long a half-closed connection waits for the peer's answers; closing earlier could reset it and lose what the
/// peer has not read yet.
const LINGER: Duration = Duration::from_secs(10);

/// The connection as its task has it.
enum Io {
    /// Everybody may write.
    Plain(OwnedReadHalf),
    /// Only the task may.
    Tls(Stream),
}

impl Io {
    fn poll_read(&mut self, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        match self {
            Io::Plain(stream) => Pin::new(stream).poll_read(cx, buffer),
            Io::Tls(stream) => Pin::new(stream).poll_read(cx, buffer),
        }
    }
}

/// How the work of a connection ended.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Ended {
    /// The peer has closed, or another connection took over.
    Closed,
    /// A temporary connection has written everything.
    Drained,
}

impl Outbound {
    /// Starts the task; where the sender is, if that is on a worker.
    pub(in crate::transport) fn start(self: &Arc<Self>, system: &Arc<Inner>) {
        let (socket, inner) = (self.clone(), system.clone());
        system.spawn_io_here(async move { socket.run(&inner).await });
    }

    async fn run(self: Arc<Self>, system: &Arc<Inner>) {
        let ended = self.transfer(system).await;
        let lost = {
            let mut state = self.state.lock();
            let replaced = state.phase == Phase::Replaced;
            state.phase = Phase::Closed;
            (state.direct, state.task) = (None, None);
            let lost = state.queue.len() + state.batch.len();
            (state.queue, state.batch) = (Queue::default(), Queue::default());
            (!replaced).then_some(lost)
        };
        self.tell_waiters();
        let in_use = system.sockets.forget(&self, || {
            if self.persistent && lost.is_some() {
                system.links.broken(self.address);
            }
        });
        let Some(lost) = lost.filter(|_| in_use) else {
            return;
        };
        if let Err(error) = ended {
            tracing::warn!(to = %self.address, %error, lost_bytes = lost, "connection failed");
        }
    }

    async fn transfer(self: &Arc<Self>, system: &Arc<Inner>) -> io::Result<()> {
        let replaced = std::future::poll_fn(|cx| self.poll_replaced(cx));
        let stream = tokio::select! {
            stream = tls::connect(system.tls.as_ref(), SocketAddr::V4(self.address), None) => stream?,
            () = replaced => return Ok(()),
        };
        let mut io = match stream {
            Stream::Plain(stream) => {
                let (read, write) = stream.into_split();
                self.state.lock().direct = Some(Arc::new(write));
                Io::Plain(read)
            }
            stream => Io::Tls(stream),
        };
        // A temporary connection is over too soon to be worth it.
        let mut answers = Answers::new(self.persistent && system.settings.framing);
        let ended = std::future::poll_fn(|cx| self.poll_work(&mut io, &mut answers, cx)).await?;
        if ended == Ended::Drained {
            system.sockets.forget(self, || ());
            self.shut_down(&mut io).await?;
            let rest = std::future::poll_fn(|cx| self.poll_answers(&mut io, &mut answers, cx));
            // Whatever comes now, the messages have been handed over.
            drop(tokio::time::timeout(LINGER, rest).await);
        }
        Ok(())
    }

    fn poll_replaced(&self, cx: &mut Context<'_>) -> Poll<()> {
        let mut state = self.state.lock();
        if state.phase != Phase::Open {
            return Poll::Ready(());
        }
        state.task = Some(cx.waker().clone());
        Poll::Pending
    }

    /// Writes what is left to the task, and reads answers until the peer closes.
    fn poll_work(&self, io: &mut Io, answers: &mut Answers, cx: &mut Context<'_>) -> Poll<io::Result<Ended>> {
        // Before anything else, so that whatever changes from here on wakes the task again.
        self.state.lock().task = Some(cx.waker().clone());
        match io {
            Io::Plain(_) => self.poll_direct(cx)?,
            Io::Tls(stream) => self.poll_write(stream, cx)?,
        }
        let mut state = self.state.lock();
        let drained = state.has_nothing_to_write();
        match state.phase {
            Phase::Overflown => return Poll::Ready(Err(io::Error::other("too much is queued"))),
            Phase::Replaced if drained => return Poll::Ready(Ok(Ended::Closed)),
            Phase::Open if drained && !self.persistent => {
                state.phase = Phase::Closed;
                return Poll::Ready(Ok(Ended::Drained));
            }
            Phase::Open | Phase::Replaced | Phase::Closed => {}
        }
        drop(state);
        self.poll_answers(io, answers, cx).map_ok(|()| Ended::Closed)
    }

    /// Goes on writing when the peer has read.
    fn poll_direct(&self, cx: &mut Context<'_>) -> io::Result<()> {
        loop {
            let blocked = {
                let mut state = self.state.lock();
                if let Some(error) = state.error.take() {
                    return Err(error);
                }
                state.direct.clone().filter(|_| state.writing == Writing::Blocked)
            };
            if let Some(socket) = blocked {
                let socket: &tokio::net::TcpStream = (*socket).as_ref();
                match socket.poll_write_ready(cx)? {
                    Poll::Pending => return Ok(()),
                    Poll::Ready(()) => self.state.lock().writing = Writing::Idle,
                }
            }
            self.flush();
            if self.state.lock().writing != Writing::Blocked {
                return Ok(());
            }
        }
    }

    /// Writes everything, as far as the peer reads.
    fn poll_write(&self, stream: &mut Stream, cx: &mut Context<'_>) -> io::Result<()> {
        let mut batch = {
            let mut state = self.state.lock();
            state.writing = Writing::Idle;
            std::mem::take(&mut state.batch)
        };
        loop {
            let written = batch.write_to(|slices| {
                let first = slices.first().map_or(&[][..], |slice| slice);
                match Pin::new(&mut *stream).poll_write(cx, first) {
                    Poll::Ready(written) => written,
                    Poll::Pending => Err(io::Error::from(io::ErrorKind::WouldBlock)),
                }
            })?;
            let mut state = self.state.lock();
            if written && state.phase == Phase::Open && !state.queue.is_empty() {
                std::mem::swap(&mut state.queue, &mut batch);
                continue;
            }
            state.batch = batch;
            if !written {
                state.writing = Writing::Blocked;
            }
            break;
        }
        self.tell_waiters();
        // Its progress wakes the task.
        let _ = Pin::new(stream).poll_flush(cx)?;
        Ok(())
    }

    async fn shut_down(&self, io: &mut Io) -> io::Result<()> {
        match io {
            // Dropping the half that writes closes it.
            Io::Plain(_) => drop(self.state.lock().direct.take()),
            Io::Tls(stream) => stream.shutdown().await?,
        }
        Ok(())
    }

    /// Reads and counts answers until the peer closes.
    fn poll_answers(&self, io: &mut Io, answers: &mut Answers, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        loop {
            let read = answers.poll_read(cx, |cx, buffer| io.poll_read(cx, buffer));
            let Some(counted) = std::task::ready!(read)? else {
                return Poll::Ready(Ok(()));
            };
            self.state.lock().encoding.answered(counted);
        }
    }
}
