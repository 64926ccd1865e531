//! Messages of libprocess between two hosts, or two OS processes on one.

use std::io::Read as _;
use std::net::Ipv4Addr;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use libprocess::{System, Upid};
use mesos_benches::runtime::remote::{Echo, Wire};
use mesos_benches::runtime::rpc::{Clients, Load, Outcome, Server};
use mimalloc::MiMalloc;

#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

const HELP: &str = "\
libprocess-bench: how fast messages of libprocess travel

  libprocess-bench server [--ip IP] [--port PORT] [--until-eof]
      Prints the address of its process, e.g. server@10.0.0.1:5555, and answers until it is stopped.
  libprocess-bench client --server ADDRESS [--ip IP] [LOAD]
      Runs a load against that address. --ip is an address of this host that the server can reach.
  libprocess-bench local [LOAD]
      Runs a load between two systems of this OS process.
  libprocess-bench echo
      Prints an address and sends back what one client sends there, without libprocess: what to compare with.

LOAD:
  --clients N    processes that ask (default 8)
  --ahead N      questions each of them has on the way (default 250); 1 shows how long each took
  --count N      questions each of them asks in all (default 25000)
  --bytes N      size of a question and of its answer (default 3)
  --one-way      sends messages that are not answered one by one
  --json         prints one line of JSON

All modes take --wire negotiated, the default, or --wire compatible, which is what C++ libprocess speaks.

Two hosts, 1 KiB, first how many and then how fast:
  a$ libprocess-bench server --ip 10.0.0.1 --port 5555
  b$ libprocess-bench client --server server@10.0.0.1:5555 --ip 10.0.0.2 --bytes 1024
  b$ libprocess-bench client --server server@10.0.0.1:5555 --ip 10.0.0.2 --bytes 1024 --clients 1 --ahead 1
";

/// What the command line says.
struct Options {
    server: Option<Upid>,
    ip: Ipv4Addr,
    port: u16,
    until_eof: bool,
    one_way: bool,
    json: bool,
    wire: Wire,
    load: Load,
}

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<()> {
    let mut arguments = std::env::args().skip(1);
    let mode = arguments.next().unwrap_or_default();
    match mode.as_str() {
        "server" => serve(&parse(arguments)?),
        "client" => {
            let options = parse(arguments)?;
            let server = options.server.clone();
            measure(&options, &server.context("--server is missing; see --help")?)
        }
        "local" => {
            let options = parse(arguments)?;
            let other = start(Ipv4Addr::LOCALHOST, 0, options.wire)?;
            let server = other.spawn("server", Server::default())?;
            let measured = measure(&options, server.upid());
            other.shutdown();
            measured
        }
        "echo" => Echo::serve(),
        "--help" | "-h" | "help" => {
            print!("{HELP}");
            Ok(())
        }
        other => bail!("there is no mode `{other}`: server, client, local and echo; see --help"),
    }
}

fn parse(mut arguments: impl Iterator<Item = String>) -> Result<Options> {
    let mut options = Options {
        server: None,
        ip: Ipv4Addr::LOCALHOST,
        port: 0,
        until_eof: false,
        one_way: false,
        json: false,
        wire: Wire::Negotiated,
        load: Load {
            clients: 8,
            ahead: 250,
            each: 25_000,
            bytes: 3,
        },
    };
    while let Some(name) = arguments.next() {
        match name.as_str() {
            "--until-eof" => options.until_eof = true,
            "--one-way" => options.one_way = true,
            "--json" => options.json = true,
            _ => {
                let value = arguments.next();
                let value = value.with_context(|| format!("`{name}` needs a value; see --help"))?;
                set(&mut options, &name, &value).with_context(|| format!("in `{name} {value}`"))?;
            }
        }
    }
    let load = options.load;
    if load.clients == 0 || load.ahead == 0 || load.each < load.ahead {
        bail!("--clients and --ahead are at least 1, --count is at least --ahead");
    }
    Ok(options)
}

