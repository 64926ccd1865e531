use crate::http::{Help, Response, RouteOptions};
use crate::{Context, Process};

/// Serves `/profiler/start` and `/profiler/stop`, and says that there is no profiler, as Mesos does when it is built without one.
///
/// Mesos: 3rdparty/libprocess/src/profiler.cpp.
pub(super) struct Profiler {
    pub(super) realm: Option<String>,
}

impl Process for Profiler {
    fn initialize(&mut self, ctx: &mut Context<Self>) {
        for (path, summary) in [
            ("/start", "Starts the CPU profiler."),
            ("/stop", "Stops the CPU profiler."),
        ] {
            let help = Help::new(summary)
                .description("There is none in this program: it says so, with 400. Use `perf`.")
                .authentication(true);
            let options = RouteOptions {
                realm: self.realm.clone(),
                ..RouteOptions::help(help)
            };
            ctx.route_with(path, options, |_, _, _, responder| {
                responder.respond(Response::bad_request(
                    "Perftools is disabled. To enable perftools, configure libprocess with --enable-perftools.\n",
                ));
            });
        }
    }
}
