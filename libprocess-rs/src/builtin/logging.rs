use crate::builder::LogToggle;
use crate::http::{Help, Request, Responder, Response, RouteOptions};
use crate::{Context, Process, Timer, duration};
use std::time::Duration;

/// Serves `/logging/toggle`: more verbose logs for a while.
///
/// Mesos: 3rdparty/libprocess/src/logging.cpp, `Logging::toggle`.
pub(super) struct Logging {
    set_level: Option<LogToggle>,
    realm: Option<String>,
    level: u32,
    /// Goes back to normal when it fires.
    revert: Option<Timer>,
}

impl Logging {
    pub(super) fn new(set_level: Option<LogToggle>, realm: Option<String>) -> Logging {
        Logging {
            set_level,
            realm,
            level: 0,
            revert: None,
        }
    }

    fn toggle(&mut self, ctx: &mut Context<Self>, request: &Request) -> Response {
        let (level, duration) = match (request.query.get("level"), request.query.get("duration")) {
            (None, None) => return Response::text(200, format!("{}\n", self.level)),
            (None, Some(_)) => return Response::bad_request("Expecting 'level=value' in query.\n"),
            (Some(_), None) => return Response::bad_request("Expecting 'duration=value' in query.\n"),
            (Some(level), Some(duration)) => (level, duration),
        };
        let parsed = match level.parse::<i32>() {
            Err(_) => {
                return Response::bad_request(format!("Failed to convert '{level}' to number.\n"));
            }
            Ok(level) => match u32::try_from(level) {
                Err(_) => return Response::bad_request(format!("Invalid level '{level}'.\n")),
                Ok(level) => level,
            },
        };
        match duration::parse_duration(duration) {
            Err(error) => Response::bad_request(format!("{error}.\n")),
            Ok(lasting) => {
                self.set_for(ctx, parsed, lasting);
                Response::ok()
            }
        }
    }

    /// Sets the level, and back to normal after a while. The last to ask decides when.
    fn set_for(&mut self, ctx: &mut Context<Self>, level: u32, lasting: Duration) {
        self.set(level);
        if let Some(earlier) = self.revert.take() {
            ctx.cancel(earlier);
        }
        self.revert = Some(ctx.delay(lasting, |logging, _| logging.set(0)));
    }

    fn set(&mut self, level: u32) {
        self.level = level;
        if let Some(set_level) = &self.set_level {
            set_level(level);
        }
    }
}

impl Process for Logging {
    fn initialize(&mut self, ctx: &mut Context<Self>) {
        let help = Help::new("Makes logs more verbose for a while.")
            .description(
                "Without parameters it shows the level: 0 is normal, 1 is debug, 2 and above is trace.\n\nQuery parameters:\n\n\
                 >        level=VALUE          The level (e.g., 1, 2, 3)\n\
                 >        duration=VALUE       How long to keep it (e.g., 10secs, 15mins)\n",
            )
            .authentication(true);
        let options = RouteOptions {
            realm: self.realm.clone(),
            ..RouteOptions::help(help)
        };
        ctx.route_with(
            "/toggle",
            options,
            |logging, ctx, request, responder: Responder| {
                responder.respond(logging.toggle(ctx, &request));
            },
        );
    }
}
