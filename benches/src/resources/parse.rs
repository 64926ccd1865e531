//! Bundles out of text.

use std::hint::black_box;

use mesos::Resources;

use super::{row, timed};
use crate::runtime::Size;
use crate::runtime::row::Row;

pub(super) fn rows(size: Size) -> Vec<Row> {
    let text: Vec<String> = (0..100).map(|number| format!("res{number}:{number}")).collect();
    let text = text.join(";");
    let ours = timed(size, 1_000, || {
        let bundle = Resources::parse(black_box(&text), "*").expect("a bundle");
        // The first is nothing of it.
        assert_eq!(bundle.len(), 99);
    });
    vec![row("parse 100 resources, 1,000", Some(111.0), ours)]
}
