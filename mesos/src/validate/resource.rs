//! Resources as messages carry them, and rules about bundles of them.

use std::collections::{BTreeMap, BTreeSet};

use mesos_proto::v0;
use mesos_proto::v0::resource::disk_info::source::Type as SourceType;
use mesos_proto::v0::resource::reservation_info::Type as ReservationType;
use mesos_proto::v0::value::Type;

use super::{id, refuse};
use crate::resource::{labels_text, source_text};
use crate::{Error, Resource, Resources, Scalar, roles};

/// Checks one resource, in any format.
///
/// # Errors
///
/// Fails with Mesos' words.
///
/// Mesos: src/common/resources.cpp, Resources::validate(const Resource&)
pub fn resource(resource: &v0::Resource) -> Result<(), Error> {
    if resource.name.is_empty() {
        return refuse("Empty resource name");
    }
    value(resource)?;
    disk(resource)?;
    if resource.reservations.is_empty() {
        legacy_reservation(resource)?;
    } else {
        reservation_stack(resource)?;
        legacy_beside_stack(resource)?;
    }
    if resource.shared.is_some() {
        if resource.name != "disk" {
            return refuse(format!("Resource {} cannot be shared", resource.name));
        }
        if resource
            .disk
            .as_deref()
            .is_none_or(|disk| disk.persistence.is_none())
        {
            return refuse("Only persistent volumes can be shared");
        }
    }
    Ok(())
}

/// Checks several resources, in any format.
///
/// # Errors
///
/// Fails at the first invalid one, with Mesos' words.
pub fn resources(resources: &[v0::Resource]) -> Result<(), Error> {
    for message in resources {
        resource(message)
            .map_err(|error| error.within(&format!("Resource '{}' is invalid", as_written(message))))?;
    }
    Ok(())
}

/// A message as Mesos prints it before it is brought to one format: the old fields do not show.
fn as_written(message: &v0::Resource) -> Resource {
    let mut message = message.clone();
    message.role = None;
    message.reservation = None;
    Resource::from_valid(&message)
}

fn value(resource: &v0::Resource) -> Result<(), Error> {
    let present = (
        resource.scalar.is_some(),
        resource.ranges.is_some(),
        resource.set.is_some(),
    );
    match resource.r#type {
        Type::Scalar => {
            if present != (true, false, false) {
                return refuse("Invalid scalar resource");
            }
            let value = resource.scalar.as_deref().map_or(0.0, |scalar| scalar.value);
            scalar_resource(value)?;
        }
        Type::Ranges => {
            if present != (false, true, false) {
                return refuse("Invalid ranges resource");
            }
            let ranges = resource.ranges.as_deref().map_or(&[][..], |ranges| &ranges.range);
            if ranges.iter().any(|range| range.begin > range.end) {
                return refuse("Invalid ranges resource: begin > end");
            }
            let mut sorted: Vec<(u64, u64)> = ranges.iter().map(|range| (range.begin, range.end)).collect();
            sorted.sort_unstable();
            if sorted.windows(2).any(|pair| pair[1].0 <= pair[0].1) {
                return refuse("Invalid ranges resource: overlapping ranges");
            }
        }
        Type::Set => {
            if present != (false, false, true) {
                return refuse("Invalid set resource");
            }
            let items = resource.set.as_deref().map_or(&[][..], |set| &set.item);
            if items.iter().collect::<BTreeSet<_>>().len() < items.len() {
                return refuse("Invalid set resource: duplicated elements");
            }
        }
        Type::Text => return refuse("Unsupported resource type"),
    }
    Ok(())
}

/// Checks an amount: nothing, or so much that at least a thousandth remains, and not more than thousandths can
/// count.
pub(crate) fn scalar_resource(value: f64) -> Result<(), Error> {
    // Beyond this, and for what is no number, the fixed point of C++ turns negative.
    const END: f64 = (1u64 << 63) as f64;
    if value != 0.0 && (value * 1000.0 >= END || Scalar::from_f64(value) <= Scalar::ZERO) {
        return refuse("Invalid scalar resource: value <= 0");
    }
    Ok(())
}

fn disk(resource: &v0::Resource) -> Result<(), Error> {
    let Some(disk) = &resource.disk else { return Ok(()) };
    if resource.name != "disk" {
        return refuse(format!(
            "DiskInfo should not be set for {} resource",
            resource.name
        ));
    }
    let Some(source) = disk.source.as_deref() else {
        return Ok(());
    };
    match source.r#type {
        SourceType::Path | SourceType::Mount => Ok(()),
        SourceType::Block | SourceType::Raw => {
            let extra = match (&source.mount, &source.path) {
                (Some(_), _) => "Mount",
                (None, Some(_)) => "Path",
                (None, None) => return Ok(()),
            };
            refuse(format!(
                "{extra} should not be set for {} disk source",
                source.r#type.as_str_name()
            ))
        }
        SourceType::Unknown => refuse(format!(
            "Unsupported 'DiskInfo.Source.Type' in '{}'",
            source_text(source)
        )),
    }
}

