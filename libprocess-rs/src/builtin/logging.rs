use crate::builder::LogToggle;
use crate::http::{Request, Responder, Response};
use crate::{Context, Process, Timer, duration};

/// Serves `/logging/toggle`: more verbose logs for a while.
///
/// Mesos: 3rdparty/libprocess/src/logging.cpp, `Logging::toggle`.
pub(super) struct Logging {
    set_level: Option<LogToggle>,
    level: u32,
    /// Goes back to normal when it fires.
    revert: Option<Timer>,
}

impl Logging {
    pub(super) fn new(set_level: Option<LogToggle>) -> Logging {
        Logging {
            set_level,
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
        let parsed = match level.parse::<i64>() {
            Ok(level) if level < 0 => return Response::bad_request(format!("'{level}' < original level.\n")),
            Ok(level) => u32::try_from(level).unwrap_or(u32::MAX),
            Err(_) => return Response::bad_request(format!("Invalid level '{level}'.\n")),
        };
        let Ok(lasting) = duration::parse_duration(duration) else {
            return Response::bad_request(format!("Invalid duration '{duration}'.\n"));
        };
        self.set(parsed);
        if let Some(earlier) = self.revert.take() {
            ctx.cancel(earlier);
        }
        self.revert = Some(ctx.delay(lasting, |logging, _| logging.set(0)));
        Response::ok()
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
        ctx.route("/toggle", |logging, ctx, request, responder: Responder| {
            responder.respond(logging.toggle(ctx, &request));
        });
    }
}
