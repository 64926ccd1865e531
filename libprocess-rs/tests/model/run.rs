//! Runs programs on a real system and writes down what happens.

use crate::program::{Act, How, NAMES, Program};
use libprocess::{Bytes, Context, Future, FutureError, Pid, Process, Promise, System, Time, Timer, Upid};
use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// From before something was done until after it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    pub from: u64,
    pub to: u64,
}

/// One life of a process: ids are used again, these are not.
pub type Life = usize;

/// What happened, by a counter that only goes up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Note {
    Spawned {
        name: usize,
        life: Life,
        ok: bool,
        span: Span,
    },
    Initialized {
        life: Life,
        at: u64,
    },
    Handled {
        life: Life,
        step: usize,
        at: u64,
    },
    Exited {
        life: Life,
        name: usize,
        at: u64,
    },
    Finalized {
        life: Life,
        at: u64,
    },
    /// The wait that began right after the spawn is over.
    Ended {
        life: Life,
        at: u64,
    },
    /// `to` is the life when a handle was used and not a name.
    Issued {
        step: usize,
        by: Option<Life>,
        to: Option<Life>,
        span: Span,
    },
    Delayed {
        step: usize,
        by: Life,
        deadline: (Time, Time),
        span: Span,
    },
    Cancelled {
        step: usize,
        ok: bool,
    },
    Advanced {
        to: Time,
        span: Span,
    },
    Completed {
        step: usize,
        outcome: Result<usize, FutureError>,
        at: u64,
    },
    AskedToDiscard {
        step: usize,
        ok: bool,
        span: Span,
    },
    ToldToDiscard {
        step: usize,
    },
    /// `early` when the promise was completed before its dispatch had returned the future.
    Resolved {
        step: usize,
        how: How,
        span: Span,
        early: bool,
    },
    Continued {
        step: usize,
    },
    /// Ends all processes of this name, after everything else.
    Swept {
        name: usize,
        span: Span,
    },
    Settled {
        at: u64,
    },
}

type Handle = (Life, Pid<Actor>);

/// What all parties of one run share.
pub struct World {
    system: System,
    pub program: Program,
    counter: AtomicU64,
    lives: AtomicUsize,
    notes: Mutex<Vec<Note>>,
    pids: Mutex<Vec<Option<Handle>>>,
    futures: Mutex<Vec<(usize, Future<usize>)>>,
}

pub struct Actor {
    life: Life,
    world: Arc<World>,
    /// What to do first.
    first: Vec<usize>,
    handling: Option<usize>,
    promises: VecDeque<(usize, Promise<usize>)>,
    timer: Option<(usize, Timer)>,
}

impl Process for Actor {
    fn initialize(&mut self, ctx: &mut Context<Self>) {
        let at = self.world.stamp();
        self.world.note(Note::Initialized { life: self.life, at });
        let first = std::mem::take(&mut self.first);
        self.perform(ctx, &first);
    }

    fn finalize(&mut self, _: &mut Context<Self>) {
        let at = self.world.stamp();
        self.world.note(Note::Finalized { life: self.life, at });
    }

    fn exited(&mut self, _: &mut Context<Self>, who: Upid) {
        let at = self.world.stamp();
        let name = who.id().strip_prefix('p').and_then(|n| n.parse().ok());
        self.world.note(Note::Exited {
            life: self.life,
            name: name.unwrap_or(usize::MAX),
            at,
        });
    }

    fn message(&mut self, ctx: &mut Context<Self>, _: Upid, name: &str, _: Bytes) {
        if let Ok(step) = name.parse() {
            self.handle(ctx, step);
        }
    }
}

impl Actor {
    fn handle(&mut self, ctx: &mut Context<Self>, step: usize) {
        let at = self.world.stamp();
        self.world.note(Note::Handled {
            life: self.life,
            step,
            at,
        });
        let world = self.world.clone();
        self.handling = Some(step);
        self.perform(ctx, &world.program.steps[step].then);
        self.handling = None;
    }

