use super::{Authentication, Authenticator, Principal};
use crate::Future;
use crate::http::{Request, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rustc_hash::FxHashMap;

/// Names and secrets, sent as they are: `Authorization: Basic`.
///
/// Mesos: 3rdparty/libprocess/src/authenticator.cpp, `BasicAuthenticator`.
pub struct Basic {
    challenge: [String; 1],
    secrets: FxHashMap<String, String>,
}

impl Basic {
    /// Knows these principals and their secrets. Neither may hold a colon.
    pub fn new<N: Into<String>, S: Into<String>>(
        realm: &str,
        credentials: impl IntoIterator<Item = (N, S)>,
    ) -> Basic {
        let secrets = credentials
            .into_iter()
            .map(|(name, secret)| (name.into(), secret.into()));
        Basic {
            challenge: [format!("Basic realm=\"{realm}\"")],
            secrets: secrets.collect(),
        }
    }

    fn principal(&self, request: &Request) -> Option<Principal> {
        let header = request.headers.get("Authorization")?;
        let decoded = STANDARD.decode(header.strip_prefix("Basic ")?).ok()?;
        let (name, secret) = std::str::from_utf8(&decoded).ok()?.split_once(':')?;
        let known = self.secrets.get(name)?;
        same(known.as_bytes(), secret.as_bytes()).then(|| Principal::new(name))
    }
}

impl Authenticator for Basic {
    fn scheme(&self) -> &str {
        "Basic"
    }

    fn authenticate(&self, request: &Request) -> Future<Authentication> {
        Future::ready(match self.principal(request) {
            Some(principal) => Authentication::Principal(principal),
            None => {
                Authentication::Unauthorized(Response::unauthorized(&self.challenge, "401 Unauthorized."))
            }
        })
    }
}

/// Whether two secrets are the same, in a time that tells nothing but their length.
pub(super) fn same(left: &[u8], right: &[u8]) -> bool {
    let differences = left.iter().zip(right).fold(0, |found, (l, r)| found | (l ^ r));
    left.len() == right.len() && std::hint::black_box(differences) == 0
}
