//! Sets of small numbers.

/// A set of numbers, one bit each.
#[derive(Debug, Clone, Default)]
pub(super) struct Bits(Vec<u64>);

impl Bits {
    /// Adds a number.
    pub fn set(&mut self, number: u32) {
        let word = number as usize / 64;
        if self.0.len() <= word {
            self.0.resize(word + 1, 0);
        }
        self.0[word] |= 1 << (number % 64);
    }

    /// Takes a number out; true when it was in it.
    pub fn unset(&mut self, number: u32) -> bool {
        let Some(word) = self.0.get_mut(number as usize / 64) else {
            return false;
        };
        let was = *word & (1 << (number % 64)) != 0;
        *word &= !(1 << (number % 64));
        was
    }

    /// True when the number is in it.
    pub fn has(&self, number: u32) -> bool {
        self.word(number as usize / 64) & (1 << (number % 64)) != 0
    }

    fn word(&self, index: usize) -> u64 {
        self.0.get(index).copied().unwrap_or(0)
    }

    /// The numbers in it.
    pub fn iter(&self) -> impl Iterator<Item = u32> + '_ {
        self.0.iter().enumerate().flat_map(|(index, word)| {
            let base = u32::try_from(index * 64).expect("numbers are 32 bits long");
            let mut left = *word;
            std::iter::from_fn(move || {
                let bit = (left != 0).then(|| left.trailing_zeros())?;
                left &= left - 1;
                Some(base + bit)
            })
        })
    }

    /// True when nothing was ever added since it was cleared.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Takes all numbers out.
    pub fn clear(&mut self) {
        self.0 = Vec::new();
    }

    /// The numbers in it that are in neither of the others, `None` when there are more than `max`.
    pub fn without(&self, one: &Bits, two: &Bits, max: usize) -> Option<Vec<u32>> {
        let left = |index: usize, word: &u64| word & !one.word(index) & !two.word(index);
        let mut count = 0;
        for (index, word) in self.0.iter().enumerate() {
            count += left(index, word).count_ones() as usize;
            if count > max {
                return None;
            }
        }
        let mut found = Vec::with_capacity(count);
        for (index, word) in self.0.iter().enumerate() {
            let mut left = left(index, word);
            while left != 0 {
                let base = u32::try_from(index * 64).expect("numbers are 32 bits long");
                found.push(base + left.trailing_zeros());
                left &= left - 1;
            }
        }
        Some(found)
    }
}
