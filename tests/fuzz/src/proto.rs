//! Messages of Mesos, as protobuf and as JSON. The first byte picks the message, that of JSON the dialect too.

use mesos_proto::{Dialect, Message, v0, v1};

/// A message that strangers send.
pub(crate) struct Kind {
    /// Its name in the `.proto` files.
    pub name: &'static str,
    wire: fn(&[u8]),
    json: fn(&[u8], Dialect),
}

const fn kind<M: Message>() -> Kind {
    Kind {
        name: M::NAME,
        wire: wire_of::<M>,
        json: json_of::<M>,
    }
}

/// What is read: calls of all APIs, answers to them, internal messages, what lies on disk.
pub(crate) const KINDS: [Kind; 20] = [
    kind::<v1::scheduler::Call>(),
    kind::<v1::scheduler::Event>(),
    kind::<v1::executor::Call>(),
    kind::<v1::executor::Event>(),
    kind::<v1::master::Call>(),
    kind::<v1::master::Response>(),
    kind::<v1::master::Event>(),
    kind::<v1::agent::Call>(),
    kind::<v1::agent::Response>(),
    kind::<v0::scheduler::Call>(),
    kind::<v0::executor::Call>(),
    kind::<v0::internal::RegisterSlaveMessage>(),
    kind::<v0::internal::ReregisterSlaveMessage>(),
    kind::<v0::internal::UpdateSlaveMessage>(),
    kind::<v0::internal::StatusUpdateMessage>(),
    kind::<v0::internal::RunTaskMessage>(),
    kind::<v0::internal::Registry>(),
    kind::<v0::FrameworkInfo>(),
    kind::<v0::quota::QuotaConfig>(),
    kind::<v0::TaskInfo>(),
];

const DIALECTS: [Dialect; 3] = [Dialect::V0, Dialect::V1, Dialect::Operator];

fn pick(byte: u8) -> &'static Kind {
    const ALL: &[Kind] = &KINDS;
    &ALL[usize::from(byte) % ALL.len()]
}

/// The bytes that pick a message of this name.
pub(crate) fn picks(name: &str) -> impl Iterator<Item = u8> {
    let kinds = KINDS.into_iter().zip(0u8..);
    kinds
        .filter(move |(kind, _)| kind.name == name)
        .map(|(_, byte)| byte)
}

/// Protobuf: what is read is written, read and written again, and shown as JSON.
pub fn wire(data: &[u8]) {
    if let Some((&first, bytes)) = data.split_first() {
        (pick(first).wire)(bytes);
    }
}

/// JSON: what is read is written, read and written again.
pub fn json(data: &[u8]) {
    if let Some((&first, text)) = data.split_first() {
        let dialect = DIALECTS[usize::from(first >> 6) % DIALECTS.len()];
        (pick(first & 0x3f).json)(text, dialect);
    }
}

fn wire_of<M: Message>(bytes: &[u8]) {
    let Ok(message) = M::decode(bytes) else { return };
    let once = message.encode_to_vec();
    let again = M::decode(&once).expect("what was written can be read");
    assert_eq!(again.encode_to_vec(), once, "and is the same");
    for dialect in DIALECTS {
        let text = message.to_json(dialect);
        assert!(text.starts_with('{') && text.ends_with('}'));
        settled::<M>(&text, dialect);
    }
}

fn json_of<M: Message>(text: &[u8], dialect: Dialect) {
    let Ok(message) = M::from_json(text, dialect) else {
        return;
    };
    settled::<M>(&message.to_json(dialect), dialect);
    let wire = message.encode_to_vec();
    let again = M::decode(&wire).expect("what came as JSON goes on as protobuf");
    assert_eq!(again.encode_to_vec(), wire);
}

/// Where a text that was written can be read, it is written the same.
fn settled<M: Message>(text: &str, dialect: Dialect) {
    // Doubles that are no numbers have no JSON, and v1 does not show all that v0 requires.
    if let Ok(message) = M::from_json(text.as_bytes(), dialect) {
        assert_eq!(message.to_json(dialect), text);
    }
}
