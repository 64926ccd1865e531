//! Addresses with the name of a host.

use crate::{Future, System, Upid};
use std::net::{SocketAddr, SocketAddrV4, ToSocketAddrs};

impl System {
    /// Reads `id@host:port`, where the host may be a name: the first IPv4 address it stands for is taken. Fails when the text is none of
    /// this, or nobody knows the name.
    ///
    /// A text with an IP address parses without a system, and at once: `"master@10.0.0.1:5050".parse::<Upid>()`.
    ///
    /// Mesos: 3rdparty/libprocess/src/pid.cpp, `operator>>`.
    ///
    /// ```
    /// let system = libprocess::System::builder().client_only().start()?;
    /// let master = system.resolve("master@localhost:5050").wait().expect("it is known");
    /// assert_eq!(master.to_string(), "master@127.0.0.1:5050");
    /// assert!(system.resolve("master@localhost").wait().is_err());
    /// system.shutdown();
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn resolve(&self, text: &str) -> Future<Upid> {
        let error = match text.parse::<Upid>() {
            Ok(upid) => return Future::ready(upid),
            Err(error) => error.to_string(),
        };
        let named = text.split_once('@').and_then(|(id, address)| {
            let (host, port) = address.split_once(':')?;
            Some((id.to_owned(), host.to_owned(), port.parse::<u16>().ok()?))
        });
        let Some((id, host, port)) = named else {
            return Future::failed(error);
        };
        let looked_up = self.run_blocking(move || {
            let all = (host.as_str(), port).to_socket_addrs();
            let all = all.map_err(|error| format!("Failed to resolve '{host}': {error}"))?;
            let mut v4 = all.filter_map(|address| match address {
                SocketAddr::V4(address) => Some(*address.ip()),
                SocketAddr::V6(_) => None,
            });
            let ip = v4.next().ok_or_else(|| format!("'{host}' has no IPv4 address"))?;
            Ok(Upid::new(id, SocketAddrV4::new(ip, port)))
        });
        looked_up.then(|found: Result<Upid, String>| match found {
            Ok(upid) => Future::ready(upid),
            Err(error) => Future::failed(error),
        })
    }
}
