//! Views of a bundle.

use std::hint::black_box;

use mesos::{Resource, Resources};
use mesos_proto::{Dialect, Message as _, v0};

use super::{row, timed};
use crate::runtime::Size;
use crate::runtime::row::Row;

type View = fn(&Resources) -> Resources;

pub(super) fn rows(size: Size) -> Vec<Row> {
    let plain = super::arithmetic::scalars();
    let reserved = Resources::parse("cpus(role):1;gpus(role):1;mem(role):128;disk(role):256", "*");
    let reserved = reserved.expect("a bundle");
    let text = r#"{"name":"cpus","type":"SCALAR","scalar":{"value":1},"revocable":{}}"#;
    let message = v0::Resource::from_json(text.as_bytes(), Dialect::V0).expect("a message");
    let revocable = Resources::from_iter([Resource::from_proto(&message).expect("a resource")]);
    let views: [(&str, &Resources, View); 4] = [
        ("non_revocable of 4 scalars", &plain, Resources::non_revocable),
        ("revocable of 1", &revocable, Resources::revocable),
        ("unreserved of 4", &plain, Resources::unreserved),
        ("reserved for a role of 4", &reserved, |bundle| {
            bundle.reserved(Some("role"))
        }),
    ];
    let times = 50_000;
    let measured = views.into_iter().map(|(text, bundle, view)| {
        assert_eq!(&view(bundle), bundle, "all of it is seen");
        let ours = timed(size, times, || drop(black_box(view(black_box(bundle)))));
        row(&format!("{text}, 50,000"), None, ours)
    });
    measured.collect()
}
