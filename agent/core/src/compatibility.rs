//! Whether a restarted agent is still the agent it was.
//!
//! Mesos: src/slave/compatibility.cpp.

use std::str::FromStr;

use mesos::{Ranges, Resource, Resources, Scalar, Value};
use mesos_proto::{
    Dialect, Message,
    v0::{Attribute, SlaveInfo, value::Type},
};

use crate::paths;

/// Which changes of its description an agent may bring back from a restart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReconfigurationPolicy {
    /// None.
    Equal,
    /// Those that keep everything the old description promised.
    Additive,
}

impl ReconfigurationPolicy {
    /// Tells whether an agent described as `current` may go on under the id of `previous`; the ids themselves are
    /// not compared.
    ///
    /// # Errors
    ///
    /// The change that is not permitted, in Mesos' words.
    pub fn compatible(self, previous: &SlaveInfo, current: &SlaveInfo) -> Result<(), String> {
        match self {
            Self::Equal => equal(previous, current),
            Self::Additive => additive(previous, current),
        }
    }
}

impl FromStr for ReconfigurationPolicy {
    type Err = String;

    /// Mesos: src/slave/slave.cpp, `Slave::initialize`.
    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "equal" => Ok(Self::Equal),
            "additive" => Ok(Self::Additive),
            _ => Err(format!(
                "Unknown option for 'reconfiguration_policy' flag {text}. \
                 Please run the agent with '--help' to see the valid options."
            )),
        }
    }
}

/// Who a restarted agent is.
#[derive(Clone, Debug, PartialEq)]
pub enum Identity {
    /// The agent it was, as it is described now.
    Same(Box<SlaveInfo>),
    /// Another one, for this reason: nothing of the old agent is left that it could be mixed up with.
    New(String),
}

/// Decides who the agent is that finds `previous` on its disk.
///
/// # Errors
///
/// Why it must not start, for the operator to read.
///
/// Mesos: src/slave/slave.cpp, `Slave::_recover` and `Slave::__recover`.
pub fn identify(
    policy: ReconfigurationPolicy,
    previous: &SlaveInfo,
    current: &SlaveInfo,
    rebooted: bool,
    work_dir: &str,
) -> Result<Identity, String> {
    match policy.compatible(previous, current) {
        Ok(()) => Ok(Identity::Same(Box::new(SlaveInfo {
            id: previous.id.clone(),
            ..current.clone()
        }))),
        Err(reason) if rebooted => Ok(Identity::New(reason)),
        Err(reason) => Err(format!(
            "Failed to perform recovery: {reason}\n\
             If recovery failed due to a change in configuration and you want to\n\
             keep the current agent id, you might want to change the\n\
             `--reconfiguration_policy` flag to a more permissive value.\n\n\
             To restart this agent with a new agent id instead, do as follows:\n\
             rm -f {}\n\
             This ensures that the agent does not recover old live executors.\n\n\
             Finally, restart the agent.",
            paths::latest_agent(&paths::meta_root(work_dir))
        )),
    }
}

/// Mesos: src/slave/compatibility.cpp, `equal`.
fn equal(previous: &SlaveInfo, current: &SlaveInfo) -> Result<(), String> {
    let same = previous.hostname == current.hostname
        && resources(previous) == resources(current)
        && mesos::attributes::same(&previous.attributes, &current.attributes)
        && previous.checkpoint_or_default() == current.checkpoint_or_default()
        && previous.port_or_default() == current.port_or_default()
        && previous.domain == current.domain;
    if same {
        return Ok(());
    }
    let line = "\n------------------------------------------------------------";
    Err([
        "Incompatible agent info detected. ".to_owned(),
        line.to_owned(),
        format!("Old agent info:\n{}", previous.to_json(Dialect::V0)),
        line.to_owned(),
        format!("New agent info:\n{}", current.to_json(Dialect::V0)),
        line.to_owned(),
    ]
    .join("\n"))
}

