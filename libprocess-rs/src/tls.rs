//! TLS for everything a system says and hears: messages, requests, responses.
//!
//! A system with [`Tls`] speaks it on every connection it opens to another system and expects it on its own port. Who connects
//! is told apart by the first byte, so with [`Tls::downgrade`] both kinds of clients share the port while a cluster is moved.
//!
//! ```no_run
//! use libprocess::{System, Tls};
//!
//! # fn main() -> std::io::Result<()> {
//! let mut tls = Tls::new("host.pem", "host.key");
//! tls.ca_file = Some("ca.pem".into());
//! tls.verify_server = true;
//! tls.require_client = true;
//! let system = System::builder().tls(tls).start()?;
//! # system.shutdown();
//! # Ok(())
//! # }
//! ```
//!
//! Mesos: 3rdparty/libprocess/src/openssl.cpp; docs/ssl.md. Differs from Mesos: TLS 1.2 and 1.3 only, with the ciphers and curves of
//! rustls; asking for others alone is an error that names the variable.

mod depth;
mod stream;
mod suites;
mod variables;
mod verify;

pub(crate) use stream::Stream;

use depth::ClientsWithin;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::version::{TLS12, TLS13};
use rustls::{ClientConfig, RootCertStore, ServerConfig};
use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio::net::TcpStream;
use verify::Verify;

/// How deep chains may be unless told otherwise.
///
/// Mesos: 3rdparty/libprocess/src/openssl.cpp, `verification_depth`.
const DEPTH: usize = 4;

/// Where authorities come from, in the words of Mesos.
const CA: &str = "CA file and/or directory";

/// How a system proves who it is, and whom it trusts. Files are PEM.
#[derive(Debug, Clone)]
pub struct Tls {
    /// The certificate, followed by those that lead to its authority.
    pub cert_file: PathBuf,
    /// Its private key.
    pub key_file: PathBuf,
    /// Certificates of authorities that are trusted.
    pub ca_file: Option<PathBuf>,
    /// A directory of such files.
    pub ca_dir: Option<PathBuf>,
    /// Whether a peer we connect to must show a certificate of a trusted authority, for its address or for its name in reverse DNS.
    pub verify_server: bool,
    /// Whether who connects to us must show a certificate of a trusted authority.
    pub require_client: bool,
    /// Whether a certificate may be for the name in reverse DNS; else only for the IP address.
    pub reverse_dns: bool,
    /// Whether plain connections are taken too, and tried where TLS fails.
    pub downgrade: bool,
    /// Whether TLS 1.2 is spoken.
    pub tls_1_2: bool,
    /// Whether TLS 1.3 is spoken.
    pub tls_1_3: bool,
    /// How many certificates may stand between that of a peer and that of an authority.
    pub verification_depth: usize,
    /// The ciphers of TLS 1.2, by OpenSSL's names with colons between them, the best first. Without it, all that are good.
    pub ciphers: Option<String>,
    /// The curves to agree on keys by, in the same form; `auto` and nothing mean all that are good.
    pub ecdh_curves: Option<String>,
}

impl Tls {
    /// A certificate and its key; nobody is verified.
    pub fn new(cert_file: impl Into<PathBuf>, key_file: impl Into<PathBuf>) -> Tls {
        Tls {
            cert_file: cert_file.into(),
            key_file: key_file.into(),
            ca_file: None,
            ca_dir: None,
            verify_server: false,
            require_client: false,
            reverse_dns: true,
            downgrade: false,
            tls_1_2: true,
            tls_1_3: true,
            verification_depth: DEPTH,
            ciphers: None,
            ecdh_curves: None,
        }
    }

