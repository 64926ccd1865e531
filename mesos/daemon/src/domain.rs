//! Where a host stands: `--domain`.

use std::str::FromStr;

use mesos_proto::v0::DomainInfo;

use crate::flags;

/// The value of `--domain`: a region and a zone, as JSON or as the absolute path of a file that holds it.
///
/// Mesos: src/common/parse.hpp, `parse<DomainInfo>`; src/master/flags.cpp and src/slave/flags.cpp, `domain`.
///
/// ```
/// use mesos_daemon::domain::Domain;
/// let text = r#"{"fault_domain": {"region": {"name": "north"}, "zone": {"name": "rack-7"}}}"#;
/// let domain: Domain = text.parse().unwrap();
/// assert_eq!(domain.0.fault_domain.unwrap().region.name, "north");
/// assert_eq!("{}".parse::<Domain>().unwrap_err(), "`domain` must define `fault_domain`");
/// ```
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Domain(pub DomainInfo);

impl FromStr for Domain {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let domain: DomainInfo = flags::json_message(text)?;
        if domain.fault_domain.is_none() {
            return Err("`domain` must define `fault_domain`".to_owned());
        }
        Ok(Self(domain))
    }
}
