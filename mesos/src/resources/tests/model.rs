//! The rules of Mesos, written down as plainly as possible, beside what this crate does.

use std::collections::BTreeSet;

use mesos_proto::v0::resource::disk_info::source::Type;

use super::any::{messages, resources};
use super::*;

/// Messages one after the other, looked at one by one, and how often each is held.
#[derive(Clone, Debug, Default)]
struct Model(Vec<(v0::Resource, u32)>);

/// All but the value, and what does not tell resources apart: the volume, the order of labels.
fn kind(message: &v0::Resource) -> String {
    let mut message = message.clone();
    message.scalar = None;
    message.ranges = None;
    message.set = None;
    let sort = |labels: &mut Option<Box<v0::Labels>>| {
        if let Some(labels) = labels {
            labels.labels.sort_by_key(|label| format!("{label:?}"));
        }
    };
    for reservation in &mut message.reservations {
        sort(&mut reservation.labels);
    }
    if let Some(disk) = &mut message.disk {
        disk.volume = None;
        if let Some(source) = &mut disk.source {
            sort(&mut source.metadata);
        }
    }
    format!("{message:?}")
}

fn amount(message: &v0::Resource) -> i64 {
    let value = message.scalar.as_ref().map_or(0.0, |scalar| scalar.value);
    (value * 1000.0).round() as i64
}

fn ports(message: &v0::Resource) -> BTreeSet<u64> {
    let ranges = message.ranges.as_ref().map_or(&[][..], |ranges| &ranges.range);
    ranges.iter().flat_map(|range| range.begin..=range.end).collect()
}

fn words(message: &v0::Resource) -> Vec<String> {
    message
        .set
        .as_ref()
        .map(|set| set.item.clone())
        .unwrap_or_default()
}

fn with_ports(mut message: v0::Resource, ports: &BTreeSet<u64>) -> v0::Resource {
    let ranges = Ranges::new(ports.iter().map(|port| (*port, *port)));
    message.ranges = message.ranges.is_some().then(|| Box::new(ranges.to_proto()));
    message
}

fn with_words(mut message: v0::Resource, words: Vec<String>) -> v0::Resource {
    if let Some(set) = &mut message.set {
        set.item = words;
    }
    message
}

fn with_amount(mut message: v0::Resource, amount: i64) -> v0::Resource {
    let scalar = Scalar::from_thousandths(amount).to_proto();
    message.scalar = message.scalar.is_some().then(|| Box::new(scalar));
    message
}

fn same_value(one: &v0::Resource, two: &v0::Resource) -> bool {
    let sorted = |message| words(message).into_iter().collect::<BTreeSet<_>>();
    amount(one) == amount(two) && ports(one) == ports(two) && sorted(one) == sorted(two)
}

/// One thing that is never joined with another and never split.
fn exclusive(message: &v0::Resource) -> bool {
    let Some(disk) = &message.disk else { return false };
    let source = disk.source.as_ref().is_some_and(|source| match source.r#type {
        Type::Mount | Type::Block => true,
        Type::Raw => source.id.is_some(),
        _ => false,
    });
    source || disk.persistence.is_some()
}

fn empty(message: &v0::Resource) -> bool {
    amount(message) == 0 && ports(message).is_empty() && words(message).is_empty()
}

fn contains(own: &(v0::Resource, u32), part: &(v0::Resource, u32)) -> bool {
    if kind(&own.0) != kind(&part.0) {
        return false;
    }
    if own.0.shared.is_some() {
        return same_value(&own.0, &part.0) && own.1 >= part.1;
    }
    if exclusive(&own.0) {
        return same_value(&own.0, &part.0);
    }
    let subset = |one: Vec<String>, two: Vec<String>| one.iter().all(|word| two.contains(word));
    amount(&part.0) <= amount(&own.0)
        && ports(&part.0).is_subset(&ports(&own.0))
        && subset(words(&part.0), words(&own.0))
}

impl Model {
    fn of(resources: &Resources) -> Self {
        Self(
            resources
                .iter()
                .map(|one| (one.to_proto(), one.copies()))
                .collect(),
        )
    }

