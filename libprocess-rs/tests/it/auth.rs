//! Realms, tokens, authorization, disabled endpoints; and the order of handlers while somebody is being checked.

use crate::{LIMIT, start};
use libprocess::http::auth::{Authentication, Authenticator, Authorization, Basic, Combined, Jwt, Principal};
use libprocess::http::{Client, Connection, Request, Response, RouteOptions};
use libprocess::sync::Queue;
use libprocess::{Context, Future, Process, System};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

/// Serves `/guarded` in the realm `r` and `/open` to all, and tells in which order it was asked.
struct Site(Sender<String>);

impl Process for Site {
    fn initialize(&mut self, ctx: &mut Context<Self>) {
        ctx.route_with(
            "/guarded",
            RouteOptions::realm("r"),
            |site, _, request, responder| {
                let who = request.principal.map(|principal| match principal.value {
                    Some(name) => name,
                    None => format!("{:?}", principal.claims),
                });
                let text = who.unwrap_or_else(|| "nobody".to_owned());
                site.0.send(text.clone()).unwrap();
                responder.respond(Response::text(200, text));
            },
        );
        ctx.route("/open", |site, _, _, responder| {
            site.0.send("open".to_owned()).unwrap();
            responder.respond(Response::ok());
        });
    }
}

fn site() -> (System, Receiver<String>) {
    let system = start();
    let (sender, asked) = channel();
    system.spawn("site", Site(sender)).unwrap();
    (system, asked)
}

/// Status, challenge and text.
fn ask(system: &System, path: &str, authorization: Option<&str>) -> (u16, String, String) {
    let mut request = Request::get(path);
    if let Some(value) = authorization {
        request = request.header("Authorization", value);
    }
    let answer = Client::new(system).request(system.address().into(), request);
    let response = answer.wait_for(LIMIT).unwrap().unwrap();
    let challenge = response
        .headers
        .get("WWW-Authenticate")
        .unwrap_or_default()
        .to_owned();
    let text = String::from_utf8_lossy(response.body_bytes()).into_owned();
    (response.status, challenge, text)
}

const ADA: &str = "Basic YWRhOmxvdmVsYWNl"; // ada:lovelace

#[test]
fn a_realm_asks_for_a_secret_once_it_is_guarded() {
    let (system, _asked) = site();
    assert_eq!(ask(&system, "/site/guarded", None).2, "nobody");
    system.set_authenticator("r", Basic::new("r", [("ada", "lovelace")]));
    let refused = (
        401,
        "Basic realm=\"r\"".to_owned(),
        "401 Unauthorized.".to_owned(),
    );
    for wrong in [
        None,
        Some("Basic"),
        Some("Basic ***"),
        Some("Basic YWRhOmJ5cm9u"),     // ada:byron
        Some("Basic bmVtbzpub2JvZHk="), // nemo:nobody
        Some("Bearer YWRhOmxvdmVsYWNl"),
    ] {
        assert_eq!(ask(&system, "/site/guarded", wrong), refused, "{wrong:?}");
    }
    assert_eq!(ask(&system, "/site/guarded", Some(ADA)).2, "ada");
    assert_eq!(ask(&system, "/site/open", None).0, 200);
    system.unset_authenticator("r");
    assert_eq!(ask(&system, "/site/guarded", None).2, "nobody");
    system.shutdown();
}

fn claims(text: &str) -> serde_json::Map<String, serde_json::Value> {
    serde_json::from_str(text).unwrap()
}

