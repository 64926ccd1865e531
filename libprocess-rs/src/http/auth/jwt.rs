use super::basic::same;
use super::{Authentication, Authenticator, Principal};
use crate::http::{Request, Response};
use crate::{Clock, Future, System};
use base64::Engine as _;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};
use base64::engine::{DecodePaddingMode, general_purpose};
use hmac::{Hmac, Mac as _};
use serde_json::{Map, Value};
use sha2::Sha256;

/// Tokens signed with a shared secret: `Authorization: Bearer`, JWT with HS256. What they claim is the principal.
///
/// `exp` is enforced on the clock of the system; `nbf` is not looked at, as in libprocess.
///
/// Mesos: 3rdparty/libprocess/src/jwt_authenticator.cpp and jwt.cpp.
pub struct Jwt {
    realm: String,
    secret: Vec<u8>,
    clock: Clock,
}

const URL_SAFE: GeneralPurpose = GeneralPurpose::new(
    &base64::alphabet::URL_SAFE,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

impl Jwt {
    /// Takes tokens signed with this secret.
    pub fn new(system: &System, realm: &str, secret: impl Into<Vec<u8>>) -> Jwt {
        Jwt {
            realm: realm.to_owned(),
            secret: secret.into(),
            clock: system.clock().clone(),
        }
    }

    /// A token with these claims, for who holds the secret too.
    pub fn sign(secret: &[u8], claims: &Map<String, Value>) -> String {
        let header = URL_SAFE_BARE.encode(r#"{"alg":"HS256","typ":"JWT"}"#);
        let payload = URL_SAFE_BARE.encode(Value::Object(claims.clone()).to_string());
        let signature = URL_SAFE_BARE.encode(signature(secret, &header, &payload));
        format!("{header}.{payload}.{signature}")
    }

    fn principal(&self, header: Option<&str>) -> Result<Principal, String> {
        // Who shows nothing is not told of an error: RFC 6750, section 3.1.
        let header = header.ok_or_else(String::new)?;
        let parts: Vec<&str> = header.split(' ').collect();
        let [scheme, token] = parts[..] else {
            return Err("Malformed 'Authorization' header".to_owned());
        };
        if scheme != "Bearer" {
            return Err(format!("Scheme '{scheme}' unsupported"));
        }
        let claims = self
            .parse(token)
            .map_err(|error| format!("Invalid JWT: {error}"))?;
        if claims.is_empty() {
            return Err("JWT claims missing".to_owned());
        }
        let text = |value: Value| match value {
            Value::String(text) => text,
            other => other.to_string(),
        };
        Ok(Principal {
            value: None,
            claims: claims
                .into_iter()
                .map(|(name, value)| (name, text(value)))
                .collect(),
        })
    }

    fn parse(&self, token: &str) -> Result<Map<String, Value>, String> {
        let parts: Vec<&str> = token.split('.').collect();
        let [header, payload, signed] = parts[..] else {
            return Err(format!("Expected 3 components in token, got {}", parts.len()));
        };
        let algorithm = algorithm(header)?;
        if algorithm != "HS256" {
            return Err(format!(
                "Token 'alg' value \"{algorithm}\" does not match, expected \"HS256\""
            ));
        }
        let claims = decode(payload).map_err(|error| format!("Failed to decode token payload: {error}"))?;
        self.check_expiry(&claims)?;
        let signed = URL_SAFE
            .decode(signed)
            .map_err(|error| format!("Failed to base64url-decode token signature: {error}"))?;
        if !same(&signature(&self.secret, header, payload), &signed) {
            return Err("Token signature does not match".to_owned());
        }
        Ok(claims)
    }

    fn check_expiry(&self, claims: &Map<String, Value>) -> Result<(), String> {
        let Some(expiry) = claims.get("exp") else {
            return Ok(());
        };
        let Some(expiry) = expiry.as_f64() else {
            return Err("JSON payload 'exp' field is not a number".to_owned());
        };
        let now = self.clock.now().nanos() / 1_000_000_000;
        if expiry.trunc() < now as f64 {
            return Err(format!("Token has expired: exp({}) < now({now})", expiry.trunc()));
        }
        Ok(())
    }
}

const URL_SAFE_BARE: GeneralPurpose = general_purpose::URL_SAFE_NO_PAD;

/// The algorithm a header names, if this is a header we understand.
fn algorithm(header: &str) -> Result<String, String> {
    let header = decode(header).map_err(|error| format!("Failed to decode token header: {error}"))?;
    if header.get("typ").is_some_and(|typ| !typ.is_string()) {
        return Err("Token 'typ' is not a string".to_owned());
    }
    let algorithm = header
        .get("alg")
        .ok_or("Failed to locate 'alg' in token JSON header")?
        .as_str()
        .ok_or("Token 'alg' field is not a string")?;
    if !["none", "HS256", "RS256"].contains(&algorithm) {
        return Err(format!("Unsupported token algorithm: {algorithm}"));
    }
    if header.contains_key("crit") {
        return Err("Token 'crit' field is unsupported".to_owned());
    }
    Ok(algorithm.to_owned())
}

fn decode(part: &str) -> Result<Map<String, Value>, String> {
    let bytes = URL_SAFE
        .decode(part)
        .map_err(|error| format!("Failed to base64url-decode: {error}"))?;
    serde_json::from_slice(&bytes).map_err(|error| format!("Failed to parse into JSON: {error}"))
}

fn signature(secret: &[u8], header: &str, payload: &str) -> Vec<u8> {
    // HMAC takes a key of any length.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret) else {
        return Vec::new();
    };
    mac.update(header.as_bytes());
    mac.update(b".");
    mac.update(payload.as_bytes());
    mac.finalize().into_bytes().to_vec()
}

impl Authenticator for Jwt {
    fn scheme(&self) -> &str {
        "Bearer"
    }

    fn authenticate(&self, request: &Request) -> Future<Authentication> {
        let found = self.principal(request.headers.get("Authorization"));
        Future::ready(match found {
            Ok(principal) => Authentication::Principal(principal),
            Err(why) => {
                let mut challenge = format!("Bearer realm=\"{}\"", self.realm);
                if !why.is_empty() {
                    challenge += &format!(", error=\"invalid_token\", error_description=\"{why}\"");
                }
                Authentication::Unauthorized(Response::unauthorized(&[challenge], "401 Unauthorized."))
            }
        })
    }
}
