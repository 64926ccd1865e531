//! Views and owned decoding accept the same bytes and read the same values from them.

#![allow(clippy::unwrap_used)]

use mesos_proto::view::View;
use mesos_proto::{DecodeError, Message, v0, view};
use proptest::prelude::*;

view! {
    /// `mesos.Attribute`: a required enum, a required message among optional ones.
    struct Attribute<'a>: AttributeField {
        required name: &'a str = 1 as Name;
        required kind: v0::value::Type = 2 as Kind;
        optional scalar: Scalar<'a> = 3 as Scalar;
        optional ranges: Ranges<'a> = 4 as Ranges;
        optional set: Set<'a> = 6 as Set;
        optional text: Text<'a> = 5 as Text;
    }
}

view! {
    /// `mesos.Value.Scalar`.
    struct Scalar<'a>: ScalarField {
        required value: f64 = 1 as Value;
    }
}

view! {
    /// `mesos.Value.Range`.
    struct Range<'a>: RangeField {
        required begin: u64 = 1 as Begin;
        required end: u64 = 2 as End;
    }
}

view! {
    /// `mesos.Value.Ranges`.
    struct Ranges<'a>: RangesField {
        repeated range: Range<'a> = 1 as Range;
    }
}

view! {
    /// `mesos.Value.Set`.
    struct Set<'a>: SetField {
        repeated item: &'a str = 1 as Item;
    }
}

view! {
    /// `mesos.Value.Text`.
    struct Text<'a>: TextField {
        required value: &'a str = 1 as Value;
    }
}

view! {
    /// `mesos.CapabilityInfo`: enums, one by one or packed.
    struct Capabilities<'a>: CapabilitiesField {
        numbers capabilities: v0::capability_info::Capability = 1 as Capability;
    }
}

view! {
    /// `mesos.ContainerID`, which nests.
    struct Container<'a>: ContainerField {
        required value: &'a str = 1 as Value;
        optional parent: Container<'a> = 2 as Parent;
    }
}

fn attribute(view: Attribute<'_>) -> v0::Attribute {
    let ranges = view.ranges().map(|ranges| v0::value::Ranges {
        range: ranges
            .range()
            .map(|range| v0::value::Range {
                begin: range.begin(),
                end: range.end(),
                ..Default::default()
            })
            .collect(),
        ..Default::default()
    });
    v0::Attribute {
        name: view.name().to_owned(),
        r#type: view.kind(),
        scalar: view.scalar().map(|scalar| {
            Box::new(v0::value::Scalar {
                value: scalar.value(),
                ..Default::default()
            })
        }),
        ranges: ranges.map(Box::new),
        set: view.set().map(|set| {
            Box::new(v0::value::Set {
                item: set.item().map(str::to_owned).collect(),
                ..Default::default()
            })
        }),
        text: view.text().map(|text| {
            Box::new(v0::value::Text {
                value: text.value().to_owned(),
                ..Default::default()
            })
        }),
        ..Default::default()
    }
}

fn without_unknown(mut attribute: v0::Attribute) -> v0::Attribute {
    attribute.unknown.clear();
    if let Some(scalar) = &mut attribute.scalar {
        scalar.unknown.clear();
    }
    if let Some(ranges) = &mut attribute.ranges {
        ranges.unknown.clear();
        ranges.range.iter_mut().for_each(|range| range.unknown.clear());
    }
    if let Some(set) = &mut attribute.set {
        set.unknown.clear();
    }
    if let Some(text) = &mut attribute.text {
        text.unknown.clear();
    }
    attribute
}

fn container(view: Container<'_>) -> v0::ContainerID {
    v0::ContainerID {
        value: view.value().to_owned(),
        parent: view.parent().map(|parent| Box::new(container(parent))),
        ..Default::default()
    }
}

fn without_unknown_parents(mut id: v0::ContainerID) -> v0::ContainerID {
    id.unknown.clear();
    id.parent = id.parent.map(|parent| Box::new(without_unknown_parents(*parent)));
    id
}

/// Holds both ways of reading against each other. Which of several errors is found first is left open.
fn agree<'a, V: View<'a>, M: Message + PartialEq>(
    bytes: &'a [u8],
    owned: impl Fn(V) -> M,
    known: impl Fn(M) -> M,
) -> Result<(), TestCaseError> {
    match (V::read(bytes), M::decode(bytes)) {
        (Ok(view), Ok(message)) => {
            prop_assert_eq!(view.as_bytes(), bytes);
            let (seen, known) = (owned(view), known(message));
            // Not `==`: a double may be no number.
            prop_assert_eq!(seen.encode_to_vec(), known.encode_to_vec());
        }
        (Err(DecodeError::InParts(_)) | Err(_), Err(_)) | (Err(DecodeError::InParts(_)), Ok(_)) => {}
        (view, message) => {
            prop_assert!(false, "{:?} but {:?}", view.err(), message.err());
        }
    }
    Ok(())
}

