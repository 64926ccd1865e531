//! `/version`: what the daemons say of their own making.

use libprocess::http::{Help, Request, Responder, Response};
use libprocess::{Context, Process, System};

/// The release of Mesos whose interfaces these daemons reproduce. Purely numeric: clients split it at its dots.
pub const VERSION: &str = "1.11.0";
/// The commit the program was made from, when the build knew it.
pub const GIT_SHA: &str = match option_env!("MESOS_BUILD_GIT_SHA") {
    Some(sha) => sha,
    None => "0000000000000000000000000000000000000000",
};
/// The tag whose interfaces the program reproduces.
pub const GIT_TAG: &str = "1.11.0";
/// The day the program was made.
pub const BUILD_DATE: &str = match option_env!("MESOS_BUILD_DATE") {
    Some(date) => date,
    None => "1970-01-01 00:00:00",
};
/// Who made the program.
pub const BUILD_USER: &str = "mesos";
/// The day the program was made, in seconds since 1970.
pub const BUILD_TIME: f64 = 0.0;

/// The body of `/version`.
pub fn json() -> Vec<u8> {
    let mut out = Vec::new();
    mesos::model::Object::write(&mut out, |object| {
        object.string("build_date", BUILD_DATE);
        object.number("build_time", BUILD_TIME);
        object.string("build_user", BUILD_USER);
        object.string("git_sha", GIT_SHA);
        object.string("git_tag", GIT_TAG);
        object.string("version", VERSION);
    });
    out
}

/// The same as the operator API shows it.
pub fn message() -> mesos_proto::v0::VersionInfo {
    mesos_proto::v0::VersionInfo {
        version: VERSION.to_owned(),
        build_date: Some(BUILD_DATE.to_owned()),
        build_time: Some(BUILD_TIME),
        build_user: Some(BUILD_USER.to_owned()),
        git_sha: Some(GIT_SHA.to_owned()),
        git_tag: Some(GIT_TAG.to_owned()),
        ..Default::default()
    }
}

/// The process behind `/version`.
struct VersionProcess;

impl Process for VersionProcess {
    fn initialize(&mut self, context: &mut Context<Self>) {
        context.route("/", |_, _, request: Request, responder: Responder| {
            responder.respond(Response::json_with_jsonp(json(), &request));
        });
        let help = Help::new("Shows the version of this program.");
        context.explain("/", help.authentication(false));
    }
}

/// Serves `/version`.
///
/// # Panics
///
/// When called twice for one system.
pub fn spawn(system: &System) {
    system
        .spawn("version", VersionProcess)
        .expect("nobody else is called version");
}
