//! The role that the resources of an operation are allocated to.

use mesos_proto::v0::offer::Operation;
use mesos_proto::v0::resource::AllocationInfo;

use super::for_each_resource;

/// Allocates every resource that says nothing else to a role.
///
/// Differs from Mesos: the `source` of a RESERVE is allocated too; Mesos leaves it, and such an operation then
/// finds nothing in the offer.
///
/// Mesos: src/common/protobuf_utils.cpp, injectAllocationInfo
pub fn inject_allocation(operation: &mut Operation, role: &str) {
    for_each_resource(operation, |resource| {
        resource.allocation_info.get_or_insert_with(|| {
            Box::new(AllocationInfo {
                role: Some(role.to_owned()),
                ..Default::default()
            })
        });
    });
}

/// Takes the allocation of every resource back: agents' totals know of none.
///
/// Differs from Mesos: the `source` of a RESERVE too, see [`inject_allocation`].
///
/// Mesos: src/common/protobuf_utils.cpp, stripAllocationInfo
pub fn strip_allocation(operation: &mut Operation) {
    for_each_resource(operation, |resource| resource.allocation_info = None);
}
