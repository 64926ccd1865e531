//! Every conversation recorded from C++ Mesos 1.11, both directions of every connection, replayed against our decoders
//! in pieces of several sizes; messages between daemons are framed again and compared byte for byte.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use libprocess_core::http::{Decoder, Event, Head, Limits, RequestDecoder, RequestHead, ResponseHead};
use libprocess_core::message::Found;
use libprocess_core::{Upid, message, recordio};

/// How many bytes arrive at a time.
const PIECES: [usize; 4] = [1, 7, 1460, usize::MAX];

/// One direction of one connection.
struct Recording {
    name: String,
    bytes: Vec<u8>,
    /// The bodies as another program cut them out, by the place of their message.
    bodies: BTreeMap<usize, Vec<u8>>,
}

impl Recording {
    fn is_answer(&self) -> bool {
        self.bytes.starts_with(b"HTTP/1.1 ")
    }

    /// Holds a body against the one that was cut out, where there is one.
    fn compare(&self, n: usize, body: &[u8]) -> bool {
        let Some(expected) = self.bodies.get(&n) else {
            return false;
        };
        assert!(body == *expected, "{}: body {n} differs", self.name);
        true
    }
}

fn recordings() -> Vec<Recording> {
    let captures = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/golden/captures");
    let mut found = Vec::new();
    for flow in entries(&captures, "").into_iter().filter(|path| path.is_dir()) {
        for file in entries(&flow, ".bin") {
            let name = file.file_stem().unwrap().to_str().unwrap();
            let prefix = format!("{name}-");
            let place = |body: &PathBuf| {
                let rest = body.file_name()?.to_str()?.strip_prefix(&prefix)?.to_owned();
                rest[..3].parse().ok()
            };
            let bodies = entries(&flow.join("msgs"), ".body");
            found.push(Recording {
                name: format!("{}/{name}", flow.file_name().unwrap().to_str().unwrap()),
                bytes: fs::read(&file).unwrap(),
                bodies: bodies
                    .into_iter()
                    .filter_map(|body| Some((place(&body)?, fs::read(&body).unwrap())))
                    .collect(),
            });
        }
    }
    assert!(found.len() > 150, "{} recordings", found.len());
    found
}

fn entries(path: &Path, end: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path());
    let mut found: Vec<_> = entries
        .filter(|path| path.to_str().is_some_and(|name| name.ends_with(end)))
        .collect();
    found.sort();
    found
}

/// A head, its body as it was chunked, and whether its end was there.
struct Exchange<H> {
    head: H,
    chunks: Vec<Vec<u8>>,
    complete: bool,
}

/// Decodes a recording that arrives with `piece` bytes at a time.
fn replay<H: Head>(recording: &Recording, piece: usize) -> Vec<Exchange<H>> {
    let mut decoder = Decoder::<H>::new(Limits::default());
    let mut found: Vec<Exchange<H>> = Vec::new();
    for piece in recording.bytes.chunks(piece.min(recording.bytes.len())) {
        decoder.push(piece);
        let mut next = || {
            decoder
                .next()
                .unwrap_or_else(|error| panic!("{}: {error}", recording.name))
        };
        while let Some(event) = next() {
            match event {
                Event::Head(head) => found.push(Exchange {
                    head,
                    chunks: Vec::new(),
                    complete: false,
                }),
                Event::Data(data) => found.last_mut().unwrap().chunks.push(data.to_vec()),
                Event::End => found.last_mut().unwrap().complete = true,
            }
        }
    }
    found
}

#[test]
fn requests_are_understood_and_messages_are_framed_as_cpp_frames_them() {
    let (mut messages, mut calls, mut compared) = (0, 0, 0);
    for recording in recordings().iter().filter(|recording| !recording.is_answer()) {
        for piece in PIECES {
            let exchanges = replay::<RequestHead>(recording, piece);
            let mut framed = Vec::new();
            for (
                n,
                Exchange {
                    head,
                    chunks,
                    complete,
                },
            ) in exchanges.iter().enumerate()
            {
                assert!(complete, "{} ends within request {n}", recording.name);
                let body = chunks.concat();
                compared += usize::from(recording.compare(n, &body));
                let Some(from) = message::classify(head) else {
                    calls += 1;
                    continue;
                };
                messages += 1;
                let (id, name) = message::destination(&head.target).unwrap();
                // The receiver's address is not among the bytes.
                let to = Upid::new(id, "127.0.0.1:5050".parse().unwrap());
                message::encode(&from, &to, name, &body, &mut framed);
            }
            if !framed.is_empty() {
                assert_eq!(
                    String::from_utf8_lossy(&framed),
                    String::from_utf8_lossy(&recording.bytes),
                    "{}",
                    recording.name
                );
            }
        }
    }
    let all = (
        messages / PIECES.len(),
        calls / PIECES.len(),
        compared / PIECES.len(),
    );
    assert_eq!(all, (431, 95, 496), "messages, calls of clients, bodies compared");
}

/// The messages among requests, found without decoding where that is possible, and how many were.
fn find(bytes: &[u8], piece: usize, max_body: u64) -> (Vec<Message>, usize) {
    let mut finder = message::Finder::<()>::new(max_body);
    let (mut messages, mut quickly, mut buffer) = (Vec::new(), 0, Vec::new());
    for piece in bytes.chunks(piece.clamp(1, bytes.len().max(1))) {
        buffer.extend_from_slice(piece);
        loop {
            let end = match finder.find(&buffer) {
                Found::Message { kind, body, end } => {
                    let found = finder.envelope(kind).clone();
                    messages.push((found.from, found.to, found.name, buffer[body].to_vec()));
                    quickly += 1;
                    end
                }
                Found::Large { .. } | Found::Partial { .. } => break,
                Found::Other => match decode_one(&buffer, max_body) {
                    Some((message, end)) => {
                        messages.extend(message);
                        end
                    }
                    None => break,
                },
            };
            buffer.drain(..end);
        }
    }
    (messages, quickly)
}

