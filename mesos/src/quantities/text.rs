//! Amounts as operators write them.

use std::fmt;

use super::Entries;
use crate::value::{Parsed, tokens};
use crate::{Error, Scalar};

/// The name, the amount and the written value of each pair; `what` is what a refusal calls an amount.
pub(super) fn entries<'a>(
    text: &'a str,
    what: &'a str,
) -> impl Iterator<Item = Result<(&'a str, Scalar, &'a str), Error>> {
    tokens(text, &[';']).map(move |token| {
        let pair: Vec<&str> = tokens(token, &[':']).collect();
        let [name, value] = pair[..] else {
            return Err(Error::new(format!(
                "Failed to parse '{token}': missing or extra ':'"
            )));
        };
        let refuse = |because: String| Error::new(format!("Failed to parse '{value}' to {what}:{because}"));
        match Parsed::parse(value) {
            Ok(Parsed::Scalar(scalar)) => Ok((name.trim(), Scalar::from_f64(scalar), value)),
            Ok(_) => Err(refuse(" only scalar values are allowed".to_owned())),
            Err(error) => Err(refuse(format!(" {error}"))),
        }
    })
}

pub(super) fn print(entries: &Entries, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    if entries.is_empty() {
        return f.write_str("{}");
    }
    for (index, (name, amount)) in entries.iter().enumerate() {
        let separator = if index > 0 { "; " } else { "" };
        write!(f, "{separator}{name}:{amount}")?;
    }
    Ok(())
}
