//! Resources as operators write them in `--resources`.

use std::collections::BTreeMap;

use mesos_proto::v0;
use mesos_proto::v0::resource::{ReservationInfo, reservation_info};
use mesos_proto::v0::value::Type;
use mesos_proto::{Dialect, JsonError, Message};

use super::Resources;
use crate::value::{Parsed, tokens};
use crate::{Error, Ranges, Resource, Scalar, Set, Value, roles, validate};

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
        let mut resources = Self::new();
        match from_json(text, default_role)? {
            Some(messages) => {
                for message in &messages {
                    resources.add(Resource::from_proto(message)?);
                }
            }
            None => {
                for written in from_text(text, default_role)? {
                    resources.add(written.read()?);
                }
            }
        }
        check_command_line(&resources)?;
        Ok(resources)
    }
}

/// Reads a JSON array; `None` when the text is something else.
fn from_json(text: &str, default_role: &str) -> Result<Option<Vec<v0::Resource>>, Error> {
    let text = text.trim();
    if !text.starts_with('[') {
        return Ok(None);
    }
    let Some(objects) = elements(text) else {
        return Ok(None);
    };
    // `Request` is a message whose only list is one of resources.
    let object = format!("{{\"resources\":{text}}}");
    let mut resources = match v0::Request::from_json(object.as_bytes(), Dialect::V0) {
        Err(JsonError::Syntax(_)) => return Ok(None),
        _ if !objects => {
            let error = Error::new("Expecting a JSON object");
            return Err(error.within("Some JSON resources were not formatted properly"));
        }
        Ok(request) => request.resources,
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

/// Tells whether all elements of an array are objects; `None` when the array ends before the text does.
fn elements(text: &str) -> Option<bool> {
    let mut objects = true;
    let mut depth = 0usize;
    let mut quoted = false;
    let mut escaped = false;
    let last = text.len() - 1;
    for (at, letter) in text.bytes().enumerate() {
        if quoted {
            quoted = escaped || letter != b'"';
            escaped = !escaped && letter == b'\\';
            continue;
        }
        // Whatever begins an element that is no object.
        objects &= depth != 1 || matches!(letter, b'{' | b'}' | b']' | b',') || letter.is_ascii_whitespace();
        match letter {
            b'"' => quoted = true,
            b'[' | b'{' => depth += 1,
            b']' | b'}' => {
                depth = depth.checked_sub(1)?;
                if depth == 0 && at < last {
                    return None;
                }
            }
            _ => {}
        }
    }
    Some(objects)
}

/// One resource as it is written.
struct Written<'a> {
    name: &'a str,
    role: &'a str,
    value: Parsed,
}

/// Mesos: src/common/resources.cpp, Resources::fromSimpleString
fn from_text<'a>(text: &'a str, default_role: &'a str) -> Result<Vec<Written<'a>>, Error> {
    tokens(text, &[';'])
        .map(|token| {
            let mut pair = tokens(token, &[':']);
            let (Some(label), Some(value), None) = (pair.next(), pair.next(), pair.next()) else {
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
            match Parsed::parse(value) {
                Err(error) => Err(Error::new(format!(
                    "Failed to parse resource {name} value {value} error {error}"
                ))),
                Ok(Parsed::Text(_)) => Err(Error::new(format!(
                    "Bad type for resource {name} value {value} type TEXT"
                ))),
                Ok(value) => Ok(Written { name, role, value }),
            }
        })
        .collect()
}

impl Written<'_> {
    /// Checks in the order and the words of [`validate::resource`], without the detour over a message.
    fn read(self) -> Result<Resource, Error> {
        let refuse = |text: &str| Err(Error::new(text));
        if self.name.is_empty() {
            return refuse("Empty resource name");
        }
        let value = match self.value {
            Parsed::Scalar(value) => {
                validate::scalar_resource(value)?;
                Value::Scalar(Scalar::from_f64(value))
            }
            Parsed::Ranges(pairs) if pairs.iter().any(|(begin, end)| begin > end) => {
                return refuse("Invalid ranges resource: begin > end");
            }
            // Ranges that overlap are joined.
            Parsed::Ranges(pairs) => Value::Ranges(Ranges::new(pairs)),
            Parsed::Set(items) => {
                let written = items.len();
                let set = Set::new(items);
                if set.items().len() < written {
                    return refuse("Invalid set resource: duplicated elements");
                }
                Value::Set(set)
            }
            Parsed::Text(_) => return refuse("Unsupported resource type"),
        };
        let mut resource = Resource::new(self.name, value);
        if self.role != "*" {
            roles::validate(self.role)?;
            resource.push_reservation(ReservationInfo {
                r#type: Some(reservation_info::Type::Static),
                role: Some(self.role.to_owned()),
                ..Default::default()
            });
        }
        Ok(resource)
    }
}

/// Mesos: src/common/resources.cpp, internal::validateCommandLineResources
fn check_command_line(resources: &Resources) -> Result<(), Error> {
    let mut types: BTreeMap<&str, Type> = BTreeMap::new();
    let first = resources.iter().next().map(Resource::kind);
    let one_type = resources.iter().all(|resource| Some(resource.kind()) == first);
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
        if !one_type && *types.entry(resource.name()).or_insert(resource.kind()) != resource.kind() {
            return Err(Error::new(format!(
                "Resources with the same name ('{}') but different types are not allowed",
                resource.name()
            )));
        }
    }
    Ok(())
}
