//! At which worker a connection lives: where it was accepted, or where the receiver of its messages is.

use super::Connection;
use crate::system::Inner;
use crate::tls::Stream;
use parking_lot::Mutex;
use std::sync::Arc;
use tokio::net::TcpStream;

/// Connections that may move to one worker. With few, a message that crosses no thread is worth most; with many, it is
/// better that all workers read them.
const MAX_GUESTS: usize = 32;

/// How many connections have moved to each worker and live there.
#[derive(Default)]
pub(crate) struct Guests(Mutex<Vec<usize>>);

/// The right of a connection to live at a worker.
pub(super) struct Guest {
    system: Arc<Inner>,
    worker: usize,
}

impl Guest {
    /// Asks whether there is room at a worker.
    fn at(system: &Arc<Inner>, worker: usize) -> Option<Guest> {
        let mut guests = system.guests.0.lock();
        if guests.len() <= worker {
            guests.resize(worker + 1, 0);
        }
        let count = guests.get_mut(worker).filter(|count| **count < MAX_GUESTS)?;
        *count += 1;
        Some(Guest {
            system: system.clone(),
            worker,
        })
    }
}

impl Drop for Guest {
    fn drop(&mut self) {
        if let Some(count) = self.system.guests.0.lock().get_mut(self.worker) {
            *count -= 1;
        }
    }
}

/// What is known about where a connection should live.
pub(super) enum Place {
    /// No message has come yet.
    Unknown,
    /// It will move when everything is written.
    Better(Guest),
    /// It has moved.
    Moved {
        _guest: Guest,
    },
    Settled,
}

impl Connection {
    /// Looks where the receiver of the first message lives.
    pub(super) fn note_place(&mut self, receiver: usize) {
        let plain = matches!(self.stream, Stream::Plain(_));
        let here = self.system.worker(receiver).engine.is_current();
        let guest = if plain && !here {
            Guest::at(&self.system, receiver)
        } else {
            None
        };
        self.messages.place = guest.map_or(Place::Settled, Place::Better);
    }

    /// Whether it is time to move.
    pub(super) fn should_move(&self) -> bool {
        let quiet = self.out.is_empty() && self.slots.is_empty() && !self.closing && !self.client_closed;
        quiet && matches!(self.messages.place, Place::Better(_))
    }

    /// Goes on at another worker, or returns to this one when it cannot be moved.
    pub(super) fn move_on(mut self) -> Option<Connection> {
        let Place::Better(guest) = std::mem::replace(&mut self.messages.place, Place::Settled) else {
            return Some(self);
        };
        self.messages.owed_until = None;
        let stream = match self.stream {
            Stream::Plain(stream) => stream,
            stream => return Some(Connection { stream, ..self }),
        };
        // A socket that cannot be taken out of one loop of events is of no use in another either.
        let stream = stream.into_std().ok()?;
        let arbiter = self.system.worker(guest.worker).arbiter.clone();
        self.messages.place = Place::Moved { _guest: guest };
        let with = move |stream| Connection {
            stream: Stream::Plain(stream),
            deadline: None,
            ..self
        };
        arbiter.spawn(async move {
            if let Ok(stream) = TcpStream::from_std(stream) {
                let mut connection = with(stream);
                connection.set_deadline();
                connection.accept(0, false);
                super::serve(connection).await;
            }
        });
        None
    }
}
