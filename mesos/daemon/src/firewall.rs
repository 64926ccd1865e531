//! Endpoints that an operator closes: `--firewall_rules`.

use std::str::FromStr;

use libprocess::System;
use mesos_proto::Dialect;
use mesos_proto::json::object_from_json;
use mesos_proto::v0::internal::Firewall;

use crate::flags::json_text;

/// The value of `--firewall_rules`: JSON, or the absolute path of a file that holds it.
///
/// Mesos: src/messages/flags.hpp, `parse<Firewall>`.
///
/// ```
/// use mesos_daemon::firewall::FirewallRules;
/// let rules: FirewallRules = r#"{"disabled_endpoints": {"paths": ["/files/browse", "/state"]}}"#.parse().unwrap();
/// assert_eq!(rules.disabled_endpoints(), ["/files/browse", "/state"]);
/// ```
#[derive(Debug, Clone, Default, PartialEq)]
pub struct FirewallRules(Firewall);

impl FirewallRules {
    /// The paths that are answered with 403.
    #[must_use]
    pub fn disabled_endpoints(&self) -> &[String] {
        self.0
            .disabled_endpoints
            .as_ref()
            .map_or(&[], |rule| rule.paths.as_slice())
    }

    /// Closes them. The delegate of the system must be known by now, since `/state` stands for an endpoint of it.
    pub fn install(&self, system: &System) {
        system.disable_endpoints(self.disabled_endpoints().iter().map(String::as_str));
    }
}

impl FromStr for FirewallRules {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let json = json_text(text)?;
        let rules = object_from_json(json.as_bytes(), Dialect::V0).map_err(|error| error.to_string())?;
        Ok(Self(rules))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::FirewallRules;

    #[test]
    fn rules_come_from_json_or_a_file() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), r#"{"disabled_endpoints":{"paths":["/a"]}}"#).unwrap();
        let path = file.path().to_str().unwrap();
        let rules: FirewallRules = path.parse().unwrap();
        assert_eq!(rules.disabled_endpoints(), ["/a"]);
        let none: FirewallRules = "{}".parse().unwrap();
        assert!(none.disabled_endpoints().is_empty());
        for bad in [
            "",
            "[]",
            "{",
            r#"{"disabled_endpoints":{"paths":7}}"#,
            "/no/such/file",
        ] {
            assert!(bad.parse::<FirewallRules>().is_err(), "{bad}");
        }
    }
}
