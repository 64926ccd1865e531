//! Named messages: questions answered by name, and messages in one direction; within one system or between two.
//!
//! Mesos: 3rdparty/libprocess/src/tests/benchmarks.cpp, `ClientServer`.

use std::sync::mpsc;
use std::time::{Duration, Instant};

use libprocess::{Bytes, Context, Pid, Process, System, Upid};

/// Messages between two receipts of a one-way load.
const WINDOW: u64 = 4_096;

/// Receipts a sender does not wait for: what is on the way is bounded by this many windows.
const WINDOWS_AHEAD: u64 = 8;

/// Answers `ping` with `pong`, counts `blast`, and answers `mark`, the last of a window, with `receipt`.
#[derive(Debug, Default)]
pub struct Server {
    blasts: u64,
}

impl Process for Server {
    fn initialize(&mut self, ctx: &mut Context<Self>) {
        ctx.install("hello", |_, ctx, from, _| {
            ctx.link(&from);
            ctx.send(&from, "welcome", "");
        });
        ctx.install("ping", |_, ctx, from, body| ctx.send(&from, "pong", body));
        ctx.install("blast", |server, _, _, _| server.blasts += 1);
        ctx.install("mark", |server, ctx, from, _| {
            server.blasts += 1;
            ctx.send(&from, "receipt", "");
        });
    }
}

/// One run of a client.
#[derive(Debug)]
struct Work {
    body: Bytes,
    unsent: u64,
    unanswered: u64,
    /// When each question was asked that has no answer; empty unless there is one at a time.
    asked: Option<Instant>,
    times: Vec<Duration>,
    done: mpsc::Sender<Vec<Duration>>,
}

/// Asks a server, or sends to it.
#[derive(Debug)]
struct Client {
    server: Upid,
    welcome: Option<mpsc::Sender<()>>,
    work: Option<Work>,
}

impl Process for Client {
    fn initialize(&mut self, ctx: &mut Context<Self>) {
        ctx.install("welcome", |client, _, _, _| {
            if let Some(welcome) = client.welcome.take() {
                let _ = welcome.send(());
            }
        });
        ctx.install("pong", |client, ctx, _, _| client.answered(ctx));
        ctx.install("receipt", |client, ctx, _, _| client.received(ctx));
        ctx.link(&self.server);
        ctx.send(&self.server, "hello", "");
    }

    /// Ends the wait of whoever runs the load.
    fn exited(&mut self, _: &mut Context<Self>, _: Upid) {
        (self.welcome, self.work) = (None, None);
    }
}

impl Client {
    fn ask(&mut self, ctx: &Context<Self>) {
        let Some(work) = self.work.as_mut().filter(|work| work.unsent > 0) else {
            return;
        };
        work.unsent -= 1;
        if work.asked.is_some() {
            work.asked = Some(Instant::now());
        }
        ctx.send(&self.server, "ping", work.body.clone());
    }

    fn answered(&mut self, ctx: &Context<Self>) {
        let Some(work) = &mut self.work else { return };
        if let Some(asked) = work.asked {
            work.times.push(asked.elapsed());
        }
        work.unanswered -= 1;
        if work.unanswered == 0 {
            let _ = work.done.send(std::mem::take(&mut work.times));
        }
        self.ask(ctx);
    }

    fn blast(&mut self, ctx: &Context<Self>) {
        let Some(work) = self.work.as_mut().filter(|work| work.unsent > 0) else {
            return;
        };
        work.unsent -= 1;
        for _ in 1..WINDOW {
            ctx.send(&self.server, "blast", work.body.clone());
        }
        ctx.send(&self.server, "mark", work.body.clone());
    }

    fn received(&mut self, ctx: &Context<Self>) {
        let Some(work) = &mut self.work else { return };
        work.unanswered -= 1;
        if work.unanswered == 0 {
            let _ = work.done.send(Vec::new());
        }
        self.blast(ctx);
    }
}

