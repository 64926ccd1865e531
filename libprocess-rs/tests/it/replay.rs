//! Connections of C++ Mesos 1.11, recorded, played again through real sockets: to us as the one who accepts, and with us as
//! the one who connects.

use crate::{LIMIT, Probe, Raw, next, start};
use libprocess::{Bytes, Context, Process, Upid};
use libprocess_core::http::{Event, Limits, RequestDecoder};
use libprocess_core::message;
use std::collections::BTreeSet;
use std::fs;
use std::io::Write;
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Sender, channel};

/// One connection over which a C++ process sent messages and nothing else.
struct Recording {
    name: String,
    sent: Vec<u8>,
    answered: Vec<u8>,
    messages: Vec<Message>,
}

#[derive(Clone, Debug, PartialEq)]
struct Message {
    from: Upid,
    to: String,
    name: String,
    body: Vec<u8>,
}

fn recordings() -> Vec<Recording> {
    let captures = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/golden/captures");
    let mut found: Vec<_> = files(&captures)
        .iter()
        .flat_map(|flow| files(flow))
        .filter_map(|file| read(&file))
        .collect();
    found.sort_by(|a, b| a.name.cmp(&b.name));
    found
}

fn files(directory: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(directory).into_iter().flatten();
    entries.map(|entry| entry.unwrap().path()).collect()
}

/// Reads `NNN-a-to-b.bin` and what was answered, `NNN-b-to-a.bin`, unless there is something else than messages.
fn read(file: &Path) -> Option<Recording> {
    let name = file.file_name()?.to_str()?;
    let (number, ends) = name.strip_suffix(".bin")?.split_once('-')?;
    let (from, to) = ends.split_once("-to-")?;
    let sent = fs::read(file).unwrap();
    let messages = messages(&sent)?;
    Some(Recording {
        name: file.display().to_string(),
        answered: fs::read(file.with_file_name(format!("{number}-{to}-to-{from}.bin"))).unwrap_or_default(),
        sent,
        messages,
    })
}

fn messages(bytes: &[u8]) -> Option<Vec<Message>> {
    let mut decoder = RequestDecoder::new(Limits::default());
    decoder.push(bytes);
    let mut messages = Vec::<Message>::new();
    while let Some(event) = decoder.next().ok()? {
        match event {
            Event::Head(head) => {
                let (to, name) = message::destination(&head.target).ok()?;
                messages.push(Message {
                    from: message::classify(&head)?,
                    to,
                    name: name.to_owned(),
                    body: Vec::new(),
                });
            }
            Event::Data(data) => messages.last_mut()?.body.extend_from_slice(&data),
            Event::End => {}
        }
    }
    (decoder.is_idle() && !messages.is_empty()).then_some(messages)
}

/// Answers without their dates and without our offer.
fn plain(answers: &[u8]) -> Vec<String> {
    let text = String::from_utf8_lossy(answers).into_owned();
    let answers = text.split_inclusive("\r\n\r\n");
    let kept = |line: &&str| !line.starts_with("Date: ") && !line.starts_with("Libprocess-Framing: ");
    answers
        .map(|answer| answer.split_inclusive("\r\n").filter(kept).collect())
        .collect()
}

/// Notes every message.
struct Receiver {
    id: String,
    received: Sender<Message>,
}

impl Process for Receiver {
    fn message(&mut self, _: &mut Context<Self>, from: Upid, name: &str, body: Bytes) {
        let _ = self.received.send(Message {
            from,
            to: self.id.clone(),
            name: name.to_owned(),
            body: body.to_vec(),
        });
    }
}

#[test]
fn what_cpp_sent_is_delivered_and_answered_as_cpp_answered() {
    let (mut count, mut compared) = (0, 0);
    for recording in recordings() {
        let system = start();
        let receivers: BTreeSet<&str> = recording
            .messages
            .iter()
            .map(|message| message.to.as_str())
            .collect();
        let (received, messages) = channel();
        for id in receivers {
            let receiver = Receiver {
                id: id.to_owned(),
                received: received.clone(),
            };
            system.spawn(id, receiver).unwrap();
        }
        for piece in [97, 1460, usize::MAX] {
            let mut raw = Raw::connect(&system);
            for piece in recording.sent.chunks(piece.min(recording.sent.len())) {
                raw.0.write_all(piece).unwrap();
            }
            let answers: String = recording.messages.iter().map(|_| raw.read_head()).collect();
            let answers = plain(answers.as_bytes());
            // Processes that had ended when they were recorded live now, so that all is delivered.
            let recorded = plain(&recording.answered);
            for (ours, recorded) in answers.iter().zip(&recorded) {
                assert!(
                    ours == recorded || recorded.starts_with("HTTP/1.1 404 "),
                    "{}: {ours}",
                    recording.name
                );
                compared += 1;
            }
            // Between two receivers on different workers there is no order.
            let mut delivered: Vec<Message> = recording
                .messages
                .iter()
                .map(|_| messages.recv_timeout(LIMIT).unwrap())
                .collect();
            let mut expected = recording.messages.clone();
            delivered.sort_by(|a, b| a.to.cmp(&b.to));
            expected.sort_by(|a, b| a.to.cmp(&b.to));
            assert!(delivered == expected, "{} by {piece}", recording.name);
            count += delivered.len();
        }
        system.shutdown();
    }
    assert_eq!(
        (count / 3, compared / 3),
        (431, 420),
        "messages, and answers held against the recorded"
    );
}

#[test]
fn what_we_send_is_what_cpp_sent_and_its_answers_are_understood() {
    let mut count = 0;
    for recording in recordings() {
        let system = start();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let Ok(SocketAddr::V4(address)) = listener.local_addr() else {
            unreachable!("it is bound to IPv4")
        };
        let (linker, events) = Probe::spawn(&system, "linker");
        assert_eq!(next(&events), "initialize");
        linker.tell(move |_, ctx| ctx.link(&Upid::new("peer", address)));
        let (stream, _) = listener.accept().unwrap();
        stream.set_read_timeout(Some(LIMIT)).unwrap();
        let mut raw = Raw(stream);
        for message in &recording.messages {
            let to = Upid::new(message.to.as_str(), address);
            system.send_from(&message.from, &to, &message.name, message.body.clone());
        }
        let sent = raw.read_exactly(recording.sent.len());
        assert_eq!(
            String::from_utf8_lossy(&sent),
            String::from_utf8_lossy(&recording.sent),
            "{}",
            recording.name
        );
        // What the recording ends before is answered all the same.
        let missing = recording.messages.len() - plain(&recording.answered).len();
        raw.send(&recording.answered);
        (0..missing).for_each(|_| raw.send("HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n"));
        assert_eq!(system.clock().settle().wait_for(LIMIT), Some(Ok(())));
        count += recording.messages.len();
        drop(raw);
        assert_eq!(next(&events), "exited peer");
        system.shutdown();
    }
    assert_eq!(count, 431);
}
