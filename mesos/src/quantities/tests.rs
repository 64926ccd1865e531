use proptest::prelude::*;

use super::*;

fn parse(text: &str) -> Quantities {
    Quantities::parse(text).unwrap()
}

fn limits(text: &str) -> Limits {
    Limits::parse(text).unwrap()
}

#[test]
fn texts() {
    for (text, printed) in [
        ("", "{}"),
        ("cpus:10", "cpus:10"),
        ("mem:32 ; cpus:1;cpus:0.5;gpus:0", "cpus:1.5; mem:32"),
        ("cpus:0.0001", "{}"),
    ] {
        assert_eq!(parse(text).to_string(), printed);
    }
    for (text, error) in [
        ("cpus", "Failed to parse 'cpus': missing or extra ':'"),
        ("cpus:1:2", "Failed to parse 'cpus:1:2': missing or extra ':'"),
        (
            "cpus:[1-2]",
            "Failed to parse '[1-2]' to quantity: only scalar values are allowed",
        ),
        (
            "cpus:-1",
            "Failed to parse '-1' to quantity: Invalid scalar value '-1':Negative values not supported",
        ),
        (
            "cpus:nan",
            "Failed to parse 'nan' to quantity: Invalid scalar value 'nan':NaN not supported",
        ),
    ] {
        assert_eq!(Quantities::parse(text).unwrap_err().as_str(), error);
    }
    assert_eq!(limits("gpus:0;cpus:1").to_string(), "cpus:1; gpus:0");
    assert_eq!(
        Limits::parse("cpus:1;cpus:2").unwrap_err().as_str(),
        "Failed to parse '2' to limit: duplicate names are not allowed"
    );
    assert_eq!(
        Limits::parse("cpus:{a}").unwrap_err().as_str(),
        "Failed to parse '{a}' to limit: only scalar values are allowed"
    );
}

#[test]
fn bundles_count() {
    let bundle = Resources::parse("cpus:1;cpus(a):2;ports:[1-10,20-20];disks:{a,b}", "*").unwrap();
    assert_eq!(
        Quantities::from_resources(&bundle),
        parse("cpus:3;ports:11;disks:2")
    );
    assert_eq!(Quantities::from_scalars(&bundle), parse("cpus:3"));
    let all = Resources::parse("ports:[0-18446744073709551615]", "*").unwrap();
    assert_eq!(
        Quantities::from_resources(&all).get("ports"),
        Scalar::from_thousandths(i64::MAX)
    );
}

#[test]
fn bounds() {
    assert!(Limits::new().allow(&parse("cpus:1000")));
    assert!(Limits::new().contains(&limits("cpus:1")) && !limits("cpus:1").contains(&Limits::new()));
    assert!(limits("cpus:2").contains(&limits("cpus:2;mem:1")));
    assert!(!limits("cpus:2;mem:1").contains(&limits("cpus:2")));
    assert!(!limits("cpus:1").contains(&limits("cpus:2")));
    assert_eq!(
        limits("cpus:2;mem:5") - &parse("cpus:3;mem:1;disk:9"),
        limits("cpus:0;mem:4")
    );
    assert_eq!(
        limits("cpus:2").intersection(&limits("cpus:1;mem:3")),
        limits("cpus:1;mem:3")
    );
}

fn quantities() -> impl Strategy<Value = Quantities> {
    prop::collection::vec(("[a-e]", 0i64..2000), 0..6).prop_map(|amounts| {
        amounts
            .into_iter()
            .map(|(name, amount)| (name, Scalar::from_thousandths(amount)))
            .collect()
    })
}

proptest! {
    #[test]
    fn behave_like_vectors(a in quantities(), b in quantities(), c in quantities()) {
        prop_assert_eq!(a.clone() + &b, b.clone() + &a);
        prop_assert_eq!((a.clone() + &b) + &c, a.clone() + &(b.clone() + &c));
        prop_assert_eq!(&((a.clone() + &b) - &b), &a);
        prop_assert!((a.clone() + &b).contains(&a.union(&b)));
        prop_assert!(a.union(&b).contains(&a) && a.contains(&a.intersection(&b)));
        prop_assert_eq!(a.union(&b) + &a.intersection(&b), a.clone() + &b);
        prop_assert_eq!(a.contains(&b), (b.clone() - &a).is_empty());
        prop_assert_eq!(&Quantities::parse(&a.to_string().replace("{}", "")).unwrap(), &a);
        prop_assert_eq!(Quantities::from_protos(&a.to_protos()), a);
    }

    #[test]
    fn what_is_left_of_a_limit_is_allowed(a in quantities(), b in quantities()) {
        let bounds: Limits = a.iter().collect();
        let left: Quantities = (bounds.clone() - &b).iter().collect();
        prop_assert!(bounds.allow(&left));
        prop_assert_eq!(left, a - &b);
        prop_assert_eq!(Limits::from_protos(&bounds.to_protos()), bounds);
    }
}
