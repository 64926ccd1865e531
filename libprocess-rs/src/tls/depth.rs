use rustls::client::danger::HandshakeSignatureValid;
use rustls::pki_types::{CertificateDer, UnixTime};
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::{DigitallySignedStruct, DistinguishedName, Error, SignatureScheme};
use std::sync::Arc;

/// So much of a chain may lie between a certificate and an authority that is trusted. What comes behind is not looked at.
pub(super) fn within<'c, 'd>(chain: &'c [CertificateDer<'d>], depth: usize) -> &'c [CertificateDer<'d>] {
    &chain[..chain.len().min(depth)]
}

/// Verifies clients as another does, within a depth.
#[derive(Debug)]
pub(super) struct ClientsWithin {
    pub(super) inner: Arc<dyn ClientCertVerifier>,
    pub(super) depth: usize,
}

impl ClientCertVerifier for ClientsWithin {
    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        self.inner.root_hint_subjects()
    }

    fn verify_client_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        let near = within(intermediates, self.depth);
        self.inner.verify_client_cert(end_entity, near, now)
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.inner.verify_tls12_signature(message, certificate, signed)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.inner.verify_tls13_signature(message, certificate, signed)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.inner.supported_verify_schemes()
    }
}
