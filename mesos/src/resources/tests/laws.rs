use super::any::resources;
use super::*;
use crate::Quantities;

/// Only what is counted: sums of ranges and sets are unions, so taking a part back can take more.
fn counted() -> impl Strategy<Value = Resources> {
    resources().prop_map(|bundle| bundle.only_scalars())
}

/// Each resource once: messages do not say how often a shared one is held.
fn once() -> impl Strategy<Value = Resources> {
    resources().prop_map(|bundle| bundle.iter().map(Resource::once).collect())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn sums_do_not_depend_on_order(a in resources(), b in resources(), c in resources()) {
        prop_assert_eq!(a.clone() + &b, b.clone() + &a);
        prop_assert_eq!((a.clone() + &b) + &c, a.clone() + &(b.clone() + &c));
    }

    #[test]
    fn a_sum_contains_its_parts(a in resources(), b in resources()) {
        let sum = a.clone() + &b;
        prop_assert!(sum.contains(&a) && sum.contains(&b));
        prop_assert!(a.clone().checked_sub(&sum).is_none_or(|rest| rest.is_empty()));
        prop_assert!(sum.contains_quantities(&Quantities::from_resources(&a)));
    }

    #[test]
    fn taking_back_undoes_adding(a in counted(), b in counted()) {
        let sum = a.clone() + &b;
        prop_assert_eq!(&(sum.clone() - &b), &a);
        prop_assert_eq!(sum.scalars(), (b.clone() + &a).scalars());
        prop_assert_eq!(sum.checked_sub(&b), Some(a));
    }

    #[test]
    fn what_was_contained_can_be_given_back(a in resources(), b in resources()) {
        if let Some(rest) = a.checked_sub(&b) {
            prop_assert_eq!(&(rest + &b), &a);
        }
        prop_assert!((a.clone() - &a).is_empty());
    }

    #[test]
    fn views_divide_a_bundle(a in resources()) {
        prop_assert_eq!(a.reserved(None) + &a.unreserved(), a.clone());
        prop_assert_eq!(a.revocable() + &a.non_revocable(), a.clone());
        prop_assert_eq!(a.shared() + &a.non_shared(), a.clone());
        let parts = a.reservations().into_values().fold(a.unreserved(), |sum, part| sum + &part);
        prop_assert_eq!(&parts, &a);
        for (role, part) in a.reservations() {
            prop_assert_eq!(&a.reserved(Some(&role)), &part);
            prop_assert!(a.reserved_to_subtree(&role).contains(&part));
            prop_assert!(a.allocatable_to(&role).contains(&part));
        }
        let held = a.clone().allocated("r");
        prop_assert_eq!(held.allocations().remove("r").unwrap_or_default(), held.clone());
        prop_assert_eq!(&held.allocated_to_subtree("r"), &held);
        prop_assert!(held.allocated_to_subtree("s").is_empty());
        prop_assert_eq!(held.unallocated(), a.unallocated());
    }

    #[test]
    fn reservations_are_pushed_and_popped(a in resources()) {
        let reservation = v0::resource::ReservationInfo {
            r#type: Some(v0::resource::reservation_info::Type::Dynamic),
            role: Some("z".to_owned()),
            ..Default::default()
        };
        // Shared ones that became alike are counted once.
        let a = a.non_shared();
        let free = a.to_unreserved();
        prop_assert!(free.reserved(None).is_empty());
        prop_assert_eq!(free.scalars(), a.scalars());
        let pushed = free.push_reservation(&reservation).unwrap();
        prop_assert_eq!(&pushed.reserved(Some("z")), &pushed);
        prop_assert_eq!(pushed.pop_reservation().unwrap(), free);
    }

    #[test]
    fn messages_round_trip(a in once()) {
        prop_assert_eq!(&Resources::from_protos(&a.to_protos()).unwrap(), &a);
        let endpoint = a.to_endpoint_protos();
        prop_assert_eq!(&Resources::from_protos(&endpoint).unwrap(), &a);
        let legacy = a.to_protos_in(ResourceFormat::Legacy);
        prop_assert_eq!(legacy.is_err(), a.iter().any(Resource::has_refined_reservations));
        if let Ok(legacy) = legacy {
            prop_assert_eq!(&Resources::from_protos(&legacy).unwrap(), &a);
        }
        // Bytes and JSON, there and back.
        let bytes: Vec<v0::Resource> = a
            .to_protos()
            .iter()
            .map(|message| v0::Resource::decode(&message.encode_to_vec()).unwrap())
            .collect();
        prop_assert_eq!(&Resources::from_protos(&bytes).unwrap(), &a);
        let json: Vec<String> = a.to_protos().iter().map(|message| message.to_json(Dialect::V0)).collect();
        let back: Vec<v0::Resource> = json
            .iter()
            .map(|text| v0::Resource::from_json(text.as_bytes(), Dialect::V0).unwrap())
            .collect();
        prop_assert_eq!(&Resources::from_protos(&back).unwrap(), &a);
        // What agents may be started with.
        let plain = a.filter(|resource| {
            !resource.is_persistent_volume() && !resource.is_revocable() && !resource.is_dynamically_reserved()
        });
        let json: Vec<String> = plain.to_protos().iter().map(|message| message.to_json(Dialect::V0)).collect();
        prop_assert_eq!(parse(&format!("[{}]", json.join(","))), plain);
    }

    #[test]
    fn formats_change_there_and_back(a in once()) {
        for message in a.to_protos() {
            for format in [ResourceFormat::Legacy, ResourceFormat::Endpoint] {
                let mut changed = message.clone();
                if convert_format(&mut changed, format).is_ok() {
                    let mut again = changed.clone();
                    convert_format(&mut again, format).unwrap();
                    prop_assert_eq!(&again, &changed);
                    convert_format(&mut changed, ResourceFormat::Refined).unwrap();
                    prop_assert_eq!(&changed, &message);
                } else {
                    prop_assert!(message.reservations.len() > 1);
                }
            }
        }
    }

    #[test]
    fn texts_round_trip(a in resources()) {
        let plain = a.filter(|resource| resource.disk().is_none() && !resource.has_provider());
        let plain = plain.non_revocable().to_unreserved().unallocated();
        if !plain.is_empty() {
            prop_assert_eq!(parse(&plain.to_string()), plain);
        }
    }

    #[test]
    fn no_text_panics(text in "[a-z:;()\\[\\]{}0-9,. \\-\"*]{0,40}") {
        let _ = Resources::parse(&text, "*");
        let _ = crate::attributes::parse(&text);
        let _ = Quantities::parse(&text);
        let _ = crate::Limits::parse(&text);
    }
}
