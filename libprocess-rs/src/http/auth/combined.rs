use super::{Authentication, Authenticator};
use crate::http::{Request, Response};
use crate::{Future, FutureError, future};

/// Several authenticators for one realm: whoever any of them knows is known. Else the challenges of all are sent.
///
/// Mesos: src/authentication/http/combined_authenticator.cpp.
pub struct Combined(Vec<Box<dyn Authenticator>>);

impl Combined {
    /// Asks these; when several know a request, the first in this order counts.
    pub fn new(authenticators: Vec<Box<dyn Authenticator>>) -> Combined {
        Combined(authenticators)
    }
}

impl Authenticator for Combined {
    fn scheme(&self) -> &str {
        "Combined"
    }

    /// Differs from Mesos: all are asked at once, not one after another.
    fn authenticate(&self, request: &Request) -> Future<Authentication> {
        let schemes: Vec<String> = self.0.iter().map(|one| one.scheme().to_owned()).collect();
        let found = self.0.iter().map(|one| one.authenticate(request)).collect();
        future::await_all(found).then(|outcomes| combine(schemes.into_iter().zip(outcomes)))
    }
}

fn combine(
    outcomes: impl Iterator<Item = (String, Result<Authentication, FutureError>)>,
) -> Future<Authentication> {
    let (mut challenges, mut unauthorized, mut forbidden, mut failures) =
        (Vec::new(), None, None, Vec::new());
    let note = |bodies: &mut Option<Vec<String>>, scheme: &str, text: &str| {
        let bodies = bodies.get_or_insert_with(Vec::new);
        if !text.is_empty() {
            bodies.push(format!("\"{scheme}\" authenticator returned:\n{text}"));
        }
    };
    for (scheme, outcome) in outcomes {
        match outcome {
            Ok(Authentication::Principal(principal)) => {
                return Future::ready(Authentication::Principal(principal));
            }
            Ok(Authentication::Unauthorized(response)) => {
                challenges.extend(response.headers.get("WWW-Authenticate").map(str::to_owned));
                let text = String::from_utf8_lossy(response.body_bytes());
                note(&mut unauthorized, &scheme, &text);
            }
            Ok(Authentication::Forbidden(response)) => {
                let text = String::from_utf8_lossy(response.body_bytes());
                note(&mut forbidden, &scheme, &text);
            }
            Err(error) => failures.push(format!("\"{scheme}\" authenticator returned:\n{error}")),
        }
    }
    if let Some(bodies) = unauthorized {
        let response = Response::unauthorized(&[challenges.join(",")], bodies.join("\n\n"));
        return Future::ready(Authentication::Unauthorized(response));
    }
    if let Some(bodies) = forbidden {
        return Future::ready(Authentication::Forbidden(Response::forbidden(
            bodies.join("\n\n"),
        )));
    }
    Future::failed(failures.join("\n\n"))
}
