//! Resources as operators write them in `--resources`.

use std::collections::BTreeMap;

use mesos_proto::v0;
use mesos_proto::v0::resource::{ReservationInfo, reservation_info};
use mesos_proto::v0::value::Type;
use mesos_proto::{Dialect, JsonError, Message};

use super::Resources;
use crate::value::{Parsed, tokens};
use crate::{Error, Resource, validate};

impl Resources {
    /// Reads `cpus:4;mem(role):1024;ports:[31000-32000]`, or a JSON array of `Resource` messages.
    ///
    /// A resource that names no role is reserved for `default_role`; `*` is nobody.
    ///
    /// # Errors
    ///
    /// Fails with Mesos' words when the text is neither, when a resource is invalid, and when it says what
    /// only the API may say: persistent volumes, revocable resources, dynamic reservations.
    ///
    /// Mesos: src/common/resources.cpp, Resources::parse
    pub fn parse(text: &str, default_role: &str) -> Result<Self, Error> {
        let messages = match from_json(text, default_role)? {
            Some(messages) => messages,
            None => from_text(text, default_role)?,
        };
        let mut resources = Self::new();
        for message in &messages {
            resources.add(Resource::from_proto(message)?);
        }
        check_command_line(&resources)?;
        Ok(resources)
    }
}

/// Reads a JSON array; `None` when the text is something else.
fn from_json(text: &str, default_role: &str) -> Result<Option<Vec<v0::Resource>>, Error> {
    if !text.trim_start().starts_with('[') {
        return Ok(None);
    }
    // `Request` is a message whose only list is one of resources.
    let object = format!("{{\"resources\":{text}}}");
    let mut resources = match v0::Request::from_json(object.as_bytes(), Dialect::V0) {
        Ok(request) => request.resources,
        Err(JsonError::Syntax(_)) => return Ok(None),
        Err(JsonError::Missing(paths)) => {
            // Mesos reads one element after the other and stops at the first that lacks something.
            let first = paths[0]
                .split_once("].")
                .map(|(element, _)| format!("{element}]."))
                .unwrap_or_default();
            let fields: Vec<&str> = paths
                .iter()
                .filter_map(|path| path.strip_prefix(&first))
                .collect();
            let error = format!("Missing required fields: {}", fields.join(", "));
            return Err(Error::new(error).within("Some JSON resources were not formatted properly"));
        }
        Err(error) => {
            return Err(
                Error::new(error.to_string()).within("Some JSON resources were not formatted properly")
            );
        }
    };
    for resource in &mut resources {
        if resource.role.is_none() && resource.reservations.is_empty() {
            resource.role = Some(default_role.to_owned());
        }
    }
    Ok(Some(resources))
}

/// Mesos: src/common/resources.cpp, Resources::fromSimpleString
fn from_text(text: &str, default_role: &str) -> Result<Vec<v0::Resource>, Error> {
    let mut resources = Vec::new();
    for token in tokens(text, ";") {
        let pair: Vec<&str> = tokens(token, ":").collect();
        let [label, value] = pair[..] else {
            return Err(Error::new(format!(
                "Bad value for resources, missing or extra ':' in {token}"
            )));
        };
        let (name, role) = match label.split_once('(') {
            None => (label.trim(), default_role),
            Some((name, rest)) => match rest.split_once(')') {
                Some((role, _)) if !name.contains(')') => (name.trim(), role.trim()),
                _ => {
                    let error = format!("Bad value for resources, mismatched parentheses in {token}");
                    return Err(Error::new(error));
                }
            },
        };
        resources.push(one(name, value, role)?);
    }
    Ok(resources)
}

fn one(name: &str, value: &str, role: &str) -> Result<v0::Resource, Error> {
    let parsed = Parsed::parse(value).map_err(|error| {
        Error::new(format!(
            "Failed to parse resource {name} value {value} error {error}"
        ))
    })?;
    let mut resource = v0::Resource {
        name: name.to_owned(),
        ..Default::default()
    };
    match parsed {
        Parsed::Scalar(value) => {
            resource.r#type = Type::Scalar;
            resource.scalar = Some(Box::new(v0::value::Scalar {
                value,
                ..Default::default()
            }));
        }
        Parsed::Ranges(pairs) => {
            resource.r#type = Type::Ranges;
            let inverted = pairs.iter().any(|(begin, end)| begin > end);
            let range = |(begin, end)| v0::value::Range {
                begin,
                end,
                ..Default::default()
            };
            // Overlaps are joined here; an inverted pair is kept for the validation to refuse.
            let ranges = if inverted {
                let range = pairs.into_iter().map(range).collect();
                v0::value::Ranges {
                    range,
                    ..Default::default()
                }
            } else {
                crate::Ranges::new(pairs).to_proto()
            };
            resource.ranges = Some(Box::new(ranges));
        }
        Parsed::Set(item) => {
            resource.r#type = Type::Set;
            resource.set = Some(Box::new(v0::value::Set {
                item,
                ..Default::default()
            }));
        }
        Parsed::Text(_) => {
            return Err(Error::new(format!(
                "Bad type for resource {name} value {value} type TEXT"
            )));
        }
    }
    if role != "*" {
        resource.reservations.push(ReservationInfo {
            r#type: Some(reservation_info::Type::Static),
            role: Some(role.to_owned()),
            ..Default::default()
        });
    }
    validate::resource(&resource)?;
    Ok(resource)
}

/// Mesos: src/common/resources.cpp, internal::validateCommandLineResources
fn check_command_line(resources: &Resources) -> Result<(), Error> {
    let mut types: BTreeMap<&str, Type> = BTreeMap::new();
    for resource in resources {
        if resource.is_persistent_volume() {
            return Err(Error::new(
                "Persistent volumes cannot be specified at the command line",
            ));
        }
        if resource.is_revocable() {
            return Err(Error::new(
                "Revocable resources cannot be specified at the command line; \
                 do not include a 'revocable' key in the resources JSON",
            ));
        }
        if resource.is_dynamically_reserved() {
            return Err(Error::new(
                "Dynamic reservations cannot be specified at the command line; \
                 do not include a reservation with DYNAMIC type in the resources JSON",
            ));
        }
        if *types.entry(resource.name()).or_insert(resource.kind()) != resource.kind() {
            return Err(Error::new(format!(
                "Resources with the same name ('{}') but different types are not allowed",
                resource.name()
            )));
        }
    }
    Ok(())
}