fn legacy_reservation(resource: &v0::Resource) -> Result<(), Error> {
    let role = resource.role_or_default();
    roles::validate(role)?;
    let Some(reservation) = &resource.reservation else {
        return Ok(());
    };
    for (field, set) in [
        ("type", reservation.r#type.is_some()),
        ("role", reservation.role.is_some()),
    ] {
        if set {
            return refuse(format!(
                "'Resource.ReservationInfo.{field}' must not be set for the 'Resource.reservation' field"
            ));
        }
    }
    if role == "*" {
        return refuse("Invalid reservation: role \"*\" cannot be dynamically reserved");
    }
    Ok(())
}

fn reservation_stack(resource: &v0::Resource) -> Result<(), Error> {
    for reservation in &resource.reservations {
        if reservation.r#type.is_none() {
            return refuse("Invalid reservation: 'Resource.ReservationInfo.type' field must be set.");
        }
        let Some(role) = &reservation.role else {
            return refuse("Invalid reservation: 'Resource.ReservationInfo.role' field must be set.");
        };
        roles::validate(role)?;
        if role == "*" {
            return refuse("Invalid reservation: role \"*\" cannot be reserved");
        }
    }
    for pair in resource.reservations.windows(2) {
        if pair[1].r#type == Some(ReservationType::Static) {
            return refuse("Invalid refined reservation: A refined reservation cannot be STATIC");
        }
        let (ancestor, descendant) = (pair[0].role.as_deref(), pair[1].role.as_deref());
        let (ancestor, descendant) = (ancestor.unwrap_or_default(), descendant.unwrap_or_default());
        if !roles::is_strict_subrole_of(descendant, ancestor) {
            return refuse(format!(
                "Invalid refined reservation: role '{descendant}' is not a refinement of '{ancestor}'"
            ));
        }
    }
    Ok(())
}

/// The old fields may stand beside a stack of one, if they say the same.
fn legacy_beside_stack(resource: &v0::Resource) -> Result<(), Error> {
    let [reservation] = resource.reservations.as_slice() else {
        for (field, set) in [
            ("role", resource.role.is_some()),
            ("reservation", resource.reservation.is_some()),
        ] {
            if set {
                return refuse(format!(
                    "Invalid resource format: 'Resource.{field}' must not be set if \
                     there is more than one reservation in 'Resource.reservations'"
                ));
            }
        }
        return Ok(());
    };
    if let Some(role) = resource
        .role
        .as_ref()
        .filter(|role| Some(*role) != reservation.role.as_ref())
    {
        return refuse(format!(
            "Invalid resource format: 'Resource.role' field with '{role}' does not match the role '{}' \
             in 'Resource.reservations'",
            reservation.role.as_deref().unwrap_or_default()
        ));
    }
    match reservation.r#type.unwrap_or_default() {
        ReservationType::Static if resource.reservation.is_some() => refuse(
            "Invalid resource format: 'Resource.reservation' must not be set if the single reservation \
             in 'Resource.reservations' is STATIC",
        ),
        ReservationType::Static => Ok(()),
        ReservationType::Dynamic => dynamic_beside_stack(resource, reservation),
        ReservationType::Unknown => refuse("Unsupported 'Resource.ReservationInfo.Type'"),
    }
}

fn dynamic_beside_stack(
    resource: &v0::Resource,
    reservation: &v0::resource::ReservationInfo,
) -> Result<(), Error> {
    if resource.role.is_some() != resource.reservation.is_some() {
        return refuse(
            "Invalid resource format: 'Resource.role' and 'Resource.reservation' must either be both set \
             or both not set if the single reservation in 'Resource.reservations' is DYNAMIC",
        );
    }
    let Some(legacy) = &resource.reservation else {
        return Ok(());
    };
    let principal = |info: &v0::resource::ReservationInfo| info.principal.clone().unwrap_or_default();
    if principal(legacy) != principal(reservation) {
        return refuse(format!(
            "Invalid resource format: 'Resource.reservation.principal' field with '{}' does not match \
             the principal '{}' in 'Resource.reservations'",
            principal(legacy),
            principal(reservation)
        ));
    }
    let labels = |info: &v0::resource::ReservationInfo| info.labels.as_deref().cloned().unwrap_or_default();
    if labels(legacy).labels != labels(reservation).labels {
        return refuse(format!(
            "Invalid resource format: 'Resource.reservation.labels' field with '{}' does not match \
             the labels '{}' in 'Resource.reservations'",
            labels_text(&labels(legacy)),
            labels_text(&labels(reservation))
        ));
    }
    Ok(())
}

