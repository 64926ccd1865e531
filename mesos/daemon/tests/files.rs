//! `/files` as a client sees it.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::{fs, os::unix::fs::symlink, path::Path};

use libprocess::{System, http::Client};
use mesos_daemon::files::{Files, FilesError};

struct Bench {
    root: tempfile::TempDir,
    system: System,
    files: Files,
}

impl Bench {
    /// A directory `box` shown as `/box`, with a file beside it that is not shown.
    fn new() -> Self {
        let root = tempfile::tempdir().unwrap();
        fs::create_dir_all(root.path().join("box/sub")).unwrap();
        fs::write(root.path().join("box/stdout"), "hello\n").unwrap();
        fs::write(root.path().join("box/data.json"), "{}").unwrap();
        fs::write(root.path().join("secret"), "secret").unwrap();
        symlink(root.path().join("secret"), root.path().join("box/out")).unwrap();
        let system = System::builder().port(0).start().unwrap();
        let files = Files::spawn(&system);
        files.attach("/box/", &root.path().join("box"));
        Self { root, system, files }
    }

    fn get(&self, target: &str) -> (u16, String) {
        let url = format!("http://{}/files/{target}", self.system.address());
        let response = Client::new(&self.system).get(&url).wait().unwrap();
        (
            response.status,
            String::from_utf8(response.body_bytes().to_vec()).unwrap(),
        )
    }

    fn end(self) {
        self.system.shutdown();
    }
}

#[test]
fn a_directory_is_listed_with_its_virtual_paths() {
    let bench = Bench::new();
    let (status, body) = bench.get("browse?path=/box");
    assert_eq!(status, 200);
    let listing: serde_json::Value = serde_json::from_str(&body).unwrap();
    let paths: Vec<&str> = listing
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| entry["path"].as_str().unwrap())
        .collect();
    assert_eq!(paths, ["/box/data.json", "/box/out", "/box/stdout", "/box/sub"]);
    let stdout = &listing[2];
    assert_eq!(stdout["size"], 6);
    assert_eq!(stdout["nlink"], 1);
    assert!(stdout["mode"].as_str().unwrap().starts_with("-rw"));
    assert!(stdout["mtime"].is_f64());
    let keys: Vec<&String> = stdout.as_object().unwrap().keys().collect();
    assert_eq!(keys, ["gid", "mode", "mtime", "nlink", "path", "size", "uid"]);
    bench.end();
}

