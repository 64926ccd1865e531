//! Growth over agents and frameworks, as a picture and a table.

use std::fmt::Write as _;

use super::{Size, median, rounds};
use crate::runtime::row::figure;
use crate::table;

const WIDTH: f64 = 430.0;
const HEIGHT: f64 = 280.0;
const MARGIN: f64 = 48.0;
/// Labels of points that are nearer to each other would lie on each other.
const NEAR: f64 = 30.0;

/// Agents beside 200 frameworks.
const AGENTS: [u32; 6] = [1_000, 5_000, 10_000, 20_000, 30_000, 50_000];
/// Frameworks beside 10,000 agents. Two are the fewest of which the second has something to be offered when the first
/// has declined all.
const FRAMEWORKS: [u32; 8] = [10, 50, 100, 200, 500, 1_000, 3_000, 6_000];
/// As many rounds are measured at each size.
const ROUNDS: u32 = 5;

/// What was measured at one size.
#[derive(Debug, Clone, Copy)]
pub struct Point {
    /// How many agents or frameworks.
    pub many: f64,
    /// How many offers a cycle makes.
    pub offers: f64,
    /// A cycle that offers every agent, in milliseconds.
    pub cycle: f64,
    /// Declining all of it, in milliseconds.
    pub decline: f64,
}

/// Rounds in which every agent is offered and declined, at more and more agents, and at more and more frameworks.
#[derive(Debug)]
pub struct Growth {
    /// By agents.
    pub agents: Vec<Point>,
    /// By frameworks.
    pub frameworks: Vec<Point>,
}

/// Measures the growth.
pub fn growth(size: Size) -> Growth {
    let point = |many: u32, agents: u32, frameworks: u32| {
        let (agents, frameworks) = (size.of(agents), size.of(frameworks));
        let rounds = rounds::declined(agents, frameworks, ROUNDS.min(frameworks));
        Point {
            many: f64::from(many),
            offers: f64::from(agents),
            cycle: median(rounds.runs_ms),
            decline: median(rounds.declines_ms),
        }
    };
    Growth {
        agents: AGENTS.map(|n| point(n, n, 200)).to_vec(),
        frameworks: FRAMEWORKS.map(|n| point(n, 10_000, n)).to_vec(),
    }
}

impl Growth {
    /// Milliseconds, and microseconds of each offer, as a Markdown table.
    pub fn table(&self) -> String {
        let heading = [
            "",
            "a cycle, CPU ms",
            "µs an offer",
            "declining all, CPU ms",
            "µs an offer",
        ];
        let mut cells = vec![heading.map(str::to_owned).to_vec()];
        let mut add = |points: &[Point], what: &str| {
            cells.extend(points.iter().map(|point| {
                let each = |ms: f64| format!("{:.2}", 1e3 * ms / point.offers);
                vec![
                    format!("{:.0} {what}", point.many),
                    figure(point.cycle),
                    each(point.cycle),
                    figure(point.decline),
                    each(point.decline),
                ]
            }));
        };
        add(&self.agents, "agents x 200 frameworks");
        add(&self.frameworks, "frameworks x 10000 agents");
        table::grid(&cells)
    }

    /// Both beside each other. Dashed is what a cycle would cost if each offer cost what it costs at 10,000 agents and
    /// 200 frameworks.
    pub fn svg(&self) -> String {
        let mut body = String::new();
        Panel {
            left: 0.0,
            title: "by agents (200 frameworks), CPU ms",
            points: &self.agents,
            logarithmic: false,
        }
        .draw(&mut body);
        Panel {
            left: WIDTH,
            title: "by frameworks (10,000 agents), CPU ms",
            points: &self.frameworks,
            logarithmic: true,
        }
        .draw(&mut body);
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {:.0} {HEIGHT:.0}\" font-family=\"sans-serif\" \
             font-size=\"11\">\n<rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\n{body}</svg>\n",
            2.0 * WIDTH
        )
    }
}

