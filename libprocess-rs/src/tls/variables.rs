//! What the `LIBPROCESS_SSL_*` variables say.

use super::{Tls, invalid};
use std::io;
use std::path::{Path, PathBuf};

/// Where systems keep the authorities they trust, as a file.
const BUNDLES: [&str; 4] = [
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
];

impl Tls {
    /// Takes the `LIBPROCESS_SSL_*` variables, by a function that reads one; `None` when TLS is not enabled.
    ///
    /// | variable | meaning | without it |
    /// |---|---|---|
    /// | `ENABLED` | speak TLS | `false` |
    /// | `SUPPORT_DOWNGRADE` | [`Tls::downgrade`] | `false` |
    /// | `CERT_FILE`, `KEY_FILE` | [`Tls::cert_file`], [`Tls::key_file`] | required |
    /// | `CA_FILE`, `CA_DIR` | [`Tls::ca_file`], [`Tls::ca_dir`] | the authorities the machine trusts |
    /// | `VERIFY_SERVER_CERT`, of old `VERIFY_CERT` | [`Tls::verify_server`] | `false` |
    /// | `REQUIRE_CLIENT_CERT`, of old `REQUIRE_CERT` | [`Tls::require_client`], and with it `VERIFY_SERVER_CERT` | `false` |
    /// | `VERIFICATION_DEPTH` | [`Tls::verification_depth`] | `4` |
    /// | `HOSTNAME_VALIDATION_SCHEME` | `legacy` for [`Tls::reverse_dns`], `openssl` without | `legacy` |
    /// | `VERIFY_IPADD` | checked only: a certificate for the address is always good | |
    /// | `CIPHERS` | [`Tls::ciphers`] | all there are |
    /// | `ECDH_CURVES` | [`Tls::ecdh_curves`] | `auto` |
    /// | `ENABLE_TLS_V1_2`, `ENABLE_TLS_V1_3` | [`Tls::tls_1_2`], [`Tls::tls_1_3`] | `true` |
    /// | `ENABLE_SSL_V3`, `ENABLE_TLS_V1_0`, `ENABLE_TLS_V1_1` | refused: these versions are broken | `false` |
    ///
    /// Each may begin with `SSL_` alone, as of old; the longer name goes first.
    ///
    /// Mesos: 3rdparty/libprocess/src/openssl.cpp, `Flags` and `reinitialize`.
    ///
    /// # Errors
    ///
    /// When a variable cannot be parsed, a file is not named, or something is asked for that there is not; the text says which.
    pub fn from_variables(read: impl Fn(&str) -> Option<String>) -> io::Result<Option<Tls>> {
        let variables = Variables(&read);
        if !variables.flag("ENABLED", false)? {
            return Ok(None);
        }
        for broken in ["ENABLE_SSL_V3", "ENABLE_TLS_V1_0", "ENABLE_TLS_V1_1"] {
            if variables.flag(broken, false)? {
                return Err(invalid(format!(
                    "LIBPROCESS_SSL_{broken} is not supported: these versions are broken, use TLS 1.2 or 1.3"
                )));
            }
        }
        let key_file = variables.file("KEY_FILE", "key")?;
        let mut tls = Tls::new(variables.file("CERT_FILE", "certificate")?, key_file);
        tls.downgrade = variables.flag("SUPPORT_DOWNGRADE", false)?;
        tls.tls_1_2 = variables.flag("ENABLE_TLS_V1_2", true)?;
        tls.tls_1_3 = variables.flag("ENABLE_TLS_V1_3", true)?;
        tls.ca_file = variables.text("CA_FILE").map(PathBuf::from);
        tls.ca_dir = variables.text("CA_DIR").map(PathBuf::from);
        tls.ciphers = variables.text("CIPHERS");
        tls.ecdh_curves = variables.text("ECDH_CURVES");
        variables.flag("VERIFY_IPADD", false)?;
        if let Some(depth) = variables.text("VERIFICATION_DEPTH") {
            let parsed = depth.parse();
            tls.verification_depth = parsed.map_err(|_| {
                refused(
                    "VERIFICATION_DEPTH",
                    &depth,
                    "Failed to convert into required type",
                )
            })?;
        }
        tls.reverse_dns = match variables.text("HOSTNAME_VALIDATION_SCHEME").as_deref() {
            None | Some("legacy") => true,
            Some("openssl") => false,
            Some(other) => {
                return Err(invalid(format!(
                    "Unknown value for hostname_validation_scheme: {other} (LIBPROCESS_SSL_HOSTNAME_VALIDATION_SCHEME)"
                )));
            }
        };
        tls.verify_server = variables.renamed("VERIFY_CERT", "VERIFY_SERVER_CERT")?;
        tls.require_client = variables.renamed("REQUIRE_CERT", "REQUIRE_CLIENT_CERT")?;
        tls.settle();
        Ok(Some(tls))
    }

    /// Draws conclusions, and warns of what is likely a mistake.
    fn settle(&mut self) {
        if self.downgrade {
            tracing::warn!("failed TLS connections will be downgraded to plain ones");
        }
        if self.downgrade && (self.require_client || self.verify_server) {
            tracing::warn!("certificates are verified, but downgrades go around that");
        }
        // Of old, requiring certificates meant verifying them on both sides.
        self.verify_server |= self.require_client;
        if self.verify_server && self.ca_file.is_none() && self.ca_dir.is_none() {
            let bundle = BUNDLES.iter().map(Path::new).find(|bundle| bundle.is_file());
            self.ca_file = bundle.map(Path::to_path_buf);
        }
    }
}

struct Variables<'r>(&'r dyn Fn(&str) -> Option<String>);

impl Variables<'_> {
    fn text(&self, name: &str) -> Option<String> {
        let old = (self.0)(&format!("SSL_{name}"));
        let new = (self.0)(&format!("LIBPROCESS_SSL_{name}"));
        if old.is_some() && new.is_some() && old != new {
            tracing::warn!(
                variable = name,
                "two names of a variable have different values, the longer one holds"
            );
        }
        new.or(old)
    }

    fn flag(&self, name: &str, default: bool) -> io::Result<bool> {
        match self.text(name).as_deref() {
            None | Some("") => Ok(default),
            Some("1" | "true") => Ok(true),
            Some("0" | "false") => Ok(false),
            Some(other) => Err(refused(name, other, "Expecting a boolean (e.g., true or false)")),
        }
    }

    /// A flag that had another name: either turns it on.
    fn renamed(&self, old: &'static str, new: &'static str) -> io::Result<bool> {
        let by_old = self.flag(old, false)?;
        if by_old {
            tracing::warn!(
                variable = old,
                renamed = new,
                "a LIBPROCESS_SSL variable was renamed"
            );
        }
        Ok(by_old || self.flag(new, false)?)
    }

    fn file(&self, name: &str, what: &str) -> io::Result<PathBuf> {
        let path = self.text(name).map(PathBuf::from);
        path.ok_or_else(|| {
            invalid(format!(
                "SSL requires {what}! NOTE: Set path with LIBPROCESS_SSL_{name}"
            ))
        })
    }
}

fn refused(name: &str, value: &str, reason: &str) -> io::Error {
    invalid(format!(
        "Failed to load flags from environment variables prefixed by LIBPROCESS_SSL_ or SSL_ (deprecated): Failed to load flag '{}': \
         Failed to load value '{value}': {reason} (LIBPROCESS_SSL_{name})",
        name.to_ascii_lowercase()
    ))
}
