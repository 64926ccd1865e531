//! TLS between systems, with certificates made here.

use crate::{LIMIT, Probe};
use libprocess::http::{Client, Request};
use libprocess::{System, Tls};
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::sync::mpsc::Receiver;

/// An authority with a directory for what it signs.
struct Authority {
    issuer: Issuer<'static, KeyPair>,
    directory: tempfile::TempDir,
}

impl Authority {
    fn new() -> Authority {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        let certificate = params.self_signed(&key).unwrap();
        let directory = tempfile::tempdir().unwrap();
        std::fs::write(directory.path().join("ca.pem"), certificate.pem()).unwrap();
        Authority {
            issuer: Issuer::new(params, key),
            directory,
        }
    }

    fn file(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// A certificate for some names or addresses, which trusts this authority.
    fn sign(&self, file: &str, names: &[&str]) -> Tls {
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        let key = KeyPair::generate().unwrap();
        let certificate = CertificateParams::new(names)
            .unwrap()
            .signed_by(&key, &self.issuer)
            .unwrap();
        let (cert_file, key_file) = (
            self.file(&format!("{file}.pem")),
            self.file(&format!("{file}.key")),
        );
        std::fs::write(&cert_file, certificate.pem()).unwrap();
        std::fs::write(&key_file, key.serialize_pem()).unwrap();
        let mut tls = Tls::new(cert_file, key_file);
        tls.ca_file = Some(self.file("ca.pem"));
        tls.reverse_dns = false;
        tls
    }

    fn verified(&self, file: &str, names: &[&str]) -> Tls {
        let mut tls = self.sign(file, names);
        (tls.verify_server, tls.require_client) = (true, true);
        tls
    }
}

fn start(tls: Tls) -> System {
    System::builder().workers(2).tls(tls).start().unwrap()
}

/// Sends from one to the other, and says what arrived there.
fn send(from: &System, to: &System) -> Receiver<String> {
    let (probe, events) = Probe::spawn(to, "probe");
    assert_eq!(events.recv_timeout(LIMIT).unwrap(), "initialize");
    from.send_from(&from.upid("sender"), probe.upid(), "Hello", "x".repeat(100_000));
    events
}

fn get(client: &System, server: &System, path: &str) -> Result<(u16, usize), String> {
    let answer = Client::new(client).request(server.address().into(), Request::get(path));
    let response = answer
        .wait_for(LIMIT)
        .unwrap()
        .map_err(|error| error.to_string())?;
    Ok((response.status, response.body_bytes().len()))
}

#[test]
fn systems_that_know_each_other_talk() {
    let authority = Authority::new();
    let here = start(authority.verified("here", &["127.0.0.1"]));
    let there = start(authority.verified("there", &["127.0.0.1"]));
    let events = send(&here, &there);
    assert_eq!(
        events.recv_timeout(LIMIT).unwrap(),
        "message Hello from sender of 100000"
    );
    assert_eq!(get(&here, &there, "/metrics/snapshot").unwrap().0, 200);
    let url = |scheme: &str| format!("{scheme}://127.0.0.1:{}/metrics/snapshot", there.address().port());
    let by_url = |scheme| Client::new(&here).get(&url(scheme)).wait_for(LIMIT).unwrap();
    assert_eq!(by_url("https").unwrap().status, 200);
    assert!(by_url("http").is_err(), "a URL says how it is to be reached");
    // What travels is not readable: a plain client gets nothing.
    let mut plain = TcpStream::connect(there.address()).unwrap();
    plain
        .write_all(b"GET /metrics/snapshot HTTP/1.1\r\n\r\n")
        .unwrap();
    let mut answer = Vec::new();
    let _ = plain.read_to_end(&mut answer);
    assert_eq!(answer, b"");
    here.shutdown();
    there.shutdown();
}

#[test]
fn strangers_and_impostors_are_refused() {
    let (ours, theirs) = (Authority::new(), Authority::new());
    let server = start(ours.verified("server", &["127.0.0.1"]));
    let impostor = start(ours.sign("impostor", &["10.1.2.3"]));
    let client = start(ours.verified("client", &["127.0.0.1"]));
    let stranger = start(theirs.sign("stranger", &["127.0.0.1"]));
    assert_eq!(get(&client, &server, "/metrics/snapshot").unwrap().0, 200);
    // A certificate for another address, one of another authority; both ways.
    assert!(
        get(&client, &impostor, "/metrics/snapshot")
            .unwrap_err()
            .contains("certificate")
    );
    assert!(
        get(&client, &stranger, "/metrics/snapshot")
            .unwrap_err()
            .contains("certificate")
    );
    assert!(get(&stranger, &server, "/metrics/snapshot").is_err());
    // Who verifies nobody talks to everybody that does not mind.
    assert_eq!(get(&stranger, &impostor, "/metrics/snapshot").unwrap().0, 200);
    for system in [server, impostor, client, stranger] {
        system.shutdown();
    }
}

#[test]
fn with_downgrade_both_kinds_share_a_port_and_reach_each_other() {
    let authority = Authority::new();
    let mut tls = authority.sign("mixed", &["127.0.0.1"]);
    tls.downgrade = true;
    let (mixed, old) = (start(tls), System::builder().workers(2).start().unwrap());
    assert_eq!(get(&old, &mixed, "/metrics/snapshot").unwrap().0, 200);
    assert_eq!(get(&mixed, &mixed, "/metrics/snapshot").unwrap().0, 200);
    for (from, to) in [(&old, &mixed), (&mixed, &old)] {
        let events = send(from, to);
        assert_eq!(
            events.recv_timeout(LIMIT).unwrap(),
            "message Hello from sender of 100000"
        );
    }
    mixed.shutdown();
    old.shutdown();
}

#[test]
fn variables_say_what_tls_needs() {
    let read = |set: &'static [(&str, &str)]| {
        Tls::from_variables(move |name| {
            let found = set
                .iter()
                .find(|(key, _)| name.strip_prefix("LIBPROCESS_SSL_") == Some(*key));
            found.map(|(_, value)| (*value).to_owned())
        })
    };
    assert!(read(&[("CERT_FILE", "c")]).unwrap().is_none());
    let tls = read(&[
        ("ENABLED", "1"),
        ("CERT_FILE", "c"),
        ("KEY_FILE", "k"),
        ("VERIFY_CERT", "true"),
        ("ENABLE_TLS_V1_2", "false"),
    ]);
    let tls = tls.unwrap().unwrap();
    assert_eq!(
        (tls.cert_file.as_path(), tls.verify_server, tls.require_client),
        (Path::new("c"), true, false)
    );
    assert_eq!(
        (tls.tls_1_2, tls.tls_1_3, tls.downgrade, tls.reverse_dns),
        (false, true, false, true)
    );
    for (set, said) in [
        (
            &[("ENABLED", "true"), ("CERT_FILE", "c")][..],
            "set LIBPROCESS_SSL_KEY_FILE",
        ),
        (
            &[("ENABLED", "yes")],
            "LIBPROCESS_SSL_ENABLED must be true or false, not 'yes'",
        ),
        (
            &[
                ("ENABLED", "1"),
                ("CERT_FILE", "c"),
                ("KEY_FILE", "k"),
                ("ENABLE_TLS_V1_0", "1"),
            ],
            "LIBPROCESS_SSL_ENABLE_TLS_V1_0 is not supported",
        ),
    ] {
        let error = read(set).unwrap_err().to_string();
        assert!(error.contains(said), "{error}");
    }
    let missing = System::builder()
        .tls(Tls::new("/nowhere/c.pem", "/nowhere/c.key"))
        .start();
    assert!(
        missing
            .err()
            .unwrap()
            .to_string()
            .contains("failed to load '/nowhere/c.pem'")
    );
}
