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
//!
//! # Who answers
//!
//! | path | goes to |
//! |---|---|
//! | `/counter/value/x` | the longest route of the process `counter` that leads there: `/value/x`, else `/value` |
//! | `/counter/` | its route `/`, which serves nothing below it unless [`RouteOptions::rest`] says so |
//! | `/value`, when no process is called `value` | the delegate ([`Builder::delegate`](crate::Builder::delegate)), as `/<delegate>/value` |
//! | a path with `/..` | nobody: 404 |
//! | a closed endpoint ([`System::disable_endpoints`](crate::System::disable_endpoints)) | nobody: 403 |
//! | a route in a realm ([`auth`]) | the route, once it is known who asks and that they may |
//! | `/help/<process>/<route>` | what [`Help`] the author wrote |
//!
//! # Streams
//!
//! A body may be read while it arrives, and written while it is read: [`pipe`] makes both ends, a write is one chunk, and each end learns
//! when the other has gone.
//!
//! ```
//! use libprocess::http::{Client, Request, Response, pipe};
//! use libprocess::{Context, Process, System};
//!
//! /// Answers everything in capitals, as it comes.
//! struct Loud;
//!
//! impl Process for Loud {
//!     fn initialize(&mut self, ctx: &mut Context<Self>) {
//!         ctx.route_streaming("/", |_, ctx, request, responder| {
//!             let (writer, reader) = pipe();
//!             responder.respond(Response::stream("text/plain", reader));
//!             let mut upload = request.reader.expect("a streaming route has one");
//!             let copy = async move {
//!                 while let Ok(Some(piece)) = upload.next().await {
//!                     writer.write(piece.to_ascii_uppercase());
//!                 }
//!             };
//!             ctx.defer(copy, |_, _, ()| ()); // The stream ends with its writer.
//!         });
//!     }
//! }
//!
//! let system = System::builder().start()?;
//! system.spawn("loud", Loud).expect("the name is free");
//! let (upload, body) = pipe();
//! let mut request = Request::post("/loud", "text/plain", "");
//! request.reader = Some(body);
//! let answer = Client::new(&system).request_streaming(system.address().into(), request);
//! let heard = answer.wait().expect("it answers").take_reader().expect("a stream");
//! upload.write("hello");
//! assert_eq!(heard.read().wait(), Ok(Some("HELLO".into())));
//! upload.close();
//! assert_eq!(heard.read().wait(), Ok(None));
//! system.shutdown();
//! # Ok::<(), std::io::Error>(())
//! ```

mod asset;
pub mod auth;
mod body;
mod client;
mod connection;
mod encode;
mod help;
mod mime;
mod pipe;
mod request;
mod responder;
mod response;
mod route;
mod server;
mod slot;
mod url;

pub use auth::RouteOptions;
pub use client::{Client, Connection};
pub(crate) use connection::Guests;
pub use help::Help;
pub use libprocess_core::http::{Headers, MalformedEscape, Method, Query, percent_decode, percent_encode};
pub use mime::media_types;
pub use pipe::{Reader, Writer, pipe};
pub use request::Request;
pub use responder::Responder;
pub use response::{Body, Response};
pub(crate) use route::{Route, RouteTable};
pub(crate) use server::serve;
pub use url::{ParseUrlError, Scheme, Url};
