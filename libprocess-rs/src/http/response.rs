use super::{Headers, Reader, Request};
use bytes::Bytes;
use std::path::PathBuf;

const PLAIN_TEXT: &str = "text/plain; charset=utf-8";

/// What follows the head of a response.
#[derive(Debug)]
pub enum Body {
    /// Nothing; `Content-Length: 0`.
    Empty,
    /// Known bytes.
    Bytes(Bytes),
    /// A stream: one chunk for each write.
    Stream(Reader),
    /// The contents of a file; 404 when it is missing or a directory.
    File(PathBuf),
}

/// A response, to be sent or received.
///
/// Headers leave in the order they stand here, behind `Date` and before `Content-Length`; a `Content-Length` set here
/// keeps its place and is given the right value.
#[derive(Debug)]
pub struct Response {
    /// The status code.
    pub status: u16,
    /// The header fields.
    pub headers: Headers,
    /// What follows them.
    pub body: Body,
}

impl Response {
    /// An empty response.
    pub fn new(status: u16) -> Response {
        Response {
            status,
            headers: Headers::new(),
            body: Body::Empty,
        }
    }

    /// 200 without body.
    pub fn ok() -> Response {
        Response::new(200)
    }

    /// 200 with a body; the header order of Mesos' v1 API.
    pub fn with_body(content_type: &'static str, body: impl Into<Bytes>) -> Response {
        let mut response = Response::new(200).content_type(content_type);
        response.body = Body::Bytes(body.into());
        response
    }

    /// 200 with JSON; the header order of Mesos' older endpoints.
    pub fn json(body: impl Into<Bytes>) -> Response {
        Response::older("application/json", body.into())
    }

    /// As [`Response::json`], wrapped into the call of a function when the query names one as `jsonp`.
    ///
    /// Mesos: 3rdparty/libprocess/include/process/http.hpp, `OK`.
    pub fn json_with_jsonp(body: impl Into<Bytes>, request: &Request) -> Response {
        let body = body.into();
        match request.query.get("jsonp") {
            None => Response::json(body),
            Some(function) => {
                let mut wrapped = Vec::with_capacity(function.len() + body.len() + 3);
                wrapped.extend_from_slice(function.as_bytes());
                wrapped.push(b'(');
                wrapped.extend_from_slice(&body);
                wrapped.extend_from_slice(b");");
                Response::older("text/javascript", wrapped.into())
            }
        }
    }

    /// 200 with a stream.
    pub fn stream(content_type: &'static str, reader: Reader) -> Response {
        let mut response = Response::new(200).content_type(content_type);
        response.body = Body::Stream(reader);
        response
    }

    /// Plain text with any status.
    pub fn text(status: u16, message: impl Into<String>) -> Response {
        let mut response = Response::new(status).content_type(PLAIN_TEXT);
        response.body = Body::Bytes(Bytes::from(message.into()));
        response
    }

    /// 202 without body.
    pub fn accepted() -> Response {
        Response::new(202)
    }

    /// 307 to another place.
    pub fn temporary_redirect(location: &str) -> Response {
        Response::new(307).header("Location", location)
    }

    /// 400.
    pub fn bad_request(message: impl Into<String>) -> Response {
        Response::text(400, message)
    }

    /// 401 with the challenges a client may answer.
    pub fn unauthorized(challenges: &[String], message: impl Into<String>) -> Response {
        Response::text(401, message).header("WWW-Authenticate", &challenges.join(", "))
    }

    /// 403.
    pub fn forbidden(message: impl Into<String>) -> Response {
        Response::text(403, message)
    }

    /// 404, as Mesos words it where nobody serves the path.
    pub fn not_found() -> Response {
        Response::text(404, "404 Not Found.")
    }

    /// 404 with a message.
    pub fn not_found_with(message: impl Into<String>) -> Response {
        Response::text(404, message)
    }

    /// 405, naming the methods that would do.
    ///
    /// Mesos: 3rdparty/libprocess/include/process/http.hpp, `MethodNotAllowed`.
    pub fn method_not_allowed(allowed: &[&str], got: &str) -> Response {
        let quoted: Vec<String> = allowed.iter().map(|method| format!("'{method}'")).collect();
        let message = format!(
            "405 Method Not Allowed. Expecting one of {{ {} }}, but received '{got}'.",
            quoted.join(", ")
        );
        let mut response = Response::new(405)
            .header("Allow", &allowed.join(", "))
            .content_type(PLAIN_TEXT);
        response.body = Body::Bytes(Bytes::from(message));
        response
    }

    /// 406.
    pub fn not_acceptable(message: impl Into<String>) -> Response {
        Response::text(406, message)
    }

    /// 409.
    pub fn conflict(message: impl Into<String>) -> Response {
        Response::text(409, message)
    }

    /// 413.
    pub fn payload_too_large(message: impl Into<String>) -> Response {
        Response::text(413, message)
    }

    /// 415.
    pub fn unsupported_media_type(message: impl Into<String>) -> Response {
        Response::text(415, message)
    }

    /// 500.
    pub fn internal_error(message: impl Into<String>) -> Response {
        Response::text(500, message)
    }

    /// 501.
    pub fn not_implemented(message: impl Into<String>) -> Response {
        Response::text(501, message)
    }

    /// 503.
    pub fn service_unavailable(message: impl Into<String>) -> Response {
        Response::text(503, message)
    }

    /// Sets a header field.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Response {
        self.headers.set(name, value);
        self
    }

    /// The body when it is known bytes; empty for streams and files.
    pub fn body_bytes(&self) -> &[u8] {
        match &self.body {
            Body::Bytes(bytes) => bytes,
            Body::Empty | Body::Stream(_) | Body::File(_) => &[],
        }
    }

    /// Takes the stream out of a response that has one.
    pub fn take_reader(&mut self) -> Option<Reader> {
        match std::mem::replace(&mut self.body, Body::Empty) {
            Body::Stream(reader) => Some(reader),
            other => {
                self.body = other;
                None
            }
        }
    }

    fn content_type(mut self, value: &'static str) -> Response {
        use libprocess_core::http::Text;
        self.headers
            .set(Text::from_static("Content-Type"), Text::from_static(value));
        self
    }

    fn older(content_type: &'static str, body: Bytes) -> Response {
        use libprocess_core::http::Text;
        let mut response = Response::new(200);
        response
            .headers
            .set(Text::from_static("Content-Length"), Text::from_static(""));
        response = response.content_type(content_type);
        response.body = Body::Bytes(body);
        response
    }
}
