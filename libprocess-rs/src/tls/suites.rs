//! Ciphers and curves by the names OpenSSL gives them.

use super::invalid;
use rustls::crypto::ring::{cipher_suite as suite, default_provider, kx_group};
use rustls::crypto::{CryptoProvider, SupportedKxGroup};
use rustls::{SupportedCipherSuite, SupportedProtocolVersion};
use std::io;

/// Those of TLS 1.2 that are still good. TLS 1.3 has its own, which OpenSSL's list of ciphers says nothing about.
const CIPHERS: [(&str, SupportedCipherSuite); 6] = [
    (
        "ECDHE-ECDSA-AES256-GCM-SHA384",
        suite::TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
    ),
    (
        "ECDHE-ECDSA-AES128-GCM-SHA256",
        suite::TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
    ),
    (
        "ECDHE-ECDSA-CHACHA20-POLY1305",
        suite::TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256,
    ),
    (
        "ECDHE-RSA-AES256-GCM-SHA384",
        suite::TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
    ),
    (
        "ECDHE-RSA-AES128-GCM-SHA256",
        suite::TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
    ),
    (
        "ECDHE-RSA-CHACHA20-POLY1305",
        suite::TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
    ),
];

/// Names of OpenSSL that stand for all of them.
const ALL: [&str; 4] = ["ALL", "DEFAULT", "HIGH", "ECDHE"];

/// Ciphers and curves for these versions, by OpenSSL's lists of them; without a list, all there are.
pub(super) fn provider(
    ciphers: Option<&str>,
    curves: Option<&str>,
    versions: &[&'static SupportedProtocolVersion],
) -> io::Result<CryptoProvider> {
    let mut provider = default_provider();
    let old = versions.contains(&&rustls::version::TLS12);
    if let Some(list) = ciphers.filter(|_| old) {
        let chosen = choose(list)?;
        provider.cipher_suites.retain(|suite| suite.tls13().is_some());
        provider.cipher_suites.extend(chosen);
    }
    if let Some(list) = curves.filter(|list| *list != "auto") {
        provider.kx_groups = groups(list)?;
    }
    Ok(provider)
}

/// The ciphers a list names, in its order. What is not there, or is weak, is passed over as long as one remains.
fn choose(list: &str) -> io::Result<Vec<SupportedCipherSuite>> {
    let mut chosen: Vec<(&str, SupportedCipherSuite)> = Vec::new();
    let words: Vec<&str> = list
        .split([':', ',', ' '])
        .filter(|word| !word.is_empty())
        .collect();
    for word in &words {
        let all = ALL.contains(word);
        for cipher in CIPHERS {
            if (all || cipher.0 == *word) && !chosen.iter().any(|(name, _)| *name == cipher.0) {
                chosen.push(cipher);
            }
        }
    }
    chosen.retain(|(name, _)| {
        !words
            .iter()
            .any(|word| word.strip_prefix(['!', '-']) == Some(name))
    });
    if chosen.is_empty() {
        let known = CIPHERS.map(|(name, _)| name).join(":");
        return Err(invalid(format!(
            "Could not set ciphers '{list}': none of them is supported (LIBPROCESS_SSL_CIPHERS; there are {known})"
        )));
    }
    Ok(chosen.into_iter().map(|(_, cipher)| cipher).collect())
}

/// The curves a list names, in its order. What is not there is passed over as long as one remains.
fn groups(list: &str) -> io::Result<Vec<&'static dyn SupportedKxGroup>> {
    let mut groups: Vec<&'static dyn SupportedKxGroup> = Vec::new();
    for name in list.split(':') {
        match name {
            "X25519" | "x25519" => groups.push(kx_group::X25519),
            "P-256" | "prime256v1" | "secp256r1" => groups.push(kx_group::SECP256R1),
            "P-384" | "secp384r1" => groups.push(kx_group::SECP384R1),
            other => tracing::warn!(
                curve = other,
                "passing over a curve of LIBPROCESS_SSL_ECDH_CURVES that is not supported"
            ),
        }
    }
    if groups.is_empty() {
        return Err(invalid(format!(
            "Could not load ECDH curves '{list}': none of them is supported (LIBPROCESS_SSL_ECDH_CURVES; there are \
             X25519:P-256:P-384)"
        )));
    }
    Ok(groups)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustls::version::{TLS12, TLS13};

    fn old_ciphers(list: &str) -> Result<usize, String> {
        choose(list)
            .map(|chosen| chosen.len())
            .map_err(|error| error.to_string())
    }

    #[test]
    fn lists_of_ciphers_choose_among_the_good_ones() {
        assert_eq!(old_ciphers("AES128-SHA:ECDHE-RSA-AES128-GCM-SHA256"), Ok(1));
        assert_eq!(old_ciphers("HIGH:!aNULL:!MD5"), Ok(6));
        assert_eq!(old_ciphers("ECDHE,!ECDHE-RSA-CHACHA20-POLY1305"), Ok(5));
        let error = old_ciphers("AES128-SHA:RC4-SHA").unwrap_err();
        assert!(
            error.starts_with("Could not set ciphers 'AES128-SHA:RC4-SHA'"),
            "{error}"
        );
        assert!(error.contains("LIBPROCESS_SSL_CIPHERS"), "{error}");
        let both = provider(Some("ECDHE-RSA-AES128-GCM-SHA256"), None, &[&TLS12, &TLS13]).unwrap();
        assert_eq!(both.cipher_suites.len(), 4, "those of TLS 1.3 stay");
        assert!(
            provider(Some("RC4-SHA"), None, &[&TLS13]).is_ok(),
            "they are for TLS 1.2"
        );
    }

    #[test]
    fn lists_of_curves_set_their_order() {
        let named = |list: &str| {
            let provider = provider(None, Some(list), &[&TLS13]).map_err(|error| error.to_string())?;
            Ok::<_, String>(
                provider
                    .kx_groups
                    .iter()
                    .map(|group| group.name())
                    .collect::<Vec<_>>(),
            )
        };
        use rustls::NamedGroup::{X25519, secp256r1, secp384r1};
        assert_eq!(named("P-521:P-384:P-256").unwrap(), [secp384r1, secp256r1]);
        assert_eq!(named("X25519").unwrap(), [X25519]);
        assert!(named("auto").unwrap().len() >= 3);
        assert!(named("P-521").unwrap_err().contains("LIBPROCESS_SSL_ECDH_CURVES"));
    }
}