/// What clients do.
#[derive(Debug, Clone, Copy)]
pub struct Load {
    /// How many clients there are.
    pub clients: u64,
    /// Questions of one client that wait for their answers at any time.
    pub ahead: u64,
    /// Questions of one client in all.
    pub each: u64,
    /// Bytes of a question and of its answer.
    pub bytes: usize,
}

/// What came of it.
#[derive(Debug)]
pub struct Outcome {
    /// From the first question to the last answer.
    pub took: Duration,
    /// Round trips or messages.
    pub count: u64,
    /// How long each round trip took, when there was one at a time.
    pub times: Vec<Duration>,
}

impl Outcome {
    /// Round trips or messages in a second.
    pub fn per_second(&self) -> f64 {
        self.count as f64 / self.took.as_secs_f64()
    }

    /// The time of a round trip in the middle of all, in microseconds.
    pub fn median_us(mut self) -> f64 {
        self.times.sort_unstable();
        let middle = self.times.get(self.times.len() / 2);
        middle.map_or(f64::NAN, |time| time.as_secs_f64() * 1e6)
    }
}

/// Clients of one server that have been welcomed.
#[derive(Debug)]
pub struct Clients(Vec<Pid<Client>>);

impl Clients {
    /// Spawns clients, on each worker in turn, and waits until the server knows them all.
    pub fn connect(system: &System, server: &Upid, count: u64) -> Clients {
        let (welcome, welcomed) = mpsc::channel();
        let clients = (0..count).map(|_| {
            let client = Client {
                server: server.clone(),
                welcome: Some(welcome.clone()),
                work: None,
            };
            let id = system.generate_id("client");
            system.spawn(id, client).expect("generated names are free")
        });
        let clients = Clients(clients.collect());
        drop(welcome);
        for _ in 0..count {
            welcomed.recv().expect("the server can be reached");
        }
        clients
    }

    /// Round trips.
    pub fn ask(&self, load: Load) -> Outcome {
        let ahead = load.ahead;
        let start = move |client: &mut Client, ctx: &mut Context<Client>| {
            (0..ahead).for_each(|_| client.ask(ctx));
        };
        let mut outcome = self.run(load, start);
        outcome.count = load.each * load.clients;
        outcome
    }

    /// Messages in one direction, of which the server acknowledges one in four thousand.
    pub fn blast(&self, load: Load) -> Outcome {
        let windows = load.each.div_ceil(WINDOW).max(1);
        let start = |client: &mut Client, ctx: &mut Context<Client>| {
            (0..WINDOWS_AHEAD).for_each(|_| client.blast(ctx));
        };
        let mut outcome = self.run(
            Load {
                each: windows,
                ..load
            },
            start,
        );
        outcome.count = windows * WINDOW * load.clients;
        outcome
    }

    fn run(
        &self,
        load: Load,
        start: impl Fn(&mut Client, &mut Context<Client>) + Clone + Send + 'static,
    ) -> Outcome {
        let (done, finished) = mpsc::channel();
        let began = Instant::now();
        for client in &self.0 {
            let work = Work {
                // As in the original, no two clients share it.
                body: Bytes::from(vec![b'x'; load.bytes]),
                unsent: load.each,
                unanswered: load.each,
                asked: (load.ahead == 1).then(Instant::now),
                times: Vec::new(),
                done: done.clone(),
            };
            let start = start.clone();
            client.tell(move |client, ctx| {
                client.work = Some(work);
                start(client, ctx);
            });
        }
        drop(done);
        let mut times = Vec::new();
        for _ in &self.0 {
            times.append(&mut finished.recv().expect("the server lives on"));
        }
        Outcome {
            took: began.elapsed(),
            count: 0,
            times,
        }
    }
}

/// ClientServer in one system with two workers; round trips in a second.
pub fn local(load: Load) -> f64 {
    let system = super::ours::system(2);
    let server = system
        .spawn("server", Server::default())
        .expect("the name is free");
    let clients = Clients::connect(&system, server.upid(), load.clients);
    let outcome = clients.ask(load);
    system.shutdown();
    outcome.per_second()
}
