//! One figure beside those it is compared with.

use std::fmt;

use super::bare;
use crate::table;

/// What we want.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Goal {
    /// A rate of this or more.
    AtLeast(f64),
    /// A time or a size of this or less.
    AtMost(f64),
    /// This many times as good as that peer.
    Times(&'static str, f64),
    /// Not worse than that peer by more than this part of it.
    Within(&'static str, f64),
    /// As good as the best peer, yardsticks left out.
    Best,
}

/// One thing that was measured.
#[derive(Debug, Clone)]
pub struct Row {
    /// What was done.
    pub work: String,
    /// What the figures count.
    pub unit: &'static str,
    /// Whether more is better.
    pub rate: bool,
    /// C++ libprocess 1.11.0 on such a machine, at its best.
    pub cpp: Option<f64>,
    /// Other runtimes, in the same run; not a number where one cannot do the work.
    pub peers: Vec<(&'static str, f64)>,
    /// Ours.
    pub ours: f64,
    /// What we want.
    pub goals: Vec<Goal>,
}

impl Row {
    /// A row where more is better.
    pub fn rate(work: &str, unit: &'static str) -> Row {
        Row {
            work: work.to_owned(),
            unit,
            rate: true,
            cpp: None,
            peers: Vec::new(),
            ours: f64::NAN,
            goals: Vec::new(),
        }
    }

    /// A row where less is better.
    pub fn time(work: &str, unit: &'static str) -> Row {
        Row {
            rate: false,
            ..Row::rate(work, unit)
        }
    }

    /// How many times as good we are as `other`.
    pub fn ratio(&self, other: f64) -> f64 {
        if self.rate {
            self.ours / other
        } else {
            other / self.ours
        }
    }

    /// The best of the peers that run actors.
    pub fn best(&self) -> Option<(&'static str, f64)> {
        let compared = |a: &&(_, f64), b: &&(_, f64)| self.ratio(b.1).total_cmp(&self.ratio(a.1));
        let peers = self.peers.iter();
        let measured = peers.filter(|(name, figure)| *name != bare::NAME && figure.is_finite());
        measured.max_by(compared).copied()
    }

    /// What a peer reached.
    fn peer(&self, name: &str) -> Option<f64> {
        let peer = self.peers.iter().find(|(peer, _)| *peer == name);
        peer.map(|(_, figure)| *figure)
    }

    /// Whether a goal is reached.
    pub fn reached(&self, goal: Goal) -> bool {
        match goal {
            Goal::AtLeast(least) => self.ours >= least,
            Goal::AtMost(most) => self.ours <= most,
            Goal::Times(name, times) => self.peer(name).is_none_or(|figure| self.ratio(figure) >= times),
            Goal::Within(name, part) => self
                .peer(name)
                .is_none_or(|figure| self.ratio(figure) >= 1.0 / (1.0 + part)),
            Goal::Best => self.best().is_none_or(|(_, figure)| self.ratio(figure) >= 1.0),
        }
    }

    fn goal(&self) -> String {
        let texts = self.goals.iter().map(|goal| match goal {
            Goal::AtLeast(least) => format!(">= {}", figure(*least)),
            Goal::AtMost(most) => format!("<= {}", figure(*most)),
            Goal::Times(name, times) => format!("{times} x {name}"),
            Goal::Within(name, part) => format!("within {:.0} % of {name}", 100.0 * part),
            Goal::Best => "the best".to_owned(),
        });
        texts.collect::<Vec<_>>().join(", ")
    }

    fn verdict(&self) -> &'static str {
        match self.goals.as_slice() {
            [] => "",
            goals if goals.iter().all(|goal| self.reached(*goal)) => "PASS",
            _ => "short",
        }
    }
}

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} {}", self.work, figure(self.ours), self.unit)?;
        for (name, peer) in &self.peers {
            write!(f, ", {name} {}", figure(*peer))?;
        }
        write!(f, " (wanted {}) {}", self.goal(), self.verdict())
    }
}

