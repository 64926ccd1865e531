use crate::http::{Help, Request, Responder, Response, RouteOptions};
use crate::metrics::prometheus;
use crate::sync::RateLimiter;
use crate::{Context, Future, Process, builtin::quoted, duration};
use std::collections::BTreeMap;

/// Serves `/metrics/snapshot`, and `/metrics` for Prometheus.
pub(super) struct Snapshot {
    limiter: Option<RateLimiter>,
    realm: Option<String>,
}

impl Snapshot {
    pub(super) fn new(limiter: Option<RateLimiter>, realm: Option<String>) -> Snapshot {
        Snapshot { limiter, realm }
    }

    /// Mesos: 3rdparty/libprocess/src/metrics/metrics.cpp, `MetricsProcess::_snapshot`.
    fn snapshot(&self, ctx: &Context<Self>, request: Request, responder: Responder) {
        let timeout = match request.query.get("timeout").map(duration::parse_duration) {
            None => None,
            Some(Ok(timeout)) => Some(timeout),
            Some(Err(error)) => {
                let text = request.query.get("timeout").unwrap_or_default();
                let message = format!("Invalid timeout '{text}': {error}.\n");
                return responder.respond(Response::bad_request(message));
            }
        };
        let allowed = match &self.limiter {
            Some(limiter) => limiter.acquire(),
            None => Future::ready(()),
        };
        let system = ctx.system();
        let values = allowed.then(move |()| system.metrics().snapshot(&system, timeout));
        responder
            .respond_with(values.map(move |values| Response::json_with_jsonp(object(&values), &request)));
    }
}

impl Process for Snapshot {
    fn initialize(&mut self, ctx: &mut Context<Self>) {
        let help = Help::new("Shows all metrics of this system.")
            .description(
                "An object of numbers, each under the name of its metric.\n\nQuery parameters:\n\n\
                 >        timeout=VALUE        How long to wait for metrics (e.g., 100ms, 5secs); slower ones are left out\n\
                 >        jsonp=VALUE          Name of a function to wrap the object into\n",
            )
            .authentication(true);
        let options = RouteOptions {
            realm: self.realm.clone(),
            ..RouteOptions::help(help)
        };
        ctx.route_with(
            "/snapshot",
            options.clone(),
            |metrics, ctx, request, responder| {
                metrics.snapshot(ctx, request, responder);
            },
        );
        let help = Help::new("Shows all metrics of this system as text for Prometheus.");
        ctx.route_with(
            "/",
            options.with_help(help.authentication(true)),
            |_, ctx, _, responder| {
                let system = ctx.system();
                let values = system.metrics().snapshot(&system, None);
                responder.respond_with(values.map(move |values| {
                    let text = prometheus::text(&values, &system.metrics().counters());
                    Response::with_body("text/plain; version=0.0.4; charset=utf-8", text)
                }));
            },
        );
    }
}

/// A JSON object of numbers. Every number has a fraction or an exponent, as Mesos prints doubles.
fn object(values: &BTreeMap<String, f64>) -> String {
    let fields: Vec<String> = values
        .iter()
        .filter(|(_, value)| value.is_finite())
        .map(|(name, value)| format!("{}:{value:?}", quoted(name)))
        .collect();
    format!("{{{}}}", fields.join(","))
}
