//! ProtobufInstallHandler: messages that are trees, from the mailbox through the parser to the handler.
//!
//! Mesos: 3rdparty/libprocess/src/tests/benchmarks.cpp, `ProtobufInstallHandler`.

use std::sync::mpsc;
use std::time::Instant;

use libprocess::{Bytes, Context, Process};
use mesos_proto::wire::{self, Reader};
use mesos_proto::{DecodeError, JsonError, Message, UnknownFields, json};

use super::ours::system;

/// Children of one node.
const BRANCHING: usize = 4;

/// Messages that are posted before the process handles them.
const BATCH: u64 = 256;

/// A message of messages, each with two integers of its own.
#[derive(Debug, Clone, Default, PartialEq)]
struct Tree {
    children: Vec<Tree>,
    payload: Vec<i32>,
    unknown: UnknownFields,
}

impl wire::Value for Tree {
    const WIRE: u8 = 2;

    fn put(&self, out: &mut Vec<u8>) {
        wire::put_message(self, out);
    }

    fn merge(&mut self, reader: &mut Reader<'_>, _: &'static str) -> Result<bool, DecodeError> {
        wire::merge_message(self, reader)
    }
}

impl Message for Tree {
    const NAME: &'static str = "tests.Message";
    const REQUIRED: &'static [&'static str] = &[];

    fn encode_fields(&self, out: &mut Vec<u8>) {
        wire::rep(out, 1, &self.children);
        wire::rep(out, 2, &self.payload);
    }

    fn decode_field(&mut self, tag: u32, reader: &mut Reader<'_>) -> Result<bool, DecodeError> {
        match tag {
            10 => reader.rep(&mut self.children, "children"),
            16 => reader.rep(&mut self.payload, "payload"),
            _ => Ok(false),
        }
    }

    fn write_json_fields(&self, _: &mut json::Writer<'_>) {}

    fn parse_json_field(&mut self, _: &str, _: &mut json::Parser<'_>) -> Result<bool, JsonError> {
        Ok(false)
    }

    fn unknown_fields(&self) -> &UnknownFields {
        &self.unknown
    }

    fn unknown_fields_mut(&mut self) -> &mut UnknownFields {
        &mut self.unknown
    }
}

impl Tree {
    /// One with this many nodes below it, filled level by level.
    fn new(below: usize) -> Tree {
        let mut sizes = vec![below / BRANCHING; BRANCHING];
        for size in sizes.iter_mut().take(below % BRANCHING) {
            *size += 1;
        }
        let children = sizes.into_iter().filter(|size| *size > 0);
        Tree {
            children: children.map(|size| Tree::new(size - 1)).collect(),
            payload: vec![1, 2],
            unknown: UnknownFields::default(),
        }
    }

    fn nodes(&self) -> usize {
        1 + self.children.iter().map(Tree::nodes).sum::<usize>()
    }
}

struct Receiver {
    body: Bytes,
    unsent: u64,
    unhandled: u64,
    done: mpsc::Sender<usize>,
}

impl Process for Receiver {
    fn initialize(&mut self, ctx: &mut Context<Self>) {
        ctx.install("tree", |receiver, _, _, body| {
            let tree = Tree::decode(&body).expect("it was encoded here");
            receiver.handle(&tree);
        });
    }
}

impl Receiver {
    fn handle(&mut self, tree: &Tree) {
        self.unhandled -= 1;
        if self.unhandled == 0 {
            let _ = self.done.send(tree.nodes());
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
    Tree::new(below).encoded_len()
}

/// Messages handled in a second.
pub fn run(below: usize, count: u64) -> f64 {
    let system = system(1);
    let (done, finished) = mpsc::channel();
    let receiver = Receiver {
        body: Tree::new(below).encode_to_vec().into(),
        unsent: count,
        unhandled: count,
        done,
    };
    let receiver = system.spawn("receiver", receiver).expect("the name is free");
    let began = Instant::now();
    receiver.tell(Receiver::post);
    assert_eq!(finished.recv(), Ok(below + 1));
    let took = began.elapsed();
    system.shutdown();
    count as f64 / took.as_secs_f64()
}