/// Mesos: src/slave/compatibility.cpp, `additive`.
fn additive(previous: &SlaveInfo, current: &SlaveInfo) -> Result<(), String> {
    let refused = |what: String| {
        Err(format!(
            "Configuration change not permitted under `additive` policy: {what}"
        ))
    };
    if previous.hostname != current.hostname {
        return refused(format!(
            "Hostname changed from {} to {}",
            previous.hostname, current.hostname
        ));
    }
    let (before, now) = (previous.port_or_default(), current.port_or_default());
    if before != now {
        return refused(format!("Port changed from {before} to {now}"));
    }
    if let Some(before) = &previous.domain
        && current.domain.as_ref() != Some(before)
    {
        let now = current.domain.clone().unwrap_or_default();
        return refused(format!(
            "Domain changed from {} to {}",
            before.to_json(Dialect::V0),
            now.to_json(Dialect::V0)
        ));
    }
    let now = resources(current);
    for resource in resources(previous).iter() {
        let found = now.iter().find(|now| now.is_same_kind(resource));
        additive_resource(resource, found)?;
    }
    for attribute in &previous.attributes {
        let mut now = current.attributes.iter();
        additive_attribute(attribute, now.find(|now| now.name == attribute.name))?;
    }
    Ok(())
}

fn additive_resource(previous: &Resource, current: Option<&Resource>) -> Result<(), String> {
    let prefix = "Configuration change not permitted under 'additive' policy";
    let Some(current) = current else {
        return Err(format!("{prefix}. Resource not found: {previous}"));
    };
    let name = previous.name();
    match (previous.value(), current.value()) {
        (Value::Scalar(before), Value::Scalar(now)) if before > now => Err(format!(
            "{prefix}: Value of scalar resource '{name}' decreased from {before} to {now}"
        )),
        (Value::Ranges(before), Value::Ranges(now)) if !now.contains(before) => Err(format!(
            "{prefix}: Previous value of range resource '{name}' ({before}) not included in current {now}"
        )),
        (Value::Set(before), Value::Set(now)) if !now.contains(before) => Err(format!(
            "{prefix}: Previous value of set resource '{name}' ({before}) not included in current {now}"
        )),
        _ => Ok(()),
    }
}

fn additive_attribute(previous: &Attribute, current: Option<&Attribute>) -> Result<(), String> {
    let prefix = "Configuration change not permitted under 'additive' policy";
    let (name, before) = (&previous.name, shown(previous));
    let Some(current) = current else {
        return Err(format!("{prefix}: Couldn't find attribute {name}={before}"));
    };
    if previous.r#type != current.r#type {
        return Err(format!(
            "{prefix}: Type of attribute '{name}' changed from {} to {}",
            type_name(previous),
            type_name(current)
        ));
    }
    let now = shown(current);
    match previous.r#type {
        Type::Scalar if scalar(previous) != scalar(current) => Err(format!(
            "{prefix}: Value of scalar attribute '{name}' changed from {before} to {now}"
        )),
        // Mesos says "resource" here, and names no policy.
        Type::Ranges if !ranges(current).contains(&ranges(previous)) => Err(format!(
            "Previous value of ranges resource '{name}' ({before}) not included in current {now}"
        )),
        Type::Text if before != now => Err(format!(
            "{prefix}: Value of text attribute '{name}' changed from {before} to {now}"
        )),
        Type::Scalar | Type::Ranges | Type::Text | Type::Set => Ok(()),
    }
}

fn resources(info: &SlaveInfo) -> Resources {
    Resources::from_valid_protos(&info.resources)
}

fn scalar(attribute: &Attribute) -> Scalar {
    attribute.scalar.as_deref().map(Scalar::from).unwrap_or_default()
}

fn ranges(attribute: &Attribute) -> Ranges {
    attribute.ranges.as_deref().map(Ranges::from).unwrap_or_default()
}

fn shown(attribute: &Attribute) -> String {
    match attribute.r#type {
        Type::Scalar => scalar(attribute).to_string(),
        Type::Ranges => ranges(attribute).to_string(),
        Type::Text => attribute
            .text
            .as_deref()
            .map_or_else(String::new, |text| text.value.clone()),
        // Not supported as an attribute: the agent refuses to start with one.
        Type::Set => String::new(),
    }
}

fn type_name(attribute: &Attribute) -> &'static str {
    match attribute.r#type {
        Type::Scalar => "SCALAR",
        Type::Ranges => "RANGES",
        Type::Set => "SET",
        Type::Text => "TEXT",
    }
}

#[cfg(test)]
mod tests;
