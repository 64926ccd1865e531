use mesos_proto::v0::offer::operation::{GrowVolume, ShrinkVolume};
use mesos_proto::{Dialect, Message, v0};
use proptest::prelude::*;

use super::*;
use crate::Scalar;

fn message(text: &str) -> v0::Resource {
    v0::Resource::from_json(text.as_bytes(), Dialect::V0).unwrap()
}

fn operation(text: &str) -> Operation {
    Operation::from_json(text.as_bytes(), Dialect::V0).unwrap()
}

fn bundle_of(texts: &[&str]) -> Resources {
    let messages: Vec<_> = texts.iter().map(|text| message(text)).collect();
    Resources::from_protos(&messages).unwrap()
}

fn refusal(bundle: &Resources, operation: &Operation) -> String {
    bundle.apply(operation).unwrap_err().to_string()
}

const DISK: &str = r#"{"name":"disk","type":"SCALAR","scalar":{"value":100},
    "reservations":[{"type":"DYNAMIC","role":"a"}]}"#;
const VOLUME: &str = r#"{"name":"disk","type":"SCALAR","scalar":{"value":40},
    "reservations":[{"type":"DYNAMIC","role":"a"}],
    "disk":{"persistence":{"id":"v"},"volume":{"container_path":"d","mode":"RW"}}}"#;
const MOUNT: &str = r#"{"name":"disk","type":"SCALAR","scalar":{"value":40},
    "reservations":[{"type":"DYNAMIC","role":"a"}],
    "disk":{"source":{"type":"MOUNT","mount":{"root":"/m"}}}}"#;

