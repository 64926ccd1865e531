//! Chance from a seed: the same seed gives the same ids and the same waits.

use std::fmt::Write as _;

/// A generator of random numbers, seeded by the shell from the system and by tests from a constant.
///
/// It is `xoshiro256**`, good enough for ids and backoffs, not for secrets.
#[derive(Clone, Debug)]
pub struct Random([u64; 4]);

impl Random {
    /// A generator from 256 bits of seed.
    #[must_use]
    pub fn from_seed(seed: [u64; 4]) -> Self {
        // All zeros is the one state the generator cannot leave.
        Self(if seed == [0; 4] { [1, 2, 3, 4] } else { seed })
    }

    /// A generator from a small number, for tests.
    #[must_use]
    pub fn from_number(number: u64) -> Self {
        let mut state = number;
        Self(std::array::from_fn(|_| {
            // splitmix64
            state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let mut z = state;
            z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            z ^ (z >> 31)
        }))
    }

    /// The next 64 random bits.
    pub fn bits(&mut self) -> u64 {
        let state = &mut self.0;
        let result = state[1].wrapping_mul(5).rotate_left(7).wrapping_mul(9);
        let shifted = state[1] << 17;
        state[2] ^= state[0];
        state[3] ^= state[1];
        state[1] ^= state[2];
        state[0] ^= state[3];
        state[2] ^= shifted;
        state[3] = state[3].rotate_left(45);
        result
    }

    /// A number in `[0, 1)`.
    pub fn unit(&mut self) -> f64 {
        // 53 bits fill a double exactly.
        #[allow(clippy::cast_precision_loss)]
        let unit = (self.bits() >> 11) as f64 / (1_u64 << 53) as f64;
        unit
    }

    /// The 16 bytes of a random (version 4) UUID.
    pub fn uuid(&mut self) -> [u8; 16] {
        let mut bytes = [0; 16];
        bytes[..8].copy_from_slice(&self.bits().to_be_bytes());
        bytes[8..].copy_from_slice(&self.bits().to_be_bytes());
        bytes[6] = (bytes[6] & 0x0f) | 0x40;
        bytes[8] = (bytes[8] & 0x3f) | 0x80;
        bytes
    }

    /// A random UUID in its text form.
    pub fn uuid_text(&mut self) -> String {
        uuid_text(&self.uuid())
    }
}

/// The text form of a UUID, 36 lower-case characters; other lengths are written as plain hexadecimal.
#[must_use]
pub fn uuid_text(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(36);
    for (index, byte) in bytes.iter().enumerate() {
        if bytes.len() == 16 && matches!(index, 4 | 6 | 8 | 10) {
            text.push('-');
        }
        write!(text, "{byte:02x}").expect("writing to a string cannot fail");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uuids_are_version_four_and_differ() {
        let mut random = Random::from_number(7);
        let (one, two) = (random.uuid_text(), random.uuid_text());
        assert_ne!(one, two);
        assert_eq!(one.len(), 36);
        assert_eq!(one.as_bytes()[14], b'4');
        assert!(matches!(one.as_bytes()[19], b'8' | b'9' | b'a' | b'b'));
        assert_eq!(one, Random::from_number(7).uuid_text());
    }

    #[test]
    fn units_stay_in_range() {
        let mut random = Random::from_seed([0; 4]);
        assert!(
            (0..1000)
                .map(|_| random.unit())
                .all(|unit| (0.0..1.0).contains(&unit))
        );
    }
}
