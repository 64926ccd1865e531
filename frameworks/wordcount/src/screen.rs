//! What people see.

use std::time::Duration;

use comfy_table::presets::UTF8_BORDERS_ONLY;
use comfy_table::{CellAlignment, Table};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::reduce::Counts;

/// A progress bar and the lines above it.
pub struct Screen {
    bar: ProgressBar,
}

impl Screen {
    /// A screen for so many tasks.
    pub fn new(tasks: usize) -> Self {
        let bar = ProgressBar::new(u64::try_from(tasks).unwrap_or(u64::MAX));
        bar.set_draw_target(ProgressDrawTarget::stdout());
        let style = ProgressStyle::with_template("{bar:40} {pos}/{len} counted  {msg}  {elapsed}");
        bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
        bar.enable_steady_tick(Duration::from_millis(100));
        Self { bar }
    }

    /// How many tasks are in which state.
    pub fn states(&self, staged: usize, running: usize, finished: usize) {
        self.bar.set_message(format!(
            "staged {staged} | running {running} | finished {finished}"
        ));
    }

    /// How many results are in.
    pub fn reduced(&self, n: usize) {
        self.bar.set_position(u64::try_from(n).unwrap_or(u64::MAX));
    }

    /// Prints a line above the bar.
    pub fn line(&self, text: &str) {
        if self.bar.is_hidden() {
            println!("{text}");
        } else {
            self.bar.println(text);
        }
    }

    /// Leaves the full bar standing.
    pub fn finish(&self) {
        self.bar.finish();
    }
}

/// The most frequent words as a table.
pub fn table(counts: &Counts, n: usize) -> Table {
    let mut table = Table::new();
    table
        .load_preset(UTF8_BORDERS_ONLY)
        .set_header(["word", "count", "share"]);
    let total = counts.total().max(1);
    for (word, count) in counts.top(n) {
        let share = format!("{:.2} %", count as f64 * 100.0 / total as f64);
        table.add_row([word.to_owned(), count.to_string(), share]);
    }
    for column in table.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table
}
