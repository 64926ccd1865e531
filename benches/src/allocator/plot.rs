//! Growth over agents and frameworks, as a picture.

use std::fmt::Write as _;

use super::{Size, median, rounds};
use crate::runtime::row::figure;

const WIDTH: f64 = 430.0;
const HEIGHT: f64 = 260.0;
const MARGIN: f64 = 48.0;

/// A measured curve: (how many, milliseconds).
type Curve = Vec<(f64, f64)>;

/// A cycle that offers every agent, at more and more agents, and at more and more frameworks.
pub fn growth(size: Size) -> (Curve, Curve) {
    let cycle = |agents: u32, frameworks: u32| {
        let rounds = rounds::declined(size.of(agents), size.of(frameworks), 5);
        median(rounds.runs_ms)
    };
    let agents = [1_000, 5_000, 10_000, 20_000, 30_000, 50_000];
    let frameworks = [1, 50, 100, 200, 500, 1_000, 3_000, 6_000];
    (
        agents.map(|n| (f64::from(n), cycle(n, 200))).to_vec(),
        frameworks.map(|n| (f64::from(n), cycle(10_000, n))).to_vec(),
    )
}

/// Both curves beside each other.
pub fn svg(by_agents: &Curve, by_frameworks: &Curve) -> String {
    let mut body = String::new();
    panel(&mut body, 0.0, "agents (200 frameworks)", by_agents);
    panel(&mut body, WIDTH, "frameworks (10,000 agents)", by_frameworks);
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {:.0} {HEIGHT:.0}\" font-family=\"sans-serif\" \
         font-size=\"11\">\n<rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\n{body}</svg>\n",
        2.0 * WIDTH
    )
}

fn panel(body: &mut String, left: f64, title: &str, curve: &Curve) {
    let most = |values: &mut dyn Iterator<Item = f64>| values.fold(f64::MIN_POSITIVE, f64::max);
    let (most_x, most_y) = (
        most(&mut curve.iter().map(|point| point.0)),
        most(&mut curve.iter().map(|point| point.1)),
    );
    let x = |value: f64| left + MARGIN + value / most_x * (WIDTH - 2.0 * MARGIN);
    let y = |value: f64| HEIGHT - MARGIN - value / most_y * (HEIGHT - 2.0 * MARGIN);
    let points: Vec<String> = curve
        .iter()
        .map(|point| format!("{:.1},{:.1}", x(point.0), y(point.1)))
        .collect();
    let _ = writeln!(
        body,
        r##"<text x="{:.0}" y="18" font-weight="bold">a cycle by {title}, CPU ms</text><path d="M{:.0},{:.0}V{:.0}H{:.0}" fill="none" stroke="#808890"/><polyline points="{}" fill="none" stroke="#2a6f97" stroke-width="2"/>"##,
        left + MARGIN,
        x(0.0),
        y(most_y),
        y(0.0),
        x(most_x),
        points.join(" "),
    );
    for point in curve {
        let _ = writeln!(
            body,
            r##"<circle cx="{:.1}" cy="{:.1}" r="3" fill="#2a6f97"/><text x="{:.1}" y="{:.1}" text-anchor="middle">{}</text><text x="{:.1}" y="{:.1}" text-anchor="middle" fill="#808890">{}</text>"##,
            x(point.0),
            y(point.1),
            x(point.0),
            y(point.1) - 8.0,
            figure(point.1),
            x(point.0),
            HEIGHT - MARGIN + 16.0,
            figure(point.0),
        );
    }
}
