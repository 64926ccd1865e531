//! Messages over TCP, between this OS process and another.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::str::FromStr;
use std::time::Instant;

use anyhow::{Context as _, Result};
use libprocess::{System, Upid};

use super::row::{Goal, Row};

use super::rpc::{Clients, Load, Outcome};
use super::{Run, median};

/// How messages travel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wire {
    /// As C++ libprocess writes them.
    Compatible,
    /// In frames, once both sides know that they can.
    Negotiated,
}

impl Wire {
    /// As in `--wire`.
    pub fn name(self) -> &'static str {
        match self {
            Wire::Compatible => "compatible",
            Wire::Negotiated => "negotiated",
        }
    }
}

impl FromStr for Wire {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> Result<Wire> {
        let found = [Wire::Compatible, Wire::Negotiated]
            .into_iter()
            .find(|wire| wire.name() == text);
        found.with_context(|| format!("there is no wire `{text}`: compatible and negotiated"))
    }
}

/// A server in an OS process of its own, `libprocess-bench server`, which ends with this value.
#[derive(Debug)]
pub struct Remote {
    child: Child,
    server: Upid,
    wire: Wire,
}

impl Remote {
    /// Starts the program and waits for its address.
    ///
    /// # Errors
    ///
    /// When it does not start, or says something else.
    pub fn start(program: &Path, wire: Wire) -> Result<Remote> {
        let (child, server) = spawn(program, &["server", "--until-eof", "--wire", wire.name()])?;
        Ok(Remote { child, server, wire })
    }

    /// Round trips of fresh clients.
    pub fn ask(&self, load: Load) -> Outcome {
        self.with(load, |clients| clients.ask(load))
    }

    /// Messages in one direction.
    pub fn blast(&self, load: Load) -> Outcome {
        self.with(load, |clients| clients.blast(load))
    }

    fn with(&self, load: Load, run: impl FnOnce(&Clients) -> Outcome) -> Outcome {
        let builder = System::builder().workers(2);
        let system = builder
            .framing(self.wire == Wire::Negotiated)
            .start()
            .expect("a free port exists");
        let outcome = run(&Clients::connect(&system, &self.server, load.clients));
        system.shutdown();
        outcome
    }
}

/// A plain socket to another OS process, `libprocess-bench echo`, that sends back what it reads: as fast as a round trip
/// between two OS processes gets.
#[derive(Debug)]
pub struct Echo {
    child: Child,
    stream: TcpStream,
}

impl Echo {
    /// Starts the program and connects to it.
    ///
    /// # Errors
    ///
    /// When it does not start, or cannot be reached.
    pub fn start(program: &Path) -> Result<Echo> {
        let (child, address) = spawn::<SocketAddr>(program, &["echo"])?;
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        Ok(Echo { child, stream })
    }

    /// Listens, says where, and sends back what one client sends, until it closes.
    ///
    /// # Errors
    ///
    /// When a socket does.
    pub fn serve() -> Result<()> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        println!("{}", listener.local_addr()?);
        let (mut stream, _) = listener.accept()?;
        stream.set_nodelay(true)?;
        let mut bytes = [0; 4096];
        loop {
            match stream.read(&mut bytes)? {
                0 => return Ok(()),
                count => stream.write_all(&bytes[..count])?,
            }
        }
    }

    /// The time of a round trip in the middle of so many, in microseconds.
    ///
    /// # Errors
    ///
    /// When the other side has gone.
    pub fn ask(&mut self, count: u64, bytes: usize) -> Result<f64> {
        let mut body = vec![b'x'; bytes];
        let mut times = Vec::new();
        for _ in 0..count {
            let asked = Instant::now();
            self.stream.write_all(&body)?;
            self.stream.read_exact(&mut body)?;
            times.push(asked.elapsed().as_secs_f64() * 1e6);
        }
        Ok(median(times))
    }
}

impl Drop for Echo {
    fn drop(&mut self) {
        let _ = self.stream.shutdown(Shutdown::Both);
        let _ = self.child.wait();
    }
}

