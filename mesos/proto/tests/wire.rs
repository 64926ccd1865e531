//! The wire format at its edges: what is unknown, missing, too deep, or no message at all.

#![allow(clippy::unwrap_used)]

use mesos_proto::{DecodeError, Dialect, Message, v0, v1};
use proptest::prelude::*;

#[test]
fn unknown_fields_survive_in_order() {
    // Field 1 known, field 100 (varint) and field 101 (bytes) not.
    let bytes = [&[0xa0, 6, 5][..], &[0x0a, 1, b't'], &[0xaa, 6, 2, 1, 2]].concat();
    let id = v0::TaskID::decode(&bytes).unwrap();
    assert_eq!(id.value, "t");
    assert_eq!(
        id.encode_to_vec(),
        [&[0x0a, 1, b't'][..], &[0xa0, 6, 5], &[0xaa, 6, 2, 1, 2]].concat()
    );
    assert_eq!(id.to_json(Dialect::V0), r#"{"value":"t"}"#);
}

#[test]
fn unknown_enum_values_are_unknown_fields() {
    // MasterInfo.Capability.type = 77.
    let bytes = [8, 77];
    let capability = v0::master_info::Capability::decode(&bytes).unwrap();
    assert_eq!(capability.r#type, None);
    assert_eq!(capability.encode_to_vec(), bytes);
    // QUOTA_V2, which v1 of 1.11 does not know.
    let capability = v0::master_info::Capability::decode(&[8, 3]).unwrap();
    assert_eq!(capability.to_json(Dialect::V1), "{}");
    assert_eq!(
        v1::master_info::Capability::decode(&[8, 3])
            .unwrap()
            .encode_to_vec(),
        [8, 3]
    );
    // A required enum is missing then.
    let error = v0::Attribute::decode(&[0x0a, 1, b'a', 16, 9]).unwrap_err();
    assert_eq!(error, DecodeError::Missing(vec!["type".to_owned()]));
}

#[test]
fn missing_fields_are_named_as_cpp_does() {
    // Only `name` and one empty resource.
    let bytes = [0x0a, 1, b't', 0x22, 0];
    assert_eq!(
        v0::TaskInfo::decode(&bytes).unwrap_err().to_string(),
        "Missing required fields: task_id, slave_id, resources[0].name, resources[0].type"
    );
}

#[test]
fn parts_of_one_message_are_joined() {
    // `framework_info` comes twice; the second part has one of its required fields only.
    let user = [0x0a, 1, b'u'];
    let name = [0x12, 1, b'x'];
    let subscribe = [&[0x0a, 6][..], &user, &name, &[0x0a, 3, 0x12, 1, b'n']].concat();
    let subscribe = v0::scheduler::call::Subscribe::decode(&subscribe).unwrap();
    assert_eq!(
        (&*subscribe.framework_info.user, &*subscribe.framework_info.name),
        ("u", "n")
    );
}

#[test]
fn packed_and_unpacked_lists_are_read() {
    // `ContainerLaunchInfo.supplementary_groups` (19) packed, then once more alone.
    let bytes = [0x9a, 1, 2, 5, 6, 0x98, 1, 7];
    let launch = v0::slave::ContainerLaunchInfo::decode(&bytes).unwrap();
    assert_eq!(launch.supplementary_groups, [5, 6, 7]);
    assert_eq!(launch.encode_to_vec(), [0x98, 1, 5, 0x98, 1, 6, 0x98, 1, 7]);
}

#[test]
fn nesting_is_limited() {
    let nest = |depth: usize| {
        let mut id = v0::ContainerID {
            value: "c".to_owned(),
            ..Default::default()
        };
        for _ in 0..depth {
            id = v0::ContainerID {
                value: "c".to_owned(),
                parent: Some(Box::new(id)),
                ..Default::default()
            };
        }
        id.encode_to_vec()
    };
    assert!(v0::ContainerID::decode(&nest(100)).is_ok());
    assert_eq!(v0::ContainerID::decode(&nest(101)), Err(DecodeError::TooDeep));
}

#[test]
fn malformed_bytes_are_refused() {
    for bytes in [
        &[0x0a, 5, b'x'][..],
        &[0x0a],
        &[0x80; 11],
        &[0x07],
        &[0x00, 0],
        &[0x0c],
        &[0x0a, 1, 0xff],
    ] {
        assert!(v0::TaskID::decode(bytes).is_err(), "{bytes:?}");
    }
}

#[test]
fn a_oneof_keeps_its_last_member() {
    use v0::scheduler::attribute_constraint::{Predicate, predicate};
    let exists = Predicate {
        exists: Some(Box::default()),
        ..Default::default()
    };
    let equals = predicate::TextEquals {
        value: "x".to_owned(),
        ..Default::default()
    };
    let equals = Predicate {
        text_equals: Some(Box::new(equals)),
        ..Default::default()
    };
    let both = [exists.encode_to_vec(), equals.encode_to_vec()].concat();
    assert_eq!(Predicate::decode(&both).unwrap(), equals);
}

proptest! {
    #[test]
    fn no_bytes_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        if let Ok(call) = v0::scheduler::Call::decode(&bytes) {
            let again = call.encode_to_vec();
            prop_assert_eq!(v0::scheduler::Call::decode(&again).unwrap().encode_to_vec(), again);
        }
        let _ = v0::scheduler::Call::from_json(&bytes, Dialect::V1);
    }

    #[test]
    fn damaged_messages_do_not_panic(place in 0usize..400, byte in any::<u8>()) {
        let path = concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/../../tests/golden/captures/a-agent-register/msgs/",
            "001-agent-to-master-000-mesos.internal.RegisterSlaveMessage.body"
        );
        let mut bytes = std::fs::read(path).unwrap();
        let len = bytes.len();
        bytes[place % len] = byte;
        if let Ok(message) = v0::internal::RegisterSlaveMessage::decode(&bytes) {
            let text = message.to_json(Dialect::V0);
            prop_assert_eq!(text.chars().next(), Some('{'));
        }
        bytes.truncate(place % len);
        let _ = v0::internal::RegisterSlaveMessage::decode(&bytes);
    }

    #[test]
    fn numbers_round_trip(value in any::<i64>(), double in any::<f64>()) {
        let duration = v0::DurationInfo { nanoseconds: value, ..Default::default() };
        prop_assert_eq!(v0::DurationInfo::decode(&duration.encode_to_vec()).unwrap(), duration.clone());
        let text = duration.to_json(Dialect::V0);
        prop_assert_eq!(v0::DurationInfo::from_json(text.as_bytes(), Dialect::V0).unwrap(), duration);
        if double.is_finite() {
            let scalar = v0::value::Scalar { value: double, ..Default::default() };
            let text = scalar.to_json(Dialect::V0);
            prop_assert_eq!(v0::value::Scalar::from_json(text.as_bytes(), Dialect::V0).unwrap(), scalar);
        }
    }

    #[test]
    fn strings_round_trip(value in any::<String>()) {
        let id = v0::TaskID { value, ..Default::default() };
        prop_assert_eq!(v0::TaskID::from_json(id.to_json(Dialect::V0).as_bytes(), Dialect::V0).unwrap(), id);
    }
}
