//! Names of machines.

use std::net::Ipv4Addr;

/// The name by which an address of this machine is known; the address itself when it has none.
///
/// `/etc/hosts` decides: the loopback address is `localhost`, others are looked up there and then compared with the
/// name of the machine.
pub fn of(ip: Ipv4Addr) -> String {
    let hosts = std::fs::read_to_string("/etc/hosts").unwrap_or_default();
    let named = hosts.lines().find_map(|line| {
        let line = line.split('#').next().unwrap_or_default();
        let mut words = line.split_whitespace();
        let address: Ipv4Addr = words.next()?.parse().ok()?;
        if address == ip {
            words.next().map(str::to_owned)
        } else {
            None
        }
    });
    named.unwrap_or_else(|| {
        if ip.is_loopback() {
            "localhost".to_owned()
        } else {
            ip.to_string()
        }
    })
}
