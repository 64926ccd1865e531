//! A process that counts, served over HTTP: `GET /counter/value`, `POST /counter/add` with a number, and
//! `GET /counter/watch`, which streams every change.
//!
//! Run it with `cargo run --example counter_over_http`; it uses itself once and ends. With `--serve` it stays:
//! `curl -N http://127.0.0.1:8080/counter/watch` and, elsewhere, `curl -d 5 http://127.0.0.1:8080/counter/add`.

use libprocess::http::{Client, Method, Request, Responder, Response, Writer, pipe};
use libprocess::{Context, Process, System};

#[derive(Default)]
struct Counter {
    value: i64,
    watchers: Vec<Writer>,
}

impl Process for Counter {
    fn initialize(&mut self, ctx: &mut Context<Self>) {
        ctx.route("/value", |counter, _, request, responder| {
            responder.respond(Response::json_with_jsonp(counter.value.to_string(), &request));
        });
        ctx.route("/add", Counter::add);
        ctx.route("/watch", Counter::watch);
    }
}

impl Counter {
    fn add(&mut self, _ctx: &mut Context<Self>, request: Request, responder: Responder) {
        if request.method != Method::Post {
            return responder.respond(Response::method_not_allowed(&["POST"], request.method.as_str()));
        }
        let number = std::str::from_utf8(&request.body)
            .ok()
            .and_then(|text| text.trim().parse::<i64>().ok());
        let Some(number) = number else {
            return responder.respond(Response::bad_request("Expecting a number"));
        };
        self.value = self.value.saturating_add(number);
        let line = format!("{}\n", self.value);
        self.watchers.retain(|watcher| watcher.write(line.clone()));
        responder.respond(Response::accepted());
    }

    fn watch(&mut self, _ctx: &mut Context<Self>, _request: Request, responder: Responder) {
        let (writer, reader) = pipe();
        writer.write(format!("{}\n", self.value));
        self.watchers.push(writer);
        responder.respond(Response::stream("text/plain", reader));
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let serve = std::env::args().any(|argument| argument == "--serve");
    let port = if serve { 8080 } else { 0 };
    let system = System::builder().port(port).start()?;
    let counter = system.spawn("counter", Counter::default())?;
    let url = format!("http://{}/counter", system.address());
    println!("{url}/value");
    if serve {
        counter.wait().wait()?;
    }
    let client = Client::new(&system);
    let added = client.post(&format!("{url}/add"), "text/plain", "5").wait()?;
    let value = client.get(&format!("{url}/value")).wait()?;
    println!("{} {}", added.status, String::from_utf8_lossy(value.body_bytes()));
    system.shutdown();
    Ok(())
}
