//! The address of a process: `id@ip:port`.

use std::fmt;
use std::net::{Ipv4Addr, SocketAddrV4};
use std::str::FromStr;

use smol_str::SmolStr;

/// Names one process in one runtime, anywhere on the network.
///
/// The default value is the empty address, which every send silently ignores. A copy allocates nothing, and unless the id has
/// more than 23 bytes it has nothing in common with the original, so that threads may pass it on without touching each other's memory.
///
/// Mesos: 3rdparty/libprocess/include/process/pid.hpp, `UPID`.
///
/// ```
/// use libprocess_core::Upid;
/// let upid: Upid = "master@10.0.0.1:5050".parse().unwrap();
/// assert_eq!(upid.id(), "master");
/// assert_eq!(upid.to_string(), "master@10.0.0.1:5050");
/// assert!(Upid::default().is_empty());
/// ```
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Upid {
    id: SmolStr,
    address: SocketAddrV4,
}

/// Why a text is not a [`Upid`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a process address of the form id@ip:port")]
pub struct ParseUpidError(String);

impl Upid {
    /// Makes the address of process `id` in the runtime that listens at `address`.
    pub fn new(id: impl Into<SmolStr>, address: SocketAddrV4) -> Upid {
        Upid {
            id: id.into(),
            address,
        }
    }

    /// The name of the process within its runtime.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The name of the process, as a value of its own: up to 23 bytes are copied, more are shared.
    pub fn shared_id(&self) -> SmolStr {
        self.id.clone()
    }

    /// Where the runtime of the process listens.
    pub fn address(&self) -> SocketAddrV4 {
        self.address
    }

    /// The IP part of [`Upid::address`].
    pub fn ip(&self) -> Ipv4Addr {
        *self.address.ip()
    }

    /// The port part of [`Upid::address`].
    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// Whether id, ip and port are all unset.
    pub fn is_empty(&self) -> bool {
        self.id.is_empty() && self.address.ip().is_unspecified() && self.address.port() == 0
    }

    /// Whether id, ip and port are all set, so that a message can be sent there.
    pub fn is_complete(&self) -> bool {
        !self.id.is_empty() && !self.address.ip().is_unspecified() && self.address.port() != 0
    }
}

impl Default for Upid {
    fn default() -> Upid {
        Upid {
            id: SmolStr::default(),
            address: SocketAddrV4::new(Ipv4Addr::UNSPECIFIED, 0),
        }
    }
}

impl fmt::Display for Upid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@{}", self.id, self.address)
    }
}

impl fmt::Debug for Upid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Upid {
    type Err = ParseUpidError;

    /// Splits at the first `@`. Host names are not resolved here, since a pure crate cannot ask the network.
    ///
    /// Mesos: 3rdparty/libprocess/src/pid.cpp, `operator>>`.
    fn from_str(text: &str) -> Result<Upid, ParseUpidError> {
        let parsed = text
            .split_once('@')
            .and_then(|(id, address)| Some((id, address.parse().ok()?)));
        match parsed {
            Some((id, address)) => Ok(Upid::new(id, address)),
            None => Err(ParseUpidError(text.to_owned())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_form_survives_a_round_trip() {
        for text in [
            "master@127.0.0.1:5050",
            "slave(1)@10.1.2.3:5051",
            "a/b@1.2.3.4:1",
            "@0.0.0.0:0",
        ] {
            assert_eq!(text.parse::<Upid>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn malformed_text_is_refused() {
        for text in [
            "",
            "master",
            "master@",
            "master@host:5050",
            "m@1.2.3.4",
            "m@1.2.3.4:70000",
            "m@[::1]:5",
        ] {
            assert!(text.parse::<Upid>().is_err(), "{text}");
        }
    }

    #[test]
    fn empty_and_complete_are_not_opposites() {
        assert!(Upid::default().is_empty());
        let half: Upid = "master@0.0.0.0:5050".parse().unwrap();
        assert!(!half.is_empty() && !half.is_complete());
    }
}
