use libprocess_core::http::{percent_decode, percent_encode};
use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

/// Where a request goes: `http://`, `https://`, or `http+unix://` with the escaped path of a socket for a host.
///
/// Mesos: 3rdparty/libprocess/src/http.cpp, `URL::parse`. Differs from Mesos: queries and fragments are told apart from the path, IPv6
/// addresses stand in brackets, and `http+unix` is read, too.
///
/// ```
/// use libprocess::http::Url;
///
/// let url: Url = "https://example.com/a/b?c=1#d".parse().unwrap();
/// assert_eq!((url.host(), url.port(), url.target().as_str()), ("example.com", Some(443), "/a/b?c=1"));
/// let url = Url::unix("/run/agent.sock", "/api/v1");
/// assert_eq!(url.to_string(), "http+unix://%2Frun%2Fagent.sock/api/v1");
/// assert_eq!("example.com".parse::<Url>().unwrap_err().to_string(), "Missing scheme in url string");
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Url {
    scheme: Scheme,
    host: String,
    /// None for a Unix socket.
    port: Option<u16>,
    path: String,
    query: String,
    fragment: Option<String>,
}

/// How a server is spoken to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scheme {
    /// In the open.
    Http,
    /// By TLS.
    Https,
    /// Through a Unix socket.
    HttpUnix,
}

/// Why a text is not a [`Url`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ParseUrlError {
    /// There is no `://`.
    #[error("Missing scheme in url string")]
    NoScheme,
    /// The scheme is none of ours, so its port is not known either.
    #[error("Unsupported scheme '{0}' in url")]
    Scheme(String),
    /// Nothing stands where the host should.
    #[error("Host not found in url")]
    NoHost,
    /// There is more than one colon in the host.
    #[error("Found multiple ports in url")]
    Ports,
    /// What follows the colon is no port.
    #[error("Failed to parse port: Failed to convert '{0}' to number")]
    Port(String),
    /// Names and passwords do not belong into a URL.
    #[error("User information in url is not supported")]
    User,
}

impl Scheme {
    fn text(self) -> &'static str {
        match self {
            Scheme::Http => "http",
            Scheme::Https => "https",
            Scheme::HttpUnix => "http+unix",
        }
    }

    fn default_port(self) -> Option<u16> {
        match self {
            Scheme::Http => Some(80),
            Scheme::Https => Some(443),
            Scheme::HttpUnix => None,
        }
    }
}

impl Url {
    /// A URL for a path with optional query on a Unix socket.
    pub fn unix(socket: impl Into<PathBuf>, target: &str) -> Url {
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        Url {
            scheme: Scheme::HttpUnix,
            host: socket.into().to_string_lossy().into_owned(),
            port: None,
            path: absolute(path),
            query: query.to_owned(),
            fragment: None,
        }
    }

    /// How the server is spoken to.
    pub fn scheme(&self) -> Scheme {
        self.scheme
    }

    /// The name or address of the server, without brackets; the path of a Unix socket.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The port, that of the scheme when none is named; none for a Unix socket.
    pub fn port(&self) -> Option<u16> {
        self.port
    }

    /// The path, which begins with a slash.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// What stands behind the question mark.
    pub fn query(&self) -> &str {
        &self.query
    }

    /// What stands behind the number sign, and never leaves the client.
    pub fn fragment(&self) -> Option<&str> {
        self.fragment.as_deref()
    }

    /// Path and query as they stand in a request line.
    pub fn target(&self) -> String {
        match self.query.as_str() {
            "" => self.path.clone(),
            query => format!("{}?{query}", self.path),
        }
    }

    /// What goes into the header field `Host`.
    ///
    /// Mesos: 3rdparty/libprocess/src/http.cpp, `encode`.
    pub(super) fn host_field(&self) -> String {
        match self.port {
            None => "localhost".to_owned(),
            Some(80 | 443) => self.bracketed(),
            Some(port) => format!("{}:{port}", self.bracketed()),
        }
    }

    fn bracketed(&self) -> String {
        if self.host.contains(':') {
            format!("[{}]", self.host)
        } else {
            self.host.clone()
        }
    }
}

impl FromStr for Url {
    type Err = ParseUrlError;

