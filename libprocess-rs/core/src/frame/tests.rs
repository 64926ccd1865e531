use super::*;
use crate::Upid;
use proptest::prelude::*;

type Message = (String, String, String, Vec<u8>);

fn upid(text: &str) -> Upid {
    text.parse().unwrap()
}

/// Reads frames that arrive in pieces, as a connection does.
fn read(pieces: &[&[u8]], max_body: u64) -> (Vec<Message>, Vec<u64>, Result<(), FrameError>) {
    let mut finder = Finder::<()>::new(max_body);
    let (mut messages, mut marks, mut buffer) = (Vec::new(), Vec::new(), Vec::new());
    for piece in pieces {
        buffer.extend_from_slice(piece);
        loop {
            let (kind, body, end) = match finder.find(&buffer) {
                Ok(Found::Message { kind, body, end }) => (kind, body, end),
                Ok(Found::Large { .. } | Found::Partial) => break,
                Ok(Found::Mark { number, end }) => {
                    marks.push(number);
                    buffer.drain(..end);
                    continue;
                }
                Ok(Found::Nothing { end }) => {
                    buffer.drain(..end);
                    continue;
                }
                Err(error) => return (messages, marks, Err(error)),
            };
            let envelope = finder.envelope(kind);
            messages.push((
                envelope.from.to_string(),
                envelope.to.clone(),
                envelope.name.clone(),
                buffer[body].to_vec(),
            ));
            buffer.drain(..end);
        }
    }
    (messages, marks, Ok(()))
}

#[test]
fn a_kind_is_defined_once() {
    let (from, to) = (upid("slave(1)@10.0.0.1:5051"), upid("master@10.0.0.2:5050"));
    let (mut writer, mut wire) = (Writer::default(), Vec::new());
    assert!(writer.write(&from, &to, "Ping", b"one", &mut wire));
    let first = wire.len();
    assert!(writer.write(&from, &to, "Ping", b"two", &mut wire));
    assert_eq!(wire.len() - first, HEADER + 3);
    write_mark(7, &mut wire);
    assert_eq!(read_mark(&wire[wire.len() - MARK_LEN..]), Some(7));
    let message = |body: &str| {
        let texts = ["slave(1)@10.0.0.1:5051", "master", "Ping"].map(str::to_owned);
        let [from, to, name] = texts;
        (from, to, name, body.as_bytes().to_vec())
    };
    let expected = (vec![message("one"), message("two")], vec![7], Ok(()));
    assert_eq!(read(&[&wire], 3), expected);
    for cut in 0..wire.len() {
        assert_eq!(read(&[&wire[..cut], &wire[cut..]], 3), expected, "cut at {cut}");
    }
}

#[test]
fn kinds_without_room_are_defined_again_and_again() {
    let to = upid("master@10.0.0.2:5050");
    let (mut writer, mut wire) = (Writer::default(), Vec::new());
    let count = 2 * MAX_KINDS;
    for n in (0..count).chain(0..count) {
        let from = upid(&format!("agent({n})@10.0.0.1:5051"));
        assert!(writer.write(&from, &to, "Ping", &n.to_le_bytes(), &mut wire));
    }
    let (messages, _, ended) = read(&[&wire], 4);
    assert_eq!(ended, Ok(()));
    for (n, (from, _, _, body)) in (0..count).chain(0..count).zip(&messages) {
        assert_eq!(
            (from.as_str(), &body[..]),
            (&*format!("agent({n})@10.0.0.1:5051"), &n.to_le_bytes()[..])
        );
    }
    assert_eq!(messages.len(), usize::try_from(2 * count).unwrap());
}

#[test]
fn a_writer_can_read_what_it_wrote_from_any_message_on() {
    let (from, to) = (upid("a@10.0.0.1:5051"), upid("b@10.0.0.2:5050"));
    let (mut writer, mut sent) = (Writer::default(), Vec::new());
    assert!(writer.write(&from, &to, "X", b"gone", &mut sent));
    let mut left = Vec::new();
    assert!(writer.write(&from, &to, "X", b"left", &mut left));
    let mut finder = writer.reader();
    let Ok(Found::Message { kind, body, end }) = finder.find(&left) else {
        panic!("a message")
    };
    assert_eq!(
        (finder.envelope(kind).to.as_str(), &left[body], end),
        ("b", &b"left"[..], left.len())
    );
}

