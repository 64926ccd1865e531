use super::*;
use crate::Quantities;

#[test]
fn own_role_first_then_nobodys_then_any() {
    for (bundle, target, found) in [
        (
            "cpus(role1):2;mem(role1):10;cpus:4;mem:20",
            "cpus(role1):3;mem(role1):15",
            "cpus(role1):2;mem(role1):10;cpus:1;mem:5",
        ),
        (
            "cpus(role1):1;mem(role1):5;cpus(role2):2;mem(role2):8;cpus:1;mem:7",
            "cpus(role1):3;mem(role1):15",
            "cpus(role1):1;mem(role1):5;cpus:1;mem:7;cpus(role2):1;mem(role2):3",
        ),
        (
            "cpus(role1):5;mem(role1):5;cpus:5;mem:5",
            "cpus:6;mem:6",
            "cpus:5;mem:5;cpus(role1):1;mem(role1):1",
        ),
    ] {
        assert_eq!(parse(bundle).find(&parse(target)), Some(parse(found)));
    }
    assert_eq!(parse("cpus(role1):1").find(&parse("cpus(role1):2")), None);
}

#[test]
fn counts() {
    let text = r#"{"name":"disk","type":"SCALAR","scalar":{"value":10},"role":"a","reservation":{},"shared":{},
        "disk":{"persistence":{"id":"v"},"volume":{"container_path":"d","mode":"RW"}}}"#;
    let shared = volume(text);
    let bundle = parse("cpus:2;cpus(a):1;ports:[1-10];disks:{a,b}")
        + &Resources::from_iter([shared.clone(), shared.clone()]);
    assert_eq!(bundle.count(&shared), 2);
    assert_eq!(bundle.count(parse("cpus:2").iter().next().unwrap()), 1);
    assert_eq!(bundle.count(parse("cpus:1").iter().next().unwrap()), 0);
    assert!(
        bundle
            .to_string()
            .ends_with("disk(reservations: [(DYNAMIC,a)])[v:d]<SHARED>:10<2>")
    );
    for (quantities, contained) in [
        ("", true),
        ("cpus:3;ports:10;disks:2", true),
        ("cpus:3.001", false),
        ("ports:11", false),
        ("disks:3", false),
        ("gpus:0.001", false),
    ] {
        assert_eq!(
            bundle.contains_quantities(&Quantities::parse(quantities).unwrap()),
            contained,
            "{quantities}"
        );
    }
}

#[test]
fn checkpointed_resources_come_back() {
    let flags = parse("cpus:4;disk(a):100;disk:50");
    let reserved = volume(
        r#"{"name":"cpus","type":"SCALAR","scalar":{"value":1},"reservations":[{"type":"DYNAMIC","role":"b"}]}"#,
    );
    let on_static = volume(
        r#"{"name":"disk","type":"SCALAR","scalar":{"value":30},
            "reservations":[{"type":"STATIC","role":"a"},{"type":"DYNAMIC","role":"a/b"}],
            "disk":{"persistence":{"id":"v"},"volume":{"container_path":"d","mode":"RW"}}}"#,
    );
    let checkpointed = Resources::from_iter([reserved, on_static]);
    let total = flags.apply_checkpointed(&checkpointed).unwrap();
    assert!(total.contains(&checkpointed) && total.contains(&parse("cpus:3;disk(a):70;disk:50")));
    assert_eq!(total.needing_checkpointing(), checkpointed);
    assert_eq!(
        Quantities::from_resources(&total),
        Quantities::from_resources(&flags)
    );
    assert_eq!(
        parse("mem:1")
            .apply_checkpointed(&checkpointed)
            .unwrap_err()
            .as_str(),
        "Incompatible agent resources: mem:1 does not contain cpus:1"
    );
    assert_eq!(
        flags.apply_checkpointed(&parse("cpus:1")).unwrap_err().as_str(),
        "Unexpected checkpointed resources cpus:1"
    );
}

#[test]
fn reservations_in_common() {
    let of = |roles: &[&str]| {
        let mut resource = Resource::new("cpus", Value::Scalar(Scalar::from_f64(1.0)));
        for role in roles {
            resource.push_reservation(v0::resource::ReservationInfo {
                r#type: Some(v0::resource::reservation_info::Type::Dynamic),
                role: Some((*role).to_owned()),
                ..Default::default()
            });
        }
        Resources::from_iter([resource])
    };
    let common = |one: &[&str], two: &[&str]| of(one).reservation_ancestor(&of(two)).unwrap();
    assert_eq!(
        common(&["a", "a/b", "a/b/c"], &["a", "a/b", "a/b/d"]),
        of(&["a", "a/b"])
    );
    assert_eq!(common(&["a"], &["b"]), of(&[]));
    assert_eq!(of(&["a"]).reservation_ancestor(&parse("cpus:2")), None);
    assert_eq!(of(&["a"]).pop_reservation(), Some(of(&[])));
    assert_eq!(of(&[]).pop_reservation(), None);
    let bad = of(&["a"]).push_reservation(&of(&["b"]).iter().next().unwrap().reservations()[0]);
    assert_eq!(
        bad.unwrap_err().as_str(),
        "Invalid refined reservation: role 'b' is not a refinement of 'a'"
    );
}