    fn perform(&mut self, ctx: &mut Context<Self>, steps: &[usize]) {
        for &step in steps {
            let from = self.world.stamp();
            match &self.world.program.steps[step].act {
                Act::Link => {
                    ctx.link(&self.world.upid(self.world.program.steps[step].target));
                    self.world.issued(step, Some(self.life), None, from);
                }
                Act::TerminateSelf => {
                    ctx.terminate_self();
                    self.world.issued(step, Some(self.life), Some(self.life), from);
                }
                Act::Delay(duration) => {
                    let earliest = ctx.now() + *duration;
                    let timer = ctx.delay(*duration, move |actor, ctx| actor.handle(ctx, step));
                    let deadline = (earliest, ctx.now() + *duration);
                    self.timer = Some((step, timer));
                    let span = self.world.since(from);
                    self.world.note(Note::Delayed {
                        step,
                        by: self.life,
                        deadline,
                        span,
                    });
                }
                Act::Cancel => {
                    if let Some((step, timer)) = self.timer.take() {
                        let ok = ctx.cancel(timer);
                        self.world.note(Note::Cancelled { step, ok });
                    }
                }
                Act::Resolve(how) => {
                    let Some((promised, promise)) = self.promises.pop_front() else {
                        continue;
                    };
                    match how {
                        How::Set => promise.set(promised),
                        How::Fail => promise.fail("refused"),
                        How::Discard => promise.discard(),
                    };
                    let span = self.world.since(from);
                    self.world.note(Note::Resolved {
                        step: promised,
                        how: *how,
                        span,
                        early: self.handling == Some(promised),
                    });
                }
                _ => World::perform(&self.world, step, Some(self.life)),
            }
        }
    }
}

impl World {
    fn new(system: &System, program: Program) -> Arc<World> {
        Arc::new(World {
            system: system.clone(),
            program,
            counter: AtomicU64::new(0),
            lives: AtomicUsize::new(0),
            notes: Mutex::default(),
            pids: Mutex::new((0..NAMES).map(|_| None).collect()),
            futures: Mutex::default(),
        })
    }

    fn stamp(&self) -> u64 {
        self.counter.fetch_add(1, Ordering::SeqCst)
    }

    fn since(&self, from: u64) -> Span {
        Span {
            from,
            to: self.stamp(),
        }
    }

    fn note(&self, note: Note) {
        self.notes.lock().expect("nobody panicked").push(note);
    }

    fn issued(&self, step: usize, by: Option<Life>, to: Option<Life>, from: u64) {
        let span = self.since(from);
        self.note(Note::Issued { step, by, to, span });
    }

    fn upid(&self, name: usize) -> Upid {
        self.system.upid(&format!("p{name}"))
    }

    fn pid(&self, name: usize) -> Option<Handle> {
        self.pids.lock().expect("nobody panicked")[name].clone()
    }

    /// Writes the outcome down when there is one.
    fn observe(self: &Arc<Self>, step: usize, future: Future<usize>) {
        let world = self.clone();
        future.finish(move |outcome| {
            let at = world.stamp();
            world.note(Note::Completed { step, outcome, at });
        });
    }

    fn spawn(self: &Arc<Self>, step: usize, name: usize, worker: usize) {
        let life = self.lives.fetch_add(1, Ordering::SeqCst);
        let actor = Actor {
            life,
            world: self.clone(),
            handling: None,
            first: self.program.steps[step].then.clone(),
            promises: VecDeque::new(),
            timer: None,
        };
        let from = self.stamp();
        let spawned = self.system.spawn_on(worker, format!("p{name}"), actor);
        let span = self.since(from);
        self.note(Note::Spawned {
            name,
            life,
            ok: spawned.is_ok(),
            span,
        });
        let Ok(pid) = spawned else { return };
        let world = self.clone();
        pid.wait().finish(move |_| {
            let at = world.stamp();
            world.note(Note::Ended { life, at });
        });
        self.pids.lock().expect("nobody panicked")[name] = Some((life, pid));
    }

    /// Does what needs no process, for a process or for nobody.
    fn perform(self: &Arc<Self>, step: usize, by: Option<Life>) {
        let target = self.program.steps[step].target;
        let from = self.stamp();
        match &self.program.steps[step].act {
            Act::Spawn { worker } => self.spawn(step, target, *worker),
            Act::Send => {
                self.system.post(&self.upid(target), &step.to_string(), "");
                self.issued(step, by, None, from);
            }
            Act::TerminateName { inject } => {
                self.system.terminate(&self.upid(target), *inject);
                self.issued(step, by, None, from);
            }
            Act::WaitName => {
                let ended = self.system.wait(&self.upid(target));
                self.issued(step, by, None, from);
                self.observe(step, ended.map(usize::from));
            }
            Act::Discard => {
                let futures = self.futures.lock().expect("nobody panicked");
                let future = futures.last().cloned();
                drop(futures);
                if let Some((step, future)) = future {
                    let from = self.stamp();
                    let ok = future.discard();
                    let span = self.since(from);
                    self.note(Note::AskedToDiscard { step, ok, span });
                }
            }
            act => {
                if let Some((life, pid)) = self.pid(target) {
                    self.perform_on(act, step, by, life, &pid);
                }
            }
        }
    }

