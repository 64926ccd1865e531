//! What fuzzing begins with: recorded traffic of Mesos 1.11 and what was found before.

use std::fs;
use std::net::SocketAddrV4;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use libprocess_core::{Upid, frame};

use crate::{TARGETS, proto};

/// Recordings longer than this are cut or left out: they are slow and teach little.
const SEED_MAX: usize = 16 * 1024;

fn tests() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// All files below a directory in the order of their names; none where there is no directory.
fn files(directory: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(directory).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            found.push(path);
        }
    }
    found.sort();
    found
}

/// The recordings with this ending, as name and content.
fn recordings(ending: &str) -> Vec<(String, Vec<u8>)> {
    let ends = |path: &PathBuf| path.extension().is_some_and(|found| found == ending);
    let read = |path: PathBuf| {
        let name = path.file_stem()?.to_string_lossy().into_owned();
        Some((name, fs::read(&path).ok()?))
    };
    let golden = files(&tests().join("golden"));
    golden.into_iter().filter(ends).filter_map(read).collect()
}

/// What was found for a target before, and mended.
pub fn found(target: &str) -> Vec<(PathBuf, Vec<u8>)> {
    let paths = files(&Path::new(env!("CARGO_MANIFEST_DIR")).join("found").join(target));
    let read = |path: PathBuf| fs::read(&path).ok().map(|bytes| (path, bytes));
    paths.into_iter().filter_map(read).collect()
}

/// Puts the seeds of all targets, and what was found, into directories of their names below `corpus`.
///
/// # Errors
///
/// When they cannot be written.
pub fn plant(corpus: &Path) -> Result<()> {
    for target in TARGETS {
        let directory = corpus.join(target.name);
        fs::create_dir_all(&directory)
            .with_context(|| format!("failed to create `{}`", directory.display()))?;
        let found = found(target.name).into_iter().map(|(_, bytes)| bytes);
        for (number, seed) in (target.seeds)().into_iter().chain(found).enumerate() {
            let path = directory.join(format!("seed-{number:04}"));
            fs::write(&path, seed).with_context(|| format!("failed to write `{}`", path.display()))?;
        }
    }
    Ok(())
}

fn texts_of(texts: &[&str]) -> Vec<Vec<u8>> {
    texts.iter().map(|text| text.as_bytes().to_vec()).collect()
}

/// The beginnings of recorded connections, behind the bytes that say in which pieces they come.
pub fn streams() -> Vec<Vec<u8>> {
    let chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n";
    let until_close = "HTTP/1.1 200 OK\r\nContent-Type: a\r\n\r\nabc";
    let message = "POST /master/ping HTTP/1.1\r\nUser-Agent: libprocess/a@1.2.3.4:5\r\nConnection: Keep-Alive\r\n\
                   Content-Length: 2\r\n\r\nhi";
    let written = texts_of(&[chunked, until_close, message]);
    let recorded = recordings("bin").into_iter().map(|(_, bytes)| bytes);
    let streams = written.into_iter().chain(recorded).zip((0..=255).cycle());
    // A response has a second byte: both kinds of streams are tried as both.
    let begin = |(bytes, piece): (Vec<u8>, u8)| {
        let cut = &bytes[..bytes.len().min(2048)];
        [[&[piece], cut].concat(), [&[piece, 0], cut].concat()]
    };
    streams.flat_map(begin).collect()
}

/// Frames of two kinds, and a mark.
pub fn frames() -> Vec<Vec<u8>> {
    let from = Upid::new("slave(1)", SocketAddrV4::new([10, 0, 0, 1].into(), 5051));
    let to = Upid::new("master", SocketAddrV4::new([10, 0, 0, 2].into(), 5050));
    let (mut writer, mut out) = (frame::Writer::default(), Vec::new());
    for (name, body) in [("a", "12"), ("b", ""), ("a", "3456")] {
        let _ = writer.write(&from, &to, name, body.as_bytes(), &mut out);
    }
    frame::write_mark(7, &mut out);
    vec![out]
}

/// Records.
pub fn records() -> Vec<Vec<u8>> {
    texts_of(&["\x035\nhello0\n2\nab", "\x01256\nx", "\x02257\nx", "\x05-1\n"])
}

/// Addresses.
pub fn upids() -> Vec<Vec<u8>> {
    texts_of(&[
        "master@127.0.0.1:5050",
        "slave(1)@10.0.0.1:5051",
        "@0.0.0.0:0",
        "a@[::1]:1",
    ])
}