/// A number for people: three digits that matter, and k or M; a dash for what was not measured.
pub fn figure(value: f64) -> String {
    if value.is_nan() {
        return "-".to_owned();
    }
    let (value, suffix) = match value {
        v if v >= 1e6 => (v / 1e6, " M"),
        v if v >= 1e4 => (v / 1e3, " k"),
        v => (v, ""),
    };
    let digits = match value {
        v if v >= 100.0 || v == v.trunc() => 0,
        v if v >= 10.0 => 1,
        _ => 2,
    };
    format!("{value:.digits$}{suffix}")
}

/// The rows as Markdown: those beside C++, then those beside peers, then the others.
pub fn render(rows: &[Row]) -> String {
    let (beside_peers, alone): (Vec<&Row>, Vec<&Row>) = rows.iter().partition(|row| !row.peers.is_empty());
    let mut tables = Vec::new();
    if !alone.is_empty() {
        let mut cells = vec![
            ["work", "unit", "C++ 1.11.0", "ours", "times", "goal", ""]
                .map(str::to_owned)
                .to_vec(),
        ];
        cells.extend(alone.into_iter().map(|row| {
            let times = row.cpp.map(|cpp| format!("{:.1}", row.ratio(cpp)));
            vec![
                row.work.clone(),
                row.unit.to_owned(),
                row.cpp.map(figure).unwrap_or_default(),
                figure(row.ours),
                times.unwrap_or_default(),
                row.goal(),
                row.verdict().to_owned(),
            ]
        }));
        tables.push(table::grid(&cells));
    }
    let names = |row: &Row| row.peers.iter().map(|(name, _)| *name).collect::<Vec<_>>();
    for rows in beside_peers.chunk_by(|a, b| names(a) == names(b)) {
        let mut head = vec!["work".to_owned(), "unit".to_owned(), "ours".to_owned()];
        head.extend(names(rows[0]).into_iter().map(str::to_owned));
        head.extend(["times the best", "goal", ""].map(str::to_owned));
        let mut cells = vec![head];
        cells.extend(rows.iter().map(|row| {
            let mut line = vec![row.work.clone(), row.unit.to_owned(), figure(row.ours)];
            line.extend(row.peers.iter().map(|(_, peer)| figure(*peer)));
            let best = row.best().map(|(_, best)| format!("{:.1}", row.ratio(best)));
            line.extend([best.unwrap_or_default(), row.goal(), row.verdict().to_owned()]);
            line
        }));
        tables.push(table::grid(&cells));
    }
    tables.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn less_is_better_where_time_is_counted() {
        let row = Row {
            ours: 10.0,
            peers: vec![("slow", 50.0), ("fast", 20.0)],
            ..Row::time("x", "ns")
        };
        assert_eq!(row.best(), Some(("fast", 20.0)));
        assert!(row.reached(Goal::Times("slow", 5.0)) && !row.reached(Goal::Times("fast", 2.1)));
        assert!(row.reached(Goal::Best) && row.reached(Goal::AtMost(10.0)));
    }

    #[test]
    fn a_yardstick_is_not_the_best_peer() {
        let row = Row {
            ours: 10.0,
            peers: vec![("slow", 50.0), (bare::NAME, 9.2), ("absent", f64::NAN)],
            ..Row::time("x", "ns")
        };
        assert_eq!(row.best(), Some(("slow", 50.0)));
        assert!(row.reached(Goal::Within(bare::NAME, 0.1)) && !row.reached(Goal::Within(bare::NAME, 0.05)));
        assert_eq!(figure(row.peers[2].1), "-");
    }

    #[test]
    fn figures_are_short() {
        let texts = [0.0, 7.25, 45.67, 9_500.0, 40_400.0, 3.5e6].map(figure);
        assert_eq!(texts, ["0", "7.25", "45.7", "9500", "40.4 k", "3.50 M"]);
    }
}
