//! How long requests take, over one connection that stays open.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};

/// A request.
#[derive(Debug, Clone, Copy)]
pub struct Read {
    /// Its path.
    pub path: &'static str,
    /// The JSON to post, or nothing to get.
    pub call: Option<&'static str>,
    /// What the answer should be written in.
    pub accept: &'static str,
}

/// What came of a series.
#[derive(Debug, Clone, Copy)]
pub struct Series {
    /// The median time from the first byte asked to the last byte answered.
    pub median: Duration,
    /// Bytes of the last answer's body.
    pub bytes: usize,
}

/// Sends a request `n` times, one after another.
///
/// # Errors
///
/// When the answer is not 200 with a `Content-Length`.
pub fn series(address: &str, read: Read, n: usize) -> Result<Series> {
    let mut stream =
        TcpStream::connect(address).with_context(|| format!("failed to connect to {address}"))?;
    stream.set_nodelay(true)?;
    let body = read.call.unwrap_or_default();
    let (method, path, accept) = (
        if read.call.is_some() { "POST" } else { "GET" },
        read.path,
        read.accept,
    );
    let request = format!(
        "{method} {path} HTTP/1.1\r\nHost: {address}\r\nAccept: {accept}\r\nContent-Type: application/json\r\n\
         Content-Length: {}\r\n\r\n{body}",
        body.len()
    );
    let mut buffer = vec![0; 1 << 20];
    let mut times = Vec::with_capacity(n);
    let mut bytes = 0;
    for _ in 0..n {
        let started = Instant::now();
        stream.write_all(request.as_bytes())?;
        bytes = answer(&mut stream, &mut buffer).with_context(|| format!("failed to read {path}"))?;
        times.push(started.elapsed());
    }
    Ok(Series {
        median: median(&mut times),
        bytes,
    })
}

/// Takes one answer from the stream and returns the length of its body.
fn answer(stream: &mut TcpStream, buffer: &mut [u8]) -> Result<usize> {
    let mut filled = 0;
    let head = loop {
        let read = stream.read(&mut buffer[filled..])?;
        ensure!(read > 0, "the connection ended");
        filled += read;
        if let Some(end) = buffer[..filled].windows(4).position(|four| four == b"\r\n\r\n") {
            break end + 4;
        }
    };
    let text = std::str::from_utf8(&buffer[..head])?;
    ensure!(text.starts_with("HTTP/1.1 200"), "{text}");
    let length = text
        .lines()
        .filter_map(|line| line.split_once(": "))
        .find(|(name, _)| name.eq_ignore_ascii_case("content-length"))
        .context("no Content-Length")?;
    let length: usize = length.1.parse()?;
    let mut left = (head + length)
        .checked_sub(filled)
        .context("more than one answer")?;
    while left > 0 {
        let read = stream.read(buffer)?;
        ensure!(read > 0, "the connection ended");
        left = left.checked_sub(read).context("more than one answer")?;
    }
    Ok(length)
}

/// The middle of some times; sorts them.
///
/// # Panics
///
/// When there are none.
pub fn median(times: &mut [Duration]) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}