/// Checks the resources of a task or an executor.
///
/// # Errors
///
/// Fails with Mesos' words.
///
/// Mesos: src/master/validation.cpp, resource::validate
pub fn task_resources(messages: &[v0::Resource]) -> Result<(), Error> {
    resources(messages).map_err(|error| error.within("Invalid resources"))?;
    let bundle = Resources::from_valid_protos(messages);
    if bundle.gpus().is_some_and(|gpus| gpus.thousandths() % 1000 != 0) {
        return refuse("Invalid 'gpus' resource: The 'gpus' resource must be an unsigned integer");
    }
    for message in messages {
        disk_use(message).map_err(|error| error.within("Invalid DiskInfo"))?;
    }
    for resource in &bundle {
        if resource.is_dynamically_reserved() && resource.is_revocable() {
            return refuse(format!(
                "Invalid ReservationInfo: Dynamically reserved resource {resource} cannot be created from \
                 revocable resources"
            ));
        }
    }
    Ok(())
}

/// Mesos: src/master/validation.cpp, resource::validateDiskInfo
fn disk_use(message: &v0::Resource) -> Result<(), Error> {
    let Some(disk) = &message.disk else { return Ok(()) };
    let Some(persistence) = &disk.persistence else {
        if disk.volume.is_some() {
            return refuse("Non-persistent volume not supported");
        }
        return if disk.source.is_none() {
            refuse("DiskInfo is set but empty")
        } else {
            Ok(())
        };
    };
    if message.revocable.is_some() {
        return refuse("Persistent volumes cannot be created from revocable resources");
    }
    if Resource::from_valid(message).is_unreserved() {
        return refuse("Persistent volumes cannot be created from unreserved resources");
    }
    match &disk.volume {
        None => return refuse("Expecting 'volume' to be set for persistent volume"),
        Some(volume) if volume.host_path.is_some() => {
            return refuse("Expecting 'host_path' to be unset for persistent volume");
        }
        Some(_) => {}
    }
    id(&persistence.id).map_err(|error| error.within("Invalid persistence ID for persistent volume"))
}

/// Checks that no two persistent volumes of one role share an id.
///
/// # Errors
///
/// Fails with Mesos' words.
pub fn unique_persistence_ids(resources: &Resources) -> Result<(), Error> {
    let mut seen = BTreeSet::new();
    for resource in resources {
        let Some(persistence) = resource.disk().and_then(|disk| disk.persistence.as_deref()) else {
            continue;
        };
        if !seen.insert((resource.reservation_role(), &persistence.id)) {
            return refuse(format!("Persistence ID '{}' is not unique", persistence.id));
        }
    }
    Ok(())
}

/// Checks that all resources are allocated to one role.
///
/// # Errors
///
/// Fails with Mesos' words.
pub fn allocated_to_single_role(resources: &Resources) -> Result<(), Error> {
    let mut first = None;
    for resource in resources {
        let Some(role) = resource.allocation_role() else {
            return refuse("The resources are not allocated to a role");
        };
        match first {
            None => first = Some(role),
            Some(first) if first != role => {
                return refuse(format!(
                    "The resources have multiple allocation roles ('{role}' and '{first}') \
                     but only one allocation role is allowed"
                ));
            }
            Some(_) => {}
        }
    }
    Ok(())
}

/// Checks that no name stands for both revocable and other resources.
///
/// # Errors
///
/// Fails with Mesos' words.
pub fn revocable_not_mixed(resources: &Resources) -> Result<(), Error> {
    let mut kinds: BTreeMap<&str, [bool; 2]> = BTreeMap::new();
    for resource in resources {
        kinds.entry(resource.name()).or_default()[usize::from(resource.is_revocable())] = true;
    }
    match kinds.iter().find(|(_, kinds)| **kinds == [true, true]) {
        Some((name, _)) => refuse(format!(
            "Cannot use both revocable and non-revocable '{name}' at the same time"
        )),
        None => Ok(()),
    }
}

/// Tells whether ranges or sets of the bundles overlap.
///
/// Mesos: src/master/validation.cpp, detectOverlappingSetAndRangeResources
pub(super) fn overlapping(bundles: &[&Resources]) -> bool {
    let mut separate = BTreeMap::new();
    let mut joined = Resources::new();
    for bundle in bundles {
        for (name, amount) in bundle.amounts() {
            *separate.entry(name.to_owned()).or_insert(0) += amount;
        }
        joined += *bundle;
    }
    separate
        .into_iter()
        .any(|(name, amount)| joined.amounts().get(name.as_str()) != Some(&amount))
}
