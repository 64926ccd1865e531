use crate::help::Endpoints;
use crate::http::{Request, Response, RouteOptions};
use crate::{Context, Process, builtin::markdown, builtin::quoted};
use libprocess_core::http::percent_decode;

/// Processes nobody needs help for.
const HIDDEN: [&str; 2] = ["help", "__processes__"];

/// Serves `/help`, `/help/<process>` and `/help/<process>/<endpoint>`: Markdown to `curl` and HTTPie, a page to others, all of it as
/// JSON with `/help?format=json`.
///
/// Mesos: 3rdparty/libprocess/src/help.cpp, `Help::help`.
pub(super) struct Help;

impl Process for Help {
    fn initialize(&mut self, ctx: &mut Context<Self>) {
        let options = RouteOptions {
            rest: true,
            ..RouteOptions::default()
        };
        ctx.route_with("/", options, |_, ctx, request, responder| {
            responder.respond(answer(ctx, &request));
        });
    }
}

fn answer(ctx: &Context<Help>, request: &Request) -> Response {
    let system = ctx.system();
    let helps = &system.0.helps;
    let below = request.path.trim_matches('/').split_once('/');
    let (id, name) = match below {
        None => (None, None),
        Some((_, below)) => match below.split_once('/') {
            None => (Some(below), None),
            Some((id, name)) => (Some(id), Some(name)),
        },
    };
    let Some(id) = id else {
        if request.query.get("format") == Some("json") {
            return Response::json(json(ctx));
        }
        return page(request, index(ctx));
    };
    let decoded = percent_decode(id).unwrap_or_else(|| id.to_owned());
    let known = helps.of(&decoded).filter(|_| !HIDDEN.contains(&decoded.as_str()));
    let Some(endpoints) = known else {
        return Response::not_found();
    };
    let Some(name) = name else {
        return page(request, contents(&decoded, &endpoints));
    };
    match endpoints.get(&format!("/{name}")) {
        None => Response::bad_request(format!("No help available for '/{decoded}/{name}'.\n")),
        Some(help) => page(
            request,
            text(ctx, &decoded, &format!("/{name}"), help.as_deref()) + "\n",
        ),
    }
}

/// All processes, each a link to its page.
fn index(ctx: &Context<Help>) -> String {
    let (mut document, mut references) = ("## HELP\n".to_owned(), String::new());
    for id in ctx.system().0.helps.all().keys() {
        if !HIDDEN.contains(&id.as_ref()) {
            document.push_str(&format!("> [/{id}][{id}]\n"));
            references.push_str(&format!("[{id}]: help/{id}\n"));
        }
    }
    format!("{document}\n{references}")
}

/// All endpoints of a process, each a link to its page.
fn contents(id: &str, endpoints: &Endpoints) -> String {
    let (mut document, mut references) = (format!("## `/{id}` ##\n"), String::new());
    for name in endpoints.keys() {
        let path = format!("{id}{}", name.trim_end_matches('/'));
        document.push_str(&format!("> [/{path}][{path}]\n"));
        references.push_str(&format!("[{path}]: {path}\n"));
    }
    format!("{document}\n{references}")
}

/// The page of an endpoint: how it is called, and what its author wrote.
fn text(ctx: &Context<Help>, id: &str, name: &str, help: Option<&str>) -> String {
    let name = name.trim_end_matches('/');
    let Some(help) = help else {
        return format!("## No help page for `/{id}{name}`\n");
    };
    let delegate = ctx.system().0.delegate.read().clone();
    let short = if delegate.as_deref() == Some(id) {
        format!(">        {}\n", if name.is_empty() { "/" } else { name })
    } else {
        String::new()
    };
    format!("### USAGE ###\n{short}>        /{id}{name}\n\n{help}")
}

fn json(ctx: &Context<Help>) -> String {
    let mut processes = Vec::new();
    for (id, endpoints) in ctx.system().0.helps.all() {
        if HIDDEN.contains(&id.as_ref()) {
            continue;
        }
        let endpoints: Vec<String> = endpoints
            .iter()
            .map(|(name, help)| {
                let text = text(ctx, &id, name, help.as_deref());
                format!("{{\"name\":{},\"text\":{}}}", quoted(name), quoted(&text))
            })
            .collect();
        processes.push(format!(
            "{{\"id\":{},\"endpoints\":[{}]}}",
            quoted(&id),
            endpoints.join(",")
        ));
    }
    format!("{{\"processes\":[{}]}}", processes.join(","))
}

fn page(request: &Request, text: String) -> Response {
    let agent = request.headers.get("User-Agent").unwrap_or_default();
    if agent.starts_with("curl") || agent.starts_with("HTTPie") {
        Response::with_body("text/x-markdown", text)
    } else {
        Response::with_body("text/html", markdown::page("Help", &text))
    }
}