#[test]
fn reserve_and_unreserve() {
    let offered = Resources::parse("cpus:4;mem:8", "*").unwrap();
    let cpu = r#"{"name":"cpus","type":"SCALAR","scalar":{"value":1.5},"reservations":[{"type":"DYNAMIC","role":"a"}]}"#;
    let reserve = operation(&format!(
        r#"{{"type":"RESERVE","reserve":{{"resources":[{cpu}]}}}}"#
    ));
    let reserved = offered.apply(&reserve).unwrap();
    assert_eq!(
        reserved.to_string(),
        "cpus:2.5; mem:8; cpus(reservations: [(DYNAMIC,a)]):1.5"
    );
    let unreserve = operation(&format!(
        r#"{{"type":"UNRESERVE","unreserve":{{"resources":[{cpu}]}}}}"#
    ));
    assert_eq!(reserved.apply(&unreserve).unwrap(), offered);
    assert_eq!(
        refusal(&offered, &unreserve),
        "cpus:4; mem:8 does not contain cpus(reservations: [(DYNAMIC,a)]):1.5"
    );

    // A source moves a reservation to another role.
    let other = cpu.replace("\"a\"", "\"b\"");
    let moved = operation(&format!(
        r#"{{"type":"RESERVE","reserve":{{"source":[{cpu}],"resources":[{other}]}}}}"#
    ));
    assert_eq!(
        reserved.apply(&moved).unwrap().to_string(),
        "cpus:2.5; mem:8; cpus(reservations: [(DYNAMIC,b)]):1.5"
    );

    // A refinement takes from the reservation under it, and gives back to it.
    let refined = cpu.replace(r#""a"}]"#, r#""a"},{"type":"DYNAMIC","role":"a/b"}]"#);
    let push = operation(&format!(
        r#"{{"type":"RESERVE","reserve":{{"resources":[{refined}]}}}}"#
    ));
    let pushed = reserved.apply(&push).unwrap();
    assert_eq!(pushed.reserved(Some("a/b")).cpus(), Some(Scalar::from_f64(1.5)));
    let pop = operation(&format!(
        r#"{{"type":"UNRESERVE","unreserve":{{"resources":[{refined}]}}}}"#
    ));
    assert_eq!(pushed.apply(&pop).unwrap(), reserved);
}

#[test]
fn volumes() {
    let create = operation(&format!(
        r#"{{"type":"CREATE","create":{{"volumes":[{VOLUME}]}}}}"#
    ));
    let destroy = operation(&format!(
        r#"{{"type":"DESTROY","destroy":{{"volumes":[{VOLUME}]}}}}"#
    ));
    let disk = bundle_of(&[DISK]);
    let created = disk.apply(&create).unwrap();
    assert_eq!(
        created.to_string(),
        "disk(reservations: [(DYNAMIC,a)]):60; disk(reservations: [(DYNAMIC,a)])[v:d]:40"
    );
    assert_eq!(created.apply(&destroy).unwrap(), disk);

    // A mounted disk keeps its source, and is taken whole.
    let on_mount = VOLUME.replace(
        r#"{"persistence""#,
        r#"{"source":{"type":"MOUNT","mount":{"root":"/m"}},"persistence""#,
    );
    let mount = bundle_of(&[MOUNT]);
    let create_on =
        |text: &str| operation(&format!(r#"{{"type":"CREATE","create":{{"volumes":[{text}]}}}}"#));
    assert_eq!(
        mount.apply(&create_on(&on_mount)).unwrap(),
        bundle_of(&[&on_mount])
    );
    assert!(mount.apply(&create_on(&on_mount.replace("40", "20"))).is_err());
}

#[test]
fn shared_volumes_are_destroyed_when_held_once() {
    let text = VOLUME.replacen('{', r#"{"shared":{},"#, 1);
    let once = bundle_of(&[&text]);
    let twice = once.clone() + &once;
    let destroy = operation(&format!(
        r#"{{"type":"DESTROY","destroy":{{"volumes":[{text}]}}}}"#
    ));
    assert_eq!(
        refusal(&twice, &destroy),
        "Persistent volume disk(reservations: [(DYNAMIC,a)])[v:d]<SHARED>:40 cannot be removed due to \
         additional shared copies"
    );
    assert_eq!(
        once.apply(&destroy).unwrap().to_string(),
        "disk(reservations: [(DYNAMIC,a)]):40"
    );
}

#[test]
fn volumes_grow_and_shrink() {
    let grow = operation(&format!(
        r#"{{"type":"GROW_VOLUME","grow_volume":{{"volume":{VOLUME},"addition":{}}}}}"#,
        DISK.replace("100", "25")
    ));
    let start = bundle_of(&[DISK, VOLUME]);
    let grown = start.apply(&grow).unwrap();
    assert_eq!(
        grown,
        bundle_of(&[&DISK.replace("100", "75"), &VOLUME.replace("40", "65")])
    );
    let shrink = operation(&format!(
        r#"{{"type":"SHRINK_VOLUME","shrink_volume":{{"volume":{},"subtract":{{"value":25}}}}}}"#,
        VOLUME.replace("40", "65")
    ));
    assert_eq!(grown.apply(&shrink).unwrap(), start);

    let foreign = VOLUME.replacen('{', r#"{"provider_id":{"value":"p"},"#, 1);
    let shrink = Operation {
        r#type: Some(Type::ShrinkVolume),
        shrink_volume: Some(Box::new(ShrinkVolume {
            volume: message(&foreign),
            ..Default::default()
        })),
        ..Default::default()
    };
    assert_eq!(
        refusal(&start, &shrink),
        "Cannot get conversions: Operation not supported for resource provider"
    );
}

#[test]
fn what_converts_nothing() {
    for (text, error) in [
        (r#"{}"#, "Cannot get conversions: Unknown operation"),
        (
            r#"{"type":"LAUNCH","launch":{}}"#,
            "Cannot get conversions: Operation not supported",
        ),
        (
            r#"{"type":"RESERVE","reserve":{"resources":[{"name":"cpus","type":"SCALAR","scalar":{"value":1}}]}}"#,
            "Cannot get conversions: cpus:1 is not reserved",
        ),
    ] {
        assert_eq!(refusal(&Resources::new(), &operation(text)), error);
    }
    // A volume that grows by what is no disk would make disk of processors.
    let bundle = bundle_of(&[VOLUME]) + &Resources::parse("cpus:4", "*").unwrap();
    let grow = Operation {
        r#type: Some(Type::GrowVolume),
        grow_volume: Some(Box::new(GrowVolume {
            volume: message(VOLUME),
            addition: Resources::parse("cpus:4", "*").unwrap().to_protos().remove(0),
            ..Default::default()
        })),
        ..Default::default()
    };
    assert!(bundle.apply(&grow).is_err());
}

#[test]
fn allocations_come_and_go() {
    let mut reserve = operation(&format!(
        r#"{{"type":"RESERVE","reserve":{{"source":[{DISK}],"resources":[{DISK}]}}}}"#
    ));
    let bare = reserve.clone();
    inject_allocation(&mut reserve, "a");
    let role = |resource: &v0::Resource| resource.allocation_info.clone().and_then(|info| info.role);
    let inside = reserve.reserve.clone().unwrap();
    assert!(
        inside
            .source
            .iter()
            .chain(&inside.resources)
            .all(|resource| role(resource).as_deref() == Some("a"))
    );
    inject_allocation(&mut reserve, "b");
    assert_eq!(
        role(&reserve.reserve.as_ref().unwrap().resources[0]).as_deref(),
        Some("a")
    );
    strip_allocation(&mut reserve);
    assert_eq!(reserve, bare);
}

#[test]
fn formats_of_operations() {
    let legacy = r#"{"type":"UNRESERVE","unreserve":{"resources":[{"name":"cpus","type":"SCALAR","scalar":{"value":1.0},"role":"a","reservation":{"principal":"ops"}}]}}"#;
    let mut unreserve = operation(legacy);
    validate_and_upgrade(&mut unreserve).unwrap();
    assert_eq!(
        unreserve.to_json(Dialect::V0),
        r#"{"type":"UNRESERVE","unreserve":{"resources":[{"name":"cpus","type":"SCALAR","scalar":{"value":1.0},"reservations":[{"type":"DYNAMIC","role":"a","principal":"ops"}]}]}}"#
    );
    downgrade(&mut unreserve).unwrap();
    assert_eq!(unreserve.to_json(Dialect::V0), legacy);

    let refined = legacy.replace(
        r#""role":"a","reservation":{"principal":"ops"}"#,
        r#""reservations":[{"type":"DYNAMIC","role":"a"},{"type":"DYNAMIC","role":"a/b"}]"#,
    );
    assert_eq!(
        downgrade(&mut operation(&refined)).unwrap_err().as_str(),
        "Cannot downgrade resources containing refined reservations"
    );
    for (text, error) in [
        (r#"{}"#, "Unknown offer operation"),
        (
            r#"{"type":"RESERVE"}"#,
            "A RESERVE offer operation must have the Offer.Operation.reserve field set.",
        ),
        (
            r#"{"type":"GROW_VOLUME"}"#,
            "A GROW_VOLUME operation must have the Offer.Operation.grow_volume field set",
        ),
        (
            r#"{"type":"CREATE","create":{"volumes":[{"name":"disk","type":"SCALAR","role":"a"}]}}"#,
            "Resource 'disk:0' is invalid: Invalid scalar resource",
        ),
    ] {
        assert_eq!(
            validate_and_upgrade(&mut operation(text)).unwrap_err().as_str(),
            error
        );
    }
}

#[test]
fn providers() {
    let foreign = VOLUME.replacen('{', r#"{"provider_id":{"value":"p"},"#, 1);
    let create = |text: &str| operation(&format!(r#"{{"type":"CREATE","create":{{"volumes":[{text}]}}}}"#));
    assert_eq!(provider_of(&create(VOLUME)).unwrap(), None);
    assert_eq!(
        provider_of(&create(&foreign)).unwrap().map(|id| id.to_string()),
        Some("p".to_owned())
    );
    assert_eq!(
        provider_of(&create("").clone()).unwrap_err().as_str(),
        "Operation contains no resources"
    );
    assert_eq!(
        provider_of_resources(&bundle_of(&[VOLUME, &foreign]))
            .unwrap_err()
            .as_str(),
        "Resources are from multiple resource providers"
    );
    assert!(!is_speculative(&operation(r#"{"type":"CREATE_DISK"}"#)) && is_speculative(&create(VOLUME)));
}

proptest! {
    /// Whatever part of a bundle is reserved and unreserved again, amounts stay, and the bundle comes back.
    #[test]
    fn operations_conserve_amounts(
        total in 1i64..100_000,
        part in 1i64..100_000,
        size in 1i64..100_000,
        extra in 1i64..100_000,
        role in "[a-c](/[a-c]){0,2}",
    ) {
        let amount = |thousandths| Scalar::from_thousandths(thousandths);
        let reservation = v0::resource::ReservationInfo {
            r#type: Some(v0::resource::reservation_info::Type::Dynamic),
            role: Some(role),
            ..Default::default()
        };
        let disk = |thousandths| Resource::new("disk", crate::Value::Scalar(amount(thousandths)));
        let start = single(disk(total));
        let reserved = single(disk(part)).push_reservation(&reservation).unwrap();
        let reserve = Operation {
            r#type: Some(Type::Reserve),
            reserve: Some(Box::new(v0::offer::operation::Reserve {
                resources: reserved.to_protos(),
                ..Default::default()
            })),
            ..Default::default()
        };
        let after = start.apply(&reserve);
        prop_assert_eq!(after.is_ok(), part <= total);
        let Ok(after) = after else { return Ok(()) };
        prop_assert_eq!(after.disk(), start.disk());

        let mut volume = reserved.to_protos().remove(0);
        volume.scalar = Some(Box::new(amount(size).to_proto()));
        volume.disk = message(VOLUME).disk;
        let create = Operation {
            r#type: Some(Type::Create),
            create: Some(Box::new(v0::offer::operation::Create {
                volumes: vec![volume.clone()],
                ..Default::default()
            })),
            ..Default::default()
        };
        let created = after.apply(&create);
        prop_assert_eq!(created.is_ok(), size <= part);
        let Ok(created) = created else { return Ok(()) };
        prop_assert_eq!(created.disk(), start.disk());
        prop_assert_eq!(created.persistent_volumes().disk(), Some(amount(size)));

        let mut addition = reserved.to_protos().remove(0);
        addition.scalar = Some(Box::new(amount(extra).to_proto()));
        let grow = Operation {
            r#type: Some(Type::GrowVolume),
            grow_volume: Some(Box::new(GrowVolume { volume, addition, ..Default::default() })),
            ..Default::default()
        };
        let grown = created.apply(&grow);
        prop_assert_eq!(grown.is_ok(), size + extra <= part);
        let Ok(grown) = grown else { return Ok(()) };
        prop_assert_eq!(grown.persistent_volumes().disk(), Some(amount(size + extra)));
        let shrink = Operation {
            r#type: Some(Type::ShrinkVolume),
            shrink_volume: Some(Box::new(ShrinkVolume {
                volume: grown.persistent_volumes().to_protos().remove(0),
                subtract: amount(extra).to_proto(),
                ..Default::default()
            })),
            ..Default::default()
        };
        prop_assert_eq!(grown.apply(&shrink).unwrap(), created);
    }
}
