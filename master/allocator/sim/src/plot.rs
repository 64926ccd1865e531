//! Shares over time as a picture.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

const WIDTH: f64 = 720.0;
const HEIGHT: f64 = 300.0;
const LEFT: f64 = 50.0;
const RIGHT: f64 = 150.0;
const TOP: f64 = 30.0;
const BOTTOM: f64 = 40.0;
const COLOURS: [&str; 6] = ["#2a6f97", "#b5651d", "#4f772d", "#9d4edd", "#c1121f", "#606c76"];

/// One line a role, in steps, from 0 to 100 percent.
pub(crate) fn svg(title: &str, history: &[(f64, BTreeMap<String, f64>)]) -> String {
    let last = history.last().map_or(1.0, |(at, _)| at.max(1.0));
    let roles: BTreeSet<&str> = history
        .iter()
        .flat_map(|(_, shares)| shares.keys().map(String::as_str))
        .collect();
    let x = |at: f64| LEFT + at / last * (WIDTH - LEFT - RIGHT);
    let y = |share: f64| HEIGHT - BOTTOM - share.min(1.0) * (HEIGHT - TOP - BOTTOM);
    let mut body = String::new();
    let _ = writeln!(
        body,
        r#"<text x="{LEFT}" y="18" font-weight="bold">{title}: dominant shares over time</text>"#
    );
    for percent in [0.0, 0.25, 0.5, 0.75, 1.0] {
        let _ = writeln!(
            body,
            r##"<path d="M{LEFT},{0:.1}H{1:.1}" stroke="#d8dce0"/><text x="{2:.0}" y="{3:.1}" text-anchor="end" fill="#606c76">{4:.0} %</text>"##,
            y(percent),
            x(last),
            LEFT - 6.0,
            y(percent) + 4.0,
            100.0 * percent
        );
    }
    let _ = writeln!(
        body,
        r##"<text x="{:.0}" y="{:.0}" text-anchor="end" fill="#606c76">{last:.0} s</text>"##,
        x(last),
        HEIGHT - BOTTOM + 18.0
    );
    for (number, role) in roles.iter().enumerate() {
        let colour = COLOURS[number % COLOURS.len()];
        let mut path = String::new();
        let mut before: Option<f64> = None;
        for (at, shares) in history {
            let share = shares.get(*role).copied().unwrap_or(0.0);
            if before == Some(share) {
                continue;
            }
            let _ = match before {
                None => write!(path, "M{:.1},{:.1}", x(*at), y(share)),
                Some(_) => write!(path, "H{:.1}V{:.1}", x(*at), y(share)),
            };
            before = Some(share);
        }
        let _ = write!(path, "H{:.1}", x(last));
        let label = TOP + 16.0 * number as f64;
        let _ = writeln!(
            body,
            r#"<path d="{path}" fill="none" stroke="{colour}" stroke-width="2"/><text x="{:.0}" y="{label:.0}" fill="{colour}">{role}</text>"#,
            WIDTH - RIGHT + 12.0
        );
    }
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH:.0} {HEIGHT:.0}\" font-family=\"sans-serif\" \
         font-size=\"11\">\n<rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\n{body}</svg>\n"
    )
}
