//! Every example does what it says. `cargo test` builds them before it runs this.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

/// Where cargo puts an example that it has built for this test.
fn path(name: &str) -> PathBuf {
    let test = std::env::current_exe().unwrap();
    let target = test.parent().and_then(|deps| deps.parent()).unwrap();
    let example = target.join("examples").join(name);
    assert!(
        example.exists(),
        "{name} is not built: `cargo build --examples` does it, or `cargo test` without --test"
    );
    example
}

/// What an example prints when it is left alone.
fn output(name: &str) -> String {
    let output = Command::new(path(name)).stdin(Stdio::null()).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let complaints = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(
        output.status.success(),
        "{name}: {}\n{text}\n{complaints}",
        output.status
    );
    text
}

#[track_caller]
fn says(name: &str, expected: &[&str]) {
    let text = output(name);
    for line in expected {
        assert!(text.contains(line), "`{line}` is missing in\n{text}");
    }
}

#[test]
fn ping_pong() {
    says("ping_pong", &["1000"]);
}

#[test]
fn counter_over_http() {
    says("counter_over_http", &["/counter/value", "5"]);
}

#[test]
fn turnstile() {
    says("turnstile", &["2 passed"]);
}

#[test]
fn inside_tokio() {
    says(
        "inside_tokio",
        &["sold, 3 left", "sold, 1 left", "not sold: only 1 left"],
    );
}

#[test]
fn keep_running() {
    says(
        "keep_running",
        &["started as ", "up\nexit status: 3\n", "gave up after 3 starts"],
    );
}

#[test]
fn site() {
    says(
        "site",
        &[
            "/files/index.html: 200 text/html, 14 bytes",
            "/files/../secret: 404",
            "/visits?jsonp=show: 200 text/javascript, 8 bytes",
            "/help/site/visits: 200 text/html",
        ],
    );
}

#[test]
fn measure() {
    assert!(!output("measure").is_empty());
}

/// Far more than anybody here takes to answer.
const LIMIT: Duration = Duration::from_secs(20);

/// Somebody in a chat, whose terminal we are.
struct Person {
    child: Child,
    heard: Receiver<String>,
}

impl Person {
    fn join(arguments: &[&str]) -> Person {
        let mut command = Command::new(path("remote_chat"));
        let mut child = command
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let (hears, heard) = channel();
        std::thread::spawn(move || lines.map_while(Result::ok).try_for_each(|line| hears.send(line)));
        Person { child, heard }
    }

    /// The first line that holds these words.
    fn hears(&mut self, words: &str) -> String {
        loop {
            let line = self.heard.recv_timeout(LIMIT);
            let line = line.unwrap_or_else(|_| panic!("nobody says `{words}`"));
            if line.contains(words) {
                return line;
            }
        }
    }

    fn says(&mut self, line: &str) {
        writeln!(self.child.stdin.as_mut().unwrap(), "{line}").unwrap();
    }

    fn leaves(&mut self) {
        drop(self.child.stdin.take());
        assert!(self.child.wait().unwrap().success());
    }
}

#[test]
fn remote_chat() {
    let mut ada = Person::join(&["ada"]);
    let address = ada.hears("you are room@").split_off("* you are ".len());
    let mut bob = Person::join(&["bob", &address]);
    ada.hears("* bob is here");
    bob.hears("* ada is here");
    bob.says("good morning");
    assert!(ada.hears("good morning").contains("bob"));
    bob.leaves();
    ada.hears("* bob has left");
    ada.leaves();
}

impl Drop for Person {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
