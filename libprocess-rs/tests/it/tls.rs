//! TLS between systems, with certificates made here.

use crate::{LIMIT, Probe};
use libprocess::http::{Client, Request};
use libprocess::{System, Tls};
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::sync::Arc;
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

/// An authority signs another, which signs another, and so on: the last has this many above it.
fn chained(authority: &Authority, file: &str, between: usize) -> Tls {
    let mut chain = String::new();
    let authorities =
        |params: &mut CertificateParams| params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let mut above: Option<Issuer<'static, KeyPair>> = None;
    for number in 0..between {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        authorities(&mut params);
        params
            .distinguished_name
            .push(rcgen::DnType::CommonName, format!("{file} {number}"));
        let key = KeyPair::generate().unwrap();
        let issuer = above.as_ref().unwrap_or(&authority.issuer);
        let certificate = params.signed_by(&key, issuer).unwrap();
        chain = certificate.pem() + &chain;
        above = Some(Issuer::new(params, key));
    }
    let key = KeyPair::generate().unwrap();
    let params = CertificateParams::new(vec!["127.0.0.1".to_owned()]).unwrap();
    let leaf = params
        .signed_by(&key, above.as_ref().unwrap_or(&authority.issuer))
        .unwrap();
    let mut tls = authority.verified(file, &["127.0.0.1"]);
    std::fs::write(&tls.cert_file, leaf.pem() + &chain).unwrap();
    std::fs::write(&tls.key_file, key.serialize_pem()).unwrap();
    tls.verification_depth = 2;
    tls
}

#[test]
fn chains_may_be_as_deep_as_it_was_said() {
    let authority = Authority::new();
    let [near, far, farther] =
        [0, 2, 3].map(|between| start(chained(&authority, &format!("c{between}"), between)));
    for (client, server) in [(&near, &near), (&near, &far), (&far, &near), (&far, &far)] {
        assert_eq!(get(client, server, "/metrics/snapshot").unwrap().0, 200);
    }
    assert!(
        get(&near, &farther, "/metrics/snapshot").is_err(),
        "the client looks at the server's chain"
    );
    assert!(
        get(&farther, &near, "/metrics/snapshot").is_err(),
        "and the server at the client's"
    );
    for system in [near, far, farther] {
        system.shutdown();
    }
}

/// Asks a server without showing a certificate.
fn anonymous(authority: &Authority, server: &System) -> std::io::Result<String> {
    let mut roots = rustls::RootCertStore::empty();
    let ca = CertificateDer::from_pem_file(authority.file("ca.pem")).unwrap();
    roots.add(ca).unwrap();
    let config = rustls::ClientConfig::builder()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let name = "127.0.0.1".try_into().unwrap();
    let session = rustls::ClientConnection::new(Arc::new(config), name).unwrap();
    let mut stream = rustls::StreamOwned::new(session, TcpStream::connect(server.address())?);
    stream.write_all(b"GET /metrics/snapshot HTTP/1.1\r\nConnection: close\r\n\r\n")?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    Ok(answer)
}

#[test]
fn who_requires_certificates_refuses_clients_without_and_takes_any_of_its_authority() {
    let authority = Authority::new();
    let mut strict = authority.sign("strict", &["127.0.0.1"]);
    strict.require_client = true;
    let server = start(strict);
    // The name of a client does not matter, as with the scheme `openssl`.
    let client = start(authority.sign("client", &["10.9.8.7"]));
    assert_eq!(get(&client, &server, "/metrics/snapshot").unwrap().0, 200);
    let open = start(authority.sign("open", &["127.0.0.1"]));
    let answer = anonymous(&authority, &open).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 OK"), "nobody asked for one");
    open.shutdown();
    let said = anonymous(&authority, &server).unwrap_err().to_string();
    assert!(said.contains("CertificateRequired"), "{said}");
    server.shutdown();
    client.shutdown();
}

#[test]
fn systems_agree_on_versions_ciphers_and_curves_or_do_not_talk() {
    let authority = Authority::new();
    let made = |file: &str, change: fn(&mut Tls)| {
        let mut tls = authority.verified(file, &["127.0.0.1"]);
        change(&mut tls);
        start(tls)
    };
    let old = made("old", |tls| tls.tls_1_3 = false);
    let new = made("new", |tls| tls.tls_1_2 = false);
    let gcm = made("gcm", |tls| {
        tls.tls_1_3 = false;
        tls.ciphers = Some("ECDHE-ECDSA-AES256-GCM-SHA384".to_owned());
    });
    let chacha = made("chacha", |tls| {
        tls.tls_1_3 = false;
        tls.ciphers = Some("ECDHE-ECDSA-CHACHA20-POLY1305".to_owned());
    });
    let curve = made("curve", |tls| tls.ecdh_curves = Some("P-384".to_owned()));
    let other = made("other", |tls| tls.ecdh_curves = Some("X25519".to_owned()));
    for (client, server, good) in [
        (&old, &gcm, true),
        (&gcm, &chacha, false),
        (&old, &new, false),
        (&curve, &new, true),
        (&curve, &other, false),
    ] {
        assert_eq!(get(client, server, "/metrics/snapshot").is_ok(), good);
    }
    for system in [old, new, gcm, chacha, curve, other] {
        system.shutdown();
    }
}

/// What a set of variables comes to. Names are given without their prefix, or with that of old.
fn read(set: &[(&str, &str)]) -> Result<Option<Tls>, String> {
    let found = |name: &str| {
        let by = |wanted: &str| {
            set.iter()
                .find(|(key, _)| *key == wanted)
                .map(|(_, value)| (*value).to_owned())
        };
        by(name).or_else(|| by(name.strip_prefix("LIBPROCESS_SSL_")?))
    };
    Tls::from_variables(found).map_err(|error| error.to_string())
}

