//! The rules of libprocess, as an executable model: which histories are possible.

use crate::program::{Act, How, Program};
use crate::run::{Life, Note, Span};
use libprocess::{FutureError, Time};
use std::collections::{BTreeMap, BTreeSet};

const NEVER: u64 = u64::MAX;

/// What a future came to, and when.
type Outcome = (Result<usize, FutureError>, u64);

/// A life, put together from notes. Its name is taken from some time in `born` to some time in `died`.
#[derive(Default)]
struct Told {
    name: usize,
    born: Option<Span>,
    died: Option<Span>,
    initialized: Vec<u64>,
    finalized: Vec<u64>,
    ended: Vec<u64>,
    handled: Vec<(usize, u64)>,
    exits: Vec<(usize, u64)>,
}

impl Told {
    fn born(&self) -> Span {
        self.born.unwrap_or(Span { from: 0, to: 0 })
    }

    fn died(&self) -> Span {
        self.died.unwrap_or(Span {
            from: NEVER,
            to: NEVER,
        })
    }

    /// Whether something done to the name within `span` may have found this life.
    fn may_be_found(&self, span: Span) -> bool {
        span.to >= self.born().from && span.from <= self.died().to
    }

    /// Whether it cannot have missed it.
    fn must_be_found(&self, span: Span) -> bool {
        span.from >= self.born().to && span.to <= self.died().from
    }
}

struct Issue {
    step: usize,
    by: Option<Life>,
    to: Option<Life>,
    span: Span,
}

/// A history, sorted for questions.
struct History<'a> {
    program: &'a Program,
    lives: BTreeMap<Life, Told>,
    refused: Vec<(usize, Span)>,
    issues: Vec<Issue>,
    delays: Vec<(usize, Life, (Time, Time), Span)>,
    cancelled: BTreeMap<usize, bool>,
    moves: Vec<(Time, Span)>,
    completed: BTreeMap<usize, Vec<Outcome>>,
    asked: BTreeMap<usize, Vec<(bool, Span)>>,
    told: BTreeMap<usize, usize>,
    resolved: BTreeMap<usize, (How, Span, bool)>,
    continued: BTreeMap<usize, usize>,
    sweeps: Vec<(usize, Span)>,
    settled: Vec<u64>,
    /// Where each step was handled.
    places: BTreeMap<usize, Vec<(Life, u64)>>,
}

/// Looks for a broken rule.
pub fn check(program: &Program, notes: &[Note]) -> Result<(), String> {
    let history = History::new(program, notes);
    for (life, told) in &history.lives {
        history.check_life(*life, told)?;
        history.check_mailbox(*life, told)?;
        history.check_links(*life, told)?;
    }
    history.check_names()?;
    history.check_steps()?;
    history.check_quiet(notes)
}

fn ensure(holds: bool, broken: impl FnOnce() -> String) -> Result<(), String> {
    if holds { Ok(()) } else { Err(broken()) }
}

