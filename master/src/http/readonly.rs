//! The v0 endpoints that only read, and `/redirect`, `/teardown`.

use libprocess::Context;
use libprocess::http::{Method, Request, Responder, Response};
use mesos::ids::FrameworkId;
use mesos_daemon::version;
use mesos_master_core::Input;
use mesos_master_core::views::{Build, TaskQuery};

use crate::master::MasterProcess;

const BUILD: Build = Build {
    version: version::VERSION,
    date: version::BUILD_DATE,
    time: version::BUILD_TIME,
    user: version::BUILD_USER,
    git_sha: version::GIT_SHA,
    git_tag: version::GIT_TAG,
};

pub fn route(context: &mut Context<MasterProcess>) {
    context.route("/health", |_, _, _, responder: Responder| {
        responder.respond(Response::ok())
    });
    read(context, "/state", |master, _| master.core.state(&BUILD));
    read(context, "/state-summary", |master, _| master.core.state_summary());
    read(context, "/slaves", |master, request| {
        master.core.slaves(request.query.get("slave_id"))
    });
    read(context, "/frameworks", |master, request| {
        master.core.frameworks(request.query.get("framework_id"))
    });
    read(context, "/roles", |master, _| master.core.roles());
    read(context, "/flags", |master, _| master.core.flags());
    read(context, "/tasks", |master, request| {
        let number = |name: &str, default: usize| {
            request
                .query
                .get(name)
                .and_then(|text| text.parse().ok())
                .unwrap_or(default)
        };
        master.core.tasks(&TaskQuery {
            limit: number("limit", 100),
            offset: number("offset", 0),
            ascending: request.query.get("order") == Some("asc"),
            framework_id: request.query.get("framework_id"),
            task_id: request.query.get("task_id"),
        })
    });
    context.route(
        "/redirect",
        |master: &mut MasterProcess, _, request: Request, responder: Responder| {
            // Anything below it is refused, lest a client be sent round in circles.
            if !request.path.ends_with("/redirect") {
                return responder.respond(Response::not_found());
            }
            let info = master.core.info();
            let location = format!("//{}:{}", info.hostname.as_deref().unwrap_or_default(), info.port);
            responder.respond(Response::temporary_redirect(&location));
        },
    );
    context.route("/teardown", teardown);
}

/// A reading endpoint: JSON, wrapped when `jsonp` asks for it. As in Mesos, whatever the method.
fn read(
    context: &mut Context<MasterProcess>,
    path: &str,
    body: impl Fn(&mut MasterProcess, &Request) -> Vec<u8> + Send + Sync + 'static,
) {
    context.route(path, move |master, _, request: Request, responder: Responder| {
        let body = body(master, &request);
        responder.respond(Response::json_with_jsonp(body, &request));
    });
}

/// `POST /teardown` with the form `frameworkId=...`. Mesos: `Master::Http::teardown`.
fn teardown(
    master: &mut MasterProcess,
    context: &mut Context<MasterProcess>,
    request: Request,
    responder: Responder,
) {
    if request.method != Method::Post {
        return responder.respond(Response::method_not_allowed(&["POST"], request.method.as_str()));
    }
    let form = String::from_utf8_lossy(&request.body).into_owned();
    let form = match libprocess::http::Query::parse_strictly(&form) {
        Ok(form) => form,
        Err(error) => {
            let said = format!("Unable to decode query string: {error}");
            return responder.respond(Response::bad_request(said));
        }
    };
    let Some(id) = form.get("frameworkId") else {
        return responder.respond(Response::bad_request(
            "Missing 'frameworkId' query parameter in the request body",
        ));
    };
    let id = FrameworkId::new(id);
    master.request(context, responder, |ticket| Input::Teardown(ticket, id));
}
