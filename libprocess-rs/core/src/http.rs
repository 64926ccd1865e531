//! HTTP/1.1 as data: heads, headers, queries and the incremental decoders.
//!
//! One decoder serves messages between processes and ordinary requests, because both arrive on one port and often on
//! one connection.

mod decoder;
mod head;
mod headers;
mod query;
mod reason;

pub use decoder::{DecodeError, Decoder, Event, Framing, Head, Limits, RequestDecoder, ResponseDecoder};
pub use head::{Method, RequestHead, ResponseHead};
pub use headers::{Headers, Text};
pub use query::{MalformedEscape, Query, percent_decode, percent_encode};
pub use reason::reason;
