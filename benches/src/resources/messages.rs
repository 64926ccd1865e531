//! What an offer goes through: read, allocated, written.

use std::hint::black_box;

use mesos::Resources;

use super::{row, timed};
use crate::runtime::Size;
use crate::runtime::row::Row;

pub(super) fn rows(size: Size) -> Vec<Row> {
    let free = Resources::parse("cpus:4;mem:1024;disk:4096;ports:[31000-32000]", "*").expect("a bundle");
    let held = free.clone().allocated("engineering/web");
    let messages = held.to_protos();
    let times = 50_000;
    let read = timed(size, times, || {
        drop(black_box(Resources::from_protos(black_box(&messages))));
    });
    let allocate = timed(size, times, || {
        drop(black_box(black_box(&free).clone().allocated("engineering/web")));
    });
    let write = timed(size, times, || drop(black_box(black_box(&held).to_protos())));
    vec![
        row("check and read the messages of 4 resources, 50,000", None, read),
        row("copy and allocate 4 resources, 50,000", None, allocate),
        row("write the messages of 4 resources, 50,000", None, write),
    ]
}
