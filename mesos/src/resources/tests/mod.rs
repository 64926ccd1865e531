mod any;
mod find;
mod hostile;
mod kinds;
mod laws;
mod model;
mod shrink;

use mesos_proto::{Dialect, Message, v0};
use proptest::prelude::*;

use super::*;
use crate::Value;

fn parse(text: &str) -> Resources {
    Resources::parse(text, "*").unwrap()
}

fn refusal(text: &str) -> String {
    Resources::parse(text, "*").unwrap_err().to_string()
}

#[test]
fn texts() {
    let all = parse("cpus:45.55;ports:[10000-20000, 30000-50000];mem(web):512; disks:{sda1,sda2}");
    assert_eq!(
        all.to_string(),
        "cpus:45.55; ports:[10000-20000, 30000-50000]; mem(reservations: [(STATIC,web)]):512; disks:{sda1, sda2}"
    );
    assert_eq!(
        Resources::parse("cpus:1", "web")
            .unwrap()
            .reserved(Some("web"))
            .len(),
        1
    );
    assert_eq!(parse("cpus:1;cpus:2").to_string(), "cpus:3");
    assert_eq!(parse("cpus:0").to_string(), "{}");
    assert_eq!(
        parse(r#"[{"name":"cpus","type":"SCALAR","scalar":{"value":4}}]"#).to_string(),
        "cpus:4"
    );
}

#[test]
fn refusals() {
    for (text, expected) in [
        ("cpus", "Bad value for resources, missing or extra ':' in cpus"),
        (
            "cpus:1:2",
            "Bad value for resources, missing or extra ':' in cpus:1:2",
        ),
        (
            "cpus(a:1",
            "Bad value for resources, mismatched parentheses in cpus(a:1",
        ),
        ("cpus:abc", "Bad type for resource cpus value abc type TEXT"),
        (
            "cpus:-1",
            "Failed to parse resource cpus value -1 error Invalid scalar value '-1':Negative values not supported",
        ),
        ("ports:[5-1]", "Invalid ranges resource: begin > end"),
        (
            "cpus(a b):1",
            "Role component 'a b' is invalid because it contains backspace or whitespace",
        ),
        (
            "a:1;a:{b}",
            "Resources with the same name ('a') but different types are not allowed",
        ),
        (
            r#"[{"name":"cpus"}]"#,
            "Some JSON resources were not formatted properly: Missing required fields: type",
        ),
        (
            r#"[{"name":"cpus","type":"SCALAR","scalar":{"value":1},"revocable":{}}]"#,
            "Revocable resources cannot be specified at the command line; do not include a 'revocable' key in \
             the resources JSON",
        ),
    ] {
        assert_eq!(refusal(text), expected);
    }
}

#[test]
fn formats() {
    let legacy = r#"{"name":"cpus","type":"SCALAR","scalar":{"value":1.0},"role":"dev","reservation":{"principal":"ops"}}"#;
    let endpoint = concat!(
        r#"{"name":"cpus","type":"SCALAR","scalar":{"value":1.0},"role":"dev","reservation":{"principal":"ops"},"#,
        r#""reservations":[{"type":"DYNAMIC","role":"dev","principal":"ops"}]}"#
    );
    for text in [legacy, endpoint] {
        let message = v0::Resource::from_json(text.as_bytes(), Dialect::V0).unwrap();
        let resources = Resources::from_protos(&[message]).unwrap();
        assert_eq!(
            resources.to_protos()[0].to_json(Dialect::V0),
            r#"{"name":"cpus","type":"SCALAR","scalar":{"value":1.0},"reservations":[{"type":"DYNAMIC","role":"dev","principal":"ops"}]}"#
        );
        let shown = |format| resources.to_protos_in(format).unwrap()[0].to_json(Dialect::V0);
        assert_eq!(shown(ResourceFormat::Legacy), legacy);
        assert_eq!(shown(ResourceFormat::Endpoint), endpoint);
    }
    let unreserved = parse("mem:5").to_endpoint_protos()[0].to_json(Dialect::V0);
    assert_eq!(
        unreserved,
        r#"{"name":"mem","type":"SCALAR","scalar":{"value":5.0},"role":"*"}"#
    );
}

#[test]
fn summary() {
    assert_eq!(
        parse("cpus:8;mem:8192;disk:10240;ports:[31000-32000]").to_summary_json(),
        r#"{"disk":10240.0,"mem":8192.0,"gpus":0.0,"cpus":8.0,"ports":"[31000-32000]"}"#
    );
    assert_eq!(
        Resources::new().to_summary_json(),
        r#"{"disk":0.0,"mem":0.0,"gpus":0.0,"cpus":0.0}"#
    );
}

fn volume(text: &str) -> Resource {
    Resource::from_proto(&v0::Resource::from_json(text.as_bytes(), Dialect::V0).unwrap()).unwrap()
}

#[test]
fn volumes_are_never_joined_nor_split() {
    let text = r#"{"name":"disk","type":"SCALAR","scalar":{"value":10},"role":"a","reservation":{},
        "disk":{"persistence":{"id":"v"},"volume":{"container_path":"d","mode":"RW"}}}"#;
    let one = volume(text);
    let mut bundle = Resources::from_iter([one.clone(), one.clone()]);
    assert_eq!(bundle.len(), 2);
    assert!(!bundle.contains(&Resources::from_iter([volume(&text.replace("10", "5"))])));
    bundle.subtract(&one);
    assert_eq!(bundle.to_string(), "disk(reservations: [(DYNAMIC,a)])[v:d]:10");
    assert!(!bundle.contains(&Resources::from_iter([one.clone(), one.clone()])));

    let shared = volume(&text.replace("\"role\"", "\"shared\":{},\"role\""));
    let mut bundle = Resources::from_iter([shared.clone(), shared.clone()]);
    assert_eq!(bundle.len(), 1);
    bundle.subtract(&shared);
    assert!(bundle.contains(&Resources::from_iter([shared.clone()])));
    bundle.subtract(&shared);
    assert!(bundle.is_empty());
}

#[test]
fn allocations() {
    let mut one = parse("cpus:1;mem:2");
    one.allocate("a");
    let mut two = parse("cpus:4");
    two.allocate("b");
    let mut all = one.clone() + &two;
    assert_eq!(
        all.allocations(),
        BTreeMap::from([("a".to_owned(), one), ("b".to_owned(), two)])
    );
    all.unallocate();
    assert_eq!(all, parse("cpus:5;mem:2"));
    assert!(all.checked_sub(&parse("cpus:6")).is_none());
}

fn bundle() -> impl Strategy<Value = Resources> {
    any::resources()
}
