//! Every row of the subject `resources` at a tiny size, so that none can rot.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use mesos_benches::resources::run;
use mesos_benches::runtime::{Size, plot, row};

#[test]
fn resources_measures_every_row() {
    let rows = run(Size::TINY, &[]);
    assert_eq!(rows.len(), 49);
    for row in &rows {
        assert!(row.ours.is_finite() && row.ours >= 0.0, "{row}");
    }
    assert_eq!(row::render(&rows).lines().count(), rows.len() + 2);
    assert!(plot::svg(&rows).ends_with("</svg>\n"));
}
