//! Amounts and lists nobody sends by accident. They are refused in Mesos' words, or borne, in little time.

use super::*;
use crate::{Quantities, roles, validate};

fn scalar(value: f64) -> v0::Resource {
    v0::Resource {
        name: "cpus".to_owned(),
        scalar: Some(Box::new(v0::value::Scalar {
            value,
            ..Default::default()
        })),
        ..Default::default()
    }
}

#[test]
fn amounts() {
    for value in [
        1e-9,
        0.000_499,
        -1e-9,
        -1.0,
        f64::NAN,
        f64::INFINITY,
        f64::NEG_INFINITY,
        f64::MAX,
        // Where the fixed point of C++ turns negative.
        9_223_372_036_854_776.0,
    ] {
        assert_eq!(
            validate::resource(&scalar(value)).unwrap_err().as_str(),
            "Invalid scalar resource: value <= 0",
            "{value}"
        );
        assert!(Resources::from_valid_protos(&[scalar(value)]).is_empty());
    }
    for (value, printed) in [
        (0.0, "{}"),
        (-0.0, "{}"),
        (0.0005, "cpus:0.001"),
        (9_223_372_036_854_774.0, "cpus:9.22337203685477e+15"),
    ] {
        let read = Resources::from_protos(&[scalar(value)]).unwrap();
        assert_eq!(read.to_string(), printed);
    }
    // Sums end where numbers end.
    let most = Resources::from_protos(&[scalar(9e15)]).unwrap();
    assert_eq!((&most + &most).cpus(), Some(Scalar::from_thousandths(i64::MAX)));
    for (text, error) in [
        ("cpus:0.00001", "Invalid scalar resource: value <= 0"),
        (
            "cpus:nan",
            "Failed to parse resource cpus value nan error Invalid scalar value 'nan':NaN not supported",
        ),
        (
            "cpus:-inf",
            "Failed to parse resource cpus value -inf error Invalid scalar value '-inf':Infinite values not supported",
        ),
        (
            "cpus:4e-320",
            "Failed to parse resource cpus value 4e-320 error Invalid scalar value '4e-320':Subnormal values not \
             supported",
        ),
        ("cpus:1e300", "Invalid scalar resource: value <= 0"),
        ("cpus:0x10", "Bad type for resource cpus value 0x10 type TEXT"),
    ] {
        assert_eq!(refusal(text), error);
    }
    assert_eq!(
        parse("cpus:1.5011;mem:1.5015").to_string(),
        "cpus:1.501; mem:1.502"
    );
}

#[test]
fn ends_of_the_number_line() {
    let all = parse("ports:[0-18446744073709551615]");
    let half = parse("ports:[0-9223372036854775807]");
    let rest = &all - &half;
    assert_eq!(
        rest.to_string(),
        "ports:[9223372036854775808-18446744073709551615]"
    );
    assert_eq!(&rest + &half, all);
    assert!(all.contains(&half) && !half.contains(&rest));
    assert_eq!(all.ranges("ports").unwrap().count(), 1 << 64);
    let counted = Quantities::from_resources(&half);
    assert!(counted.get("ports") == Scalar::from_thousandths(i64::MAX) && all.contains_quantities(&counted));
    for text in ["ports:[0-18446744073709551616]", "ports:[1-2-3]", "ports:[1.5-2]"] {
        assert!(Resources::parse(text, "*").is_err(), "{text}");
    }
    // Neighbours at the very end are joined, and overlaps in messages refused.
    let top =
        parse("ports:[18446744073709551615-18446744073709551615, 18446744073709551614-18446744073709551614]");
    assert_eq!(
        top.to_string(),
        "ports:[18446744073709551614-18446744073709551615]"
    );
    let mut message = top.to_protos().remove(0);
    let ranges = message.ranges.as_mut().unwrap();
    ranges.range.push(ranges.range[0].clone());
    assert_eq!(
        validate::resource(&message).unwrap_err().as_str(),
        "Invalid ranges resource: overlapping ranges"
    );
}