/// One picture.
struct Panel<'a> {
    left: f64,
    title: &'a str,
    points: &'a [Point],
    /// Whether as far means as many times.
    logarithmic: bool,
}

impl Panel<'_> {
    fn draw(&self, body: &mut String) {
        let points = self.points;
        let most = |value: &dyn Fn(&Point) -> f64| points.iter().map(value).fold(f64::MIN_POSITIVE, f64::max);
        let (most_x, most_y) = (
            most(&|point| point.many),
            most(&|point| point.cycle.max(point.decline)),
        );
        let least_x = points.first().map_or(1.0, |point| point.many);
        let x = |value: f64| {
            let way = if self.logarithmic {
                (value / least_x).ln() / (most_x / least_x).ln()
            } else {
                value / most_x
            };
            self.left + MARGIN + way * (WIDTH - 2.0 * MARGIN)
        };
        let y = |value: f64| HEIGHT - MARGIN - value / most_y * (HEIGHT - 2.5 * MARGIN);
        let start = if self.logarithmic { least_x } else { 0.0 };
        let _ = writeln!(
            body,
            r##"<text x="{0:.0}" y="18" font-weight="bold">{6}</text><text x="{0:.0}" y="34" fill="#2a6f97">a cycle that offers every agent</text><text x="{1:.0}" y="34" fill="#b5651d">declining all of it</text><path d="M{2:.0},{3:.0}V{4:.0}H{5:.0}" fill="none" stroke="#808890"/>"##,
            self.left + MARGIN,
            self.left + MARGIN + 180.0,
            x(start),
            y(most_y),
            y(0.0),
            x(most_x),
            self.title,
        );
        let offers = |point: &&Point| (point.offers - 10_000.0).abs() < 1.0;
        if let Some(base) = points
            .iter()
            .filter(offers)
            .nth(if self.logarithmic { 3 } else { 0 })
        {
            let straight = |many: f64| {
                let times = if self.logarithmic { 1.0 } else { many / base.many };
                y(base.cycle * times)
            };
            let _ = writeln!(
                body,
                r##"<path d="M{:.1},{:.1}L{:.1},{:.1}" fill="none" stroke="#808890" stroke-dasharray="4 4"/>"##,
                x(start),
                straight(start),
                x(most_x),
                straight(most_x),
            );
        }
        // Of two points so near to each other only the second is labelled.
        let labelled = |place: usize| {
            let next = points.get(place + 1);
            next.is_none_or(|next| x(next.many) - x(points[place].many) >= NEAR)
        };
        let mut curve = |colour: &str, lift: f64, value: &dyn Fn(&Point) -> f64| {
            let line: Vec<String> = points
                .iter()
                .map(|point| format!("{:.1},{:.1}", x(point.many), y(value(point))))
                .collect();
            let _ = writeln!(
                body,
                r#"<polyline points="{}" fill="none" stroke="{colour}" stroke-width="2"/>"#,
                line.join(" ")
            );
            for (place, point) in points.iter().enumerate() {
                let (x, y, value) = (x(point.many), y(value(point)), figure(value(point)));
                let _ = write!(body, r#"<circle cx="{x:.1}" cy="{y:.1}" r="3" fill="{colour}"/>"#);
                if labelled(place) {
                    let _ = write!(
                        body,
                        r#"<text x="{x:.1}" y="{:.1}" text-anchor="middle" fill="{colour}">{value}</text>"#,
                        y + lift
                    );
                }
                body.push('\n');
            }
        };
        curve("#2a6f97", 16.0, &|point| point.cycle);
        curve("#b5651d", -8.0, &|point| point.decline);
        for (_, point) in points.iter().enumerate().filter(|(place, _)| labelled(*place)) {
            let _ = writeln!(
                body,
                r##"<text x="{:.1}" y="{:.1}" text-anchor="middle" fill="#808890">{}</text>"##,
                x(point.many),
                HEIGHT - MARGIN + 16.0,
                figure(point.many),
            );
        }
    }
}
