//! Resources from and to messages.

use std::sync::Arc;

use mesos_proto::v0;
use mesos_proto::v0::value::Type;

use super::{Identity, Resource, ResourceFormat, convert_format};
use crate::ids::ResourceProviderId;
use crate::{Error, Ranges, Scalar, Set, Value, validate};

impl Resource {
    /// Checks a message and reads it, whatever its format.
    ///
    /// # Errors
    ///
    /// Fails with Mesos' words when the message is no valid resource.
    pub fn from_proto(message: &v0::Resource) -> Result<Self, Error> {
        validate::resource(message)?;
        Ok(Self::from_valid(message))
    }

    /// Reads a message that [`validate::resource`] has passed.
    pub(crate) fn from_valid(message: &v0::Resource) -> Self {
        let value = match message.r#type {
            Type::Scalar => Value::Scalar(message.scalar.as_deref().map(Scalar::from).unwrap_or_default()),
            Type::Ranges => Value::Ranges(message.ranges.as_deref().map(Ranges::from).unwrap_or_default()),
            Type::Set => Value::Set(message.set.as_deref().map(Set::from).unwrap_or_default()),
            Type::Text => Value::Text(String::new()),
        };
        let mut resource = Self::new(message.name.as_str(), value);
        let allocation = message.allocation_info.as_deref();
        let allocation = allocation
            .and_then(|allocation| allocation.role.as_deref())
            .map(Arc::from);
        let identity = identity_of(message);
        if allocation.is_some() || !identity.is_plain() {
            resource.change_parts(|parts| {
                parts.allocation = allocation;
                parts.identity = identity;
            });
        }
        resource
    }

    /// The resource as a message, in the format of the daemons ([`ResourceFormat::Refined`]).
    pub fn to_proto(&self) -> v0::Resource {
        let mut message = v0::Resource {
            name: self.name().to_owned(),
            r#type: self.kind(),
            ..Default::default()
        };
        match &self.value {
            Value::Scalar(scalar) => message.scalar = Some(Box::new(scalar.to_proto())),
            Value::Ranges(ranges) => message.ranges = Some(Box::new(ranges.to_proto())),
            Value::Set(set) => message.set = Some(Box::new(set.to_proto())),
            Value::Text(_) => {}
        }
        message.allocation_info = self.allocation_role().map(|role| {
            let role = Some(role.to_owned());
            Box::new(v0::resource::AllocationInfo {
                role,
                ..Default::default()
            })
        });
        if let Some(identity) = self.identity() {
            message.reservations.clone_from(&identity.reservations);
            message.disk.clone_from(&identity.disk);
            message.revocable = identity.revocable.then(Default::default);
            message.shared = identity.shared.then(Default::default);
            message.provider_id = identity.provider_id.as_ref().map(|id| Box::new(id.to_proto()));
        }
        message
    }
}

fn identity_of(message: &v0::Resource) -> Identity {
    let reservations = if message.reservations.is_empty() && message.role.is_some() {
        // The legacy format; on a copy of the three fields that matter.
        let mut legacy = v0::Resource {
            role: message.role.clone(),
            reservation: message.reservation.clone(),
            ..Default::default()
        };
        convert_format(&mut legacy, ResourceFormat::Refined).expect("every reservation fits a stack");
        legacy.reservations
    } else {
        message.reservations.clone()
    };
    Identity {
        reservations,
        disk: message.disk.clone(),
        revocable: message.revocable.is_some(),
        shared: message.shared.is_some(),
        provider_id: message.provider_id.as_deref().map(ResourceProviderId::from),
    }
}
