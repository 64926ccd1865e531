//! What operators guarantee and allow to roles.

use std::collections::BTreeMap;

use mesos_proto::v0::value::{Scalar as Amount, Type};
use mesos_proto::v0::{self, quota::QuotaConfig, quota::QuotaInfo};

use super::{refuse, scalar_input};
use crate::{Error, Limits, Quantities, Scalar, roles};

/// An exabyte, in megabytes.
const MOST_BYTES: f64 = (1u64 << 40) as f64;
/// A trillion.
const MOST_OTHERS: f64 = 1e12;

/// Checks the quota of a role: guarantees and limits.
///
/// # Errors
///
/// Fails with Mesos' words.
///
/// Mesos: src/master/quota.cpp, quota::validate(QuotaConfig)
pub fn quota_config(config: &QuotaConfig) -> Result<(), Error> {
    roles::validate(&config.role).map_err(|error| error.within("Invalid 'QuotaConfig.role'"))?;
    bounded(&config.guarantees).map_err(|error| error.within("Invalid 'QuotaConfig.guarantees'"))?;
    bounded(&config.limits).map_err(|error| error.within("Invalid 'QuotaConfig.limits'"))?;
    for (kind, amounts) in [("guarantee", &config.guarantees), ("limit", &config.limits)] {
        for (name, amount) in amounts {
            scalar_input(amount.value).map_err(|error| {
                error.within(&format!(
                    "Invalid {kind} configuration {{'{name}': {}}}",
                    text(amount)
                ))
            })?;
        }
    }
    let guarantees = Quantities::from_protos(&config.guarantees);
    if !Limits::from_protos(&config.limits).allow(&guarantees) {
        return refuse(format!(
            "'QuotaConfig.guarantees' {} is not contained within the 'QuotaConfig.limits' {}",
            map_text(&config.guarantees),
            map_text(&config.limits)
        ));
    }
    Ok(())
}

/// Checks the old form of quota: a guarantee that is the limit too. Expects the format of the daemons.
///
/// # Errors
///
/// Fails with Mesos' words.
///
/// Mesos: src/master/quota.cpp, quota::validation::quotaInfo
pub fn quota_info(info: &QuotaInfo) -> Result<(), Error> {
    let Some(role) = &info.role else {
        return refuse("QuotaInfo must specify a role");
    };
    roles::validate(role).map_err(|error| error.within("QuotaInfo with invalid role"))?;
    quota_guarantee(&info.guarantee)
}

fn quota_guarantee(guarantee: &[v0::Resource]) -> Result<(), Error> {
    if guarantee.is_empty() {
        return refuse("QuotaInfo with empty 'guarantee'");
    }
    let mut names = std::collections::BTreeSet::new();
    for resource in guarantee {
        if !resource.reservations.is_empty() {
            return refuse("QuotaInfo must not contain any ReservationInfo");
        }
        if resource.disk.is_some() {
            return refuse("QuotaInfo must not contain DiskInfo");
        }
        if resource.revocable.is_some() {
            return refuse("QuotaInfo must not contain RevocableInfo");
        }
        if resource.r#type != Type::Scalar {
            return refuse("QuotaInfo must not include non-scalar resources");
        }
        if !names.insert(&resource.name) {
            return refuse(format!(
                "QuotaInfo contains duplicate resource name '{}'",
                resource.name
            ));
        }
    }
    Ok(())
}

/// Amounts above these would leave the numbers that thousandths can count.
fn bounded(amounts: &BTreeMap<String, Amount>) -> Result<(), Error> {
    for (name, amount) in amounts {
        let (most, words) = match name.as_str() {
            "mem" | "disk" => (MOST_BYTES, "1 exabyte"),
            _ => (MOST_OTHERS, "1 trillion"),
        };
        if amount.value > most {
            return refuse(format!(
                "{{'{name}': {}}} is invalid: values greater than {words} ({most}) are not supported",
                text(amount)
            ));
        }
    }
    Ok(())
}

fn text(amount: &Amount) -> String {
    Scalar::from(amount).to_string()
}

/// `{ cpus: 4, mem: 512 }`.
fn map_text(amounts: &BTreeMap<String, Amount>) -> String {
    let pairs: Vec<String> = amounts
        .iter()
        .map(|(name, amount)| format!("{name}: {}", text(amount)))
        .collect();
    format!("{{ {} }}", pairs.join(", "))
}

#[cfg(test)]
mod tests {
    use mesos_proto::{Dialect, Message};

    use super::*;

    #[test]
    fn configurations() {
        let check = |text: &str| {
            let config = QuotaConfig::from_json(text.as_bytes(), Dialect::V0).unwrap();
            quota_config(&config).map_err(|error| error.to_string())
        };
        assert_eq!(
            check(
                r#"{"role":"a","guarantees":{"cpus":{"value":1}},"limits":{"cpus":{"value":1},"gpus":{"value":0}}}"#
            ),
            Ok(())
        );
        for (text, error) in [
            (
                r#"{"role":"a//b"}"#,
                "Invalid 'QuotaConfig.role': Role 'a//b' cannot contain two adjacent slashes",
            ),
            (
                r#"{"role":"a","guarantees":{"mem":{"value":1099511627777}}}"#,
                "Invalid 'QuotaConfig.guarantees': {'mem': 1099511627777} is invalid: values greater than 1 exabyte \
                 (1099511627776) are not supported",
            ),
            (
                r#"{"role":"a","limits":{"cpus":{"value":1000000000001}}}"#,
                "Invalid 'QuotaConfig.limits': {'cpus': 1000000000001} is invalid: values greater than 1 trillion \
                 (1000000000000) are not supported",
            ),
            (
                r#"{"role":"a","guarantees":{"cpus":{"value":-1}}}"#,
                "Invalid guarantee configuration {'cpus': -1}: Negative values not supported",
            ),
            (
                r#"{"role":"a","limits":{"cpus":{"value":-2}}}"#,
                "Invalid limit configuration {'cpus': -2}: Negative values not supported",
            ),
            (
                r#"{"role":"a","guarantees":{"cpus":{"value":2},"mem":{"value":5}},"limits":{"cpus":{"value":1}}}"#,
                "'QuotaConfig.guarantees' { cpus: 2, mem: 5 } is not contained within the 'QuotaConfig.limits' \
                 { cpus: 1 }",
            ),
        ] {
            assert_eq!(check(text).unwrap_err(), error);
        }
    }

    #[test]
    fn the_old_form() {
        let check = |text: &str| {
            let info = QuotaInfo::from_json(text.as_bytes(), Dialect::V0).unwrap();
            quota_info(&info).map_err(|error| error.to_string())
        };
        let cpus = r#"{"name":"cpus","type":"SCALAR","scalar":{"value":1}}"#;
        assert_eq!(check(&format!(r#"{{"role":"a","guarantee":[{cpus}]}}"#)), Ok(()));
        for (text, error) in [
            ("{}".to_owned(), "QuotaInfo must specify a role"),
            (
                r#"{"role":""}"#.to_owned(),
                "QuotaInfo with invalid role: Role names cannot be the empty string",
            ),
            (r#"{"role":"a"}"#.to_owned(), "QuotaInfo with empty 'guarantee'"),
            (
                format!(r#"{{"role":"a","guarantee":[{cpus},{cpus}]}}"#),
                "QuotaInfo contains duplicate resource name 'cpus'",
            ),
            (
                r#"{"role":"a","guarantee":[{"name":"ports","type":"RANGES"}]}"#.to_owned(),
                "QuotaInfo must not include non-scalar resources",
            ),
        ] {
            assert_eq!(check(&text).unwrap_err(), error);
        }
    }
}
