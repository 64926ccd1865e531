//! Which agents are offered to whom by where they are, on real daemons.

use mesos_local::{Options, get_json};
use serde_json::json;

use crate::clients::run;
use crate::support::{cluster_with, wait_for};

fn domain(region: &str) -> String {
    format!(r#"--domain={{"fault_domain":{{"region":{{"name":"{region}"}},"zone":{{"name":"z"}}}}}}"#)
}

#[test]
fn agents_are_offered_by_region_whitelist_and_constraints() {
    let whitelist = tempfile::NamedTempFile::new().unwrap();
    let path = whitelist.path().to_str().unwrap();
    std::fs::write(path, "elsewhere\n").unwrap();
    let cluster = cluster_with(&Options {
        master_flags: vec![domain("north"), format!("--whitelist=file://{path}")],
        agent_flags: vec![domain("south")],
        ..Options::default()
    });
    let lines = run("placement.py", &[cluster.master(), path]);
    let lines: Vec<_> = lines
        .iter()
        .filter(|line| line["event"] != "registered")
        .collect();
    let south = json!({"fault_domain": {"region": {"name": "south"}, "zone": {"name": "z"}}});
    assert_eq!(
        json!(lines),
        json!([
            {"event": "barred", "offers": {"plain": 0, "picky": 0, "aware": 0}},
            {"event": "offered", "domain": south, "offers": {"plain": 0, "picky": 0, "aware": 1}},
            {"event": "excluded", "frameworks": {
                "plain": {"suppressed_roles": [], "excluded_by_attribute_constraints": {"plain": []}},
                "picky": {"suppressed_roles": ["picky"], "excluded_by_attribute_constraints": {"picky": ["the agent"]}},
                "aware": {"suppressed_roles": [], "excluded_by_attribute_constraints": {"aware": []}},
            }},
        ])
    );
    let state = get_json(cluster.master(), "/state").unwrap();
    assert_eq!(state["domain"]["fault_domain"]["region"]["name"], "north");
    assert_eq!(state["leader_info"]["domain"], state["domain"]);
    assert_eq!(state["slaves"][0]["domain"], south);
    assert_eq!(
        get_json(cluster.agents()[0].address(), "/state").unwrap()["domain"],
        south
    );
}

#[test]
fn an_agent_that_says_where_it_is_waits_for_a_master_that_does() {
    let mut cluster = cluster_with(&Options {
        agents: 0,
        agent_flags: vec![domain("south")],
        ..Options::default()
    });
    cluster.add_agent().unwrap();
    wait_for("a registration that is ignored", || {
        let metrics = get_json(cluster.master(), "/metrics/snapshot").unwrap();
        metrics["master/messages_register_slave"].as_f64() >= Some(2.0)
    });
    let slaves = get_json(cluster.master(), "/slaves").unwrap();
    assert_eq!(slaves["slaves"], json!([]));
}
