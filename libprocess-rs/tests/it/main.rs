//! Tests of the runtime through its public interface. Each owns its system and takes a free port.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod auth;
mod builtin;
mod calls;
mod client;
mod clock;
mod framing;
mod http;
mod links;
mod metrics;
mod panics;
mod process;
mod replay;
mod robust;
mod streaming;
mod subprocess;
mod sync;
mod tls;
mod wire;

use libprocess::{Bytes, Context, Process, System, Upid};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

/// Far more than anything here takes; what has not happened by then never will.
const LIMIT: Duration = Duration::from_secs(20);

fn start() -> System {
    System::builder().workers(2).start().expect("a free port exists")
}

/// Reports what happens to it.
struct Probe {
    events: Sender<String>,
    links: Vec<Upid>,
}

impl Probe {
    fn spawn(system: &System, id: &str) -> (libprocess::Pid<Probe>, Receiver<String>) {
        let (events, received) = channel();
        let pid = system
            .spawn(
                id,
                Probe {
                    events,
                    links: Vec::new(),
                },
            )
            .expect("the name is free");
        (pid, received)
    }

    fn note(&self, text: String) {
        let _ = self.events.send(text);
    }
}

impl Process for Probe {
    fn initialize(&mut self, ctx: &mut Context<Self>) {
        self.note("initialize".to_owned());
        ctx.install("Note", |probe, _, _, body| {
            probe.note(String::from_utf8_lossy(&body).into_owned())
        });
        ctx.install("Echo", |_, ctx, from, body| ctx.send(&from, "Echoed", body));
        self.links.iter().for_each(|upid| ctx.link(upid));
    }

    fn finalize(&mut self, _: &mut Context<Self>) {
        self.note("finalize".to_owned());
    }

    fn exited(&mut self, _: &mut Context<Self>, who: Upid) {
        self.note(format!("exited {}", who.id()));
    }

    fn message(&mut self, _: &mut Context<Self>, from: Upid, name: &str, body: Bytes) {
        self.note(format!("message {name} from {} of {}", from.id(), body.len()));
    }
}

fn next(events: &Receiver<String>) -> String {
    events.recv_timeout(LIMIT).expect("an event")
}

/// A plain socket, as a stranger's client has it.
struct Raw(TcpStream);

impl Raw {
    fn connect(system: &System) -> Raw {
        let stream = TcpStream::connect(system.address()).expect("the system listens");
        stream.set_read_timeout(Some(LIMIT)).unwrap();
        Raw(stream)
    }

    fn send(&mut self, bytes: impl AsRef<[u8]>) {
        self.0.write_all(bytes.as_ref()).expect("the system reads");
    }

    /// Reads up to and including `end`.
    fn read_to(&mut self, end: &str) -> String {
        let mut seen = Vec::new();
        while !seen.ends_with(end.as_bytes()) {
            let mut byte = [0];
            let count = self.0.read(&mut byte).expect("an answer in time");
            assert_ne!(count, 0, "closed after {:?}", String::from_utf8_lossy(&seen));
            seen.push(byte[0]);
        }
        String::from_utf8_lossy(&seen).into_owned()
    }

    fn read_head(&mut self) -> String {
        self.read_to("\r\n\r\n")
    }

    fn read_exactly(&mut self, count: usize) -> Vec<u8> {
        let mut bytes = vec![0; count];
        self.0.read_exact(&mut bytes).expect("an answer in time");
        bytes
    }

    fn read_rest(&mut self) -> String {
        let mut rest = Vec::new();
        self.0.read_to_end(&mut rest).expect("the end in time");
        String::from_utf8_lossy(&rest).into_owned()
    }
}