#[test]
fn names_of_roles() {
    for (role, error) in [
        ("..", "Role '..' cannot include '..' as a component"),
        (".", "Role '.' cannot include '.' as a component"),
        ("a/./b", "Role 'a/./b' cannot include '.' as a component"),
        ("a//b", "Role 'a//b' cannot contain two adjacent slashes"),
        (
            "-a",
            "Role component '-a' is invalid because it starts with a dash",
        ),
        ("/a", "Role '/a' cannot start with a slash"),
        ("a/", "Role 'a/' cannot end with a slash"),
        (
            "a b",
            "Role component 'a b' is invalid because it contains backspace or whitespace",
        ),
        (
            "a\u{7f}",
            "Role component 'a\u{7f}' is invalid because it contains backspace or whitespace",
        ),
        ("a/*", "Role 'a/*' cannot include '*' as a component"),
    ] {
        assert_eq!(refusal(&format!("cpus({role}):1")), error);
        assert_eq!(Resources::parse("cpus:1", role).unwrap_err().as_str(), error);
        let mut stacked = scalar(1.0);
        stacked.reservations.push(v0::resource::ReservationInfo {
            r#type: Some(v0::resource::reservation_info::Type::Dynamic),
            role: Some(role.to_owned()),
            ..Default::default()
        });
        assert_eq!(validate::resource(&stacked).unwrap_err().as_str(), error);
    }
    assert_eq!(refusal("cpus():1"), "Role names cannot be the empty string");
    let deep = vec!["a"; 100_000].join("/");
    assert_eq!(roles::validate(&deep), Ok(()));
    assert_eq!(roles::ancestors(&deep).count(), 99_999);
    assert_eq!(parse(&format!("cpus({deep}):1")).reserved(Some(&deep)).len(), 1);
}

/// Work that grows with the square of these counts would take minutes.
const MANY: u64 = 60_000;

#[test]
fn many_ports() {
    let pairs: Vec<String> = (0..MANY).rev().map(|port| format!("{0}-{0}", 2 * port)).collect();
    let even = parse(&format!("ports:[{}]", pairs.join(",")));
    assert_eq!(even.ranges("ports").unwrap().count(), u128::from(MANY));
    let whole = parse(&format!("ports:[0-{}]", 2 * MANY));
    let odd = &whole - &even;
    assert!(whole.contains(&even) && !even.contains(&odd) && &odd + &even == whole);
    assert_eq!(Resources::from_protos(&even.to_protos()).unwrap(), even);
}

#[test]
fn many_words() {
    let words: Vec<String> = (0..MANY).map(|number| format!("w{number}")).collect();
    let all = parse(&format!("disks:{{{}}}", words.join(",")));
    let mut turned = words.clone();
    turned.reverse();
    let turned = parse(&format!("disks:{{{}}}", turned.join(",")));
    assert_eq!(all, turned);
    assert_eq!(&all + &turned, all);
    assert!((&all - &turned).is_empty());
    let twice = format!("disks:{{{0},{0}}}", words.join(","));
    assert_eq!(refusal(&twice), "Invalid set resource: duplicated elements");
}

#[test]
fn many_names() {
    let names: Vec<String> = (0..MANY).rev().map(|number| format!("n{number}:1")).collect();
    let text = names.join(";");
    let bundle = parse(&text);
    assert_eq!(bundle.len() as u64, MANY);
    let quantities = Quantities::from_resources(&bundle);
    assert_eq!(quantities, Quantities::parse(&text).unwrap());
    assert!((quantities.clone() - &quantities).is_empty());
    assert_eq!(
        (quantities.clone() + &quantities).get("n7"),
        Scalar::from_f64(2.0)
    );
    assert_eq!(crate::Limits::parse(&text).unwrap().len() as u64, MANY);
    assert_eq!(bundle.shrink_to(&quantities), bundle);
    assert!(validate::revocable_not_mixed(&bundle).is_ok());
    assert!(bundle.to_summary_json().ends_with("\"n0\":1.0}"));
}

