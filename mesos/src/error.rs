//! The one error of this crate.

/// A refusal, in the words of Mesos: operators and frameworks read it, and tools match on it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Error(String);

impl Error {
    /// An error that says `text`.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The same error behind `prefix` and a colon, as Mesos nests its messages.
    #[must_use]
    pub fn within(self, prefix: &str) -> Self {
        Self(format!("{prefix}: {}", self.0))
    }
}
