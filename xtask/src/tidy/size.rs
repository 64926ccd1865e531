//! Rule 5: small files.

use super::Source;

/// Where a file must stop, in lines.
const MAX: usize = 1000;

pub fn check(sources: &[Source]) -> Vec<String> {
    sources
        .iter()
        .filter(|source| !source.is_generated() && !source.is_test())
        .map(|source| (source, source.text.lines().count()))
        .filter(|(_, lines)| *lines > MAX)
        .map(|(source, lines)| format!("{}: {lines} lines, {MAX} is the end (rule 5)", source.path))
        .collect()
}