#[test]
fn many_roles() {
    let reservations: Vec<String> = (0..MANY / 4)
        .map(|role| format!("cpus(r{role}):1;mem(r{role}):1"))
        .collect();
    let bundle = parse(&reservations.join(";"));
    let turned: Resources = bundle.iter().rev().cloned().collect();
    assert_eq!(bundle, turned);
    assert_eq!((&bundle + &turned).len(), bundle.len());
    assert!((&bundle - &turned).is_empty());
    assert_eq!(bundle.reservations().len() as u64, MANY / 4);
    assert_eq!(bundle.to_unreserved().len(), 2);
    assert_eq!(bundle.clone().allocated("a").unallocated(), turned);
}

#[test]
fn many_volumes_that_look_alike() {
    let text = r#"{"name":"disk","type":"SCALAR","scalar":{"value":10},"role":"a","reservation":{},
        "disk":{"persistence":{"id":"v"},"volume":{"container_path":"d","mode":"RW"}}}"#;
    let one = volume(text);
    let count = usize::try_from(MANY).unwrap();
    let mut bundle: Resources = std::iter::repeat_n(one.clone(), count).collect();
    assert_eq!(bundle.len(), count);
    assert_eq!(
        &bundle + &bundle.clone(),
        std::iter::repeat_n(one.clone(), 2 * count).collect()
    );
    for _ in 1..count {
        bundle.subtract(&one);
    }
    assert_eq!(bundle, Resources::from_iter([one.clone()]));
    // Shared ones of one name and a thousand sizes.
    let shared = volume(&text.replace("\"role\"", "\"shared\":{},\"role\""));
    let sizes = (1..=MANY as i64).map(|size| shared.clone().with_scalar(Scalar::from_thousandths(size)));
    let all: Resources = sizes.collect();
    assert_eq!(all.len(), count);
    assert!((&all - &all.iter().rev().cloned().collect()).is_empty());
}

#[test]
fn many_labels() {
    let labels = |turned: bool| {
        let mut labels: Vec<v0::Label> = (0..MANY / 10)
            .map(|number| v0::Label {
                key: format!("k{number}"),
                ..Default::default()
            })
            .collect();
        if turned {
            labels.reverse();
        }
        let mut message = scalar(1.0);
        message.reservations.push(v0::resource::ReservationInfo {
            r#type: Some(v0::resource::reservation_info::Type::Dynamic),
            role: Some("a".to_owned()),
            labels: Some(Box::new(v0::Labels {
                labels,
                ..Default::default()
            })),
            ..Default::default()
        });
        Resources::from_protos(&[message]).unwrap()
    };
    let (one, two) = (labels(false), labels(true));
    assert_eq!(one, two);
    assert_eq!((one + &two).len(), 1);
}

#[test]
fn many_roles_of_a_framework() {
    use mesos_proto::v0::framework_info::{Capability, capability::Type};
    let mut framework = v0::FrameworkInfo {
        capabilities: vec![Capability {
            r#type: Some(Type::MultiRole),
            ..Default::default()
        }],
        roles: (0..MANY).map(|number| format!("team/{number}")).collect(),
        ..Default::default()
    };
    assert_eq!(validate::framework_info(&framework), Ok(()));
    assert_eq!(roles::of_framework(&framework).len() as u64, MANY);
    framework.roles.push("a//b".to_owned());
    assert_eq!(
        validate::framework_info(&framework).unwrap_err().as_str(),
        "'FrameworkInfo.roles' contains invalid role: Role 'a//b' cannot contain two adjacent slashes"
    );
    framework.roles.push("team/7".to_owned());
    assert_eq!(
        validate::framework_info(&framework).unwrap_err().as_str(),
        "'FrameworkInfo.roles' contains duplicate items: { team/7 }"
    );
}
