//! Resources as text and JSON, and operations on them.

use mesos::{Limits, Quantities, ResourceFormat, Resources, Scalar, operation, validate};
use mesos_proto::v0::offer::Operation;
use mesos_proto::{Dialect, Message as _};

/// Bundles as flags have them: what is read is written in every form and read again, and its parts add up.
pub fn resources(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let _ = Limits::parse(&text);
    if let Ok(quantities) = Quantities::parse(&text) {
        let sum = quantities.clone() + &quantities;
        assert!(sum.contains(&quantities) && (quantities.clone() - &sum).is_empty());
    }
    let Ok(bundle) = Resources::parse(&text, "*") else {
        return;
    };
    for format in [
        ResourceFormat::Legacy,
        ResourceFormat::Refined,
        ResourceFormat::Endpoint,
    ] {
        if let Ok(messages) = bundle.to_protos_in(format) {
            assert_eq!(
                Resources::from_protos(&messages).as_ref(),
                Ok(&bundle),
                "{format:?}"
            );
        }
    }
    let again = bundle.iter().rev().cloned().collect();
    assert_eq!(bundle, again);
    let sum = &bundle + &again;
    assert!(sum.contains(&bundle) && (&bundle - &sum).is_empty());
    assert!(bundle.contains_quantities(&Quantities::from_resources(&bundle)));
    assert!(bundle.contains(&bundle.shrink_to(&Quantities::from_resources(&bundle))));
    let _ = bundle.to_summary_json();
}

/// A bundle in the first line, then an operation as JSON: what it turns resources into has the amounts it took.
pub fn operation(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let Some((bundle, json)) = text.split_once('\n') else {
        return;
    };
    let Ok(mut operation) = Operation::from_json(json.as_bytes(), Dialect::V0) else {
        return;
    };
    let Ok(bundle) = Resources::parse(bundle, "*") else {
        return;
    };
    // Sums of larger amounts end where numbers end.
    let most = Scalar::from_f64(1e12);
    let huge = |(_, amount)| amount > most;
    if Quantities::from_resources(&bundle).iter().any(huge)
        || operation::validate_and_upgrade(&mut operation).is_err()
    {
        return;
    }
    let agent = mesos::capabilities::agent_capabilities();
    if let Some(reserve) = &operation.reserve {
        let _ = validate::operation::reserve(reserve, Some("p"), &agent, None);
    }
    if let Some(unreserve) = &operation.unreserve {
        let _ = validate::operation::unreserve(unreserve);
    }
    if let Some(create) = &operation.create {
        let _ = validate::operation::create(create, &bundle, None, &agent, None);
    }
    if let Some(destroy) = &operation.destroy {
        let _ = validate::operation::destroy(destroy, &bundle, [&bundle]);
    }
    if let Some(grow) = &operation.grow_volume {
        let _ = validate::operation::grow_volume(grow, &agent);
    }
    if let Some(shrink) = &operation.shrink_volume {
        let _ = validate::operation::shrink_volume(shrink, &agent);
    }
    if let Ok(result) = bundle.apply(&operation) {
        let (before, after) = (
            Quantities::from_resources(&bundle),
            Quantities::from_resources(&result),
        );
        assert_eq!(before, after, "{operation:?}");
    }
    operation::inject_allocation(&mut operation, "r");
    if let Ok(result) = bundle.clone().allocated("r").apply(&operation) {
        let taken_back = result.unallocated();
        operation::strip_allocation(&mut operation);
        assert_eq!(bundle.apply(&operation).as_ref(), Ok(&taken_back));
    }
    let _ = operation::downgrade(&mut operation);
}
