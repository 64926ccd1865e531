//! What frameworks hold of one agent.

use mesos::Resources;

/// Bundles by the number of a framework. They are few, so they lie side by side.
#[derive(Debug, Clone, Default)]
pub(super) struct Held(Vec<(u32, Resources)>);

impl Held {
    fn place(&self, framework: u32) -> Result<usize, usize> {
        self.0.binary_search_by_key(&framework, |entry| entry.0)
    }

    /// What a framework holds.
    pub fn get(&self, framework: u32) -> Option<&Resources> {
        self.place(framework).ok().map(|place| &self.0[place].1)
    }

    /// A framework holds something more.
    pub fn add(&mut self, framework: u32, more: &Resources) {
        match self.place(framework) {
            Ok(place) => self.0[place].1 += more,
            Err(place) => self.insert(place, framework, more.clone()),
        }
    }

    fn insert(&mut self, place: usize, framework: u32, resources: Resources) {
        if self.0.capacity() == 0 {
            // Mostly an agent is one framework's.
            self.0.reserve_exact(1);
        }
        self.0.insert(place, (framework, resources));
    }

    /// A framework holds something less. Returns what was taken away when that is all the framework held, in the same
    /// order: who asks need not copy it.
    pub fn sub(&mut self, framework: u32, less: &Resources) -> Option<Resources> {
        let place = self.place(framework).ok()?;
        let held = &mut self.0[place].1;
        let all = held.len() == less.len()
            && held
                .iter()
                .zip(less)
                .all(|(own, back)| own == back && own.copies() == back.copies());
        if all {
            return Some(self.0.remove(place).1);
        }
        *held -= less;
        if held.is_empty() {
            self.0.remove(place);
        }
        None
    }

    /// What a framework holds became something else.
    pub fn replace(&mut self, framework: u32, before: &Resources, after: &Resources) {
        let place = self.place(framework).unwrap_or_else(|place| {
            self.insert(place, framework, Resources::new());
            place
        });
        let held = &mut self.0[place].1;
        *held -= before;
        *held += after;
        if held.is_empty() {
            self.0.remove(place);
        }
    }

    /// True when a framework holds something.
    pub fn has(&self, framework: u32) -> bool {
        self.place(framework).is_ok()
    }

    /// What frameworks hold, by their numbers.
    pub fn iter(&self) -> impl Iterator<Item = (u32, &Resources)> {
        self.0.iter().map(|(framework, held)| (*framework, held))
    }

    /// What frameworks hold.
    pub fn bundles(&self) -> impl Iterator<Item = &Resources> {
        self.0.iter().map(|(_, held)| held)
    }
}

impl FromIterator<(u32, Resources)> for Held {
    fn from_iter<I: IntoIterator<Item = (u32, Resources)>>(bundles: I) -> Self {
        let mut held = Self::default();
        for (framework, resources) in bundles {
            held.add(framework, &resources);
        }
        held
    }
}

impl IntoIterator for Held {
    type Item = (u32, Resources);
    type IntoIter = std::vec::IntoIter<(u32, Resources)>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}