    fn perform_on(self: &Arc<Self>, act: &Act, step: usize, by: Option<Life>, life: Life, pid: &Pid<Actor>) {
        let from = self.stamp();
        match act {
            Act::Tell => pid.tell(move |actor, ctx| actor.handle(ctx, step)),
            Act::Dispatch => {
                let done = pid.dispatch(move |actor, ctx| {
                    actor.handle(ctx, step);
                    step
                });
                self.observe(step, done);
            }
            Act::DispatchFuture => {
                let world = self.clone();
                let done = pid.dispatch_future(move |actor, ctx| {
                    let (promise, future) = Promise::new();
                    let world = actor.world.clone();
                    promise.on_discard(move || world.note(Note::ToldToDiscard { step }));
                    actor.promises.push_back((step, promise));
                    actor.handle(ctx, step);
                    future
                });
                let done = done.then(move |value| {
                    world.note(Note::Continued { step });
                    Future::ready(value)
                });
                self.futures
                    .lock()
                    .expect("nobody panicked")
                    .push((step, done.clone()));
                self.observe(step, done);
            }
            Act::TerminatePid => pid.terminate(),
            Act::WaitPid => {
                let ended = pid.wait();
                self.issued(step, by, Some(life), from);
                return self.observe(step, ended.map(usize::from));
            }
            _ => return,
        }
        self.issued(step, by, Some(life), from);
    }

    fn advance(&self, duration: Duration) {
        let from = self.stamp();
        self.system.clock().advance(duration);
        let to = self.system.now();
        let span = self.since(from);
        self.note(Note::Advanced { to, span });
    }

    fn settle(&self) {
        self.system.clock().settle().wait().expect("it settles");
        let at = self.stamp();
        self.note(Note::Settled { at });
    }

    fn sweep(self: &Arc<Self>, name: usize) -> Future<bool> {
        let from = self.stamp();
        let ended = self.system.wait(&self.upid(name));
        self.system.terminate(&self.upid(name), false);
        let span = self.since(from);
        self.note(Note::Swept { name, span });
        ended
    }

    fn finish(self: &Arc<Self>) -> Vec<Note> {
        self.settle();
        self.futures.lock().expect("nobody panicked").clear();
        self.pids.lock().expect("nobody panicked").clear();
        std::mem::take(&mut *self.notes.lock().expect("nobody panicked"))
    }
}

/// How often, and how far, time is moved: all delays of a chain fit in.
const MOVES: [Duration; 4] = [
    Duration::from_secs(2),
    Duration::from_secs(3),
    Duration::from_secs(60),
    Duration::from_secs(60),
];

/// Runs a program from this thread, which races with the workers.
pub fn race(system: &System, program: Program) -> (Arc<World>, Vec<Note>) {
    let world = World::new(system, program);
    let half = world.program.roots.len() / 2;
    for (n, &step) in world.program.roots.iter().enumerate() {
        World::perform(&world, step, None);
        if n == half {
            world.advance(MOVES[0]);
        }
    }
    world.advance(MOVES[1]);
    for duration in &MOVES[2..] {
        world.settle();
        world.advance(*duration);
    }
    world.settle();
    for name in 0..world.program.steps.len().min(4) {
        drop(world.sweep(name).wait());
    }
    let notes = world.finish();
    (world, notes)
}

struct Conductor;

impl Process for Conductor {}

/// Runs a program from a process, so that on one worker nothing races.
pub fn conduct(system: &System, program: Program) -> Vec<Note> {
    let conductor = system.spawn("conductor", Conductor).expect("the name is free");
    let world = World::new(system, program);
    let conducted = world.clone();
    let performed = conductor.dispatch(move |_, _| {
        for &step in &conducted.program.roots {
            World::perform(&conducted, step, None);
        }
    });
    performed.wait().expect("the conductor lives");
    for duration in MOVES {
        world.settle();
        let conducted = world.clone();
        let moved = conductor.dispatch(move |_, _| conducted.advance(duration));
        moved.wait().expect("the conductor lives");
    }
    for name in 0..world.program.steps.len().min(4) {
        world.settle();
        let conducted = world.clone();
        let swept = conductor.dispatch_future(move |_, _| conducted.sweep(name));
        drop(swept.wait());
    }
    world.finish()
}