    fn from_str(text: &str) -> Result<Url, ParseUrlError> {
        let (scheme, rest) = text.split_once("://").ok_or(ParseUrlError::NoScheme)?;
        let scheme = match scheme.to_ascii_lowercase().as_str() {
            "http" => Scheme::Http,
            "https" => Scheme::Https,
            "http+unix" => Scheme::HttpUnix,
            other => return Err(ParseUrlError::Scheme(other.to_owned())),
        };
        let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let (authority, target) = rest.split_at(end);
        let (host, port) = match scheme {
            Scheme::HttpUnix => (percent_decode(authority).ok_or(ParseUrlError::NoHost)?, None),
            Scheme::Http | Scheme::Https => host_and_port(authority)?,
        };
        if host.is_empty() {
            return Err(ParseUrlError::NoHost);
        }
        let (target, fragment) = match target.split_once('#') {
            Some((target, fragment)) => (target, Some(fragment.to_owned())),
            None => (target, None),
        };
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        Ok(Url {
            scheme,
            host,
            port: port.or(scheme.default_port()),
            path: absolute(path),
            query: query.to_owned(),
            fragment,
        })
    }
}

fn host_and_port(authority: &str) -> Result<(String, Option<u16>), ParseUrlError> {
    if authority.contains('@') {
        return Err(ParseUrlError::User);
    }
    let (host, port) = match authority.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((ip, behind)) => (ip, behind.strip_prefix(':')),
        None => match authority.split_once(':') {
            None => (authority, None),
            Some((_, port)) if port.contains(':') => return Err(ParseUrlError::Ports),
            Some((host, "")) => (host, None),
            Some((host, port)) => (host, Some(port)),
        },
    };
    let port = port.map(|text| text.parse().map_err(|_| ParseUrlError::Port(text.to_owned())));
    Ok((host.to_owned(), port.transpose()?))
}

fn absolute(path: &str) -> String {
    format!("/{}", path.strip_prefix('/').unwrap_or(path))
}

impl fmt::Display for Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://", self.scheme.text())?;
        match self.port {
            None => write!(f, "{}", percent_encode(&self.host))?,
            Some(port) if self.scheme.default_port() == Some(port) => write!(f, "{}", self.bracketed())?,
            Some(port) => write!(f, "{}:{port}", self.bracketed())?,
        }
        f.write_str(&self.target())?;
        self.fragment
            .iter()
            .try_for_each(|fragment| write!(f, "#{fragment}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_are_read_and_written() {
        for (text, host, port, target) in [
            ("http://a", "a", Some(80), "/"),
            ("HTTPS://a/b", "a", Some(443), "/b"),
            ("http://a:81/b/c?d=/e&f", "a", Some(81), "/b/c?d=/e&f"),
            ("http://a:/b", "a", Some(80), "/b"),
            ("http://a?b#c/d", "a", Some(80), "/?b"),
            ("http://[::1]:5050/x", "::1", Some(5050), "/x"),
            ("http+unix://%2Ftmp%2Fa%20b/x?y", "/tmp/a b", None, "/x?y"),
        ] {
            let url: Url = text.parse().unwrap();
            assert_eq!(
                (url.host(), url.port(), url.target().as_str()),
                (host, port, target),
                "{text}"
            );
            assert_eq!(url.to_string().parse::<Url>().unwrap(), url, "{text}");
        }
        let url: Url = "http://a/b?c#d".parse().unwrap();
        assert_eq!((url.path(), url.query(), url.fragment()), ("/b", "c", Some("d")));
    }

    #[test]
    fn what_is_no_url_is_refused_in_the_words_of_mesos() {
        for (text, said) in [
            ("a/b", "Missing scheme in url string"),
            ("http:///b", "Host not found in url"),
            ("http://", "Host not found in url"),
            ("http://:80/b", "Host not found in url"),
            ("http://a:1:2/b", "Found multiple ports in url"),
            (
                "http://a:x/b",
                "Failed to parse port: Failed to convert 'x' to number",
            ),
            (
                "http://a:65536/b",
                "Failed to parse port: Failed to convert '65536' to number",
            ),
            ("ftp://a", "Unsupported scheme 'ftp' in url"),
            ("http://me:secret@a/", "User information in url is not supported"),
            ("http+unix:///x", "Host not found in url"),
        ] {
            assert_eq!(text.parse::<Url>().unwrap_err().to_string(), said, "{text}");
        }
    }

    #[test]
    fn the_host_field_names_unusual_ports() {
        for (text, field) in [
            ("http://a/", "a"),
            ("https://a/", "a"),
            ("http://a:81/", "a:81"),
            ("http://[::1]:81/", "[::1]:81"),
            ("http+unix://a/", "localhost"),
        ] {
            assert_eq!(text.parse::<Url>().unwrap().host_field(), field);
        }
    }
}
