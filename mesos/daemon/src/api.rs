//! The forms in which the v1 APIs are spoken over HTTP.
//!
//! Mesos: `src/master/http.cpp`, `src/slave/http.cpp`, `src/common/http.hpp`.

use libprocess::http::{Request, Response, Writer};
use libprocess_core::recordio;
use mesos_proto::{DecodeError, Dialect, JsonError, Message};

/// `application/json`.
pub const JSON: &str = "application/json";
/// `application/x-protobuf`.
pub const PROTOBUF: &str = "application/x-protobuf";

/// How messages are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ContentType {
    /// JSON with the names of v1.
    Json,
    /// Binary protobuf.
    Protobuf,
}

impl ContentType {
    /// The name in headers.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Json => JSON,
            Self::Protobuf => PROTOBUF,
        }
    }

    /// A message in this form, with the names of v1.
    pub fn encode<M: Message>(self, message: &M) -> Vec<u8> {
        match self {
            Self::Json => message.to_json(Dialect::V1).into_bytes(),
            Self::Protobuf => message.encode_to_vec(),
        }
    }

    /// A message in this form as one record of an event stream.
    pub fn encode_record<M: Message>(self, message: &M) -> Vec<u8> {
        recordio::encode(&self.encode(message))
    }
}

/// Reads the call in a request's body. Call types are v0 messages; JSON uses the names of v1.
///
/// # Errors
///
/// The response that says what is wrong: 405, 400 or 415, in Mesos' words.
pub fn decode_call<M: Message>(request: &Request) -> Result<M, Response> {
    decode_call_with(request, M::decode, |text| M::from_json(text, Dialect::V1))
}

/// As [`decode_call`], for the calls whose v0 and v1 forms differ by more than names; see `mesos::convert`.
///
/// # Errors
///
/// As [`decode_call`].
pub fn decode_call_with<M>(
    request: &Request,
    from_wire: impl FnOnce(&[u8]) -> Result<M, DecodeError>,
    from_json: impl FnOnce(&[u8]) -> Result<M, JsonError>,
) -> Result<M, Response> {
    if request.method != libprocess::http::Method::Post {
        return Err(Response::method_not_allowed(&["POST"], request.method.as_str()));
    }
    let Some(content_type) = request.headers.get("Content-Type") else {
        return Err(Response::bad_request("Expecting 'Content-Type' to be present"));
    };
    // Parameters such as a charset are not looked at.
    match content_type.split(';').next().unwrap_or_default().trim() {
        PROTOBUF => from_wire(&request.body)
            .map_err(|_| Response::bad_request("Failed to parse body into Call protobuf")),
        JSON => from_json(&request.body).map_err(|error| {
            let what = if error.is_syntax() {
                "Failed to parse body into JSON"
            } else {
                "Failed to convert JSON into Call protobuf"
            };
            Response::bad_request(format!("{what}: {error}"))
        }),
        _ => Err(Response::unsupported_media_type(format!(
            "Expecting 'Content-Type' of {JSON} or {PROTOBUF}"
        ))),
    }
}

/// The form in which the client wants its answer: JSON when it allows that, else protobuf.
///
/// # Errors
///
/// 406 when it allows neither.
pub fn accepted(request: &Request) -> Result<ContentType, Response> {
    if request.accepts(JSON) {
        Ok(ContentType::Json)
    } else if request.accepts(PROTOBUF) {
        Ok(ContentType::Protobuf)
    } else {
        Err(Response::not_acceptable(format!(
            "Expecting 'Accept' to allow '{PROTOBUF}' or '{JSON}'"
        )))
    }
}

/// The client's end of an event stream: one record a chunk.
#[derive(Debug, Clone)]
pub struct EventStream {
    writer: Writer,
    content_type: ContentType,
}

/// A client that reads slower than this many unread bytes pile up is cut off: it could not catch up, and its
/// scheduler learns by reconnecting what it missed.
pub const STREAM_BACKLOG_MAX: usize = 256 << 20;

impl EventStream {
    /// A stream over the writing half of a response's body.
    pub fn new(writer: Writer, content_type: ContentType) -> Self {
        Self { writer, content_type }
    }

    /// Sends one event. Returns false when the client is gone, or too slow to be kept.
    pub fn send<M: Message>(&self, event: &M) -> bool {
        if self.writer.queued_bytes() > STREAM_BACKLOG_MAX {
            self.writer.close();
            return false;
        }
        self.writer.write(self.content_type.encode_record(event))
    }

    /// Ends the stream after what was sent.
    pub fn close(&self) {
        self.writer.close();
    }

    /// Completes when the client hangs up.
    pub fn closed(&self) -> libprocess::Future<()> {
        self.writer.closed()
    }
}
