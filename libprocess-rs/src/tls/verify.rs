use super::depth::within;
use super::invalid;
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{DigitallySignedStruct, Error, RootCertStore, SignatureScheme};
use std::io;
use std::sync::Arc;

/// Whom we connect to: anybody, or who has a certificate for its address or one of some names.
#[derive(Debug, Clone)]
pub(super) struct Verify {
    provider: Arc<CryptoProvider>,
    trusted: Option<Arc<WebPkiServerVerifier>>,
    depth: usize,
    names: Vec<ServerName<'static>>,
}

impl Verify {
    /// Trusts who is certified by these roots; anybody without.
    pub(super) fn new(
        roots: Option<Arc<RootCertStore>>,
        depth: usize,
        provider: &Arc<CryptoProvider>,
    ) -> io::Result<Verify> {
        let build = |roots| WebPkiServerVerifier::builder_with_provider(roots, provider.clone()).build();
        Ok(Verify {
            provider: provider.clone(),
            trusted: roots.map(build).transpose().map_err(invalid)?,
            depth,
            names: Vec::new(),
        })
    }

    /// Accepts certificates for these names too.
    pub(super) fn for_names(mut self, names: Vec<String>) -> Verify {
        self.names = names
            .into_iter()
            .filter_map(|name| name.try_into().ok())
            .collect();
        self
    }
}

impl ServerCertVerifier for Verify {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let Some(trusted) = &self.trusted else {
            return Ok(ServerCertVerified::assertion());
        };
        let intermediates = within(intermediates, self.depth);
        let for_name = |name| trusted.verify_server_cert(end_entity, intermediates, name, ocsp_response, now);
        let by_address = for_name(server_name);
        let mut names = self.names.iter();
        by_address.or_else(|error| names.find_map(|name| for_name(name).ok()).ok_or(error))
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls12_signature(message, certificate, signed, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signed, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider
            .signature_verification_algorithms
            .supported_schemes()
    }
}
