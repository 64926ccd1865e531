use super::*;
use crate::http::{Event, Limits, RequestDecoder, ResponseDecoder};
use crate::recordio;

macro_rules! golden {
    ($name:literal) => {
        include_bytes!(concat!("../../../../tests/golden/wire/", $name))
    };
}

struct Message {
    from: Upid,
    to: String,
    name: String,
    body: Vec<u8>,
}

fn decode_messages(wire: &[u8], piece: usize) -> Vec<Message> {
    let mut decoder = RequestDecoder::new(Limits::default());
    let mut messages: Vec<Message> = Vec::new();
    for piece in wire.chunks(piece) {
        decoder.push(piece);
        while let Some(event) = decoder.next().unwrap() {
            match event {
                Event::Head(head) => {
                    let from = classify(&head).expect("recorded requests are messages");
                    let (to, name) = destination(&head.target).unwrap();
                    messages.push(Message {
                        from,
                        to,
                        name: name.to_owned(),
                        body: Vec::new(),
                    });
                }
                Event::Data(data) => messages.last_mut().unwrap().body.extend_from_slice(&data),
                Event::End => {}
            }
        }
    }
    decoder.finish().unwrap();
    messages
}

#[test]
fn recorded_conversations_decode_and_encode_to_the_same_bytes() {
    let recordings: [&[u8]; 4] = [
        golden!("a-001-agent-to-master.bin"),
        golden!("a-002-master-to-agent.bin"),
        golden!("a-005-agent-to-master.bin"),
        golden!("b-003-scheduler-to-master.bin"),
    ];
    for recording in recordings {
        for piece in [1, 7, 100, recording.len()] {
            let messages = decode_messages(recording, piece);
            assert!(messages.len() > 1);
            let mut wire = Vec::new();
            for message in messages {
                let to = Upid::new(message.to, "127.0.0.1:5050".parse().unwrap());
                encode(&message.from, &to, &message.name, &message.body, &mut wire);
            }
            assert_eq!(String::from_utf8_lossy(&wire), String::from_utf8_lossy(recording));
        }
    }
}

#[test]
fn recorded_answers_are_all_202() {
    let mut decoder = ResponseDecoder::new(Limits::default());
    decoder.push(golden!("a-001-master-to-agent.bin"));
    let mut heads = 0;
    while let Some(event) = decoder.next().unwrap() {
        if let Event::Head(head) = event {
            assert_eq!((head.status, head.headers.len()), (202, 2));
            heads += 1;
        }
    }
    assert_eq!(heads, 5);
}

#[test]
fn a_recorded_event_stream_is_one_record_a_chunk() {
    let mut decoder = ResponseDecoder::new(Limits::default());
    decoder.push(golden!("c-004-master-to-scheduler.bin"));
    let mut records = Vec::new();
    let mut reader = recordio::Decoder::new(1 << 20);
    while let Some(event) = decoder.next().unwrap() {
        if let Event::Data(chunk) = event {
            let decoded = reader.push(&chunk).unwrap();
            assert_eq!(decoded.len(), 1);
            records.extend(decoded);
        }
    }
    assert!(reader.is_empty());
    assert!(records[0].starts_with(br#"{"type":"SUBSCRIBED""#));
    assert!(records.len() > 3);
}

#[test]
fn recorded_calls_of_a_v1_scheduler_are_ordinary_requests() {
    let mut decoder = RequestDecoder::new(Limits::default());
    decoder.push(golden!("c-005-scheduler-to-master.bin"));
    let mut calls = 0;
    while let Some(event) = decoder.next().unwrap() {
        if let Event::Head(head) = event {
            assert_eq!(classify(&head), None);
            assert_eq!(head.target, "/api/v1/scheduler");
            calls += 1;
        }
    }
    assert!(calls > 2);
}

#[test]
fn senders_are_found_and_bad_ones_become_empty() {
    let classify_lines = |lines: &str| {
        let mut decoder = RequestDecoder::new(Limits::default());
        decoder.push(format!("POST /a/b HTTP/1.1\r\n{lines}\r\n").as_bytes());
        let Some(Event::Head(head)) = decoder.next().unwrap() else {
            panic!("no head")
        };
        classify(&head)
    };
    let expected: Upid = "x@1.2.3.4:5".parse().unwrap();
    assert_eq!(
        classify_lines("libprocess-from:  x@1.2.3.4:5 \r\n"),
        Some(expected.clone())
    );
    assert_eq!(
        classify_lines("User-Agent: libprocess/x@1.2.3.4:5\r\n"),
        Some(expected)
    );
    assert_eq!(
        classify_lines("Libprocess-From: nonsense\r\n"),
        Some(Upid::default())
    );
    assert_eq!(classify_lines("User-Agent: curl/8\r\n"), None);
}

#[test]
fn destinations_split_at_the_second_slash() {
    assert_eq!(
        destination("/slave%281%29/a/b%20"),
        Ok(("slave(1)".to_owned(), "a/b%20"))
    );
    assert_eq!(destination("/master"), Ok(("master".to_owned(), "")));
    assert_eq!(destination("master/x"), Err(DestinationError::NoSlash));
    assert_eq!(destination("/%zz/x"), Err(DestinationError::BadEscape));
}