type Message = (Upid, String, String, Vec<u8>);

/// Decodes the first request; its message, if it is one, and how long it is.
fn decode_one(bytes: &[u8], max_body: u64) -> Option<(Option<Message>, usize)> {
    let limits = Limits {
        max_body,
        ..Limits::default()
    };
    let mut decoder = RequestDecoder::new(limits);
    decoder.push(bytes);
    let (mut head, mut body) = (None, Vec::new());
    loop {
        match decoder.next().ok()?? {
            Event::Head(found) => head = Some(found),
            Event::Data(data) => body.extend_from_slice(&data),
            Event::End => break,
        }
    }
    let head = head?;
    let message = message::classify(&head).and_then(|from| {
        let (to, name) = message::destination(&head.target).ok()?;
        Some((from, to, name.to_owned(), body))
    });
    Some((message, bytes.len() - decoder.rest().len()))
}

/// What [`find`] should find.
fn decode_all(bytes: &[u8], max_body: u64) -> Vec<Message> {
    let (mut messages, mut rest) = (Vec::new(), bytes);
    while let Some((message, end)) = decode_one(rest, max_body).filter(|(_, end)| *end > 0) {
        messages.extend(message);
        rest = &rest[end..];
    }
    messages
}

#[test]
fn messages_are_found_without_decoding() {
    let (mut all, mut quickly) = (0, 0);
    for recording in recordings().iter().filter(|recording| !recording.is_answer()) {
        let expected = decode_all(&recording.bytes, u64::MAX);
        for piece in PIECES {
            let (found, quick) = find(&recording.bytes, piece, u64::MAX);
            assert!(found == expected, "{} by {piece}", recording.name);
            if piece == usize::MAX {
                all += found.len();
                quickly += quick;
            }
        }
    }
    assert_eq!((all, quickly), (431, 431));
}

#[test]
fn answers_are_understood_and_a_stream_is_one_record_a_chunk() {
    let (mut accepted, mut compared, mut records) = (0, 0, 0);
    for recording in recordings().iter().filter(|recording| recording.is_answer()) {
        for piece in PIECES {
            let exchanges = replay::<ResponseHead>(recording, piece);
            for (n, Exchange { head, chunks, .. }) in exchanges.iter().enumerate() {
                compared += usize::from(recording.compare(n, &chunks.concat()));
                accepted += usize::from(head.status == 202);
                if piece == usize::MAX && head.headers.get("Mesos-Stream-Id").is_some() {
                    for chunk in chunks {
                        let mut decoder = recordio::Decoder::new(1 << 20);
                        assert_eq!(decoder.push(chunk).unwrap().len(), 1, "{}", recording.name);
                        assert!(decoder.is_empty(), "{}", recording.name);
                        records += 1;
                    }
                }
            }
        }
    }
    let all = (accepted / PIECES.len(), compared / PIECES.len(), records);
    assert_eq!(
        all,
        (486, 18, 64),
        "answers 202, bodies compared, records of streams"
    );
}

/// What a decoder makes of bytes: heads and ends by number, the bodies, and whether it refused.
fn digest<H: Head>(bytes: &[u8], piece: usize) -> (usize, usize, Vec<u8>, Option<String>) {
    let limits = Limits {
        max_head: 4096,
        max_body: 10_000,
    };
    let mut decoder = Decoder::<H>::new(limits);
    let (mut heads, mut ends, mut data) = (0, 0, Vec::new());
    for piece in bytes.chunks(piece) {
        decoder.push(piece);
        loop {
            match decoder.next() {
                Ok(Some(Event::Head(_))) => heads += 1,
                Ok(Some(Event::Data(more))) => data.extend_from_slice(&more),
                Ok(Some(Event::End)) => ends += 1,
                Ok(None) => break,
                Err(error) => return (heads, ends, data, Some(error.to_string())),
            }
        }
    }
    let _ = decoder.finish();
    (heads, ends, data, None)
}

proptest::proptest! {
    #![proptest_config(proptest::test_runner::Config { failure_persistence: None, ..Default::default() })]

    #[test]
    fn spoilt_recordings_are_decoded_or_refused(
        which in 0..150usize,
        changes in proptest::collection::vec((0..700usize, 0..3u8, proptest::arbitrary::any::<u8>()), 1..10),
    ) {
        static RECORDINGS: std::sync::LazyLock<Vec<Recording>> = std::sync::LazyLock::new(recordings);
        let recording = &RECORDINGS[which].bytes;
        let mut bytes = recording[..recording.len().min(20_000)].to_vec();
        for (place, change, byte) in changes {
            let place = place % bytes.len();
            match change {
                0 => bytes[place] = byte,
                1 => bytes.insert(place, byte),
                _ if bytes.len() > 1 => drop(bytes.remove(place)),
                _ => {}
            }
        }
        let expected = decode_all(&bytes, 10_000);
        for piece in [1, 7, 1460, usize::MAX] {
            let (found, _) = find(&bytes, piece, 10_000);
            proptest::prop_assert!(found == expected, "by {}", piece);
        }
        for piece in [1, 7, 1460] {
            let (heads, ends, data, _) = digest::<RequestHead>(&bytes, piece);
            assert!(ends <= heads && data.len() <= bytes.len());
            let (heads, ends, data, _) = digest::<ResponseHead>(&bytes, piece);
            assert!(ends <= heads && data.len() <= bytes.len());
        }
    }
}