    /// Reads the files.
    pub(crate) fn load(&self) -> io::Result<Loaded> {
        let versions: Vec<_> = [(self.tls_1_2, &TLS12), (self.tls_1_3, &TLS13)]
            .into_iter()
            .filter_map(|(wanted, version)| wanted.then_some(version))
            .collect();
        if versions.is_empty() {
            return Err(invalid(
                "no version of TLS is enabled: leave LIBPROCESS_SSL_ENABLE_TLS_V1_2 or _V1_3 on",
            ));
        }
        let provider = suites::provider(self.ciphers.as_deref(), self.ecdh_curves.as_deref(), &versions)?;
        let provider = Arc::new(provider);
        let chain = certificates("cert file", &self.cert_file)?;
        let key = || {
            PrivateKeyDer::from_pem_file(&self.key_file)
                .map_err(|error| unreadable("key file", &self.key_file, &error))
        };
        let roots = Arc::new(self.roots()?);
        if roots.is_empty() && (self.verify_server || self.require_client) {
            return Err(invalid(
                "nobody can be verified: set LIBPROCESS_SSL_CA_FILE or LIBPROCESS_SSL_CA_DIR",
            ));
        }

        let server = ServerConfig::builder_with_provider(provider.clone())
            .with_protocol_versions(&versions)
            .map_err(invalid)?;
        let server = if self.require_client {
            let verifier = WebPkiClientVerifier::builder_with_provider(roots.clone(), provider.clone());
            server.with_client_cert_verifier(Arc::new(ClientsWithin {
                inner: verifier.build().map_err(invalid)?,
                depth: self.verification_depth,
            }))
        } else {
            server.with_no_client_auth()
        };
        let server = server.with_single_cert(chain.clone(), key()?).map_err(|error| {
            invalid(format!(
                "Private key does not match the certificate public key: {error}"
            ))
        })?;

        let verify = Verify::new(
            self.verify_server.then_some(roots),
            self.verification_depth,
            &provider,
        )?;
        let client = ClientConfig::builder_with_provider(provider)
            .with_protocol_versions(&versions)
            .map_err(invalid)?
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(verify.clone()))
            .with_client_auth_cert(chain, key()?)
            .map_err(invalid)?;
        Ok(Loaded {
            acceptor: tokio_rustls::TlsAcceptor::from(Arc::new(server)),
            client,
            verify,
            reverse_dns: self.reverse_dns && self.verify_server,
            downgrade: self.downgrade,
        })
    }

    fn roots(&self) -> io::Result<RootCertStore> {
        let mut files: Vec<PathBuf> = self.ca_file.iter().cloned().collect();
        if let Some(directory) = &self.ca_dir {
            let entries = std::fs::read_dir(directory).map_err(|error| unreadable(CA, directory, &error))?;
            for entry in entries {
                let path = entry?.path();
                files.extend(path.is_file().then_some(path));
            }
        }
        let mut roots = RootCertStore::empty();
        for file in files {
            // A bundle of a system may hold authorities of a kind nobody reads any more.
            let (good, _) = roots.add_parsable_certificates(certificates(CA, &file)?);
            if good == 0 {
                return Err(unreadable(CA, &file, &"it holds no certificate that can be read"));
            }
        }
        Ok(roots)
    }
}

fn certificates(what: &str, path: &Path) -> io::Result<Vec<CertificateDer<'static>>> {
    let all = CertificateDer::pem_file_iter(path).map_err(|error| unreadable(what, path, &error))?;
    let all: Result<Vec<_>, _> = all.collect();
    let all = all.map_err(|error| unreadable(what, path, &error))?;
    if all.is_empty() {
        return Err(unreadable(what, path, &"it holds no certificate"));
    }
    Ok(all)
}

fn invalid(error: impl ToString) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, error.to_string())
}

fn unreadable(what: &str, path: &Path, error: &dyn std::fmt::Display) -> io::Error {
    invalid(format!("Could not load {what} '{}': {error}", path.display()))
}

/// [`Tls`] with its files read.
pub(crate) struct Loaded {
    acceptor: tokio_rustls::TlsAcceptor,
    client: ClientConfig,
    verify: Verify,
    reverse_dns: bool,
    downgrade: bool,
}

/// Connects, by TLS if there is some. A certificate may be for the address or for the host, where one is named.
pub(crate) async fn connect(
    tls: Option<&Loaded>,
    address: SocketAddr,
    host: Option<String>,
) -> io::Result<Stream> {
    let plain = || async {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        io::Result::Ok(stream)
    };
    let Some(tls) = tls else {
        return Ok(Stream::Plain(plain().await?));
    };
    let stream = plain().await?;
    let names = match host {
        Some(host) => vec![host],
        None => tls.names(address).await,
    };
    let mut config = tls.client.clone();
    config
        .dangerous()
        .set_certificate_verifier(Arc::new(tls.verify.clone().for_names(names)));
    let connector = tokio_rustls::TlsConnector::from(Arc::new(config));
    match connector.connect(address.ip().into(), stream).await {
        Ok(stream) => Ok(Stream::Client(Box::new(stream))),
        Err(error) if tls.downgrade => {
            tracing::debug!(to = %address, %error, "no TLS there, going on without");
            Ok(Stream::Plain(plain().await?))
        }
        Err(error) => Err(error),
    }
}

/// Takes a connection: by TLS if this system speaks it and the client begins with it.
pub(crate) async fn accept(tls: Option<&Loaded>, stream: TcpStream) -> io::Result<Stream> {
    /// The first byte of a TLS handshake; no request begins with it.
    const HANDSHAKE: u8 = 22;
    let Some(tls) = tls else {
        return Ok(Stream::Plain(stream));
    };
    let mut first = [0];
    let begins = stream.peek(&mut first).await? == 1 && first[0] == HANDSHAKE;
    if begins {
        Ok(Stream::Server(Box::new(tls.acceptor.accept(stream).await?)))
    } else if tls.downgrade {
        Ok(Stream::Plain(stream))
    } else {
        Err(io::Error::other("the client does not speak TLS"))
    }
}

impl Loaded {
    /// What a certificate of this address may be for, besides the address.
    async fn names(&self, address: SocketAddr) -> Vec<String> {
        if !self.reverse_dns {
            return Vec::new();
        }
        let found = tokio::task::spawn_blocking(move || dns_lookup::lookup_addr(&address.ip()));
        found.await.ok().and_then(Result::ok).into_iter().collect()
    }
}