#[test]
fn tokens_are_signed_claim_something_and_expire() {
    let system = System::builder().workers(2).paused_clock(true).start().unwrap();
    let (sender, _asked) = channel();
    system.spawn("site", Site(sender)).unwrap();
    system.set_authenticator("r", Jwt::new(&system, "r", "secret"));
    let now = system.now().nanos() / 1_000_000_000;
    let lasting = format!(
        "Bearer {}",
        Jwt::sign(
            b"secret",
            &claims(&format!(r#"{{"sub":"ada","n":7,"exp":{}}}"#, now + 60))
        )
    );
    let (status, _, text) = ask(&system, "/site/guarded", Some(&lasting));
    assert_eq!(
        (
            status,
            text.contains(r#""n": "7""#),
            text.contains(r#""sub": "ada""#)
        ),
        (200, true, true),
        "{text}"
    );

    let challenge = |header: Option<&str>| ask(&system, "/site/guarded", header).1;
    assert_eq!(challenge(None), "Bearer realm=\"r\"");
    let forged = format!("Bearer {}", Jwt::sign(b"guess", &claims(r#"{"sub":"ada"}"#)));
    let empty = format!("Bearer {}", Jwt::sign(b"secret", &claims("{}")));
    // {"alg":"none"} . {"sub":"ada"} . nothing
    let unsigned = "Bearer eyJhbGciOiJub25lIn0.eyJzdWIiOiJhZGEifQ.";
    for (header, why) in [
        ("Bearer", "Malformed 'Authorization' header"),
        (ADA, "Scheme 'Basic' unsupported"),
        ("Bearer a.b", "Invalid JWT: Expected 3 components in token, got 2"),
        (forged.as_str(), "Invalid JWT: Token signature does not match"),
        (empty.as_str(), "JWT claims missing"),
        (
            unsigned,
            r#"Invalid JWT: Token 'alg' value "none" does not match, expected "HS256""#,
        ),
    ] {
        let expected = format!("Bearer realm=\"r\", error=\"invalid_token\", error_description=\"{why}\"");
        assert_eq!(challenge(Some(header)), expected);
    }
    system.clock().advance(Duration::from_secs(61));
    assert!(challenge(Some(&lasting)).contains("Invalid JWT: Token has expired: exp("));
    system.shutdown();
}

#[test]
fn one_of_several_authenticators_is_enough_and_all_challenge() {
    let (system, _asked) = site();
    let both: Vec<Box<dyn Authenticator>> = vec![
        Box::new(Jwt::new(&system, "r", "secret")),
        Box::new(Basic::new("r", [("ada", "lovelace")])),
    ];
    system.set_authenticator("r", Combined::new(both));
    assert_eq!(ask(&system, "/site/guarded", Some(ADA)).2, "ada");
    let (status, challenge, text) = ask(&system, "/site/guarded", None);
    assert_eq!(
        (status, challenge.as_str()),
        (401, "Bearer realm=\"r\",Basic realm=\"r\"")
    );
    assert_eq!(
        text,
        "\"Bearer\" authenticator returned:\n401 Unauthorized.\n\n\"Basic\" authenticator returned:\n401 Unauthorized."
    );
    system.shutdown();
}

#[test]
fn a_callback_decides_who_may_reach_an_endpoint() {
    let (system, asked) = site();
    system.set_authenticator("r", Basic::new("r", [("ada", "lovelace"), ("eve", "apple")]));
    let only_ada: Authorization = Arc::new(|_: &Request, who: Option<&Principal>| {
        Future::ready(who.and_then(|who| who.value.as_deref()) == Some("ada"))
    });
    system.set_authorization([
        ("/site/guarded".to_owned(), Arc::clone(&only_ada)),
        ("/site/open".to_owned(), only_ada),
    ]);
    assert_eq!(ask(&system, "/site/guarded", Some(ADA)).0, 200);
    let eve = Some("Basic ZXZlOmFwcGxl");
    assert_eq!(
        ask(&system, "/site/guarded", eve),
        (403, String::new(), "403 Forbidden.".to_owned())
    );
    assert_eq!(
        ask(&system, "/site/open", Some(ADA)).0,
        403,
        "nobody is authenticated outside of a realm"
    );
    assert_eq!(asked.try_iter().collect::<Vec<_>>(), ["ada"]);
    system.set_authorization([]);
    assert_eq!(ask(&system, "/site/open", None).0, 200);
    system.shutdown();
}

#[test]
fn a_disabled_endpoint_is_closed_and_its_neighbours_are_not() {
    let (system, _asked) = site();
    system.disable_endpoints(["site/open"]);
    let (status, _, text) = ask(&system, "/site/open", None);
    assert_eq!(
        (status, text.as_str()),
        (403, "Endpoint '/site/open' is disabled")
    );
    assert_eq!(ask(&system, "/site/guarded", None).0, 200);
    for spelled in ["/site/open/", "/site//open", "/site/open/more", "/%73ite/open"] {
        assert_ne!(ask(&system, spelled, None).0, 200, "{spelled}");
    }
    system.set_delegate("site");
    system.disable_endpoints(["/open", "/metrics/snapshot"]);
    for closed in ["/open", "/site/open", "/metrics/snapshot"] {
        assert_eq!(ask(&system, closed, None).0, 403, "{closed}");
    }
    system.disable_endpoints([]);
    assert_eq!(ask(&system, "/site/open", None).0, 200);
    system.shutdown();
}

/// Takes as long as a test wants, and tells when it is asked.
struct Slow(Queue<Authentication>, Sender<()>);

impl Authenticator for Slow {
    fn scheme(&self) -> &str {
        "Slow"
    }

    fn authenticate(&self, _: &Request) -> Future<Authentication> {
        self.1.send(()).unwrap();
        self.0.get()
    }
}

#[test]
fn handlers_run_in_the_order_of_requests_however_long_a_check_takes() {
    let (system, asked) = site();
    let answers = Queue::new();
    let (sender, checking) = channel();
    system.set_authenticator("r", Slow(answers.clone(), sender));
    let connect = || {
        Connection::connect(&system, system.address().into())
            .wait_for(LIMIT)
            .unwrap()
            .unwrap()
    };
    let (first, second) = (connect(), connect());
    let guarded = first.send(Request::get("/site/guarded"));
    checking.recv_timeout(LIMIT).unwrap();
    let open = second.send(Request::get("/site/open"));
    // A third request, to another process, is answered while the open one waits behind the one that is being checked.
    assert_eq!(ask(&system, "/metrics/snapshot", None).0, 200);
    assert!(asked.try_recv().is_err());
    answers.put(Authentication::Principal(Principal::new("first")));
    assert_eq!(guarded.wait_for(LIMIT).unwrap().unwrap().status, 200);
    assert_eq!(open.wait_for(LIMIT).unwrap().unwrap().status, 200);
    assert_eq!(asked.try_iter().collect::<Vec<_>>(), ["first", "open"]);
    system.shutdown();
}
