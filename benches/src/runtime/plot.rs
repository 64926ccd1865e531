//! The rows as a picture.

use std::fmt::Write as _;

use super::row::{Row, figure};

const WIDTH: f64 = 900.0;
const NAME: f64 = 90.0;
const BAR: f64 = 14.0;
const LONGEST: f64 = 660.0;

/// Bars for ours, C++ and the peers, row by row, each row to its own scale; rows with nothing to compare are left out.
/// The longest bar is the best: times and sizes are drawn as their inverse.
pub fn svg(rows: &[Row]) -> String {
    let mut body = String::new();
    let mut y = 10.0;
    for row in rows
        .iter()
        .filter(|row| row.cpp.is_some() || !row.peers.is_empty())
    {
        let mut bars = vec![("ours", row.ours, "#2a6f97")];
        bars.extend(row.cpp.map(|cpp| ("C++", cpp, "#b5651d")));
        let measured = row.peers.iter().filter(|(_, peer)| peer.is_finite());
        bars.extend(measured.map(|(name, peer)| (*name, *peer, "#a0a8b0")));
        let worth = |value: f64| if row.rate { value } else { 1.0 / value };
        let best = bars.iter().map(|bar| worth(bar.1)).fold(0.0, f64::max);
        y += 16.0;
        let title = format!(
            "{} ({}, {} is better)",
            row.work,
            row.unit,
            if row.rate { "more" } else { "less" }
        );
        let _ = writeln!(
            body,
            r#"<text x="4" y="{y:.0}" font-weight="bold">{title}</text>"#
        );
        y += 5.0;
        for (name, value, colour) in bars {
            let length = (worth(value) / best * LONGEST).max(1.0);
            let (text_y, after) = (y + BAR - 4.0, NAME + length + 5.0);
            let _ = writeln!(
                body,
                r#"<text x="{:.0}" y="{text_y:.0}" text-anchor="end">{name}</text><rect x="{NAME:.0}" y="{y:.0}" width="{length:.0}" height="{:.0}" fill="{colour}"/><text x="{after:.0}" y="{text_y:.0}">{}</text>"#,
                NAME - 5.0,
                BAR - 3.0,
                figure(value),
            );
            y += BAR;
        }
    }
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH:.0} {:.0}\" font-family=\"sans-serif\" \
         font-size=\"11\">\n<rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\n{body}</svg>\n",
        y + 10.0
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_best_bar_is_the_longest() {
        let row = Row {
            ours: 5.0,
            cpp: Some(10.0),
            ..Row::time("x", "ns")
        };
        let picture = svg(&[row, Row::time("alone", "ns")]);
        assert!(picture.contains("width=\"660\"") && picture.contains("width=\"330\""));
        assert!(!picture.contains("alone"));
    }
}
