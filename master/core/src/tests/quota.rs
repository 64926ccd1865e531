//! What roles are owed, may have, and count.

use std::collections::BTreeSet;

use mesos_proto::v0::{self, quota};
use mesos_proto::{Dialect, Message};

use super::world::{World, answer, events, framework_info, offers};
use crate::{Answer, Input, OperatorCall, Options, Ticket};

fn config(text: &str) -> quota::QuotaConfig {
    quota::QuotaConfig::from_json(text.as_bytes(), Dialect::V0).unwrap()
}

fn update(text: &str, force: bool) -> OperatorCall {
    OperatorCall::UpdateQuota(vec![config(text)], force)
}

fn refused(text: &str) -> Option<Answer> {
    Some(Answer::BadRequest(text.to_owned()))
}

fn set(text: &str) -> OperatorCall {
    OperatorCall::SetQuota(quota::QuotaRequest::from_json(text.as_bytes(), Dialect::V0).unwrap())
}

fn in_role(role: &str) -> v0::FrameworkInfo {
    v0::FrameworkInfo {
        role: Some(role.to_owned()),
        ..framework_info()
    }
}

/// Two operators at once: the second hears what would be if the first were done.
#[test]
fn quota_on_its_way_to_the_registry_counts() {
    let mut world = World::new();
    world.register(0, "cpus:4;mem:1024");
    let mut effects = Vec::new();
    let mut call = |ticket: u64, call: OperatorCall| {
        let from = effects.len();
        world
            .master
            .handle(world.now, Input::Operator(Ticket(ticket), call), &mut effects);
        answer(&effects[from..]).cloned()
    };
    let set_cpus = |role: &str, cpus: u32| {
        set(&format!(
            r#"{{"role":"{role}","guarantee":[{{"name":"cpus","type":"SCALAR","scalar":{{"value":{cpus}}}}}]}}"#
        ))
    };
    assert_eq!(call(1, set_cpus("a", 3)), None);
    assert_eq!(
        call(2, set_cpus("a", 1)),
        refused(
            "Failed to validate set quota request: Cannot set quota for role 'a' which already has quota"
        )
    );
    let Some(Answer::Conflict(reason)) = call(3, set_cpus("b", 2)) else {
        panic!("too much is guaranteed")
    };
    assert!(reason.contains("'cpus:5' exceed cluster capacity"), "{reason}");
    let remove = || OperatorCall::RemoveQuota {
        role: "a".to_owned(),
        path: None,
    };
    assert_eq!(call(4, remove()), None);
    assert_eq!(
        call(5, remove()),
        refused("Failed to remove quota: Role 'a' has no quota set")
    );
}

