//! Frameworks are asked to leave agents that will be away.

use mesos::Resources;
use mesos_proto::v0;

use super::cluster::always;

const AGENT: &str = "cpus:2;mem:1024";
const DAY: f64 = 86_400.0;

fn window(start_seconds: i64) -> v0::Unavailability {
    v0::Unavailability {
        start: v0::TimeInfo {
            nanoseconds: start_seconds * 1_000_000_000,
            ..Default::default()
        },
        ..Default::default()
    }
}

/// Mesos: src/tests/hierarchical_allocator_tests.cpp, AddAgentWithUnknownFrameworkAndMaintenance
#[test]
fn use_by_unknown_frameworks_of_an_agent_that_will_be_away_asks_nobody() {
    always(|c| {
        c.agent_with("A1", AGENT, |agent| {
            agent.unavailability = Some(window(365 * 24 * 3600));
            let used = agent.total.clone().allocated("role");
            agent.used.insert(mesos::ids::FrameworkId::new("unknown"), used);
        });
        c.framework("F", "role");
        c.agent("A2", AGENT);
        c.offers([("F", "role", "A2", AGENT)]);
        c.asked_to_leave([]);
        c.away("A2", Some(window(60)));
        c.asked_to_leave([("F", "A2")]);
    });
}

/// Mesos: src/tests/hierarchical_allocator_tests.cpp, MaintenanceInverseOffers
#[test]
fn only_who_holds_something_is_asked_to_leave_and_all_is_asked_for() {
    always(|c| {
        c.agent("A1", AGENT);
        c.framework("F", "*");
        c.agent("A2", AGENT);
        c.offers([("F", "*", "A1", AGENT), ("F", "*", "A2", AGENT)]);
        c.refuse("F", "*", "A2", AGENT, DAY);
        c.away("A1", Some(window(60)));
        c.away("A2", Some(window(60)));
        let asked = c.taken_inverse_offers();
        assert_eq!(asked.len(), 1);
        assert_eq!(asked[0].agent_id.as_str(), "A1");
        assert_eq!(asked[0].resources, Resources::new());
        assert_eq!(asked[0].unavailability, window(60));
        c.round();
        c.asked_to_leave([]);
    });
}

/// Mesos: src/master/allocator/mesos/hierarchical.cpp, generateInverseOffers
#[test]
fn who_is_not_connected_is_asked_to_leave_when_it_is_back() {
    always(|c| {
        c.agent("A", AGENT);
        c.framework("F", "*");
        c.deactivate("F");
        c.away("A", Some(window(60)));
        c.round();
        c.asked_to_leave([]);
        c.activate("F");
        c.asked_to_leave([("F", "A")]);
    });
}
