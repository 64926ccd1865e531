//! Hostile bytes, many peers and long lives: nothing panics, nobody waits for others, nothing is left behind.
//!
//! In a binary of its own, since it counts descriptors, threads and memory of the OS process: its tests take turns.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use libprocess::http::Response;
use libprocess::{Context, LinkMode, Pid, Process, System, Upid};
use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::path::Path;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Mutex, MutexGuard};
use std::time::Duration;

/// Far more than anything here takes.
const LIMIT: Duration = Duration::from_secs(20);

static TURN: Mutex<()> = Mutex::new(());

fn turn() -> MutexGuard<'static, ()> {
    TURN.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

struct Site;

impl Process for Site {
    fn initialize(&mut self, ctx: &mut Context<Self>) {
        ctx.route("/health", |_, _, _, responder| responder.respond(Response::ok()));
    }
}

/// A system with something to ask for.
fn start(timeout: Duration) -> System {
    let builder = System::builder()
        .workers(2)
        .max_body(100_000)
        .header_timeout(timeout);
    let system = builder.start().unwrap();
    system.spawn("site", Site).unwrap();
    system
}

fn connect(system: &System) -> TcpStream {
    let stream = TcpStream::connect(system.address()).unwrap();
    stream.set_read_timeout(Some(LIMIT)).unwrap();
    stream
}

/// What the system answers before it closes; a reset counts as the end.
fn answer(mut stream: TcpStream) -> String {
    let mut seen = Vec::new();
    let mut bytes = [0; 4096];
    loop {
        match stream.read(&mut bytes) {
            Ok(0) => break,
            Ok(count) => seen.extend_from_slice(&bytes[..count]),
            Err(error) if error.kind() == std::io::ErrorKind::ConnectionReset => break,
            Err(error) => panic!("no end in time: {error}"),
        }
    }
    String::from_utf8_lossy(&seen).into_owned()
}

/// Sends bytes, closes the sending half and returns what is answered.
fn ask(system: &System, bytes: &[u8]) -> String {
    let mut stream = connect(system);
    // The system may have refused before all was written.
    let _ = stream.write_all(bytes);
    let _ = stream.shutdown(Shutdown::Write);
    answer(stream)
}

fn assert_alive(system: &System) {
    let mut stream = connect(system);
    stream
        .write_all(b"GET /site/health HTTP/1.1\r\nConnection: close\r\n\r\n")
        .unwrap();
    let answer = answer(stream);
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
}

fn descriptors() -> usize {
    std::fs::read_dir("/proc/self/fd").unwrap().count()
}