#[test]
fn quota_is_checked_in_mesos_words() {
    let options = Options {
        roles: Some(BTreeSet::from(["a".to_owned(), "a/b".to_owned()])),
        ..Options::default()
    };
    let mut world = World::with(options);
    world.register(0, "cpus:4;mem:1024");
    for (call, text) in [
        (
            update(r#"{"role":"x"}"#, false),
            "Invalid QuotaConfig: 'x' is not on the roles whitelist",
        ),
        (
            update(r#"{"role":"a/b"}"#, false),
            "Updating quota on nested role 'a/b' is not supported yet",
        ),
        (
            update(
                r#"{"role":"a","guarantees":{"cpus":{"value":2}},"limits":{"cpus":{"value":1}}}"#,
                true,
            ),
            "Invalid QuotaConfig: 'QuotaConfig.guarantees' { cpus: 2 } is not contained within the 'QuotaConfig.limits' \
             { cpus: 1 }",
        ),
        (
            update(r#"{"role":"a","guarantees":{"cpus":{"value":5}}}"#, false),
            "Invalid QuotaConfig: total quota guarantees 'cpus:5' exceed cluster capacity 'cpus:4; mem:1024' (use \
             'force' flag to bypass this check)",
        ),
        (
            set(r#"{"role":"a","guarantee":[]}"#),
            "Failed to validate set quota request: QuotaInfo with empty 'guarantee'",
        ),
        (
            OperatorCall::RemoveQuota {
                role: "a".to_owned(),
                path: Some("/master/quota/a".to_owned()),
            },
            "Failed to remove quota for path '/master/quota/a': Role 'a' has no quota set",
        ),
        (
            OperatorCall::UpdateWeights(vec![v0::WeightInfo {
                role: Some("a".to_owned()),
                weight: 0.0,
                ..Default::default()
            }]),
            "Failed to validate update weights request JSON for role 'a': Invalid weight '0': Weights must be positive",
        ),
    ] {
        assert_eq!(world.operator(call).0, refused(text));
    }
    let too_much = set(r#"{"role":"a","guarantee":[{"name":"cpus","type":"SCALAR","scalar":{"value":9}}]}"#);
    assert_eq!(
        world.operator(too_much).0,
        Some(Answer::Conflict(
            "Quota guarantees overcommit the cluster (use 'force' to bypass this check): Total quota guarantees 'cpus:9' \
             exceed cluster capacity 'cpus:4; mem:1024'"
                .to_owned()
        ))
    );
    assert!(world.registry.quota_configs.is_empty());
}

#[test]
fn quota_and_weights_survive_the_master() {
    let mut world = World::new();
    world.register(0, "cpus:4;mem:1024");
    let text = r#"{"role":"dev","guarantees":{"cpus":{"value":1}},"limits":{"cpus":{"value":2},"mem":{"value":1024}}}"#;
    assert_eq!(world.operator(update(text, false)).0, Some(Answer::Ok));
    let weights = vec![v0::WeightInfo {
        role: Some(" dev ".to_owned()),
        weight: 2.5,
        ..Default::default()
    }];
    assert_eq!(
        world.operator(OperatorCall::UpdateWeights(weights)).0,
        Some(Answer::Ok)
    );
    let registry = world.registry.clone();
    assert_eq!(registry.minimum_capabilities[0].capability, "QUOTA_V2");
    let mut next = World::recovered(Options::default(), registry.clone());
    assert_eq!(
        next.master.quota_status().to_json(Dialect::V0),
        r#"{"infos":[{"role":"dev","guarantee":[{"name":"cpus","type":"SCALAR","scalar":{"value":1.0}}]}],"configs":[{"role":"dev","guarantees":{"cpus":{"value":1.0}},"limits":{"cpus":{"value":2.0},"mem":{"value":1024.0}}}]}"#
    );
    assert_eq!(
        String::from_utf8(next.master.weights_json()).unwrap(),
        r#"[{"role":"dev","weight":2.5}]"#
    );
    let remove = OperatorCall::RemoveQuota {
        role: "dev".to_owned(),
        path: None,
    };
    assert_eq!(next.operator(remove).0, Some(Answer::Ok));
    assert!(next.registry.quota_configs.is_empty() && next.registry.minimum_capabilities.is_empty());

    // A master that cannot read a registry says so and does nothing.
    let mut strange = registry;
    strange.minimum_capabilities[0].capability = "FLYING".to_owned();
    let mut effects = Vec::new();
    let info = v0::MasterInfo::default();
    let mut master = crate::Master::new(Options::default(), info, world.now, 1);
    master.handle(
        world.now,
        crate::Input::Recovered(Box::new(strange)),
        &mut effects,
    );
    let [crate::Effect::Abort(why)] = &effects[..] else {
        panic!("{effects:?}")
    };
    assert!(
        why.starts_with("Master is missing the following minimum capabilities: FLYING."),
        "{why}"
    );
}

#[test]
fn weights_of_the_flag_count_until_the_registry_has_some() {
    let weights = |world: &World| String::from_utf8(world.master.weights_json()).unwrap();
    let options = Options {
        weights: [("a".to_owned(), 2.0)].into(),
        ..Options::default()
    };
    let world = World::with(options.clone());
    assert_eq!(weights(&world), r#"[{"role":"a","weight":2.0}]"#);
    let mut registry = world.registry.clone();
    assert_eq!(registry.weights.len(), 1, "they are written down");
    registry.weights[0].info.weight = 3.0;
    let world = World::recovered(options, registry);
    assert_eq!(weights(&world), r#"[{"role":"a","weight":3.0}]"#);
}

#[test]
fn offers_that_stand_in_the_way_of_quota_and_weights_are_taken_back() {
    let mut world = World::new();
    world.register(0, "cpus:4;mem:1024");
    world.register(1, "cpus:4;mem:1024");
    world.subscribe("a", in_role("a"));
    let rescinded = |effects: &[crate::Effect], stream: &str| {
        let rescinds = events(effects, stream)
            .into_iter()
            .filter(|event| event.rescind.is_some());
        rescinds.count()
    };
    assert_eq!(world.master.offers.len(), 2);
    // Role b is owed one agent's worth: one of the offers of role a goes.
    let call = update(r#"{"role":"b","guarantees":{"cpus":{"value":3}}}"#, false);
    let (answer, effects) = world.operator(call);
    assert_eq!((answer, rescinded(&effects, "a")), (Some(Answer::Ok), 1));

    let mut world = World::new();
    world.register(0, "cpus:4;mem:1024");
    world.register(1, "cpus:4;mem:1024");
    let count = offers(&world.subscribe("a", in_role("a")), "a").len();
    assert_eq!(count, 2);
    // Role a may have no more than one agent's worth.
    let call = update(r#"{"role":"a","limits":{"cpus":{"value":4}}}"#, false);
    assert_eq!(rescinded(&world.operator(call).1, "a"), 1);

    let mut world = World::new();
    world.register(0, "cpus:4;mem:1024");
    world.subscribe("a", in_role("a"));
    let weigh = |role: &str| {
        OperatorCall::UpdateWeights(vec![v0::WeightInfo {
            role: Some(role.to_owned()),
            weight: 2.0,
            ..Default::default()
        }])
    };
    assert_eq!(rescinded(&world.operator(weigh("idle")).1, "a"), 0);
    assert_eq!(rescinded(&world.operator(weigh("a")).1, "a"), 1);
}

#[test]
fn roles_show_what_they_hold_and_are_owed() {
    let mut world = World::new();
    world.register(0, "cpus:3;mem:1024;cpus(dev):1");
    let text = r#"{"role":"dev","guarantees":{"cpus":{"value":1}},"limits":{"cpus":{"value":2}}}"#;
    world.operator(update(text, false));
    let offer = offers(&world.subscribe("s", in_role("*")), "s").remove(0);
    world.accept(
        "s",
        "M-0000",
        &offer,
        vec![super::world::task("t", &offer.slave_id, "cpus:0.5;mem:32")],
    );
    let roles: serde_json::Value = serde_json::from_slice(&world.master.roles()).unwrap();
    let expected: serde_json::Value = serde_json::from_str(
        r#"{"roles":[
            {"name":"*","weight":1.0,"quota":{"role":"*","guarantee":{},"limit":{},"consumed":{"cpus":0.5,"mem":32.0}},
             "resources":{"cpus":0.5,"mem":32.0},"allocated":{"cpus":0.5,"mem":32.0},"offered":{},"reserved":{},
             "frameworks":["M-0000"]},
            {"name":"dev","weight":1.0,
             "quota":{"role":"dev","guarantee":{"cpus":1.0},"limit":{"cpus":2.0},"consumed":{"cpus":1.0}},
             "resources":{},"allocated":{},"offered":{},"reserved":{"cpus":1.0},"frameworks":[]}]}"#,
    )
    .unwrap();
    assert_eq!(roles, expected);
}

#[test]
fn a_role_that_counts_three_times_gets_three_times_as_much() {
    let mut world = World::new();
    world.operator(OperatorCall::UpdateWeights(vec![v0::WeightInfo {
        role: Some("heavy".to_owned()),
        weight: 3.0,
        ..Default::default()
    }]));
    world.register(0, "cpus:4;mem:4096");
    let mut effects = world.subscribe("heavy", in_role("heavy"));
    effects.extend(world.subscribe("light", in_role("light")));
    let mut counts = [0, 0];
    while counts.iter().sum::<usize>() < 8 {
        let mut next = Vec::new();
        for (n, stream) in ["heavy", "light"].into_iter().enumerate() {
            for offer in offers(&effects, stream) {
                counts[n] += 1;
                let task = super::world::task(&format!("t{}", counts[n]), &offer.slave_id, "cpus:0.5;mem:32");
                next.extend(world.call(stream, &format!("M-000{n}"), |call| {
                    call.r#type = Some(v0::scheduler::call::Type::Accept);
                    call.accept = Some(Box::new(v0::scheduler::call::Accept {
                        offer_ids: vec![offer.id.clone()],
                        operations: vec![super::operations::launch(vec![task])],
                        filters: Some(Box::new(v0::Filters {
                            refuse_seconds: Some(0.0),
                            ..Default::default()
                        })),
                        ..Default::default()
                    }));
                }));
            }
        }
        next.extend(world.allocate());
        effects = next;
    }
    assert_eq!(counts, [6, 2]);
}