#[test]
fn files_are_read_in_parts() {
    let bench = Bench::new();
    for (query, status, body) in [
        (
            "read?path=/box/stdout&offset=0&length=4096",
            200,
            r#"{"data":"hello\n","offset":0}"#,
        ),
        (
            "read?path=/box/stdout&offset=1&length=2",
            200,
            r#"{"data":"el","offset":1}"#,
        ),
        (
            "read?path=/box/stdout&offset=0",
            200,
            r#"{"data":"hello\n","offset":0}"#,
        ),
        ("read?path=/box/stdout", 200, r#"{"data":"","offset":6}"#),
        (
            "read?path=/box/stdout&offset=-1&length=10",
            200,
            r#"{"data":"","offset":6}"#,
        ),
        (
            "read?path=/box/stdout&offset=99",
            200,
            r#"{"data":"","offset":99}"#,
        ),
        (
            "read?path=/box/stdout&offset=0&length=-1",
            200,
            r#"{"data":"hello\n","offset":0}"#,
        ),
        (
            "read?path=/box/stdout&offset=-2",
            400,
            "Negative offset provided: -2.\n",
        ),
        (
            "read?path=/box/stdout&offset=0&length=-2",
            400,
            "Negative length provided: -2.\n",
        ),
        ("read?path=/box/nosuch", 404, ""),
        ("read?path=/box/sub", 400, "Cannot read a directory.\n"),
        ("read?path=/elsewhere", 404, ""),
        ("read", 400, "Expecting 'path=value' in query.\n"),
        ("browse", 400, "Expecting 'path=value' in query.\n"),
        ("browse?path=/nosuch", 404, ""),
        ("download?path=/box/stdout", 200, "hello\n"),
        ("download?path=/box/nosuch", 404, "404 Not Found."),
        ("download?path=/elsewhere", 404, "404 Not Found."),
        ("download?path=/box/sub", 400, "Cannot download a directory.\n"),
        (
            "read?path=/box/stdout&offset=0&jsonp=f",
            200,
            r#"f({"data":"hello\n","offset":0});"#,
        ),
    ] {
        assert_eq!(bench.get(query), (status, body.to_owned()), "{query}");
    }
    let (status, body) = bench.get("read?path=/box/stdout&offset=x");
    assert_eq!(status, 400);
    assert!(body.starts_with("Failed to parse offset: "), "{body}");
    bench.end();
}

#[test]
fn nothing_outside_of_a_directory_can_be_reached() {
    let bench = Bench::new();
    for query in [
        "read?path=/box/../secret&offset=0",
        "read?path=/box/out&offset=0",
        "download?path=/box/out",
    ] {
        let (status, body) = bench.get(query);
        assert_eq!(status, 400, "{query}: {body}");
        assert!(body.ends_with("' is inaccessible.\n"), "{body}");
    }
    bench.end();
}

#[test]
fn names_come_and_go() {
    let bench = Bench::new();
    bench.files.attach("/log", &bench.root.path().join("secret"));
    assert_eq!(
        bench.get("read?path=/log&offset=0").1,
        r#"{"data":"secret","offset":0}"#
    );
    assert_eq!(bench.get("browse?path=/log"), (200, "[]".to_owned()));
    assert_eq!(bench.get("read?path=/log/below").0, 404);
    let (_, debug) = bench.get("debug");
    let shown: serde_json::Value = serde_json::from_str(&debug).unwrap();
    assert_eq!(shown["/box"], bench.root.path().join("box").display().to_string());
    bench.files.detach_if("/log", Path::new("/other"));
    assert_eq!(bench.get("read?path=/log").0, 200);
    bench.files.detach_if("/log", &bench.root.path().join("secret"));
    assert_eq!(bench.get("read?path=/log").0, 404);
    bench.end();
}

#[test]
fn the_operator_api_gets_the_same() {
    let bench = Bench::new();
    let listed = bench.files.list_files("/box").wait().unwrap().unwrap();
    assert_eq!(listed.len(), 4);
    assert_eq!(listed[2].path, "/box/stdout");
    let part = bench
        .files
        .read_file("/box/stdout", 1, Some(3))
        .wait()
        .unwrap()
        .unwrap();
    assert_eq!((part.size, &part.data[..]), (6, &b"ell"[..]));
    let whole = bench
        .files
        .read_file("/box/stdout", 0, None)
        .wait()
        .unwrap()
        .unwrap();
    assert_eq!(&whole.data[..], b"hello\n");
    assert_eq!(
        bench.files.list_files("/").wait().unwrap(),
        Err(FilesError::NotFound)
    );
    bench.end();
}

#[test]
fn a_pipe_in_a_sandbox_holds_nobody() {
    let bench = Bench::new();
    let pipe = bench.root.path().join("box/pipe");
    nix::unistd::mkfifo(&pipe, nix::sys::stat::Mode::S_IRWXU).unwrap();
    for (target, text) in [
        ("read?path=/box/pipe&offset=0", "Cannot read a special file.\n"),
        ("download?path=/box/pipe", "Cannot download a special file.\n"),
    ] {
        assert_eq!(bench.get(target), (400, text.to_owned()));
    }
    bench.end();
}

#[test]
fn a_file_name_makes_no_headers() {
    let bench = Bench::new();
    fs::write(bench.root.path().join("box/a\r\nX-Evil: 1"), "hello").unwrap();
    let url = format!(
        "http://{}/files/download?path=/box/a%0d%0aX-Evil:%201",
        bench.system.address()
    );
    let response = Client::new(&bench.system).get(&url).wait().unwrap();
    assert_eq!(response.headers.get("X-Evil"), None);
    assert_eq!(response.body_bytes(), b"hello");
    bench.end();
}
