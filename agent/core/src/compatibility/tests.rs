use mesos_proto::v0::{
    DomainInfo, SlaveID,
    domain_info::{FaultDomain, fault_domain::RegionInfo},
};

use super::*;

const EQUAL: ReconfigurationPolicy = ReconfigurationPolicy::Equal;
const ADDITIVE: ReconfigurationPolicy = ReconfigurationPolicy::Additive;

fn agent(resources: &str, attributes: &str) -> SlaveInfo {
    SlaveInfo {
        hostname: "here".to_owned(),
        port: Some(5051),
        resources: Resources::parse(resources, "*").unwrap().to_protos(),
        attributes: mesos::attributes::parse(attributes).unwrap(),
        ..SlaveInfo::default()
    }
}

fn in_region(name: &str) -> Option<Box<DomainInfo>> {
    let region = RegionInfo {
        name: name.to_owned(),
        ..RegionInfo::default()
    };
    let fault = FaultDomain {
        region,
        ..FaultDomain::default()
    };
    Some(Box::new(DomainInfo {
        fault_domain: Some(Box::new(fault)),
        ..DomainInfo::default()
    }))
}

const RESOURCES: &str = "cpus:4;ports:[1-5];disks:{a,b}";
const ATTRIBUTES: &str = "rack:r1;span:[1-5];level:2";

#[test]
fn an_additive_change_keeps_what_was_promised() {
    let tick = "Configuration change not permitted under `additive` policy: ";
    let quote = "Configuration change not permitted under 'additive' policy: ";
    let old = agent(RESOURCES, ATTRIBUTES);
    for (new, expected) in [
        (agent(RESOURCES, ATTRIBUTES), String::new()),
        (
            agent(
                "cpus:5;ports:[1-9];disks:{a,b,c};mem:1",
                "new:x;rack:r1;span:[0-9];level:2",
            ),
            String::new(),
        ),
        (
            SlaveInfo {
                domain: in_region("r"),
                ..old.clone()
            },
            String::new(),
        ),
        (
            SlaveInfo {
                hostname: "there".to_owned(),
                ..old.clone()
            },
            format!("{tick}Hostname changed from here to there"),
        ),
        (
            SlaveInfo {
                port: Some(1),
                ..old.clone()
            },
            format!("{tick}Port changed from 5051 to 1"),
        ),
        (
            agent("cpus:3.5;ports:[1-5];disks:{a,b}", ATTRIBUTES),
            format!("{quote}Value of scalar resource 'cpus' decreased from 4 to 3.5"),
        ),
        (
            agent("cpus:4;ports:[2-5];disks:{a,b}", ATTRIBUTES),
            format!("{quote}Previous value of range resource 'ports' ([1-5]) not included in current [2-5]"),
        ),
        (
            agent("cpus:4;ports:[1-5];disks:{b}", ATTRIBUTES),
            format!("{quote}Previous value of set resource 'disks' ({{a, b}}) not included in current {{b}}"),
        ),
        (
            agent("cpus:4;disks:{a,b}", ATTRIBUTES),
            "Configuration change not permitted under 'additive' policy. Resource not found: ports:[1-5]"
                .to_owned(),
        ),
        (
            agent("cpus(web):4;ports:[1-5];disks:{a,b}", ATTRIBUTES),
            "Configuration change not permitted under 'additive' policy. Resource not found: cpus:4"
                .to_owned(),
        ),
        (
            agent(RESOURCES, "rack:r2;span:[1-5];level:2"),
            format!("{quote}Value of text attribute 'rack' changed from r1 to r2"),
        ),
        (
            agent(RESOURCES, "span:[1-5];level:2"),
            format!("{quote}Couldn't find attribute rack=r1"),
        ),
        (
            agent(RESOURCES, "rack:[1-2];span:[1-5];level:2"),
            format!("{quote}Type of attribute 'rack' changed from TEXT to RANGES"),
        ),
        (
            agent(RESOURCES, "rack:r1;span:[2-5];level:2"),
            "Previous value of ranges resource 'span' ([1-5]) not included in current [2-5]".to_owned(),
        ),
        (
            agent(RESOURCES, "rack:r1;span:[1-5];level:3"),
            format!("{quote}Value of scalar attribute 'level' changed from 2 to 3"),
        ),
    ] {
        let said = ADDITIVE.compatible(&old, &new).err().unwrap_or_default();
        assert_eq!(said, expected);
        assert_eq!(EQUAL.compatible(&old, &new).is_ok(), old == new, "{new:?}");
    }
}

#[test]
fn a_domain_may_come_and_may_not_change() {
    let with = |domain| SlaveInfo {
        domain,
        ..agent("cpus:1", "")
    };
    let error = ADDITIVE
        .compatible(&with(in_region("r")), &with(in_region("s")))
        .unwrap_err();
    assert!(
        error
            .starts_with("Configuration change not permitted under `additive` policy: Domain changed from {"),
        "{error}"
    );
    assert!(ADDITIVE.compatible(&with(in_region("r")), &with(None)).is_err());
}

#[test]
fn equal_looks_at_meaning_not_at_form() {
    let one = agent("cpus:2;cpus:2;ports:[1-2,3-5]", "a:1;b:x");
    let two = SlaveInfo {
        checkpoint: Some(false),
        port: None,
        ..agent("ports:[1-5];cpus:4", "b:x;a:1.0")
    };
    assert_eq!(EQUAL.compatible(&one, &two), Ok(()));
    let other = SlaveInfo {
        checkpoint: Some(true),
        ..two.clone()
    };
    let error = EQUAL.compatible(&one, &other).unwrap_err();
    let line = "------------------------------------------------------------";
    let parts: Vec<&str> = error.split(line).collect();
    assert_eq!(parts[0], "Incompatible agent info detected. \n\n");
    assert!(parts[1].starts_with("\nOld agent info:\n{"), "{error}");
    assert!(parts[2].starts_with("\nNew agent info:\n{"), "{error}");
}

#[test]
fn only_a_reboot_makes_an_incompatible_agent_another_one() {
    let id = Some(Box::new(SlaveID {
        value: "S0".to_owned(),
        ..SlaveID::default()
    }));
    let old = SlaveInfo {
        id: id.clone(),
        ..agent("cpus:4", "")
    };
    let (grown, shrunk) = (agent("cpus:5", ""), agent("cpus:3", ""));
    let same = SlaveInfo { id, ..grown.clone() };
    let identity = identify(ADDITIVE, &old, &grown, false, "/w");
    assert_eq!(identity, Ok(Identity::Same(Box::new(same))));
    let Ok(Identity::New(reason)) = identify(ADDITIVE, &old, &shrunk, true, "/w") else {
        panic!("another agent is expected");
    };
    let refusal = identify(ADDITIVE, &old, &shrunk, false, "/w").unwrap_err();
    assert!(
        refusal.starts_with(&format!("Failed to perform recovery: {reason}\n")),
        "{refusal}"
    );
    assert!(refusal.contains("\nrm -f /w/meta/slaves/latest\n"), "{refusal}");
}

#[test]
fn policies_have_names() {
    assert_eq!("equal".parse(), Ok(EQUAL));
    assert_eq!("additive".parse(), Ok(ADDITIVE));
    assert_eq!(
        "any".parse::<ReconfigurationPolicy>(),
        Err(
            "Unknown option for 'reconfiguration_policy' flag any. Please run the agent with '--help' to see the valid options."
                .to_owned()
        )
    );
}
