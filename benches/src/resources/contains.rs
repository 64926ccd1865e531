//! Bundles within bundles.

use std::hint::black_box;

use mesos::{Ranges, Resource, Resources, Value};

use super::{row, timed};
use crate::runtime::Size;
use crate::runtime::row::Row;

fn parse(text: &str) -> Resources {
    Resources::parse(text, "*").expect("a bundle")
}

/// The even ports up to 16,000.
fn fragments() -> Resources {
    let ranges = Ranges::new((1..=8_000).map(|port| (2 * port, 2 * port)));
    Resources::from_iter([Resource::new("ports", Value::Ranges(ranges))])
}

pub(super) fn rows(size: Size) -> Vec<Row> {
    let (few, many) = (parse("cpus:1;mem:128"), parse("cpus:1;gpus:1;mem:128;disk:256"));
    let (pieces, whole) = (fragments(), parse("ports:[1-16000]"));
    let (few_pieces, many_whole) = (few.clone() + &pieces, many.clone() + &whole);
    // Copies share their ranges, which would show at once.
    let same_pieces = fragments();
    let few_same_pieces = few.clone() + &same_pieces;
    let mut rows = Vec::new();
    for (text, large, small, contained, times, cpp) in [
        ("4 scalars contain 2, 5,000", &many, &few, true, 5_000, None),
        ("2 scalars contain 4, 5,000", &few, &many, false, 5_000, None),
        ("2 scalars contain the same, 5,000", &few, &few, true, 5_000, None),
        (
            "[1-16000] contains 8,000 fragments, 100",
            &whole,
            &pieces,
            true,
            100,
            Some(62.6),
        ),
        (
            "8,000 fragments contain [1-16000], 50",
            &pieces,
            &whole,
            false,
            50,
            None,
        ),
        (
            "8,000 fragments contain the same, 1",
            &pieces,
            &same_pieces,
            true,
            1,
            Some(46.0),
        ),
        (
            "4 scalars and [1-16000] contain 2 and fragments, 100",
            &many_whole,
            &few_pieces,
            true,
            100,
            None,
        ),
        (
            "2 scalars and fragments contain 4 and [1-16000], 50",
            &few_pieces,
            &many_whole,
            false,
            50,
            None,
        ),
        (
            "2 scalars and fragments contain the same, 1",
            &few_pieces,
            &few_same_pieces,
            true,
            1,
            None,
        ),
    ] {
        assert_eq!(large.contains(small), contained, "{text}");
        let ours = timed(size, times, || {
            black_box(black_box(large).contains(black_box(small)));
        });
        rows.push(row(text, cpp, ours));
    }
    rows
}
