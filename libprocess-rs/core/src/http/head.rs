use super::decoder::{DecodeError, Framing, Head};
use super::headers::Headers;
use bytes::Bytes;
use std::fmt;

/// The method of a request.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Method {
    /// `GET`.
    Get,
    /// `HEAD`.
    Head,
    /// `POST`.
    Post,
    /// `PUT`.
    Put,
    /// `DELETE`.
    Delete,
    /// `OPTIONS`.
    Options,
    /// `PATCH`.
    Patch,
    /// Any other token.
    Other(String),
}

impl Method {
    /// The token as it stands on the wire.
    pub fn as_str(&self) -> &str {
        match self {
            Method::Get => "GET",
            Method::Head => "HEAD",
            Method::Post => "POST",
            Method::Put => "PUT",
            Method::Delete => "DELETE",
            Method::Options => "OPTIONS",
            Method::Patch => "PATCH",
            Method::Other(token) => token,
        }
    }
}

impl From<&str> for Method {
    fn from(token: &str) -> Method {
        match token {
            "GET" => Method::Get,
            "HEAD" => Method::Head,
            "POST" => Method::Post,
            "PUT" => Method::Put,
            "DELETE" => Method::Delete,
            "OPTIONS" => Method::Options,
            "PATCH" => Method::Patch,
            other => Method::Other(other.to_owned()),
        }
    }
}

impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The request line and header fields of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestHead {
    /// The method.
    pub method: Method,
    /// The target as it stands on the wire, e.g. `/state?jsonp=f`.
    pub target: String,
    /// 0 for HTTP/1.0, 1 for HTTP/1.1.
    pub minor_version: u8,
    /// The header fields.
    pub headers: Headers,
}

/// The status line and header fields of a response.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResponseHead {
    /// The status code.
    pub status: u16,
    /// 0 for HTTP/1.0, 1 for HTTP/1.1.
    pub minor_version: u8,
    /// The header fields.
    pub headers: Headers,
}

fn keep_alive(minor_version: u8, headers: &Headers) -> bool {
    match minor_version {
        0 => headers.has_token("Connection", "keep-alive"),
        _ => !headers.has_token("Connection", "close"),
    }
}

impl RequestHead {
    /// Whether the sender wants the connection kept open after the response.
    pub fn keep_alive(&self) -> bool {
        keep_alive(self.minor_version, &self.headers)
    }

    /// Whether the sender waits for `100 Continue` before it sends the body.
    pub fn expects_continue(&self) -> bool {
        self.minor_version > 0 && self.headers.has_token("Expect", "100-continue")
    }
}

impl ResponseHead {
    /// Whether the sender keeps the connection open after this response.
    pub fn keep_alive(&self) -> bool {
        keep_alive(self.minor_version, &self.headers)
    }
}

/// The whole text of a head lies in `bytes`; names and values become slices of it.
fn take_headers(bytes: &Bytes, parsed: &[httparse::Header<'_>]) -> Headers {
    let mut headers = Headers::with_capacity(parsed.len());
    for header in parsed {
        headers.push_parsed(
            bytes.slice_ref(header.name.as_bytes()),
            bytes.slice_ref(header.value),
        );
    }
    headers
}

impl Head for RequestHead {
    fn parse<'b>(
        bytes: &'b Bytes,
        slots: &mut [httparse::Header<'b>],
    ) -> Result<Option<RequestHead>, httparse::Error> {
        let mut request = httparse::Request::new(slots);
        if request.parse(bytes)?.is_partial() {
            return Ok(None);
        }
        let (Some(method), Some(target), Some(minor_version)) =
            (request.method, request.path, request.version)
        else {
            return Ok(None);
        };
        let headers = take_headers(bytes, request.headers);
        Ok(Some(RequestHead {
            method: method.into(),
            target: target.to_owned(),
            minor_version,
            headers,
        }))
    }

    /// A request without `Content-Length` and `Transfer-Encoding` has no body. One with both is refused, since two
    /// readers could disagree about where it ends.
    fn framing(&self, _to_head: bool) -> Result<Framing, DecodeError> {
        let length = content_length(&self.headers)?;
        match (is_chunked(&self.headers)?, length) {
            (true, Some(_)) => Err(DecodeError::AmbiguousLength),
            (true, None) => Ok(Framing::Chunked),
            (false, length) => Ok(Framing::Length(length.unwrap_or(0))),
        }
    }
}

impl Head for ResponseHead {
    fn parse<'b>(
        bytes: &'b Bytes,
        slots: &mut [httparse::Header<'b>],
    ) -> Result<Option<ResponseHead>, httparse::Error> {
        let mut response = httparse::Response::new(slots);
        if response.parse(bytes)?.is_partial() {
            return Ok(None);
        }
        let (Some(status), Some(minor_version)) = (response.code, response.version) else {
            return Ok(None);
        };
        Ok(Some(ResponseHead {
            status,
            minor_version,
            headers: take_headers(bytes, response.headers),
        }))
    }

    fn framing(&self, to_head: bool) -> Result<Framing, DecodeError> {
        if to_head || self.status < 200 || self.status == 204 || self.status == 304 {
            return Ok(Framing::Length(0));
        }
        if is_chunked(&self.headers)? {
            return Ok(Framing::Chunked);
        }
        Ok(content_length(&self.headers)?.map_or(Framing::UntilClose, Framing::Length))
    }
}

fn is_chunked(headers: &Headers) -> Result<bool, DecodeError> {
    let codings: Vec<&str> = headers
        .get_all("Transfer-Encoding")
        .flat_map(|value| value.split(','))
        .map(str::trim)
        .filter(|coding| !coding.eq_ignore_ascii_case("identity"))
        .collect();
    match codings.as_slice() {
        [] => Ok(false),
        [coding] if coding.eq_ignore_ascii_case("chunked") => Ok(true),
        _ => Err(DecodeError::UnsupportedTransferEncoding),
    }
}

fn content_length(headers: &Headers) -> Result<Option<u64>, DecodeError> {
    let mut found = None;
    for value in headers.get_all("Content-Length") {
        let digits = !value.is_empty() && value.bytes().all(|b| b.is_ascii_digit());
        let length: u64 = value
            .parse()
            .ok()
            .filter(|_| digits)
            .ok_or(DecodeError::BadContentLength)?;
        if found.is_some_and(|earlier| earlier != length) {
            return Err(DecodeError::AmbiguousLength);
        }
        found = Some(length);
    }
    Ok(found)
}