fn set(options: &mut Options, name: &str, value: &str) -> Result<()> {
    match name {
        "--server" => options.server = Some(value.parse()?),
        "--wire" => options.wire = value.parse()?,
        "--ip" => options.ip = value.parse()?,
        "--port" => options.port = value.parse()?,
        "--clients" => options.load.clients = value.parse()?,
        "--ahead" => options.load.ahead = value.parse()?,
        "--count" => options.load.each = value.parse()?,
        "--bytes" => options.load.bytes = value.parse()?,
        _ => bail!("unknown option; see --help"),
    }
    Ok(())
}

fn start(ip: Ipv4Addr, port: u16, wire: Wire) -> Result<System> {
    let builder = System::builder().from_env()?.ip(ip).port(port);
    Ok(builder.framing(wire == Wire::Negotiated).start()?)
}

fn serve(options: &Options) -> Result<()> {
    let system = start(options.ip, options.port, options.wire)?;
    println!("{}", system.spawn("server", Server::default())?);
    if options.until_eof {
        std::io::stdin().read_to_end(&mut Vec::new())?;
        system.shutdown();
        return Ok(());
    }
    loop {
        std::thread::park();
    }
}

fn measure(options: &Options, server: &Upid) -> Result<()> {
    let system = start(options.ip, 0, options.wire)?;
    let clients = Clients::connect(&system, server, options.load.clients);
    let outcome = if options.one_way {
        clients.blast(options.load)
    } else {
        clients.ask(options.load)
    };
    system.shutdown();
    if options.json {
        println!("{}", json(options, outcome));
    } else {
        print!("{}", text(options, outcome));
    }
    Ok(())
}

/// The times of round trips at some ranks.
fn percentiles(times: &mut [Duration]) -> Vec<(&'static str, f64)> {
    times.sort_unstable();
    let ranks = [
        ("p50", 0.5),
        ("p90", 0.9),
        ("p99", 0.99),
        ("p99.9", 0.999),
        ("max", 1.0),
    ];
    let Some(last) = times.len().checked_sub(1) else {
        return Vec::new();
    };
    let at = |rank: f64| times[((last as f64) * rank).round() as usize].as_secs_f64() * 1e6;
    ranks.map(|(name, rank)| (name, at(rank))).to_vec()
}

fn json(options: &Options, mut outcome: Outcome) -> String {
    let times = percentiles(&mut outcome.times).into_iter();
    let times: String = times
        .map(|(name, us)| format!(",\"{name}_us\":{us:.1}"))
        .collect();
    format!(
        "{{\"one_way\":{},\"clients\":{},\"ahead\":{},\"bytes\":{},\"count\":{},\"seconds\":{:.6},\"per_second\":{:.0}{times}}}",
        options.one_way,
        options.load.clients,
        options.load.ahead,
        options.load.bytes,
        outcome.count,
        outcome.took.as_secs_f64(),
        outcome.per_second(),
    )
}

fn text(options: &Options, mut outcome: Outcome) -> String {
    let what = if options.one_way {
        "messages"
    } else {
        "round trips"
    };
    let mut text = format!(
        "{} {what} of {} bytes in {:.3} s: {:.0}/s, {:.1} MB/s each way\n",
        outcome.count,
        options.load.bytes,
        outcome.took.as_secs_f64(),
        outcome.per_second(),
        outcome.per_second() * options.load.bytes as f64 / 1e6,
    );
    for (name, us) in percentiles(&mut outcome.times) {
        text += &format!("  {name:<6} {us:>10.1} µs\n");
    }
    text + &histogram(&outcome.times)
}

/// How many round trips took up to 2, 4, 8 and so on microseconds.
fn histogram(times: &[Duration]) -> String {
    let mut buckets = [0_usize; 32];
    for time in times {
        let bits = u128::BITS - time.as_micros().leading_zeros();
        buckets[usize::try_from(bits).unwrap_or(31).min(31)] += 1;
    }
    let most = buckets.iter().copied().max().unwrap_or(0).max(1);
    let lines = buckets.iter().enumerate().filter(|(_, count)| **count > 0);
    lines
        .map(|(bits, count)| {
            let bar = "#".repeat((count * 50).div_ceil(most));
            format!("  < {:>8} µs {count:>9} {bar}\n", 1_u64 << bits)
        })
        .collect()
}
