//! Programs made from a seed.

use std::time::Duration;

/// The names processes can have; few, so that they are used again.
pub const NAMES: u64 = 4;

/// A small generator of numbers: the same seed, the same program on every machine.
pub struct Random(u64);

impl Random {
    pub fn new(seed: u64) -> Random {
        Random(seed)
    }

    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    pub fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }
}

/// How a promise is completed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum How {
    Set,
    Fail,
    Discard,
}

/// One thing to do. What is done to a process runs the steps that hang on it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Act {
    Spawn {
        worker: usize,
    },
    Send,
    Tell,
    Dispatch,
    /// Dispatches a closure whose own future completes later, and chains work to it.
    DispatchFuture,
    Link,
    TerminateName {
        inject: bool,
    },
    TerminatePid,
    TerminateSelf,
    WaitName,
    WaitPid,
    Delay(Duration),
    /// Takes back the latest delay of the process.
    Cancel,
    /// Asks to discard the latest chained future.
    Discard,
    /// Completes the oldest promise the process holds.
    Resolve(How),
}

#[derive(Clone, Debug)]
pub struct Step {
    pub act: Act,
    /// The name it is done to.
    pub target: usize,
    /// What the process does when it handles this.
    pub then: Vec<usize>,
}

pub struct Program {
    pub seed: u64,
    pub steps: Vec<Step>,
    /// What is done from outside of any process.
    pub roots: Vec<usize>,
}

impl Program {
    pub fn new(seed: u64) -> Program {
        let mut random = Random::new(seed);
        let mut program = Program {
            seed,
            steps: Vec::new(),
            roots: Vec::new(),
        };
        for target in 0..NAMES {
            let worker = usize::try_from(random.next() >> 40).unwrap_or(0);
            let step = program.add(Act::Spawn { worker }, target, Vec::new());
            program.roots.push(step);
        }
        for _ in 0..6 + random.below(14) {
            let step = program.grow(&mut random, 0);
            program.roots.push(step);
        }
        program
    }

    fn add(&mut self, act: Act, target: u64, then: Vec<usize>) -> usize {
        self.steps.push(Step {
            act,
            target: usize::try_from(target).unwrap_or(0),
            then,
        });
        self.steps.len() - 1
    }

    /// Makes a step and those that hang on it.
    fn grow(&mut self, random: &mut Random, depth: u64) -> usize {
        let inside = depth > 0;
        let act = match random.below(if inside { 34 } else { 26 }) {
            0..=3 => Act::Send,
            4..=7 => Act::Tell,
            8..=11 => Act::Dispatch,
            12..=14 => Act::DispatchFuture,
            15 => Act::TerminateName { inject: true },
            16 => Act::TerminateName { inject: false },
            17 => Act::TerminatePid,
            18..=19 => Act::Spawn {
                worker: usize::try_from(random.below(4)).unwrap_or(0),
            },
            20..=21 => Act::WaitName,
            22..=23 => Act::WaitPid,
            24..=25 => Act::Discard,
            26..=28 => Act::Link,
            29..=30 => Act::Delay(Duration::from_secs(1 + random.below(5))),
            31 => Act::Cancel,
            32 => Act::Resolve(
                [How::Set, How::Fail, How::Discard][usize::try_from(random.below(3)).unwrap_or(0)],
            ),
            _ if random.below(4) == 0 => Act::TerminateSelf,
            _ => Act::Resolve(How::Set),
        };
        let carries = matches!(
            act,
            Act::Spawn { .. } | Act::Send | Act::Tell | Act::Dispatch | Act::DispatchFuture | Act::Delay(_)
        );
        let children = if carries && depth < 3 { random.below(4) } else { 0 };
        let then = (0..children).map(|_| self.grow(random, depth + 1)).collect();
        let target = random.below(NAMES);
        self.add(act, target, then)
    }
}