    fn add(&mut self, part: &(v0::Resource, u32)) {
        if empty(&part.0) {
            return;
        }
        let alike = self.0.iter().position(|own| {
            kind(&own.0) == kind(&part.0)
                && (!exclusive(&part.0) || (part.0.shared.is_some() && same_value(&own.0, &part.0)))
        });
        let Some(position) = alike else {
            self.0.push(part.clone());
            return;
        };
        let own = &mut self.0[position];
        if part.0.shared.is_some() {
            own.1 += part.1;
            return;
        }
        let mut all = words(&own.0);
        all.extend(
            words(&part.0)
                .into_iter()
                .filter(|word| !words(&own.0).contains(word)),
        );
        let sum = with_amount(own.0.clone(), amount(&own.0) + amount(&part.0));
        own.0 = with_words(with_ports(sum, &(&ports(&own.0) | &ports(&part.0))), all);
    }

    fn subtract(&mut self, part: &(v0::Resource, u32)) {
        let alike = self.0.iter().position(|own| {
            kind(&own.0) == kind(&part.0) && (!exclusive(&part.0) || same_value(&own.0, &part.0))
        });
        let Some(position) = alike.filter(|_| !empty(&part.0)) else {
            return;
        };
        let own = &mut self.0[position];
        let gone = if part.0.shared.is_some() {
            own.1 = own.1.saturating_sub(part.1);
            own.1 == 0
        } else {
            let mut left = words(&own.0);
            left.retain(|word| !words(&part.0).contains(word));
            let rest = (amount(&own.0) - amount(&part.0)).max(0);
            let rest = with_amount(own.0.clone(), rest);
            own.0 = with_words(with_ports(rest, &(&ports(&own.0) - &ports(&part.0))), left);
            empty(&own.0)
        };
        if gone {
            self.0.swap_remove(position);
        }
    }

    fn contains(&self, other: &Model) -> bool {
        let mut rest = self.clone();
        other.0.iter().all(|part| {
            let contained = rest.0.iter().any(|own| contains(own, part));
            if part
                .0
                .disk
                .as_ref()
                .is_some_and(|disk| disk.persistence.is_some())
            {
                rest.subtract(part);
            }
            contained
        })
    }
}

/// The same resources in the same order, sets in any.
fn same(resources: &Resources, model: &Model) -> Result<(), TestCaseError> {
    let shown = |pair: &(v0::Resource, u32)| {
        let mut words = words(&pair.0);
        words.sort();
        let message = with_words(pair.0.clone(), words);
        format!("{message:?} x {}", pair.1)
    };
    let ours: Vec<String> = Model::of(resources).0.iter().map(shown).collect();
    let theirs: Vec<String> = model.0.iter().map(shown).collect();
    prop_assert_eq!(ours, theirs);
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn bundles_are_what_mesos_makes_of_messages(messages in messages()) {
        let mut model = Model::default();
        for message in &messages {
            model.add(&(message.clone(), 1));
        }
        same(&Resources::from_protos(&messages).unwrap(), &model)?;
    }

    #[test]
    fn sums_and_differences_are_those_of_mesos(one in resources(), two in resources(), turned in any::<bool>()) {
        let mut two = two;
        if turned {
            two = one.iter().rev().cloned().chain(two.iter().cloned()).collect();
        }
        let (a, b) = (Model::of(&one), Model::of(&two));
        prop_assert_eq!(one.contains(&two), a.contains(&b));
        prop_assert_eq!(two.contains(&one), b.contains(&a));
        prop_assert_eq!(one == two, a.contains(&b) && b.contains(&a));
        let mut sum = a.clone();
        b.0.iter().for_each(|part| sum.add(part));
        same(&(&one + &two), &sum)?;
        let mut rest = a.clone();
        b.0.iter().for_each(|part| rest.subtract(part));
        same(&(&one - &two), &rest)?;
        // One after the other comes to the same as all at once.
        let mut slowly = one.clone();
        for part in &two {
            Resources::add(&mut slowly, part.clone());
            prop_assert!(slowly.contains_one(part));
        }
        same(&slowly, &sum)?;
        for part in &two {
            slowly.subtract(part);
        }
        let mut back = sum;
        b.0.iter().for_each(|part| back.subtract(part));
        same(&slowly, &back)?;
    }
}
