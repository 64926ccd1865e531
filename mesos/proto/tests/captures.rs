//! Every message recorded from C++ Mesos 1.11 decodes, and encodes to the same bytes.

#![allow(clippy::unwrap_used)]

use std::fs;
use std::path::{Path, PathBuf};

use mesos_proto::{Dialect, Message, v0, v1};

fn golden(part: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../tests/golden")
        .join(part)
}

fn files(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let mut files: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| {
            let path = entry.unwrap().path();
            (
                path.file_name().unwrap().to_str().unwrap().to_owned(),
                fs::read(&path).unwrap(),
            )
        })
        .collect();
    files.sort();
    files
}

/// The text with every fraction of 17 digits reprinted by Rust: of two spellings of one double RapidJSON
/// (Grisu2) does not always take the nearer, and we do.
fn canonical(text: &[u8]) -> String {
    let text = std::str::from_utf8(text).unwrap();
    let mut canonical = String::new();
    let mut rest = text;
    while let Some(start) = rest.find(|letter: char| letter.is_ascii_digit() || letter == '-') {
        let (before, number) = rest.split_at(start);
        let end = number
            .find(|letter: char| !matches!(letter, '0'..='9' | '.' | '-'))
            .unwrap_or(number.len());
        let (number, after) = number.split_at(end);
        canonical.push_str(before);
        match number.parse::<f64>() {
            Ok(value) if number.len() >= 18 && number.contains('.') => canonical.push_str(&value.to_string()),
            _ => canonical.push_str(number),
        }
        rest = after;
    }
    canonical.push_str(rest);
    canonical
}

/// The bodies of every conversation as (`flow/file`, bytes).
fn bodies() -> Vec<(String, Vec<u8>)> {
    let mut bodies = Vec::new();
    for entry in fs::read_dir(golden("captures")).unwrap() {
        let folder = entry.unwrap().path();
        if folder.is_dir() {
            let flow = folder.file_name().unwrap().to_str().unwrap().to_owned();
            let messages = files(&folder.join("msgs"));
            bodies.extend(
                messages
                    .into_iter()
                    .map(|(name, body)| (format!("{flow}/{name}"), body)),
            );
        }
    }
    bodies.sort();
    bodies
}

fn wire<M: Message>(name: &str, bytes: &[u8]) -> M {
    let message = M::decode(bytes).unwrap_or_else(|error| panic!("{name}: {error}"));
    assert!(
        message.encode_to_vec() == bytes,
        "{name}: encodes differently: {message:?}"
    );
    message
}

/// C++ wrote these bytes through one of its two types. `SlaveInfo.checkpoint`, which v1 does not know,
/// stands at the end when it was the v1 one: the other type of ours may move it, and loses nothing.
fn wire_either<C: Message, V: Message>(name: &str, bytes: &[u8]) {
    let theirs = V::decode(bytes)
        .unwrap_or_else(|error| panic!("{name}: {error}"))
        .encode_to_vec();
    let ours = C::decode(bytes)
        .unwrap_or_else(|error| panic!("{name}: {error}"))
        .encode_to_vec();
    assert!(theirs == bytes || ours == bytes, "{name}: encodes differently");
    assert_eq!((theirs.len(), ours.len()), (bytes.len(), bytes.len()), "{name}");
    assert_eq!(C::decode(&theirs).unwrap().encode_to_vec(), ours, "{name}");
}

/// A body in the v1 API's names, protobuf or JSON; `C` is its v0 type.
fn v1_body<C: Message, V: Message>(name: &str, bytes: &[u8]) {
    if bytes.first() == Some(&b'{') {
        let message = C::from_json(bytes, Dialect::V1).unwrap_or_else(|error| panic!("{name}: {error}"));
        let client = V::from_json(bytes, Dialect::V0).unwrap_or_else(|error| panic!("{name}: {error}"));
        // Clients print in their own order; ours is that of C++.
        let ours: serde_json::Value = serde_json::from_str(&client.to_json(Dialect::V0)).unwrap();
        assert!(
            includes(&ours, &serde_json::from_slice(bytes).unwrap()),
            "{name}: {ours}"
        );
        // Unset fields with a default are printed, so only the text survives a second pass.
        let text = message.to_json(Dialect::V1);
        assert_eq!(
            C::from_json(text.as_bytes(), Dialect::V1)
                .unwrap()
                .to_json(Dialect::V1),
            text,
            "{name}"
        );
    } else {
        wire::<V>(name, bytes);
    }
}

/// Tells whether every value of `theirs` stands in `ours`, numbers compared as numbers.
fn includes(ours: &serde_json::Value, theirs: &serde_json::Value) -> bool {
    use serde_json::Value;
    match (ours, theirs) {
        (Value::Object(ours), Value::Object(theirs)) => theirs.iter().all(|(key, value)| {
            value.as_array().is_some_and(Vec::is_empty)
                || ours.get(key).is_some_and(|ours| includes(ours, value))
        }),
        (Value::Array(ours), Value::Array(theirs)) => {
            ours.len() == theirs.len()
                && ours
                    .iter()
                    .zip(theirs)
                    .all(|(ours, theirs)| includes(ours, theirs))
        }
        (Value::Number(ours), Value::Number(theirs)) => ours.as_f64() == theirs.as_f64(),
        _ => ours == theirs,
    }
}

fn records(mut stream: &[u8]) -> Vec<&[u8]> {
    let mut records = Vec::new();
    while !stream.is_empty() {
        let line = stream.iter().position(|byte| *byte == b'\n').unwrap();
        let len: usize = std::str::from_utf8(&stream[..line]).unwrap().parse().unwrap();
        records.push(&stream[line + 1..line + 1 + len]);
        stream = &stream[line + 1 + len..];
    }
    records
}