#[test]
fn lies_are_refused_before_their_content_arrives() {
    let frame = |length: u32, kind: u32, content: &[u8]| {
        [&length.to_le_bytes(), &kind.to_le_bytes(), content].concat()
    };
    let (mut writer, mut defined) = (Writer::default(), Vec::new());
    assert!(writer.write(&upid("a@1.2.3.4:5"), &upid("b@1.2.3.4:6"), "X", b"", &mut defined));
    let after = |more: Vec<u8>| read(&[&defined, &more], 1000).2;
    assert_eq!(after(frame(1001, 1, b"")), Err(FrameError::BodyTooLarge(1000)));
    assert_eq!(
        after(frame(u32::MAX, 1, b"")),
        Err(FrameError::BodyTooLarge(1000))
    );
    assert_eq!(after(frame(1, 2, b"")), Err(FrameError::UndefinedKind));
    assert_eq!(after(frame(9, MARK, b"")), Err(FrameError::BadMark));
    assert_eq!(
        after(frame(u32::MAX, DEFINITION, b"")),
        Err(FrameError::BadDefinition)
    );
    assert_eq!(after(frame(15, DEFINITION, b"")), Err(FrameError::BadDefinition));
    let definition = |number: u32, lengths: [u16; 3], texts: &[u8]| {
        let mut content = number.to_le_bytes().to_vec();
        content.extend_from_slice(&[1, 2, 3, 4, 5, 0]);
        lengths
            .iter()
            .for_each(|length| content.extend_from_slice(&length.to_le_bytes()));
        content.extend_from_slice(texts);
        frame(u32::try_from(content.len()).unwrap(), DEFINITION, &content)
    };
    assert_eq!(after(definition(MAX_KINDS, [1, 1, 1], b"abc")), Ok(()));
    for malformed in [
        definition(0, [1, 1, 1], b"abc"),
        definition(MAX_KINDS + 1, [1, 1, 1], b"abc"),
        definition(1, [1, 1, 2], b"abc"),
        definition(1, [1, 1, 0], b"abc"),
        definition(1, [4, 0, 0], b"abc"),
        definition(1, [1, 1, 1], b"a\xffc"),
    ] {
        assert_eq!(after(malformed), Err(FrameError::BadDefinition));
    }
    let long = "x".repeat(MAX_DEFINITION - DEFINITION_HEADER - 3);
    let length = u16::try_from(long.len()).unwrap();
    let many: Vec<u8> = (1..=100)
        .flat_map(|n| definition(n, [length, 0, 0], long.as_bytes()))
        .collect();
    assert_eq!(after(many), Err(FrameError::BadDefinition));
    let one: Vec<u8> = (1..=100)
        .flat_map(|_| definition(1, [length, 0, 0], long.as_bytes()))
        .collect();
    assert_eq!(
        after(one),
        Ok(()),
        "one that is defined again takes the room of the old"
    );
}

#[test]
fn texts_too_long_are_not_written() {
    let (from, to) = (upid("a@10.0.0.1:5051"), upid("b@10.0.0.2:5050"));
    let (mut writer, mut wire) = (Writer::default(), Vec::new());
    assert!(!writer.write(&from, &to, &"x".repeat(MAX_DEFINITION), b"", &mut wire));
    assert!(wire.is_empty());
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..Default::default() })]

    #[test]
    fn arbitrary_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..300), cut in 0..300usize) {
        let cut = cut.min(bytes.len());
        let whole = read(&[&bytes], 100);
        prop_assert_eq!(read(&[&bytes[..cut], &bytes[cut..]], 100), whole);
    }

    #[test]
    fn what_is_written_is_read_however_it_is_cut(
        sent in proptest::collection::vec((0..5u8, 0..3u8, "[a-z./%é]{0,8}", proptest::collection::vec(any::<u8>(), 0..50)), 0..20),
        piece in 1..200usize,
    ) {
        let (mut writer, mut wire, mut expected) = (Writer::default(), Vec::new(), Vec::new());
        for (from, to, name, body) in sent {
            let from = upid(&format!("a{from}@1.2.3.4:{from}"));
            let to = upid(&format!("b{to}@1.2.3.4:1"));
            prop_assert!(writer.write(&from, &to, &name, &body, &mut wire));
            expected.push((from.to_string(), to.id().to_owned(), name, body));
        }
        let pieces: Vec<&[u8]> = wire.chunks(piece).collect();
        prop_assert_eq!(read(&pieces, 50), (expected, vec![], Ok(())));
    }

    #[test]
    fn spoilt_frames_are_read_or_refused(
        changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..5),
        piece in 1..100usize,
    ) {
        let (from, to) = (upid("a@10.0.0.1:5051"), upid("b@10.0.0.2:5050"));
        let (mut writer, mut wire) = (Writer::default(), Vec::new());
        for name in ["X", "Y", "X"] {
            prop_assert!(writer.write(&from, &to, name, b"body", &mut wire));
            write_mark(1, &mut wire);
        }
        for (place, byte) in changes {
            let place = place.index(wire.len());
            wire[place] = byte;
        }
        let pieces: Vec<&[u8]> = wire.chunks(piece).collect();
        prop_assert_eq!(read(&pieces, 100), read(&[&wire], 100));
    }
}