/// Starts the program in a mode that first says where it listens.
fn spawn<T: FromStr>(program: &Path, arguments: &[&str]) -> Result<(Child, T)>
where
    T::Err: std::error::Error + Send + Sync + 'static,
{
    let mut child = Command::new(program)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .with_context(|| format!("failed to start `{}`", program.display()))?;
    let output = child.stdout.take().context("it has an output")?;
    let mut line = String::new();
    BufReader::new(output).read_line(&mut line)?;
    let address = line.trim().parse().context("the first line is the address")?;
    Ok((child, address))
}

impl Drop for Remote {
    fn drop(&mut self) {
        drop(self.child.stdin.take());
        let _ = self.child.wait();
    }
}

/// What a wire should reach.
struct Goals {
    blasts: [f64; 2],
    asks: [f64; 2],
    single: f64,
    beside_raw: Option<f64>,
}

impl Goals {
    fn of(wire: Wire) -> Goals {
        match wire {
            Wire::Compatible => Goals {
                blasts: [3.5e6, 1.4e6],
                asks: [800e3, 15e3],
                single: 45e3,
                beside_raw: None,
            },
            Wire::Negotiated => Goals {
                blasts: [25e6, 2.5e6],
                asks: [800e3, 15e3],
                single: 45e3,
                // Within a fifth.
                beside_raw: Some(0.83),
            },
        }
    }
}

/// The rows of one wire.
pub(super) fn rows(run: &mut Run<'_>, remote: &Remote, echo: &mut Echo) {
    let goals = Goals::of(remote.wire);
    let size = run.size;
    let load = |clients, ahead, each: u64, bytes| Load {
        clients,
        ahead,
        each: size.of(each).max(ahead),
        bytes,
    };
    let wire = remote.wire.name();
    let blasts = [load(1, 1, 4_000_000, 64), load(1, 1, 1_000_000, 1024)];
    for (load, goal) in blasts.into_iter().zip(goals.blasts) {
        let ours = run.ours(|| remote.blast(load).per_second());
        let work = format!(
            "{wire}: messages of {} bytes, one way, one connection",
            load.bytes
        );
        run.push(Row {
            goals: vec![Goal::AtLeast(goal)],
            ours,
            ..Row::rate(&work, "/s")
        });
    }
    let asks = [
        (
            "3 bytes, 8 clients x 250 in flight",
            load(8, 250, 25_000, 3),
            40.4e3,
        ),
        (
            "100 KiB, 8 clients x 50 in flight",
            load(8, 50, 500, 100 * 1024),
            5.6e3,
        ),
    ];
    for ((text, load, cpp), goal) in asks.into_iter().zip(goals.asks) {
        let ours = run.ours(|| remote.ask(load).per_second());
        run.push(Row {
            cpp: Some(cpp),
            goals: vec![Goal::AtLeast(goal)],
            ours,
            ..Row::rate(&format!("{wire}: round trips of {text}"), "/s")
        });
    }
    let single = load(1, 1, 20_000, 3);
    let samples = (0..size.runs).map(|_| {
        let outcome = remote.ask(single);
        let rate = outcome.per_second();
        let raw = echo.ask(single.each, single.bytes).unwrap_or(f64::NAN);
        (rate, (outcome.median_us(), raw))
    });
    let (rates, (times, raw)): (Vec<f64>, (Vec<f64>, Vec<f64>)) = samples.unzip();
    run.push(Row {
        cpp: Some(9.5e3),
        goals: vec![Goal::AtLeast(goals.single)],
        ours: median(rates),
        ..Row::rate(&format!("{wire}: round trips of 3 bytes, one at a time"), "/s")
    });
    run.push(Row {
        goals: goals
            .beside_raw
            .map(|times| Goal::Times("TcpStream", times))
            .into_iter()
            .collect(),
        ours: median(times),
        peers: vec![("TcpStream", median(raw))],
        ..Row::time(&format!("{wire}: round trip of 3 bytes, p50"), "µs")
    });
}