/// What the answer to a streaming call carries: v1 events, byte for byte.
fn events<C: Message, V: Message>(name: &str, stream: &[u8]) -> usize {
    let records = records(stream);
    for (index, record) in records.iter().enumerate() {
        let name = format!("{name} record {index}");
        if record.first() == Some(&b'{') {
            let event = C::from_json(record, Dialect::V1).unwrap_or_else(|error| panic!("{name}: {error}"));
            assert_eq!(
                canonical(event.to_json(Dialect::V1).as_bytes()),
                canonical(record),
                "{name}"
            );
        } else {
            wire_either::<C, V>(&name, record);
        }
    }
    records.len()
}

#[test]
fn every_recorded_message_encodes_to_the_same_bytes() {
    let (mut messages, mut calls, mut records) = (0, 0, 0);
    for (name, body) in bodies() {
        let file = name.rsplit_once('/').unwrap().1;
        let kind = file.strip_suffix(".body").unwrap().rsplit_once('-').unwrap().1;
        let receiver = file.split("-to-").nth(1).unwrap().split('-').next().unwrap();
        match (kind, receiver) {
            ("scheduler", _) => {
                calls += 1;
                v1_body::<v0::scheduler::Call, v1::scheduler::Call>(&name, &body);
            }
            ("executor", _) => {
                calls += 1;
                v1_body::<v0::executor::Call, v1::executor::Call>(&name, &body);
            }
            ("v1", "master") => v1_body::<v0::master::Call, v1::master::Call>(&name, &body),
            ("v1", "agent") => {
                calls += 1;
                v1_body::<v0::agent::Call, v1::agent::Call>(&name, &body);
            }
            ("resp", "scheduler") => {
                records += events::<v0::scheduler::Event, v1::scheduler::Event>(&name, &body);
            }
            ("resp", "executor") => {
                records += events::<v0::executor::Event, v1::executor::Event>(&name, &body);
            }
            ("resp", "client") if name.starts_with("f-operator") => {
                records += events::<v0::master::Event, v1::master::Event>(&name, &body);
            }
            ("resp", "client") if body.first() == Some(&8) => {
                wire::<v1::agent::Response>(&name, &body);
            }
            // JSON of the classic endpoints, a form, an error text.
            ("resp", "client") | ("teardown", _) => {}
            (message, _) => {
                messages += 1;
                libprocess(&name, message, &body);
            }
        }
    }
    assert!(
        messages > 380 && calls > 80 && records > 60,
        "{messages} {calls} {records}"
    );
}

macro_rules! dispatch {
    ($name:expr, $message:expr, $body:expr, $($type:ty),* $(,)?) => {
        match $message {
            $(<$type as Message>::NAME => drop(wire::<$type>($name, $body)),)*
            other => panic!("{}: no type for {other}", $name),
        }
    };
}

fn libprocess(name: &str, message: &str, body: &[u8]) {
    use v0::internal::*;
    dispatch!(
        name,
        message,
        body,
        v0::scheduler::Call,
        ExecutorRegisteredMessage,
        ExecutorReregisteredMessage,
        ExecutorToFrameworkMessage,
        ExitedExecutorMessage,
        FrameworkErrorMessage,
        FrameworkRegisteredMessage,
        FrameworkReregisteredMessage,
        FrameworkToExecutorMessage,
        KillTaskMessage,
        LostSlaveMessage,
        PingSlaveMessage,
        PongSlaveMessage,
        ReconnectExecutorMessage,
        RegisterExecutorMessage,
        RegisterSlaveMessage,
        ReregisterExecutorMessage,
        ReregisterSlaveMessage,
        RescindResourceOfferMessage,
        ResourceOffersMessage,
        RunTaskGroupMessage,
        RunTaskMessage,
        ShutdownExecutorMessage,
        ShutdownFrameworkMessage,
        SlaveRegisteredMessage,
        SlaveReregisteredMessage,
        StatusUpdateAcknowledgementMessage,
        StatusUpdateMessage,
        UnregisterSlaveMessage,
        UpdateFrameworkMessage,
        UpdateSlaveMessage,
    );
}

#[test]
fn operator_answers_print_the_same_text() {
    let mut count = 0;
    for (name, body) in files(&golden("http")) {
        // The two answers that hold an AgentInfo and are not evolved to v1 first.
        let raw = name.contains("master-v1-GET_AGENTS") || name.contains("master-v1-GET_STATE");
        let dialect = if raw { Dialect::Operator } else { Dialect::V1 };
        if name.contains("-master-v1-") && name.ends_with(".json") {
            let answer = v0::master::Response::from_json(&body, dialect).unwrap();
            same_text(&name, &answer.to_json(dialect), &body);
        } else if name.contains("-agent-v1-") && name.ends_with(".json") {
            let answer = v0::agent::Response::from_json(&body, dialect).unwrap();
            same_text(&name, &answer.to_json(dialect), &body);
        } else if name.contains("-master-v1pb-") && name.ends_with(".bin") {
            wire_either::<v0::master::Response, v1::master::Response>(&name, &body);
        } else {
            continue;
        }
        count += 1;
    }
    assert!(count > 100, "{count}");
}

fn same_text(name: &str, ours: &str, theirs: &[u8]) {
    if name.contains("GET_QUOTA") {
        // It holds maps, which C++ prints in the order of a hash table.
        let [ours, theirs]: [serde_json::Value; 2] =
            [ours.as_bytes(), theirs].map(|text| serde_json::from_slice(text).unwrap());
        assert_eq!(ours, theirs, "{name}");
    } else {
        assert_eq!(canonical(ours.as_bytes()), canonical(theirs), "{name}");
    }
}
