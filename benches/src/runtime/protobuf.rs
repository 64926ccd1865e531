//! ProtobufInstallHandler: messages that are trees, from the mailbox through the parser to the handler.
//!
//! Mesos: 3rdparty/libprocess/src/tests/benchmarks.cpp, `ProtobufInstallHandler`.
//!
//! What is timed here is posting the encoded message by name to the process itself, its way through the mailbox to the handler,
//! the check of all its bytes, and a walk over every message in it that adds up every integer. C++ parses all fields
//! into objects and calls a handler that looks at none; its message skips the mailbox.

use std::sync::mpsc;
use std::time::Instant;

use libprocess::{Bytes, Context, Process};
use mesos_proto::view::View as _;
use mesos_proto::{view, wire};

use super::ours::system;

/// Children of one node.
const BRANCHING: usize = 4;

/// What every node carries.
const PAYLOAD: [i32; 2] = [1, 2];

/// Messages that are posted before the process handles them.
const BATCH: u64 = 256;

view! {
    /// A message of messages, each with two integers of its own.
    struct Tree<'a>: TreeField {
        repeated children: Tree<'a> = 1 as Child;
        numbers payload: i32 = 2 as Payload;
    }
}

/// What was found in messages.
#[derive(Debug, Default, Clone, Copy, PartialEq)]
struct Found {
    nodes: u64,
    sum: i64,
}

impl Found {
    fn add(&mut self, tree: Tree<'_>) {
        self.nodes += 1;
        for field in tree.fields() {
            match field {
                TreeField::Child(child) => self.add(child),
                TreeField::Payload(values) => values.for_each(|value| self.sum += i64::from(value)),
                TreeField::Unknown => {}
            }
        }
    }
}

/// Writes a tree with this many nodes below its root, filled level by level.
fn encode(below: usize, out: &mut Vec<u8>) {
    for child in 0..BRANCHING {
        let size = below / BRANCHING + usize::from(child < below % BRANCHING);
        if size > 0 {
            wire::nested(out, 1, |out| encode(size - 1, out));
        }
    }
    wire::rep(out, 2, &PAYLOAD);
}

fn encoded(below: usize) -> Vec<u8> {
    let mut out = Vec::new();
    encode(below, &mut out);
    out
}

struct Receiver {
    body: Bytes,
    unsent: u64,
    unhandled: u64,
    found: Found,
    done: mpsc::Sender<Found>,
}

impl Process for Receiver {
    fn initialize(&mut self, ctx: &mut Context<Self>) {
        ctx.install("tree", |receiver, _, _, body| {
            let tree = Tree::read(&body).expect("it was encoded here");
            receiver.handle(tree);
        });
    }
}

impl Receiver {
    fn handle(&mut self, tree: Tree<'_>) {
        self.found.add(tree);
        self.unhandled -= 1;
        if self.unhandled == 0 {
            let _ = self.done.send(self.found);
        }
    }

    fn post(&mut self, ctx: &mut Context<Self>) {
        let to = ctx.upid().clone();
        let batch = self.unsent.min(BATCH);
        for _ in 0..batch {
            ctx.send(&to, "tree", self.body.clone());
        }
        self.unsent -= batch;
        if self.unsent > 0 {
            ctx.tell_self(Receiver::post);
        }
    }
}

/// The bytes of a message with this many messages in it.
pub fn size(below: usize) -> usize {
    encoded(below).len()
}

/// Messages handled in a second.
pub fn run(below: usize, count: u64) -> f64 {
    let system = system(1);
    let (done, finished) = mpsc::channel();
    let receiver = Receiver {
        body: encoded(below).into(),
        unsent: count,
        unhandled: count,
        found: Found::default(),
        done,
    };
    let receiver = system.spawn("receiver", receiver).expect("the name is free");
    let began = Instant::now();
    receiver.tell(Receiver::post);
    let nodes = count * (below as u64 + 1);
    let sum = PAYLOAD.iter().sum::<i32>();
    let expected = Found {
        nodes,
        sum: i64::from(sum) * i64::try_from(nodes).unwrap_or(0),
    };
    assert_eq!(finished.recv(), Ok(expected));
    let took = began.elapsed();
    system.shutdown();
    count as f64 / took.as_secs_f64()
}
