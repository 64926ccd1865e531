use super::Headers;
use crate::Time;
use libprocess_core::http::reason;
use std::cell::RefCell;
use std::io::Write;

/// How the reader of a response learns where its body ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Framing {
    Length(u64),
    Chunked,
    UntilClose,
}

thread_local! {
    /// The `Date` of the last response, since many leave within one second.
    static DATE: RefCell<(u64, String)> = const { RefCell::new((u64::MAX, String::new())) };
}

/// Appends the head of a response.
///
/// `Date` comes first, then `Transfer-Encoding`, then the fields of the response, then `Content-Length` unless it has
/// a place among them: the order in which Mesos 1.11 was recorded.
pub(super) fn head(
    out: &mut Vec<u8>,
    now: Time,
    status: u16,
    headers: &Headers,
    framing: Framing,
    connection: Option<&str>,
) {
    write!(out, "HTTP/1.1 {status} {}\r\nDate: ", reason(status)).expect("writing to memory does not fail");
    DATE.with_borrow_mut(|(second, text)| {
        if *second != now.secs() {
            *second = now.secs();
            *text = now.rfc1123();
        }
        out.extend_from_slice(text.as_bytes());
    });
    out.extend_from_slice(b"\r\n");
    if framing == Framing::Chunked {
        out.extend_from_slice(b"Transfer-Encoding: chunked\r\n");
    }
    let mut placed = false;
    for (name, value) in headers.iter() {
        if name.eq_ignore_ascii_case("Content-Length") {
            placed = true;
            content_length(out, framing);
        } else if !name.eq_ignore_ascii_case("Date") && !name.eq_ignore_ascii_case("Transfer-Encoding") {
            field(out, name, value);
        }
    }
    if !placed {
        content_length(out, framing);
    }
    if let Some(connection) = connection {
        field(out, "Connection", connection);
    }
    out.extend_from_slice(b"\r\n");
}

/// Appends the answer to so many messages, the same for all that are answered within a second.
pub(super) fn accepted(out: &mut Vec<u8>, now: Time, count: usize) {
    thread_local! {
        static ACCEPTED: RefCell<(u64, Vec<u8>)> = const { RefCell::new((u64::MAX, Vec::new())) };
    }
    ACCEPTED.with_borrow_mut(|(second, answer)| {
        if *second != now.secs() {
            *second = now.secs();
            answer.clear();
            head(answer, now, 202, &Headers::new(), Framing::Length(0), None);
        }
        out.reserve(answer.len() * count);
        (0..count).for_each(|_| out.extend_from_slice(answer));
    });
}

/// Appends one chunk of a body.
pub(super) fn chunk(out: &mut Vec<u8>, data: &[u8]) {
    write!(out, "{:x}\r\n", data.len()).expect("writing to memory does not fail");
    out.extend_from_slice(data);
    out.extend_from_slice(b"\r\n");
}

/// Ends a chunked body.
pub(super) const LAST_CHUNK: &[u8] = b"0\r\n\r\n";

pub(super) fn field(out: &mut Vec<u8>, name: &str, value: &str) {
    out.extend_from_slice(name.as_bytes());
    out.extend_from_slice(b": ");
    out.extend_from_slice(value.as_bytes());
    out.extend_from_slice(b"\r\n");
}

fn content_length(out: &mut Vec<u8>, framing: Framing) {
    if let Framing::Length(length) = framing {
        write!(out, "Content-Length: {length}\r\n").expect("writing to memory does not fail");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::Response;

    fn rendered(response: &Response, framing: Framing) -> String {
        let mut out = Vec::new();
        let now = Time::from_nanos(1_795_253_570_000_000_000);
        head(&mut out, now, response.status, &response.headers, framing, None);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn heads_are_those_recorded_from_mesos() {
        let date = "Date: Sat, 21 Nov 2026 09:32:50 GMT\r\n";
        let accepted = rendered(&Response::accepted(), Framing::Length(0));
        assert_eq!(
            accepted,
            format!("HTTP/1.1 202 Accepted\r\n{date}Content-Length: 0\r\n\r\n")
        );
        assert_eq!(accepted.len(), 81);
        let mut three = Vec::new();
        super::accepted(&mut three, Time::from_nanos(1_795_253_570_000_000_000), 3);
        assert_eq!(String::from_utf8_lossy(&three), accepted.repeat(3));
        assert_eq!(
            rendered(&Response::json("{}"), Framing::Length(2)),
            format!("HTTP/1.1 200 OK\r\n{date}Content-Length: 2\r\nContent-Type: application/json\r\n\r\n")
        );
        assert_eq!(
            rendered(&Response::with_body("application/json", "{}"), Framing::Length(2)),
            format!("HTTP/1.1 200 OK\r\n{date}Content-Type: application/json\r\nContent-Length: 2\r\n\r\n")
        );
        assert_eq!(
            rendered(
                &Response::method_not_allowed(&["POST"], "GET"),
                Framing::Length(1)
            ),
            format!(
                "HTTP/1.1 405 Method Not Allowed\r\n{date}Allow: POST\r\n\
                 Content-Type: text/plain; charset=utf-8\r\nContent-Length: 1\r\n\r\n"
            )
        );
        let mut stream = Response::new(200).header("Mesos-Stream-Id", "1");
        stream = stream.header("Content-Type", "application/json");
        assert_eq!(
            rendered(&stream, Framing::Chunked),
            format!(
                "HTTP/1.1 200 OK\r\n{date}Transfer-Encoding: chunked\r\nMesos-Stream-Id: 1\r\n\
                 Content-Type: application/json\r\n\r\n"
            )
        );
    }
}