impl<'a> History<'a> {
    fn new(program: &'a Program, notes: &[Note]) -> History<'a> {
        let mut history = History {
            program,
            lives: BTreeMap::new(),
            refused: Vec::new(),
            issues: Vec::new(),
            delays: Vec::new(),
            cancelled: BTreeMap::new(),
            moves: Vec::new(),
            completed: BTreeMap::new(),
            asked: BTreeMap::new(),
            told: BTreeMap::new(),
            resolved: BTreeMap::new(),
            continued: BTreeMap::new(),
            sweeps: Vec::new(),
            settled: Vec::new(),
            places: BTreeMap::new(),
        };
        notes.iter().for_each(|note| history.add(note));
        for told in history.lives.values_mut() {
            if let (Some(born), Some(initialized)) = (&mut told.born, told.initialized.first()) {
                born.to = born.to.min(*initialized);
            }
            if let (Some(from), Some(to)) = (told.finalized.first(), told.ended.first()) {
                told.died = Some(Span { from: *from, to: *to });
            }
            told.handled.sort_by_key(|(_, at)| *at);
            told.exits.sort_by_key(|(_, at)| *at);
        }
        history
    }

    fn add(&mut self, note: &Note) {
        match note.clone() {
            Note::Spawned {
                name,
                life,
                ok: true,
                span,
            } => {
                let told = self.lives.entry(life).or_default();
                told.name = name;
                told.born = Some(span);
            }
            Note::Spawned { name, span, .. } => self.refused.push((name, span)),
            Note::Initialized { life, at } => self.lives.entry(life).or_default().initialized.push(at),
            Note::Handled { life, step, at } => {
                self.lives.entry(life).or_default().handled.push((step, at));
                self.places.entry(step).or_default().push((life, at));
            }
            Note::Exited { life, name, at } => self.lives.entry(life).or_default().exits.push((name, at)),
            Note::Finalized { life, at } => self.lives.entry(life).or_default().finalized.push(at),
            Note::Ended { life, at } => self.lives.entry(life).or_default().ended.push(at),
            Note::Issued { step, by, to, span } => self.issues.push(Issue { step, by, to, span }),
            Note::Delayed {
                step,
                by,
                deadline,
                span,
            } => self.delays.push((step, by, deadline, span)),
            Note::Cancelled { step, ok } => drop(self.cancelled.insert(step, ok)),
            Note::Advanced { to, span } => self.moves.push((to, span)),
            Note::Completed { step, outcome, at } => {
                self.completed.entry(step).or_default().push((outcome, at))
            }
            Note::AskedToDiscard { step, ok, span } => self.asked.entry(step).or_default().push((ok, span)),
            Note::ToldToDiscard { step } => *self.told.entry(step).or_default() += 1,
            Note::Resolved {
                step,
                how,
                span,
                early,
            } => drop(self.resolved.insert(step, (how, span, early))),
            Note::Continued { step } => *self.continued.entry(step).or_default() += 1,
            Note::Swept { name, span } => self.sweeps.push((name, span)),
            Note::Settled { at } => self.settled.push(at),
        }
    }

    fn act(&self, step: usize) -> &Act {
        &self.program.steps[step].act
    }

    fn target(&self, step: usize) -> usize {
        self.program.steps[step].target
    }

    /// A life begins once and ends once, and nothing happens before or after.
    fn check_life(&self, life: Life, told: &Told) -> Result<(), String> {
        let ([initialized], [finalized], [ended]) = (
            told.initialized.as_slice(),
            told.finalized.as_slice(),
            told.ended.as_slice(),
        ) else {
            return Err(format!("life {life} does not begin and end once"));
        };
        ensure(told.born.is_some(), || {
            format!("life {life} runs though its spawn was refused")
        })?;
        ensure(told.born().from < *initialized && finalized < ended, || {
            format!("life {life}: its end was announced at {ended}, before it ended at {finalized}")
        })?;
        let events = told.handled.iter().chain(&told.exits);
        for (what, at) in events {
            ensure(initialized < at && at < finalized, || {
                format!("life {life} handles {what} at {at}, outside of its life")
            })?;
        }
        Ok(())
    }

    /// Who asked for the end of this life, with whether waiting events are skipped; and whether it is certain that it
    /// was this life.
    fn terminates(&self, life: Life, told: &Told) -> Vec<(bool, bool, Span, bool)> {
        let mut found = Vec::new();
        for issue in &self.issues {
            let own = issue.to == Some(life);
            match self.act(issue.step) {
                Act::TerminatePid | Act::TerminateSelf if own => {
                    let itself = issue.by == Some(life);
                    found.push((true, true, issue.span, itself));
                }
                Act::TerminateName { inject }
                    if self.target(issue.step) == told.name && told.may_be_found(issue.span) =>
                {
                    let itself = issue.by == Some(life);
                    found.push((*inject, told.must_be_found(issue.span), issue.span, itself));
                }
                _ => {}
            }
        }
        for (name, span) in &self.sweeps {
            if *name == told.name && told.may_be_found(*span) {
                found.push((false, told.must_be_found(*span), *span, false));
            }
        }
        found
    }

    /// When a delay entered the mailbox.
    fn fired(&self, deadline: (Time, Time), span: Span) -> Span {
        let begins = self.moves.iter().find(|(to, _)| *to >= deadline.0);
        let ends = self
            .moves
            .iter()
            .find(|(to, at)| *to >= deadline.1 && at.from > span.to);
        Span {
            from: begins.map_or(NEVER, |(_, at)| at.from).max(span.from),
            to: ends.map_or(NEVER, |(_, at)| at.to),
        }
    }

    /// A mailbox is a queue: what was in it before something else is handled before it, or neither is handled, or the
    /// first alone.
    fn check_mailbox(&self, life: Life, told: &Told) -> Result<(), String> {
        let mut entered: BTreeMap<usize, Span> = BTreeMap::new();
        let mut certain = BTreeSet::new();
        for issue in &self.issues {
            let queued = matches!(
                self.act(issue.step),
                Act::Send | Act::Tell | Act::Dispatch | Act::DispatchFuture
            );
            let by_name = issue.to.is_none() && self.target(issue.step) == told.name;
            if queued && (issue.to == Some(life) || by_name && told.may_be_found(issue.span)) {
                entered.insert(issue.step, issue.span);
                if issue.to.is_some() || told.must_be_found(issue.span) {
                    certain.insert(issue.step);
                }
            }
        }
        for (step, by, deadline, span) in &self.delays {
            if *by == life {
                entered.insert(*step, self.fired(*deadline, *span));
                if self.cancelled.get(step) != Some(&true) {
                    certain.insert(*step);
                }
            }
        }
        let mut order = Vec::new();
        for (step, at) in &told.handled {
            let Some(span) = entered.get(step) else {
                return Err(format!("life {life} handles step {step}, which was not for it"));
            };
            ensure(span.from < *at, || {
                format!("life {life} handles step {step} too early")
            })?;
            order.push((
                *at,
                *step,
                Span {
                    from: span.from,
                    to: span.to.min(*at),
                },
            ));
        }
        order.extend(self.exits_in_order(life, told));
        order.sort_by_key(|(at, _, _)| *at);
        let handled: BTreeSet<usize> = told.handled.iter().map(|(step, _)| *step).collect();
        let left = certain
            .difference(&handled)
            .map(|step| (NEVER, *step, entered[step]));

        let terminates = self.terminates(life, told);
        let died = told.died().from;
        let first = terminates.iter().map(|(_, _, span, _)| span.from).min();
        let Some(first) = first else {
            return Err(format!("life {life} ends though nobody asked for it"));
        };
        let closed = terminates.iter().filter(|(_, certain, _, _)| *certain);
        let closed = closed.map(|(_, _, span, _)| span.to).min().unwrap_or(died);
        let end = (
            died,
            usize::MAX,
            Span {
                from: first,
                to: closed.min(died),
            },
        );
        let purged = terminates.iter().any(|(inject, ..)| *inject);
        let (mut with_end, mut without) = (order.clone(), order);
        with_end.push(end);
        if purged {
            without.extend(left);
            in_order(life, &without)?;
        } else {
            with_end.extend(left);
        }
        in_order(life, &with_end)?;
        for (_, _, span, itself) in terminates
            .iter()
            .filter(|(inject, certain, ..)| *inject && *certain)
        {
            let events = told.handled.iter().chain(&told.exits);
            let after = events.filter(|(_, at)| *at > span.to).count();
            // One may have been on its way from the mailbox to its handler.
            ensure(after <= usize::from(!itself), || {
                format!("life {life} handles {after} events after a terminate at {span:?}")
            })?;
        }
        Ok(())
    }

    /// The ends of others that this life was told of and whose place in the queue is known.
    fn exits_in_order(&self, life: Life, told: &Told) -> Vec<(u64, usize, Span)> {
        let mut found = Vec::new();
        for (name, at) in &told.exits {
            let mut lives = self.lives.values().filter(|other| other.name == *name);
            let (Some(other), None) = (lives.next(), lives.next()) else {
                continue;
            };
            let died = other.died();
            let mut links = self.issues.iter().filter(|issue| {
                issue.by == Some(life)
                    && *self.act(issue.step) == Act::Link
                    && self.target(issue.step) == *name
            });
            let linked = links.all(|issue| issue.span.from > other.born().to && issue.span.to < died.from);
            if linked && told.exits.iter().filter(|(n, _)| n == name).count() == 1 {
                found.push((
                    *at,
                    usize::MAX,
                    Span {
                        from: died.from,
                        to: died.to.min(*at),
                    },
                ));
            }
        }
        found
    }

    /// One exited for each link, whenever the linked one ends; at once when there is none.
    fn check_links(&self, life: Life, told: &Told) -> Result<(), String> {
        let terminates = self.terminates(life, told);
        let first = terminates
            .iter()
            .map(|(_, _, span, _)| span.from)
            .min()
            .unwrap_or(0);
        let purged = terminates.iter().any(|(inject, ..)| *inject);
        for name in 0..=self
            .program
            .steps
            .iter()
            .map(|step| step.target)
            .max()
            .unwrap_or(0)
        {
            if name == told.name {
                continue;
            }
            let of_life = |issue: &&Issue| {
                issue.by == Some(life)
                    && *self.act(issue.step) == Act::Link
                    && self.target(issue.step) == name
            };
            let mut links: Vec<Span> = self
                .issues
                .iter()
                .filter(of_life)
                .map(|issue| issue.span)
                .collect();
            links.sort_by_key(|span| span.from);
            let mut turns = Vec::new();
            for other in self.lives.values().filter(|other| other.name == name) {
                turns.extend([other.born(), other.died()]);
            }
            turns.sort_by_key(|span| span.from);
            let possible = possible_exits(&links, &turns);
            let count = told.exits.iter().filter(|(n, _)| *n == name).count();
            let survived = !purged && turns.iter().chain(&links).all(|span| span.to < first);
            let fits = if survived {
                possible.contains(&count)
            } else {
                possible.last().is_some_and(|most| count <= *most)
            };
            ensure(fits, || {
                format!("life {life} was told {count} times of the end of {name}, and not {possible:?} times")
            })?;
        }
        Ok(())
    }

    /// A name belongs to one life at a time and is free again after it.
    fn check_names(&self) -> Result<(), String> {
        let lives: Vec<_> = self.lives.iter().collect();
        for (one, first) in &lives {
            for (two, second) in &lives {
                let apart = first.died().from <= second.born().to || second.died().from <= first.born().to;
                ensure(one >= two || first.name != second.name || apart, || {
                    format!("lives {one} and {two} share a name")
                })?;
            }
        }
        for (name, span) in &self.refused {
            let holder = self
                .lives
                .values()
                .any(|told| told.name == *name && told.may_be_found(*span));
            ensure(holder, || {
                format!("a spawn at {span:?} was refused though {name} was free")
            })?;
        }
        Ok(())
    }

    fn check_steps(&self) -> Result<(), String> {
        for (step, places) in &self.places {
            ensure(places.len() == 1, || {
                format!("step {step} was handled {} times", places.len())
            })?;
        }
        for (step, _, deadline, _) in &self.delays {
            let cancelled = self.cancelled.get(step) == Some(&true);
            ensure(!(cancelled && self.places.contains_key(step)), || {
                format!("delay {step} runs though it was taken back, due at {deadline:?}")
            })?;
        }
        self.check_delays()?;
        for issue in &self.issues {
            match self.act(issue.step) {
                Act::Dispatch | Act::DispatchFuture | Act::WaitName | Act::WaitPid => {}
                _ => continue,
            }
            let outcomes = self.completed.get(&issue.step).map_or(&[][..], Vec::as_slice);
            let [(outcome, at)] = outcomes else {
                return Err(format!("step {} has {} outcomes", issue.step, outcomes.len()));
            };
            match self.act(issue.step) {
                Act::Dispatch => {
                    let expected = match self.places.contains_key(&issue.step) {
                        true => Ok(issue.step),
                        false => Err(FutureError::Abandoned),
                    };
                    ensure(*outcome == expected, || {
                        format!("dispatch {}: {outcome:?} and not {expected:?}", issue.step)
                    })?;
                }
                Act::DispatchFuture => self.check_chain(issue.step, outcome, *at)?,
                _ => self.check_wait(issue, outcome, *at)?,
            }
        }
        Ok(())
    }

    /// Of two delays of one life that are set, the one that is due first fires first.
    fn check_delays(&self) -> Result<(), String> {
        for (one, by, first, span) in &self.delays {
            for (two, other, second, later) in &self.delays {
                let fires = self.fired(*second, *later).from;
                if by != other || first.1 >= second.0 || span.to > fires {
                    continue;
                }
                let place = |step| Some(self.places.get(step)?.first()?.1);
                if let (Some(first), Some(second)) = (place(one), place(two)) {
                    ensure(first < second, || format!("delay {two} overtook {one}"))?;
                }
            }
        }
        Ok(())
    }

    /// A discard asked for before the promise is set skips what is chained to it; later it does nothing.
    fn check_chain(&self, step: usize, outcome: &Result<usize, FutureError>, at: u64) -> Result<(), String> {
        let handled = self.places.contains_key(&step);
        let asked = self.asked.get(&step).map_or(&[][..], Vec::as_slice);
        let asked: Vec<Span> = asked
            .iter()
            .filter(|(ok, _)| *ok)
            .map(|(_, span)| *span)
            .collect();
        let told = self.told.get(&step).copied().unwrap_or(0);
        let continued = self.continued.get(&step).copied().unwrap_or(0);
        let resolved = self.resolved.get(&step).filter(|_| handled);
        let begin = resolved.map_or(NEVER, |(_, span, _)| span.from);
        let discarded_before = asked.iter().any(|span| span.to < begin);
        let maybe_discarded = asked.iter().any(|span| span.from < at);
        let possible: Vec<Result<usize, FutureError>> = match resolved {
            None => vec![Err(FutureError::Abandoned)],
            Some((How::Fail, ..)) => vec![Err(FutureError::Failed("refused".to_owned()))],
            Some((How::Discard, ..)) => vec![Err(FutureError::Discarded)],
            Some((How::Set, ..)) if discarded_before => vec![Err(FutureError::Discarded)],
            Some((How::Set, ..)) if maybe_discarded => vec![Ok(step), Err(FutureError::Discarded)],
            Some((How::Set, ..)) => vec![Ok(step)],
        };
        ensure(possible.contains(outcome), || {
            format!("chain {step}: {outcome:?} and not {possible:?}")
        })?;
        ensure(
            continued == usize::from(outcome.is_ok())
                || (continued <= 1 && maybe_discarded && !discarded_before),
            || format!("chain {step} went on {continued} times, with {outcome:?}"),
        )?;
        ensure(asked.len() <= 1, || {
            format!("chain {step} was discarded {} times", asked.len())
        })?;
        // A future that is complete when it is asked tells nobody.
        let surely_told = discarded_before && resolved.is_some_and(|(.., early)| !early);
        ensure(told <= asked.len() && (told == 1 || !surely_told), || {
            format!(
                "the promise of chain {step} heard of {told} discards of {}",
                asked.len()
            )
        })
    }

    /// True when there was a life and it ended; false when there was none.
    fn check_wait(&self, issue: &Issue, outcome: &Result<usize, FutureError>, at: u64) -> Result<(), String> {
        let name = self.target(issue.step);
        let mut candidates = self.lives.iter().filter(|(life, told)| match issue.to {
            Some(to) => **life == to,
            None => told.name == name,
        });
        let fits = match outcome {
            Ok(1) => candidates.any(|(_, told)| told.may_be_found(issue.span) && told.died().from < at),
            Ok(0) => !candidates.any(|(_, told)| told.must_be_found(issue.span)),
            _ => false,
        };
        ensure(fits, || {
            format!("wait {} for {name}: {outcome:?} at {at}", issue.step)
        })
    }

    /// Once a system has settled, nothing happens until somebody does something.
    fn check_quiet(&self, notes: &[Note]) -> Result<(), String> {
        for settled in &self.settled {
            let later = notes.iter().filter_map(|note| match note {
                Note::Handled { at, .. } | Note::Exited { at, .. } | Note::Finalized { at, .. } => {
                    Some((*at, false))
                }
                Note::Advanced { span, .. } | Note::Swept { span, .. } => Some((span.from, true)),
                Note::Settled { at } => Some((*at, true)),
                _ => None,
            });
            let next = later.filter(|(at, _)| at > settled).min();
            ensure(next.is_none_or(|(_, ours)| ours), || {
                format!("something ran after settling at {settled}")
            })?;
        }
        Ok(())
    }
}

/// What entered a queue surely before something else cannot leave it behind that.
fn in_order(life: Life, order: &[(u64, usize, Span)]) -> Result<(), String> {
    let mut earliest = (NEVER, usize::MAX);
    for (n, (at, step, span)) in order.iter().enumerate().rev() {
        ensure(
            span.from <= earliest.0 || *at == NEVER && order.get(earliest.1).is_some_and(|o| o.0 == NEVER),
            || {
                format!(
                    "life {life}: step {step} entered at {span:?} and overtook {:?}",
                    order.get(earliest.1)
                )
            },
        )?;
        if span.to < earliest.0 {
            earliest = (span.to, n);
        }
    }
    Ok(())
}

/// How often a linker may be told, over all orders of its links and the turns (begin, end, begin, ...) of the other.
fn possible_exits(links: &[Span], turns: &[Span]) -> Vec<usize> {
    let mut reached = BTreeSet::from([(0, 0, false, 0)]);
    let mut open = vec![(0, 0, false, 0)];
    let mut found = BTreeSet::new();
    while let Some((link, turn, linked, count)) = open.pop() {
        let alive = turn % 2 == 1;
        let mut next = Vec::new();
        match (links.get(link), turns.get(turn)) {
            (None, None) => drop(found.insert(count)),
            (l, t) => {
                if let Some(l) = l
                    && t.is_none_or(|t| l.from <= t.to)
                {
                    next.push((link + 1, turn, alive, count + usize::from(!alive)));
                }
                if let Some(t) = t
                    && l.is_none_or(|l| t.from <= l.to)
                {
                    next.push((
                        link,
                        turn + 1,
                        linked && !alive,
                        count + usize::from(alive && linked),
                    ));
                }
            }
        }
        open.extend(next.into_iter().filter(|state| reached.insert(*state)));
    }
    found.into_iter().collect()
}
