//! Chance for tests, from a seed.

use crate::hierarchical::chance::draw;

pub(super) struct Dice {
    seed: u64,
    thrown: u64,
}

impl Dice {
    pub fn new(seed: u64) -> Self {
        Self { seed, thrown: 0 }
    }

    /// A number below `below`.
    pub fn roll(&mut self, below: u64) -> u64 {
        self.thrown += 1;
        draw(self.seed, &[self.thrown]) % below
    }

    /// True once in `in_so_many`.
    pub fn once(&mut self, in_so_many: u64) -> bool {
        self.roll(in_so_many) == 0
    }

    /// One of some.
    pub fn pick<'a, T>(&mut self, of: &'a [T]) -> Option<&'a T> {
        (!of.is_empty()).then(|| &of[self.roll(of.len() as u64) as usize])
    }
}

/// How many rounds a test plays: so many, or as many as the environment variable says (`cargo xtask verify --deep drf`).
#[allow(
    clippy::disallowed_methods,
    reason = "the allocator itself reads no environment"
)]
pub(super) fn rounds(variable: &str, normally: u64) -> u64 {
    std::env::var(variable)
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(normally)
}