/// A number of `/proc/self/status`.
fn status(field: &str) -> u64 {
    let text = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = text.lines().find(|line| line.starts_with(field)).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

fn descriptor_limit() -> usize {
    let text = std::fs::read_to_string("/proc/self/limits").unwrap();
    let line = text
        .lines()
        .find(|line| line.starts_with("Max open files"))
        .unwrap();
    line.split_whitespace()
        .nth(3)
        .unwrap()
        .parse()
        .unwrap_or(usize::MAX)
}

#[test]
fn thousands_of_half_requests_do_not_get_in_the_way_and_are_refused() {
    let _turn = turn();
    // Each takes two descriptors, since both ends are in this OS process.
    let count = ((descriptor_limit() - 200) / 2).min(10_000);
    println!("{count} half-requests");
    let system = start(Duration::from_secs(4));
    let mut half: Vec<TcpStream> = (0..count).map(|_| connect(&system)).collect();
    for (n, stream) in half.iter_mut().enumerate() {
        let beginning = ["GET /site/hea", "POST /site/health HTTP/1.1\r\nX: y"][n % 2];
        stream.write_all(beginning.as_bytes()).unwrap();
    }
    (0..10).for_each(|_| assert_alive(&system));
    for stream in half {
        let answer = answer(stream);
        assert!(answer.starts_with("HTTP/1.1 408 "), "{answer}");
    }
    assert_alive(&system);
    system.shutdown();
}

#[test]
fn floods_of_fields_and_lies_about_chunks_are_refused() {
    let _turn = turn();
    let system = start(LIMIT);
    let fields = |count: usize, length: usize| {
        let field = format!("X: {}\r\n", "y".repeat(length));
        format!("GET /site/health HTTP/1.1\r\n{}\r\n", field.repeat(count))
    };
    let chunk =
        |text: &str| format!("POST /site/health HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n{text}");
    let length = |text: &str| format!("POST /site/health HTTP/1.1\r\nContent-Length: {text}\r\n\r\nabc");
    for (bytes, status) in [
        (fields(1_000, 1), 400),
        (fields(100_000, 1), 400),
        (fields(10, 100_000), 400),
        (chunk("-1\r\nabc\r\n"), 400),
        (chunk("+3\r\nabc\r\n"), 400),
        (chunk("0x3\r\nabc\r\n"), 400),
        (chunk("\r\nabc\r\n"), 400),
        (chunk("3\r\nabcd\r\n"), 400),
        (chunk("10000000000000000\r\nabc\r\n"), 400),
        (chunk("ffffffffffffffff\r\nabc\r\n"), 413),
        (chunk("3\r\nabc\r\nffffffffffffffff\r\n"), 413),
        (chunk("7fffffff\r\nabc\r\n"), 413),
        (chunk(&format!("3;{}\r\nabc\r\n", "x".repeat(10_000))), 400),
        (chunk(&format!("0\r\n{}\r\n", "X: y\r\n".repeat(100_000))), 413),
        (length("-1"), 400),
        (length("+3"), 400),
        (length("18446744073709551616"), 400),
        (length("18446744073709551615"), 413),
        (length("3, 4"), 400),
    ] {
        let answer = ask(&system, bytes.as_bytes());
        let expected = format!("HTTP/1.1 {status} ");
        assert!(answer.starts_with(&expected), "{bytes:.90?}: {answer}");
        assert_alive(&system);
    }
    system.shutdown();
}

#[test]
fn odd_paths_are_answered() {
    let _turn = turn();
    let system = start(LIMIT);
    let mut wrong = Vec::new();
    for (path, as_request, as_message) in [
        ("%", 404, 400),
        ("/%", 404, 500),
        ("/%4", 404, 500),
        ("/%zz/x", 404, 500),
        ("/%00/x", 404, 404),
        ("/%ff/x", 404, 500),
        ("", 400, 400),
        ("/", 404, 404),
        ("//", 404, 404),
        ("//x", 404, 404),
        ("/../x", 404, 404),
        // To a message the rest of the path is nothing but its name.
        ("/site/../x", 404, 202),
        ("*", 404, 400),
        ("http://x/y", 404, 400),
    ] {
        for (from, status) in [
            ("", as_request),
            ("Libprocess-From: a@127.0.0.1:1\r\n", as_message),
        ] {
            let bytes = format!("POST {path} HTTP/1.1\r\n{from}Content-Length: 0\r\n\r\n");
            let answer = ask(&system, bytes.as_bytes());
            let seen: u16 = answer.get(9..12).and_then(|text| text.parse().ok()).unwrap_or(0);
            if seen != status {
                wrong.push((path, from, seen));
            }
        }
    }
    assert_eq!(wrong, []);
    assert_alive(&system);
    system.shutdown();
}

#[test]
fn an_end_in_any_state_leaves_nothing_behind() {
    let _turn = turn();
    let system = start(LIMIT);
    assert_alive(&system);
    let request =
        b"POST /site/health HTTP/1.1\r\nLibprocess-From: a@127.0.0.1:1\r\nTransfer-Encoding: chunked\r\n\r\n\
        3;x=y\r\nabc\r\n4\r\ndefg\r\n0\r\nX: y\r\n\r\n";
    for end in 0..request.len() {
        let answer = ask(&system, &request[..end]);
        assert_eq!(answer, "", "cut at {end}");
    }
    assert!(ask(&system, request).starts_with("HTTP/1.1 202 "));
    assert_alive(&system);
    system.shutdown();
}

fn recordings() -> Vec<Vec<u8>> {
    let captures = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/golden/captures");
    let flows = std::fs::read_dir(captures)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    let mut files: Vec<_> = flows
        .filter(|path| path.is_dir())
        .flat_map(|flow| {
            std::fs::read_dir(flow)
                .unwrap()
                .map(|entry| entry.unwrap().path())
        })
        .filter(|path| path.extension().is_some_and(|extension| extension == "bin"))
        .collect();
    files.sort();
    assert!(files.len() > 150);
    files.iter().map(|file| std::fs::read(file).unwrap()).collect()
}

#[test]
fn spoilt_recordings_do_not_end_a_listener() {
    let _turn = turn();
    let system = start(LIMIT);
    let mut seed = 1u64;
    let mut below = |end: usize| {
        seed = seed
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(seed >> 33).unwrap() % end.max(1)
    };
    for recording in recordings() {
        for _ in 0..5 {
            let mut bytes = recording[..recording.len().min(20_000)].to_vec();
            for _ in 0..=below(8) {
                let place = below(bytes.len().min(600));
                match below(3) {
                    0 => bytes[place] = u8::try_from(below(256)).unwrap(),
                    1 => drop(bytes.drain(place..(place + below(20)).min(bytes.len()))),
                    _ => bytes.insert(place, b"\r\n\0%:/ 0f"[below(9)]),
                }
            }
            let answer = ask(&system, &bytes);
            assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 "), "{answer}");
        }
    }
    assert_alive(&system);
    system.shutdown();
}

/// Says whom it was told of.
struct Linker(Sender<Upid>);

impl Process for Linker {
    fn exited(&mut self, _: &mut Context<Self>, who: Upid) {
        let _ = self.0.send(who);
    }
}

fn linkers(system: &System, count: usize, to: &Upid) -> (Vec<Pid<Linker>>, Receiver<Upid>) {
    let (told, exits) = channel();
    let pids: Vec<_> = (0..count)
        .map(|n| system.spawn(format!("linker{n}"), Linker(told.clone())).unwrap())
        .collect();
    for pid in &pids {
        let to = to.clone();
        pid.dispatch(move |_, ctx| ctx.link(&to)).wait().unwrap();
    }
    (pids, exits)
}

#[test]
fn ten_thousand_linkers_are_told_once_each() {
    let _turn = turn();
    let (here, there) = (start(LIMIT), start(LIMIT));
    let (pids, exits) = linkers(&here, 10_000, &there.upid("site"));
    there.shutdown();
    for _ in &pids {
        assert_eq!(exits.recv_timeout(LIMIT).unwrap(), there.upid("site"));
    }
    here.clock().settle().wait().unwrap();
    assert!(exits.try_recv().is_err(), "told twice");
    here.shutdown();
}

#[test]
fn a_storm_of_reconnects_ends() {
    let _turn = turn();
    let (here, there) = (start(LIMIT), start(LIMIT));
    let site = there.upid("site");
    let (pids, exits) = linkers(&here, 50, &site);
    let before = descriptors();
    for n in 0..2_000 {
        let to = site.clone();
        pids[n % 50].tell(move |_, ctx| ctx.link_with(&to, LinkMode::Reconnect));
    }
    here.clock().settle().wait().unwrap();
    assert!(exits.try_recv().is_err(), "a replaced connection is no end");
    returns_to("descriptors", before, descriptors);
    there.shutdown();
    for _ in &pids {
        assert_eq!(exits.recv_timeout(LIMIT).unwrap(), site);
    }
    here.shutdown();
}

/// Asks the system for its answers until a count is no more than before.
fn returns_to(what: &str, before: usize, count: impl Fn() -> usize) {
    let limit = std::time::Instant::now() + LIMIT;
    while count() > before {
        assert!(
            std::time::Instant::now() < limit,
            "{} {what}, and {before} before",
            count()
        );
        std::thread::yield_now();
    }
}

#[test]
fn connections_links_and_lives_leave_nothing_behind() {
    let _turn = turn();
    // The first system of an OS process leaves a pair of sockets for signals to all others.
    start(LIMIT).shutdown();
    let outside = descriptors();
    let threads = status("Threads:");
    let system = start(LIMIT);
    let vacant = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let gone: Upid = format!("gone@{vacant}").parse().unwrap();
    let round = || {
        for _ in 0..500 {
            assert_alive(&system);
        }
        for _ in 0..10 {
            let (pids, exits) = linkers(&system, 300, &gone);
            for _ in &pids {
                assert_eq!(exits.recv_timeout(LIMIT).unwrap(), gone);
            }
            let first = pids[0].upid().clone();
            for pid in &pids[1..] {
                let to = first.clone();
                pid.tell(move |_, ctx| ctx.link(&to));
            }
            let ended: Vec<_> = pids.iter().map(Pid::wait).collect();
            pids.iter().for_each(Pid::terminate);
            ended.into_iter().for_each(|ended| drop(ended.wait()));
        }
        system.clock().settle().wait().unwrap();
    };
    round();
    let (idle, resident) = (descriptors(), status("VmRSS:"));
    (0..3).for_each(|_| round());
    returns_to("descriptors", idle, descriptors);
    let grown = status("VmRSS:").saturating_sub(resident);
    println!("{grown} KiB more after 9,000 lives and 1,500 connections");
    assert!(grown < 4_096, "{grown} KiB more");
    system.shutdown();
    returns_to("descriptors", outside, descriptors);
    returns_to("threads", usize::try_from(threads).unwrap(), || {
        usize::try_from(status("Threads:")).unwrap()
    });
}
