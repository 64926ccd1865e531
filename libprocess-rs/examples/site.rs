//! A web site: a folder as it is, one page that is made, and help about both.
//!
//! ```text
//! cargo run --example site                     serves a folder of its own, looks at it, and ends
//! cargo run --example site -- ~/public_html    serves that one: http://127.0.0.1:8080/files/index.html
//! ```

use libprocess::http::{Client, Help, Response, RouteOptions};
use libprocess::{Context, Process, System};
use std::path::PathBuf;

struct Site {
    folder: PathBuf,
    visits: u32,
}

impl Process for Site {
    fn initialize(&mut self, ctx: &mut Context<Self>) {
        ctx.provide("files", &self.folder);
        let help = Help::new("Counts visits.")
            .description("Every look adds one.")
            .authentication(false);
        ctx.route_with(
            "/visits",
            RouteOptions::help(help),
            |site, _, request, responder| {
                site.visits += 1;
                responder.respond(Response::json_with_jsonp(site.visits.to_string(), &request));
            },
        );
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let given = std::env::args().nth(1).map(PathBuf::from);
    let port = if given.is_some() { 8080 } else { 0 };
    // What belongs to no process goes to the site, so that it need not be named.
    let system = System::builder().port(port).delegate("site").start()?;
    let folder = given
        .clone()
        .unwrap_or_else(|| std::env::temp_dir().join(format!("site-{}", std::process::id())));
    let site = system.spawn(
        "site",
        Site {
            folder: folder.clone(),
            visits: 0,
        },
    )?;
    let url = format!("http://{}", system.address());
    println!("{url}/files, {url}/visits, {url}/help/site");
    if given.is_some() {
        site.wait().wait()?;
    }
    std::fs::create_dir_all(&folder)?;
    std::fs::write(folder.join("index.html"), "<h1>hello</h1>")?;
    let client = Client::new(&system);
    for path in [
        "/files/index.html",
        "/files/../secret",
        "/visits?jsonp=show",
        "/help/site/visits",
    ] {
        let answer = client.get(&format!("{url}{path}")).wait()?;
        let kind = answer.headers.get("Content-Type").unwrap_or_default();
        println!(
            "{path}: {} {kind}, {} bytes",
            answer.status,
            answer.body_bytes().len()
        );
    }
    std::fs::remove_dir_all(&folder)?;
    system.shutdown();
    Ok(())
}
