use crate::{Context, Upid};
use bytes::Bytes;

/// State with a mailbox: handles one event at a time, in order, each to its end.
///
/// No handler may block. To wait for something, hand it to [`Context::defer`], [`Context::then`] or
/// [`Context::blocking`]; what follows is a new event.
///
/// Mesos: 3rdparty/libprocess/include/process/process.hpp, `ProcessBase`.
///
/// # Examples
///
/// ```
/// use libprocess::{Context, Process, System};
///
/// struct Greeter;
///
/// impl Process for Greeter {
///     fn initialize(&mut self, ctx: &mut Context<Self>) {
///         ctx.route("/hello", |_, _, _, responder| {
///             responder.respond(libprocess::http::Response::with_body("text/plain", "hello"));
///         });
///     }
/// }
///
/// let system = System::builder().start()?;
/// system.spawn("greeter", Greeter).expect("the name is free");
/// system.shutdown();
/// # Ok::<(), std::io::Error>(())
/// ```
pub trait Process: Sized + Send + 'static {
    /// Runs before any event: the place to install handlers and routes.
    fn initialize(&mut self, ctx: &mut Context<Self>) {
        let _ = ctx;
    }

    /// Runs after the last event.
    fn finalize(&mut self, ctx: &mut Context<Self>) {
        let _ = ctx;
    }

    /// A linked process has ended, or the connection to its runtime broke; it may still be alive behind it.
    fn exited(&mut self, ctx: &mut Context<Self>, who: Upid) {
        let _ = (ctx, who);
    }

    /// A message arrived whose name nobody has installed.
    fn message(&mut self, ctx: &mut Context<Self>, from: Upid, name: &str, body: Bytes) {
        let _ = (ctx, from, name, body);
    }
}
