//! Numbers in the order of names, so that names are compared once and numbers from then on.

/// In the middle of all numbers, with as much room before as behind.
pub(super) const MIDDLE: u64 = 1 << 63;

/// How far a name that comes after all others is put behind the last: mostly names come in ascending order.
const STEP: u64 = 1 << 32;

/// A number between those of the names before and behind; `None` when there is no room.
pub(super) fn between(before: Option<u64>, behind: Option<u64>) -> Option<u64> {
    let (low, high) = match (before, behind) {
        (None, None) => return Some(MIDDLE),
        (Some(before), None) if before < u64::MAX - STEP => return Some(before + STEP),
        (before, behind) => (before.unwrap_or(0), behind.unwrap_or(u64::MAX)),
    };
    let middle = low + (high - low) / 2;
    (middle > low).then_some(middle)
}

/// So many numbers in ascending order between two others, as far from each other as can be.
pub(super) fn spread(low: u64, high: u64, count: usize) -> impl Iterator<Item = u64> {
    let count = u64::try_from(count).unwrap_or(u64::MAX - 1);
    let step = (high - low) / (count + 1);
    (1..=count).map(move |place| low + place * step)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_follow_the_order_of_names_until_there_is_no_room() {
        // Names in ascending order are the usual case, and have room for ever.
        let mut last = between(None, None).unwrap();
        for _ in 0..100_000 {
            let next = between(Some(last), None).unwrap();
            assert!(next > last);
            last = next;
        }
        // Always between the same two: the room halves.
        let (low, mut high) = (MIDDLE, MIDDLE + STEP);
        let mut steps = 0;
        while let Some(number) = between(Some(low), Some(high)) {
            assert!(low < number && number < high);
            high = number;
            steps += 1;
        }
        assert_eq!(steps, 32);
        assert_eq!(between(None, Some(1)), None);
        assert!(between(Some(u64::MAX - 1), None).is_none_or(|number| number == u64::MAX - 1));
        let fresh: Vec<u64> = spread(0, u64::MAX, 1000).collect();
        assert!(fresh.is_sorted_by(|one, two| one < two) && fresh.len() == 1000);
        assert!(fresh.iter().all(|number| *number > 0 && *number < u64::MAX));
    }
}