/// Queries.
pub fn queries() -> Vec<Vec<u8>> {
    texts_of(&[
        "path=%2Ftmp&offset=0&length=50000",
        "a=b;c=d",
        "jsonp=x&&=",
        "%zz",
    ])
}

/// Durations.
pub fn durations() -> Vec<Vec<u8>> {
    texts_of(&["15secs", "1.5mins", "2weeks", "10ns", "-1hrs", "1e3secs"])
}

/// Recorded messages behind the byte that picks their kind; the name of a recording ends with that of the message.
pub fn messages() -> Vec<Vec<u8>> {
    let mut seeds = Vec::new();
    for (name, bytes) in recordings("body") {
        let kind = name.rsplit_once('-').map_or("", |(_, kind)| kind);
        if bytes.len() <= SEED_MAX {
            seeds.extend(proto::picks(kind).map(|pick| [&[pick], bytes.as_slice()].concat()));
        }
    }
    // Whatever has no name is tried as each kind.
    seeds.extend((0..proto::KINDS.len()).map(|kind| vec![u8::try_from(kind).unwrap_or(0), 8, 1]));
    seeds
}

/// Recorded JSON as every kind of message.
pub fn texts() -> Vec<Vec<u8>> {
    let mut seeds = Vec::new();
    for (_, text) in recordings("json") {
        if text.len() <= 4096 {
            let kind = u8::try_from(seeds.len() % proto::KINDS.len()).unwrap_or(0);
            seeds.push([&[kind | 0x40], text.as_slice()].concat());
        }
    }
    seeds
}

/// Recorded messages as they are.
pub fn views() -> Vec<Vec<u8>> {
    let bodies = recordings("body").into_iter().map(|(_, bytes)| bytes);
    bodies.filter(|bytes| bytes.len() <= 512).collect()
}

/// Bundles as flags have them.
pub fn resources() -> Vec<Vec<u8>> {
    [
        "cpus:4;mem(a/b):1024.5; ports:[31000-32000, 33000-33000];disks:{a,b}",
        r#"[{"name":"disk","type":"SCALAR","scalar":{"value":10},"role":"a","disk":{"source":{"type":"MOUNT","mount":{"root":"/m"}}}},
            {"name":"disk","type":"SCALAR","scalar":{"value":1},"disk":{"source":{"type":"RAW","id":"i","profile":"p"}}},
            {"name":"gpus","type":"SCALAR","scalar":{"value":1},"provider_id":{"value":"x"},
             "reservations":[{"type":"STATIC","role":"a"}],"allocation_info":{"role":"a"}},
            {"name":"ports","type":"RANGES","ranges":{"range":[{"begin":1,"end":18446744073709551615}]}},
            {"name":"words","type":"SET","set":{"item":["a","b"]}}]"#,
        "cpus(*):1e3;cpus():nan",
    ]
    .map(|text| text.as_bytes().to_vec())
    .into()
}

/// A bundle in the first line, then an operation.
pub fn operations() -> Vec<Vec<u8>> {
    const RESERVED: &str = r#"{"name":"disk","type":"SCALAR","scalar":{"value":10},"reservations":[{"type":"DYNAMIC","role":"a","principal":"p"}]}"#;
    let volume = RESERVED.replace(
        "}]}",
        r#"}],"disk":{"persistence":{"id":"v"},"volume":{"container_path":"d","mode":"RW"}}}"#,
    );
    let legacy =
        r#"{"name":"disk","type":"SCALAR","scalar":{"value":10},"role":"a","reservation":{"principal":"p"}}"#;
    [
        format!(r#"{{"type":"RESERVE","reserve":{{"resources":[{RESERVED}]}}}}"#),
        format!(r#"{{"type":"RESERVE","reserve":{{"source":[{legacy}],"resources":[{RESERVED}]}}}}"#),
        format!(r#"{{"type":"UNRESERVE","unreserve":{{"resources":[{legacy}]}}}}"#),
        format!(r#"{{"type":"CREATE","create":{{"volumes":[{volume}]}}}}"#),
        format!(r#"{{"type":"DESTROY","destroy":{{"volumes":[{volume}]}}}}"#),
        format!(r#"{{"type":"GROW_VOLUME","grow_volume":{{"volume":{volume},"addition":{RESERVED}}}}}"#),
        format!(
            r#"{{"type":"SHRINK_VOLUME","shrink_volume":{{"volume":{volume},"subtract":{{"value":4}}}}}}"#
        ),
    ]
    .map(|operation| format!("cpus:4;disk:100;disk(a):20\n{operation}").into_bytes())
    .into()
}
