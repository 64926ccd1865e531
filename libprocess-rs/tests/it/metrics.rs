//! Metrics as clients read them.

use crate::LIMIT;
use libprocess::http::{Client, Request};
use libprocess::{Future, Promise, System};
use std::time::Duration;

fn get(system: &System, path: &str) -> String {
    let answer = Client::new(system).request(system.address().into(), Request::get(path));
    let response = answer.wait_for(LIMIT).unwrap().unwrap();
    assert_eq!(response.status, 200);
    String::from_utf8_lossy(response.body_bytes()).into_owned()
}

#[test]
fn both_forms_show_what_was_counted_and_what_was_asked_for() {
    let system = System::builder().workers(2).paused_clock(true).start().unwrap();
    let metrics = system.metrics();
    let done = metrics.counter("jobs/done").unwrap();
    done.add(2);
    done.increment();
    let waiting = metrics.gauge("jobs/waiting").unwrap();
    waiting.set(2.0);
    waiting.add(-0.5);
    let took = metrics
        .timer(&system, "jobs/run", Duration::from_secs(60))
        .unwrap();
    metrics.provide("asked", || Future::ready(vec![("asked".to_owned(), 7.0)]));
    assert_eq!(
        metrics.gauge("jobs/done").unwrap_err().to_string(),
        "Metric 'jobs/done' was already added"
    );

    // A timer without a value is not shown; with one it has no statistics yet.
    assert!(!get(&system, "/metrics/snapshot").contains("jobs/run_ms"));
    let (promise, work) = Promise::new();
    let work = took.time(work);
    system.clock().advance(Duration::from_millis(40));
    promise.set(());
    work.wait().unwrap();
    let snapshot: serde_json::Value = serde_json::from_str(&get(&system, "/metrics/snapshot")).unwrap();
    assert_eq!(
        [
            &snapshot["jobs/done"],
            &snapshot["jobs/waiting"],
            &snapshot["jobs/run_ms"],
            &snapshot["asked"]
        ],
        [3.0, 1.5, 40.0, 7.0]
    );
    assert_eq!(snapshot.get("jobs/run_ms/count"), None);
    took.record(Duration::from_millis(20));
    let snapshot: serde_json::Value = serde_json::from_str(&get(&system, "/metrics/snapshot")).unwrap();
    assert_eq!(
        [&snapshot["jobs/run_ms/p50"], &snapshot["jobs/run_ms/max"]],
        [30.0, 40.0]
    );

    let text = get(&system, "/metrics");
    for line in [
        "# TYPE jobs_done counter",
        "jobs_done{name=\"jobs/done\"} 3",
        "# TYPE jobs_waiting gauge",
        "asked{name=\"asked\"} 7",
        "jobs_run_ms_p50{name=\"jobs/run_ms/p50\"} 30",
    ] {
        assert!(
            text.lines().any(|found| found == line),
            "{line} is missing in\n{text}"
        );
    }
    assert!(metrics.unregister("jobs/done") && !metrics.unregister("jobs/done"));
    assert!(!get(&system, "/metrics/snapshot").contains("jobs/done"));
    system.shutdown();
}

#[test]
fn counters_and_gauges_can_show_how_they_were_over_a_while() {
    let system = System::builder().paused_clock(true).start().unwrap();
    let (metrics, minute) = (system.metrics(), Duration::from_secs(60));
    let load = metrics.gauge_over(&system, "load", minute).unwrap();
    let jobs = metrics.counter_over(&system, "jobs", minute).unwrap();
    assert!(metrics.gauge_over(&system, "jobs", minute).is_err());
    let shown = || metrics.snapshot(&system, None).wait().unwrap();
    load.set(1.0);
    jobs.increment();
    assert_eq!(
        (shown()["load"], shown().get("load/count")),
        (1.0, None),
        "statistics need two values"
    );
    load.add(2.0);
    jobs.add(2);
    let now = shown();
    let of =
        |name: &str| ["", "/count", "/min", "/max", "/p50", "/p9999"].map(|end| now[&format!("{name}{end}")]);
    assert_eq!(of("load"), [3.0, 2.0, 1.0, 3.0, 2.0, 2.9998]);
    assert_eq!(of("jobs"), [3.0, 2.0, 1.0, 3.0, 2.0, 2.9998]);
    system.clock().advance(minute);
    assert_eq!(
        (shown()["load"], shown().get("load/max")),
        (3.0, None),
        "what is past is forgotten"
    );
    system.shutdown();
}
