//! What the parties of a cluster can do, as sets.

use mesos_proto::v0::{FrameworkInfo, MasterInfo, SlaveInfo, framework_info, master_info, slave_info};

/// Tells whether a framework announced a capability.
pub fn framework_has(info: &FrameworkInfo, capability: framework_info::capability::Type) -> bool {
    info.capabilities.iter().any(|own| own.r#type == Some(capability))
}

/// Tells whether an agent announced a capability.
pub fn agent_has(capabilities: &[slave_info::Capability], capability: slave_info::capability::Type) -> bool {
    capabilities.iter().any(|own| own.r#type == Some(capability))
}

/// Tells whether a master announced a capability.
pub fn master_has(info: &MasterInfo, capability: master_info::capability::Type) -> bool {
    info.capabilities.iter().any(|own| own.r#type == Some(capability))
}

/// What an agent of this version announces, in Mesos' order.
///
/// Mesos: src/slave/constants.cpp, AGENT_CAPABILITIES
pub fn agent_capabilities() -> Vec<slave_info::Capability> {
    use slave_info::capability::Type;
    [
        Type::MultiRole,
        Type::HierarchicalRole,
        Type::ReservationRefinement,
        Type::ResourceProvider,
        Type::ResizeVolume,
        Type::AgentOperationFeedback,
        Type::AgentDraining,
        Type::TaskResourceLimits,
    ]
    .map(|kind| slave_info::Capability {
        r#type: Some(kind),
        ..Default::default()
    })
    .to_vec()
}

/// What a master of this version announces, in Mesos' order.
///
/// Mesos: src/master/constants.cpp, MASTER_CAPABILITIES
pub fn master_capabilities() -> Vec<master_info::Capability> {
    use master_info::capability::Type;
    [Type::AgentUpdate, Type::AgentDraining, Type::QuotaV2]
        .map(|kind| master_info::Capability {
            r#type: Some(kind),
            ..Default::default()
        })
        .to_vec()
}

/// The roles a framework subscribes for: `roles` when it is MULTI_ROLE capable, else its one `role`.
///
/// Mesos: src/common/protobuf_utils.cpp, framework::getRoles
pub fn framework_roles(info: &FrameworkInfo) -> Vec<String> {
    if framework_has(info, framework_info::capability::Type::MultiRole) {
        let mut roles = info.roles.clone();
        roles.sort_unstable();
        roles.dedup();
        return roles;
    }
    vec![info.role_or_default().to_owned()]
}

/// The port of an agent; the default when its message says none.
pub fn agent_port(info: &SlaveInfo) -> i32 {
    info.port_or_default()
}
