use super::auth::Principal;
use super::{Headers, Method, Query, Reader, pipe};
use bytes::Bytes;
use std::net::SocketAddr;

/// A request, received or to be sent.
#[derive(Debug)]
pub struct Request {
    /// The method. Routes see `HEAD` as `GET`; the server drops the body of the response.
    pub method: Method,
    /// The path, beginning with the id of the process even when the client left it to the delegate.
    pub path: String,
    /// The parameters behind the path.
    pub query: Query,
    /// The header fields.
    pub headers: Headers,
    /// The whole body; empty when there is a [`Request::reader`].
    pub body: Bytes,
    /// The body as it arrives, on streaming routes. In a request to be sent: a body to upload in chunks.
    pub reader: Option<Reader>,
    /// Who sent it, on a route in a realm that is guarded.
    pub principal: Option<Principal>,
    /// Where the request came from.
    pub client: Option<SocketAddr>,
}

impl Request {
    /// Makes a request for a path with optional query, e.g. `/files/read?path=x`.
    pub fn new(method: Method, target: &str) -> Request {
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        Request {
            method,
            path: path.to_owned(),
            query: Query::parse(query),
            headers: Headers::new(),
            body: Bytes::new(),
            reader: None,
            principal: None,
            client: None,
        }
    }

    /// Makes a `GET` request.
    pub fn get(target: &str) -> Request {
        Request::new(Method::Get, target)
    }

    /// Makes a `POST` request with a body.
    pub fn post(target: &str, content_type: &str, body: impl Into<Bytes>) -> Request {
        let mut request = Request::new(Method::Post, target).header("Content-Type", content_type);
        request.body = body.into();
        request
    }

    /// Sets a header field.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Request {
        self.headers.set(name, value);
        self
    }

    /// Whether the client takes this media type, e.g. `application/json`: it sent no `Accept`, or one that covers it.
    ///
    /// Mesos: 3rdparty/libprocess/src/http.cpp, `Request::acceptsMediaType`.
    pub fn accepts(&self, media_type: &str) -> bool {
        let Some(accept) = self.headers.get("Accept") else {
            return true;
        };
        let (kind, _) = media_type.split_once('/').unwrap_or((media_type, ""));
        let covers = |range: &str| {
            range.eq_ignore_ascii_case(media_type)
                || range == "*/*"
                || range
                    .split_once('/')
                    .is_some_and(|(k, sub)| sub == "*" && k.eq_ignore_ascii_case(kind))
        };
        preferences(accept).any(|(range, refused)| !refused && covers(range))
    }

    /// Whether the client takes this content coding, e.g. `gzip`: it must have said so.
    ///
    /// Mesos: 3rdparty/libprocess/src/http.cpp, `Request::acceptsEncoding`.
    pub fn accepts_encoding(&self, coding: &str) -> bool {
        accepts_encoding(&self.headers, coding)
    }

    /// The media type of the body without parameters, in lower case.
    pub fn content_type(&self) -> Option<String> {
        let value = self.headers.get("Content-Type")?;
        Some(
            value
                .split(';')
                .next()
                .unwrap_or_default()
                .trim()
                .to_ascii_lowercase(),
        )
    }

    /// The path and query as they stand in the request line.
    pub fn target(&self) -> String {
        match self.query.raw() {
            "" => self.path.clone(),
            query => format!("{}?{query}", self.path),
        }
    }

    /// Gives a route the kind of body it asked for. The two differ only when the route was installed after the head
    /// had arrived.
    pub(crate) fn for_route(mut self, streaming: bool) -> Request {
        if streaming && self.reader.is_none() {
            let (writer, reader) = pipe();
            writer.write(std::mem::take(&mut self.body));
            writer.close();
            self.reader = Some(reader);
        }
        self
    }
}

pub(super) fn accepts_encoding(headers: &Headers, coding: &str) -> bool {
    let Some(accept) = headers.get("Accept-Encoding") else {
        return false;
    };
    let mut wildcard = false;
    for (name, refused) in preferences(accept) {
        if name.eq_ignore_ascii_case(coding) {
            return !refused;
        }
        wildcard |= name == "*" && !refused;
    }
    wildcard
}

/// The entries of an `Accept` header, each with whether its quality is zero.
fn preferences(header: &str) -> impl Iterator<Item = (&str, bool)> {
    header.split(',').map(|entry| {
        let mut parts = entry.split(';').map(str::trim);
        let name = parts.next().unwrap_or_default();
        let quality = parts.find_map(|part| part.strip_prefix("q="));
        (name, quality.is_some_and(|q| q.trim().parse() == Ok(0.0)))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn accepting(value: &str) -> Request {
        Request::get("/")
            .header("Accept", value)
            .header("Accept-Encoding", value)
    }

    #[test]
    fn media_types_match_exactly_by_kind_or_by_star() {
        assert!(Request::get("/").accepts("application/json"));
        for value in [
            "application/json",
            "text/html, */*;q=0.1",
            "application/*",
            "a/b,APPLICATION/JSON;q=1",
        ] {
            assert!(accepting(value).accepts("application/json"), "{value}");
        }
        for value in [
            "application/x-protobuf",
            "text/*",
            "application/json;q=0",
            "*/*; q=0.0",
        ] {
            assert!(!accepting(value).accepts("application/json"), "{value}");
        }
    }

    #[test]
    fn codings_must_be_named() {
        assert!(!Request::get("/").accepts_encoding("gzip"));
        for value in ["gzip", "deflate, gzip;q=0.5", "*"] {
            assert!(accepting(value).accepts_encoding("gzip"), "{value}");
        }
        for value in ["deflate", "gzip;q=0", "gzip;q=0.0, *"] {
            assert!(!accepting(value).accepts_encoding("gzip"), "{value}");
        }
    }
}