const FILES: [(&str, &str); 3] = [("ENABLED", "1"), ("CERT_FILE", "c"), ("KEY_FILE", "k")];

#[test]
fn variables_say_what_tls_needs() {
    let tls = |more: &[(&str, &str)]| read(&[&FILES, more].concat()).unwrap().unwrap();
    assert!(read(&[("CERT_FILE", "c")]).unwrap().is_none());
    let plain = tls(&[
        ("ENABLE_TLS_V1_2", "false"),
        ("ECDH_CURVES", "auto"),
        ("VERIFY_IPADD", "1"),
    ]);
    assert_eq!(
        (
            plain.cert_file.as_path(),
            plain.verify_server,
            plain.require_client
        ),
        (Path::new("c"), false, false)
    );
    assert_eq!(
        (plain.tls_1_2, plain.tls_1_3, plain.downgrade, plain.reverse_dns),
        (false, true, false, true)
    );
    assert_eq!(
        (plain.verification_depth, plain.ca_file, plain.ciphers),
        (4, None, None)
    );

    let old = tls(&[("VERIFY_CERT", "true"), ("VERIFY_SERVER_CERT", "false")]);
    assert_eq!(
        (old.verify_server, old.require_client),
        (true, false),
        "either name turns it on"
    );
    for name in ["REQUIRE_CERT", "REQUIRE_CLIENT_CERT"] {
        let both = tls(&[(name, "1"), ("CA_FILE", "ca")]);
        assert!(
            both.verify_server && both.require_client,
            "{name} means the other, too"
        );
        assert_eq!(both.ca_file.as_deref(), Some(Path::new("ca")));
    }
    let scheme = tls(&[
        ("HOSTNAME_VALIDATION_SCHEME", "openssl"),
        ("VERIFICATION_DEPTH", "7"),
    ]);
    assert_eq!((scheme.reverse_dns, scheme.verification_depth), (false, 7));

    let prefixes = [
        ("SSL_ENABLED", "1"),
        ("SSL_CERT_FILE", "old"),
        ("SSL_KEY_FILE", "old"),
        ("KEY_FILE", "new"),
    ];
    let prefixes = read(&prefixes).unwrap().unwrap();
    assert_eq!(
        (prefixes.cert_file.as_path(), prefixes.key_file.as_path()),
        (Path::new("old"), Path::new("new"))
    );
}

#[test]
fn variables_that_cannot_be_met_are_named() {
    for (set, said) in [
        (
            &[("ENABLED", "true"), ("CERT_FILE", "c")][..],
            "SSL requires key! NOTE: Set path with LIBPROCESS_SSL_KEY_FILE",
        ),
        (
            &[("ENABLED", "true"), ("KEY_FILE", "k")],
            "SSL requires certificate! NOTE: Set path with LIBPROCESS_SSL_CERT_FILE",
        ),
        (
            &[("ENABLED", "yes")],
            "Failed to load flag 'enabled': Failed to load value 'yes': Expecting a boolean (e.g., true or false)",
        ),
    ] {
        let error = read(set).unwrap_err();
        assert!(error.contains(said), "{error}");
    }
    for (name, value, said) in [
        (
            "ENABLE_TLS_V1_0",
            "1",
            "LIBPROCESS_SSL_ENABLE_TLS_V1_0 is not supported",
        ),
        (
            "ENABLE_SSL_V3",
            "1",
            "LIBPROCESS_SSL_ENABLE_SSL_V3 is not supported",
        ),
        ("VERIFICATION_DEPTH", "x", "LIBPROCESS_SSL_VERIFICATION_DEPTH"),
        (
            "HOSTNAME_VALIDATION_SCHEME",
            "none",
            "Unknown value for hostname_validation_scheme: none",
        ),
    ] {
        let error = read(&[&FILES[..], &[(name, value)]].concat()).unwrap_err();
        assert!(error.contains(said), "{error}");
    }
}

#[test]
fn what_cannot_be_loaded_ends_the_start() {
    let authority = Authority::new();
    let error = |change: &dyn Fn(&mut Tls)| {
        let mut tls = authority.verified("here", &["127.0.0.1"]);
        change(&mut tls);
        let refused = System::builder().tls(tls).start().err().unwrap();
        refused.to_string()
    };
    let other = authority.sign("other", &["127.0.0.1"]).key_file;
    for (change, said) in [
        (
            &(|tls: &mut Tls| tls.cert_file = "/nowhere/c.pem".into()) as &dyn Fn(&mut Tls),
            "Could not load cert file '/nowhere/c.pem'",
        ),
        (
            &|tls| tls.key_file = "/nowhere/c.key".into(),
            "Could not load key file '/nowhere/c.key'",
        ),
        (
            &|tls| tls.ca_file = Some("/nowhere/ca.pem".into()),
            "Could not load CA file and/or directory '/nowhere/ca.pem'",
        ),
        (
            &|tls| tls.key_file = other.clone(),
            "Private key does not match the certificate public key",
        ),
        (
            &|tls| tls.ciphers = Some("AES128-SHA".to_owned()),
            "LIBPROCESS_SSL_CIPHERS",
        ),
        (
            &|tls| tls.ecdh_curves = Some("P-521".to_owned()),
            "LIBPROCESS_SSL_ECDH_CURVES",
        ),
        (
            &|tls| (tls.tls_1_2, tls.tls_1_3) = (false, false),
            "no version of TLS is enabled",
        ),
    ] {
        let error = error(change);
        assert!(error.contains(said), "{error}");
    }
}
