//! How results are shown and kept.

use std::fmt::Write as _;
use std::path::Path;

use anyhow::{Context as _, Result};

/// One line of a table.
#[derive(Debug, Clone)]
pub struct Row {
    /// What was done.
    pub work: String,
    /// What Mesos 1.11.0 needs for it, on two cores.
    pub cpp: &'static str,
    /// What we want.
    pub goal: &'static str,
    /// What we got.
    pub ours: String,
    /// Whether that is as good as the goal.
    pub reached: bool,
}

/// The table as Markdown.
pub fn render(rows: &[Row]) -> String {
    let mut cells = vec![
        ["work", "C++ 1.11.0", "goal", "ours", ""]
            .map(str::to_owned)
            .to_vec(),
    ];
    cells.extend(rows.iter().map(|row| {
        let verdict = if row.reached { "PASS" } else { "short" };
        [&row.work, row.cpp, row.goal, &row.ours, verdict]
            .map(str::to_owned)
            .to_vec()
    }));
    grid(&cells)
}

/// Lines of cells as Markdown, the first of them the head; all have as many cells.
pub fn grid(lines: &[Vec<String>]) -> String {
    let columns = lines.first().map_or(0, Vec::len);
    let width = |column: usize| {
        let cells = lines.iter().map(|line| line[column].chars().count());
        cells.max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..columns).map(width).collect();
    let mut text = String::new();
    for (number, line) in lines.iter().enumerate() {
        for (cell, width) in line.iter().zip(&widths) {
            let _ = write!(text, "| {cell:width$} ");
        }
        text.push_str("|\n");
        if number == 0 {
            for width in &widths {
                let _ = write!(text, "|{}", "-".repeat(width + 2));
            }
            text.push_str("|\n");
        }
    }
    text
}

/// Puts a text between the marks of a subject in a document.
///
/// # Errors
///
/// When the document has no such marks.
pub fn record(document: &Path, subject: &str, text: &str) -> Result<()> {
    let whole = std::fs::read_to_string(document)
        .with_context(|| format!("failed to read `{}`", document.display()))?;
    let (begin, end) = (
        format!("<!-- {subject}:begin -->"),
        format!("<!-- {subject}:end -->"),
    );
    let (before, rest) = whole
        .split_once(&begin)
        .with_context(|| format!("`{}` has no `{begin}`", document.display()))?;
    let (_, after) = rest
        .split_once(&end)
        .with_context(|| format!("`{}` has no `{end}`", document.display()))?;
    std::fs::write(document, format!("{before}{begin}\n{text}{end}{after}"))
        .with_context(|| format!("failed to write `{}`", document.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_replaces_what_stood_between_the_marks() {
        let directory = std::env::temp_dir().join(format!("mesos-benches-{}", std::process::id()));
        std::fs::create_dir_all(&directory).unwrap();
        let document = directory.join("benchmarks.md");
        std::fs::write(&document, "a\n<!-- x:begin -->\nold\n<!-- x:end -->\nb\n").unwrap();
        record(&document, "x", "new\n").unwrap();
        let text = std::fs::read_to_string(&document).unwrap();
        assert_eq!(text, "a\n<!-- x:begin -->\nnew\n<!-- x:end -->\nb\n");
        assert!(record(&document, "y", "").is_err());
        std::fs::remove_dir_all(directory).unwrap();
    }
}
