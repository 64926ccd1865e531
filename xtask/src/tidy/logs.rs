//! Rule 26: a log line is a constant lower-case message with its data in fields.

use super::Source;

const MACROS: [&str; 5] = ["error!(", "warn!(", "info!(", "debug!(", "trace!("];

pub fn check(sources: &[Source]) -> Vec<String> {
    let mut breaches = Vec::new();
    for source in sources
        .iter()
        .filter(|source| !source.is_generated() && !source.is_test())
    {
        if source.path.starts_with("xtask/") {
            continue;
        }
        for (start, _) in source.text.match_indices("!(") {
            let name_start = source.text[..start]
                .rfind(|c: char| !c.is_alphanumeric() && c != '_')
                .map_or(0, |at| at + 1);
            let call = &source.text[name_start..start + 2];
            if !MACROS.contains(&call) {
                continue;
            }
            let line = source.text[..start].lines().count().max(1);
            let Some(message) = message(&source.text[start + 2..]) else {
                breaches.push(format!(
                    "{}:{line}: a log line has a constant message (rule 26)",
                    source.path
                ));
                continue;
            };
            let begins_low = message.chars().next().is_some_and(|first| !first.is_uppercase());
            if message.contains('{') || !begins_low || message.ends_with('.') {
                breaches.push(format!(
                    "{}:{line}: `{message}`: constant, lower-case, no full stop, data in fields (rule 26)",
                    source.path
                ));
            }
        }
    }
    breaches
}

/// The last string of a macro's arguments that stands on its own.
fn message(arguments: &str) -> Option<&str> {
    let mut depth = 1;
    let mut in_string = false;
    let mut start = 0;
    let mut last = None;
    let mut previous = '(';
    let mut before_string = '(';
    for (at, c) in arguments.char_indices() {
        if in_string {
            if c == '"' && previous != '\\' {
                in_string = false;
                if depth == 1 && matches!(before_string, ',' | '(') {
                    last = Some(&arguments[start..at]);
                }
            }
        } else {
            match c {
                '"' => {
                    in_string = true;
                    start = at + 1;
                }
                '(' | '[' | '{' => depth += 1,
                ')' | ']' | '}' => {
                    depth -= 1;
                    if depth == 0 {
                        return last;
                    }
                }
                _ => {}
            }
            if !c.is_whitespace() && c != '"' {
                before_string = c;
            }
        }
        previous = c;
    }
    None
}
