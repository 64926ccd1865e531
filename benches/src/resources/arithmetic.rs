//! Sums and differences.

use std::hint::black_box;

use mesos::{Resource, Resources};
use mesos_proto::v0::resource::{ReservationInfo, reservation_info};
use mesos_proto::v0::{Label, Labels};
use mesos_proto::{Dialect, Message as _, v0};

use super::row;
use crate::runtime::row::Row;
use crate::runtime::{Size, cpu_seconds, median};

/// Four scalars, as most offers are.
pub fn scalars() -> Resources {
    Resources::parse("cpus:1;gpus:1;mem:128;disk:256", "*").expect("a bundle")
}

/// The four scalars, reserved for so many roles, with a principal and a label each.
pub fn reservations(roles: usize) -> Resources {
    let mut bundle = Resources::new();
    for number in 0..roles {
        let label = Label {
            key: format!("key_{number}"),
            value: Some(format!("value_{number}")),
            ..Default::default()
        };
        let reservation = ReservationInfo {
            r#type: Some(reservation_info::Type::Dynamic),
            role: Some(number.to_string()),
            principal: Some(format!("principal_{number}")),
            labels: Some(Box::new(Labels {
                labels: vec![label],
                ..Default::default()
            })),
            ..Default::default()
        };
        bundle += &scalars().push_reservation(&reservation).expect("valid roles");
    }
    bundle
}

fn shared() -> Resources {
    let text = r#"{"name":"disk","type":"SCALAR","scalar":{"value":256},"shared":{},
        "reservations":[{"type":"DYNAMIC","role":"test"}],
        "disk":{"persistence":{"id":"persistentId"},"volume":{"container_path":"/volume","mode":"RW"}}}"#;
    let message = v0::Resource::from_json(text.as_bytes(), Dialect::V0).expect("a message");
    let volume = Resource::from_proto(&message).expect("a volume");
    let mut bundle = Resources::parse("cpus:1;mem:128", "*").expect("a bundle");
    bundle.add(volume);
    bundle
}

/// The milliseconds of `+=`, `-=`, `a + b` and `a - b`, so often each.
fn four(resources: &Resources, times: u64) -> [f64; 4] {
    let mut total = Resources::new();
    let mut took = [0.0; 4];
    let lap = |slot: &mut f64, round: &mut dyn FnMut()| {
        let start = cpu_seconds();
        for _ in 0..times {
            round();
        }
        *slot = 1e3 * (cpu_seconds() - start);
    };
    lap(&mut took[0], &mut || total += black_box(resources));
    lap(&mut took[1], &mut || total -= black_box(resources));
    assert!(total.is_empty(), "what was added was taken");
    lap(&mut took[2], &mut || total = &total + black_box(resources));
    lap(&mut took[3], &mut || total = &total - black_box(resources));
    assert!(total.is_empty(), "what was added was taken");
    took
}

pub(super) fn rows(size: Size) -> Vec<Row> {
    let mut rows = Vec::new();
    for (text, bundle, times, cpp) in [
        (
            "4 scalars, 50,000",
            scalars(),
            50_000,
            [Some(5.7), Some(7.6), Some(16.1), Some(18.5)],
        ),
        (
            "4 scalars for each of 1,000 reservations, 10",
            reservations(1_000),
            10,
            [Some(510.0); 4],
        ),
        (
            "2 scalars and a shared volume, 50,000",
            shared(),
            50_000,
            [None; 4],
        ),
    ] {
        let times = size.whole(times);
        let runs: Vec<[f64; 4]> = (0..size.runs).map(|_| four(&bundle, times)).collect();
        for (index, operation) in ["a += b", "a -= b", "a + b", "a - b"].into_iter().enumerate() {
            let ours = median(runs.iter().map(|run| run[index]).collect());
            rows.push(row(&format!("{text} x {operation}"), cpp[index], ours));
        }
    }
    rows
}
