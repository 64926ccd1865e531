use crate::Upid;

/// Remembers something for each of the last kinds of messages: sender, receiver and name.
///
/// Most messages of a connection are of few kinds, often of the one before. So the last is tried first, then the
/// others in order, and when there is no more room the oldest gives way.
#[derive(Debug)]
pub struct Recent<T> {
    entries: Vec<Entry<T>>,
    capacity: usize,
    last: usize,
    oldest: usize,
}

#[derive(Debug)]
struct Entry<T> {
    from: Upid,
    to: Box<str>,
    name: Box<str>,
    value: T,
}

impl<T> Entry<T> {
    fn is(&self, from: &Upid, to: &str, name: &str) -> bool {
        *self.name == *name
            && *self.to == *to
            && self.from.id() == from.id()
            && self.from.address() == from.address()
    }
}

impl<T> Recent<T> {
    /// Makes an empty memory for this many kinds, at least one.
    pub fn new(capacity: usize) -> Recent<T> {
        Recent {
            entries: Vec::new(),
            capacity: capacity.max(1),
            last: 0,
            oldest: 0,
        }
    }

    /// The number of a kind, below the capacity, and what is remembered for it. A new kind is given what `make`
    /// returns for its number, which may have been that of an older kind.
    pub fn get(&mut self, from: &Upid, to: &str, name: &str, make: impl FnOnce(usize) -> T) -> (usize, &T) {
        let known = match self.entries.get(self.last) {
            Some(entry) if entry.is(from, to, name) => Some(self.last),
            _ => self.entries.iter().position(|entry| entry.is(from, to, name)),
        };
        self.last = known.unwrap_or_else(|| {
            let place = if self.entries.len() < self.capacity {
                self.entries.len()
            } else {
                self.oldest
            };
            self.oldest = (place + 1) % self.capacity;
            let entry = Entry {
                from: from.clone(),
                to: to.into(),
                name: name.into(),
                value: make(place),
            };
            match self.entries.get_mut(place) {
                Some(old) => *old = entry,
                None => self.entries.push(entry),
            }
            place
        });
        (self.last, &self.entries[self.last].value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_kind_gives_way() {
        let upid: Upid = "a@1.2.3.4:5".parse().unwrap();
        let mut recent = Recent::new(2);
        let mut get = |name: &str| {
            let mut fresh = false;
            let (place, _) = recent.get(&upid, "b", name, |_| fresh = true);
            (place, fresh)
        };
        assert_eq!([get("x"), get("y"), get("x")], [(0, true), (1, true), (0, false)]);
        assert_eq!(
            [get("z"), get("y"), get("x"), get("z")],
            [(0, true), (1, false), (1, true), (0, false)]
        );
    }

    #[test]
    fn kinds_differ_in_any_part() {
        let mut recent = Recent::new(8);
        let mut get = |from: &str, to: &str, name: &str| {
            let from: Upid = from.parse().unwrap();
            recent.get(&from, to, name, |_| ()).0
        };
        assert_eq!(get("a@1.2.3.4:5", "b", "c"), 0);
        assert_eq!(get("b@1.2.3.4:5", "b", "c"), 1);
        assert_eq!(get("a@1.2.3.4:6", "b", "c"), 2);
        assert_eq!(get("a@1.2.3.4:5", "c", "c"), 3);
        assert_eq!(get("a@1.2.3.4:5", "b", "d"), 4);
        assert_eq!(get("a@1.2.3.4:5", "b", "c"), 0);
    }
}
