//! HTTP/1.1: what routes receive and answer, streams, and a client.
//!
//! The server listens on the port of the [`System`](crate::System), next to the messages between processes. The first
//! segment of a path names the process, the rest its route. Responses leave in the order of the requests; those of
//! 1024 bytes and more are compressed for clients that accept gzip.
//!
//! ```
//! use libprocess::http::{Method, Request, Response};
//! let request = Request::get("/master/state?jsonp=f");
//! assert_eq!(request.query.get("jsonp"), Some("f"));
//! let refusal = Response::method_not_allowed(&["POST"], request.method.as_str());
//! assert_eq!(refusal.status, 405);
//! assert_eq!(refusal.body_bytes(), b"405 Method Not Allowed. Expecting one of { 'POST' }, but received 'GET'.");
//! ```

pub mod auth;
mod body;
mod client;
mod connection;
mod encode;
mod pipe;
mod request;
mod responder;
mod response;
mod route;
mod server;
mod slot;

pub use auth::RouteOptions;
pub use client::{Client, Connection};
pub(crate) use connection::Guests;
pub use libprocess_core::http::{Headers, MalformedEscape, Method, Query, percent_decode, percent_encode};
pub use pipe::{Reader, Writer, pipe};
pub use request::Request;
pub use responder::Responder;
pub use response::{Body, Response};
pub(crate) use route::{Route, RouteTable};
pub(crate) use server::serve;
