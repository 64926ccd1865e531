use bytes::Bytes;
use std::cell::RefCell;
use std::collections::VecDeque;
use std::io::{self, IoSlice};

/// Small messages are gathered in pieces of this size, so that a long queue is not copied whenever it grows.
const PIECE: usize = 256 * 1024;

/// Pieces that are written at once.
const SLICES: usize = 32;

/// Memory for pieces that a thread keeps, so that idle connections need none.
const SPARE: usize = 4;

thread_local! {
    static POOL: RefCell<Vec<Vec<u8>>> = const { RefCell::new(Vec::new()) };
}

fn take_spare() -> Vec<u8> {
    POOL.with_borrow_mut(Vec::pop).unwrap_or_default()
}

fn give_back(mut piece: Vec<u8>) {
    if piece.capacity() <= 2 * PIECE {
        piece.clear();
        POOL.with_borrow_mut(|pool| {
            if pool.len() < SPARE {
                pool.push(piece);
            }
        });
    }
}

/// Bytes to be written: small messages one behind another, large bodies as they are.
#[derive(Debug, Default)]
pub(super) struct Queue {
    pieces: VecDeque<Piece>,
    /// How much of the first piece has been written.
    written: usize,
    len: usize,
}

#[derive(Debug)]
enum Piece {
    Small(Vec<u8>),
    Body(Bytes),
}

impl Piece {
    fn bytes(&self) -> &[u8] {
        match self {
            Piece::Small(bytes) => bytes,
            Piece::Body(bytes) => bytes,
        }
    }
}

impl Queue {
    pub(super) fn len(&self) -> usize {
        self.len
    }

    pub(super) fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Appends what `encode` does.
    pub(super) fn append(&mut self, encode: impl FnOnce(&mut Vec<u8>)) {
        if !matches!(self.pieces.back(), Some(Piece::Small(last)) if last.len() < PIECE) {
            self.pieces.push_back(Piece::Small(take_spare()));
        }
        if let Some(Piece::Small(last)) = self.pieces.back_mut() {
            let before = last.len();
            encode(last);
            self.len += last.len() - before;
        }
    }

    /// Appends bytes without copying them.
    pub(super) fn append_body(&mut self, body: Bytes) {
        self.len += body.len();
        self.pieces.push_back(Piece::Body(body));
    }

    /// All of it in one piece.
    pub(super) fn concat(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(self.len);
        self.pieces
            .iter()
            .for_each(|piece| bytes.extend_from_slice(piece.bytes()));
        bytes.split_off(self.written)
    }

    /// Writes as much as `write` takes; true when all is written, false when it would block.
    pub(super) fn write_to(
        &mut self,
        mut write: impl FnMut(&[IoSlice<'_>]) -> io::Result<usize>,
    ) -> io::Result<bool> {
        while self.len > 0 {
            let mut slices = [IoSlice::new(&[]); SLICES];
            let mut count = 0;
            for (slice, piece) in slices.iter_mut().zip(&self.pieces) {
                let skip = if count == 0 { self.written } else { 0 };
                *slice = IoSlice::new(piece.bytes().get(skip..).unwrap_or_default());
                count += 1;
            }
            match write(&slices[..count]) {
                Ok(0) => return Err(io::Error::from(io::ErrorKind::WriteZero)),
                Ok(written) => self.consume(written),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(false),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(true)
    }

    fn consume(&mut self, count: usize) {
        self.len -= count;
        self.written += count;
        while let Some(first) = self.pieces.front() {
            let length = first.bytes().len();
            if self.written < length {
                return;
            }
            self.written -= length;
            if let Some(Piece::Small(done)) = self.pieces.pop_front() {
                give_back(done);
            }
        }
        if self.pieces.capacity() > SLICES {
            self.pieces = VecDeque::new();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_is_taken_at_a_time_all_is_written_in_order() {
        for step in [1, 2, 3, 5, 100] {
            let mut queue = Queue::default();
            for round in 0..3 {
                queue.append(|out| out.extend_from_slice(b"one "));
                queue.append(|out| out.extend_from_slice(b"two "));
                queue.append_body(Bytes::from_static(b"three "));
                queue.append(|out| out.push(b'0' + round));
            }
            assert_eq!(queue.len(), 3 * 15);
            let (mut written, mut blocked) = (Vec::new(), false);
            let mut write = |slices: &[IoSlice<'_>]| {
                blocked = !blocked;
                if blocked {
                    return Err(io::Error::from(io::ErrorKind::WouldBlock));
                }
                let all = slices.iter().flat_map(|slice| slice.iter().copied());
                let before = written.len();
                written.extend(all.take(step));
                Ok(written.len() - before)
            };
            while !queue.write_to(&mut write).unwrap() {}
            assert!(queue.is_empty());
            assert_eq!(
                String::from_utf8_lossy(&written),
                "one two three 0one two three 1one two three 2"
            );
        }
    }
}