fn all_agree(bytes: &[u8]) -> Result<(), TestCaseError> {
    agree(bytes, attribute, without_unknown)?;
    agree(bytes, container, without_unknown_parents)?;
    let capabilities = |view: Capabilities<'_>| v0::CapabilityInfo {
        capabilities: view.capabilities().collect(),
        ..Default::default()
    };
    agree(bytes, capabilities, |mut message: v0::CapabilityInfo| {
        message.unknown.clear();
        message
    })
}

/// Fields that are nearly right: tags near those declared, small values, messages in messages.
fn fields() -> impl Strategy<Value = Vec<u8>> {
    let varint = (0u32..9, prop_oneof![0u64..12, any::<u64>()]).prop_map(|(number, value)| {
        let mut out = Vec::new();
        mesos_proto::wire::one(&mut out, number, &value);
        out
    });
    let double = (0u32..9, any::<f64>()).prop_map(|(number, value)| {
        let mut out = Vec::new();
        mesos_proto::wire::one(&mut out, number, &value);
        out
    });
    let noise = prop::collection::vec(any::<u8>(), 0..6);
    let leaf = prop_oneof![4 => varint, 1 => double, 1 => noise];
    leaf.prop_recursive(6, 60, 5, |inner| {
        (0u32..9, prop::collection::vec(inner, 0..5), 0usize..40).prop_map(|(number, parts, cut)| {
            let mut out = Vec::new();
            mesos_proto::wire::nested(&mut out, number, |out| out.extend(parts.concat()));
            // Rarely cut off.
            if cut == 0 {
                out.pop();
            }
            out
        })
    })
}

#[test]
fn a_view_shows_what_was_written() {
    let message = v0::Attribute {
        name: "rack".to_owned(),
        r#type: v0::value::Type::Ranges,
        ranges: Some(Box::new(v0::value::Ranges {
            range: vec![v0::value::Range {
                begin: 1,
                end: 1 << 40,
                ..Default::default()
            }],
            ..Default::default()
        })),
        ..Default::default()
    };
    let bytes = message.encode_to_vec();
    let view = Attribute::read(&bytes).unwrap();
    assert_eq!(view.name(), "rack");
    assert_eq!(attribute(view), message);
    assert!(matches!(view.fields().next(), Some(AttributeField::Name("rack"))));
}

#[test]
fn what_is_missing_is_named() {
    let error = |bytes: &[u8]| Attribute::read(bytes).err();
    assert_eq!(
        error(&[0x0a, 1, b'a']),
        Some(DecodeError::Missing(vec!["kind".to_owned()]))
    );
    // A number that no type has counts for nothing.
    assert_eq!(
        error(&[0x0a, 1, b'a', 16, 9]),
        Some(DecodeError::Missing(vec!["kind".to_owned()]))
    );
    assert_eq!(error(&[0x0a, 1, 0xff, 16, 0]), Some(DecodeError::Utf8("name")));
}

#[test]
fn parts_of_one_message_are_left_to_decoding() {
    let part = [0x12, 3, 0x0a, 1, b'p'];
    let bytes = [&[0x0a, 1, b'c'][..], &part, &part].concat();
    assert_eq!(
        Container::read(&bytes).err(),
        Some(DecodeError::InParts("parent"))
    );
    assert!(v0::ContainerID::decode(&bytes).is_ok());
}

#[test]
fn views_nest_as_deep_as_messages() {
    for (depth, fits) in [(100, true), (101, false)] {
        let mut bytes = vec![0x0a, 1, b'c'];
        for _ in 0..depth {
            let inner = std::mem::take(&mut bytes);
            bytes.extend([0x0a, 1, b'c']);
            mesos_proto::wire::nested(&mut bytes, 2, |out| out.extend(inner));
        }
        assert_eq!(Container::read(&bytes).is_ok(), fits, "{depth}");
        assert_eq!(v0::ContainerID::decode(&bytes).is_ok(), fits, "{depth}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn views_agree_with_decoding_on_fields(parts in prop::collection::vec(fields(), 0..6)) {
        all_agree(&parts.concat())?;
    }

    #[test]
    fn views_agree_with_decoding_behind_what_is_required(parts in prop::collection::vec(fields(), 0..6)) {
        let required = [0x0a, 1, b'a', 16, 3].as_slice();
        all_agree(&[required, &parts.concat()].concat())?;
        all_agree(&[&parts.concat(), required].concat())?;
    }

    #[test]
    fn views_agree_with_decoding_on_any_bytes(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
        all_agree(&bytes)?;
    }

    #[test]
    fn views_agree_with_decoding_on_small_bytes(bytes in prop::collection::vec(0u8..0x20, 0..40)) {
        all_agree(&bytes)?;
    }
}
