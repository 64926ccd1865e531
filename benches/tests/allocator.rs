//! The benchmark `allocator` at its smallest size: everything it does works.

use mesos_benches::allocator::{Size, plot, run};

#[test]
fn every_row_is_measured() {
    let rows = run(Size::TINY, &[]);
    assert!(rows.len() >= 18);
    for row in &rows {
        assert!(row.ours.is_finite(), "{}", row.work);
    }
    let launched = rows.iter().find(|row| row.unit == "tasks").map(|row| row.ours);
    assert!(launched.is_some_and(|launched| launched > 0.0));
    let growth = plot::growth(Size::TINY);
    assert!(growth.svg().contains("polyline"));
    assert!(growth.table().contains("50000 agents x 200 frameworks"));
}
