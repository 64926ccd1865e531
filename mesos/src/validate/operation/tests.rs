use mesos_proto::v0::FrameworkInfo;
use mesos_proto::v0::offer::operation as message;
use mesos_proto::v0::slave_info::{Capability, capability::Type as AgentCan};
use mesos_proto::{Dialect, Message, v0};

use super::*;
use crate::capabilities::agent_capabilities;

fn from<M: Message + Default>(text: &str) -> M {
    M::from_json(text.as_bytes(), Dialect::V0).unwrap()
}

/// A resource with fields besides its name, type and scalar.
fn resource(name: &str, amount: f64, fields: &str) -> String {
    let comma = if fields.is_empty() { "" } else { "," };
    format!(r#"{{"name":"{name}","type":"SCALAR","scalar":{{"value":{amount}}}{comma}{fields}}}"#)
}

fn all_but(missing: AgentCan) -> Vec<Capability> {
    let mut capabilities = agent_capabilities();
    capabilities.retain(|capability| capability.r#type != Some(missing));
    capabilities
}

fn framework(capabilities: &str) -> FrameworkInfo {
    from(&format!(
        r#"{{"user":"u","name":"n","id":{{"value":"F"}},"roles":["a","c"],
            "capabilities":[{{"type":"MULTI_ROLE"}}{capabilities}]}}"#
    ))
}

const A: &str = r#""reservations":[{"type":"DYNAMIC","role":"a","principal":"ops"}]"#;
const ALLOCATED: &str = r#""reservations":[{"type":"DYNAMIC","role":"a","principal":"ops"}],
    "allocation_info":{"role":"a"}"#;
const REFINED: &str = r#""reservations":[{"type":"DYNAMIC","role":"x"},{"type":"DYNAMIC","role":"x/y"}]"#;
const DISK: &str =
    r#""disk":{"persistence":{"id":"v","principal":"ops"},"volume":{"container_path":"d","mode":"RW"}}"#;

fn check_reserve(
    source: &[&str],
    resources: &[&str],
    principal: Option<&str>,
    agent: &[Capability],
    framework: Option<&FrameworkInfo>,
) -> String {
    let message: message::Reserve = from(&format!(
        r#"{{"source":[{}],"resources":[{}]}}"#,
        source.join(","),
        resources.join(",")
    ));
    match reserve(&message, principal, agent, framework) {
        Ok(()) => "ok".to_owned(),
        Err(error) => error.to_string(),
    }
}

#[test]
fn reservations_by_operators() {
    let all = agent_capabilities();
    let cpu = resource("cpus", 1.0, A);
    let by = |resources: &[&str], principal| check_reserve(&[], resources, principal, &all, None);
    assert_eq!(by(&[&cpu], None), "ok");
    assert_eq!(by(&[&cpu], Some("ops")), "ok");
    assert_eq!(
        by(&[&cpu], Some("eve")),
        "A reserve operation was attempted by authenticated principal 'eve', which does not match a reserved \
         resource in the request with principal 'ops'"
    );
    let anonymous = resource("cpus", 1.0, r#""reservations":[{"type":"DYNAMIC","role":"a"}]"#);
    assert_eq!(
        by(&[&anonymous], Some("ops")),
        "A reserve operation was attempted by principal 'ops', but there is a reserved resource in the request \
         with no principal set"
    );
    assert_eq!(
        by(&[&resource("cpus", 1.0, "")], None),
        "Resource cpus:1 is not dynamically reserved"
    );
    assert_eq!(
        by(&[&resource("cpus", 1.0, ALLOCATED)], None),
        "A reserve operation was attempted with an allocated resource, but the operator API only allows \
         reservations to be made to unallocated resources"
    );
    assert_eq!(
        by(&[&resource("cpus", -1.0, A)], None),
        "Invalid resources: Invalid resources: Resource 'cpus(reservations: [(DYNAMIC,a,ops)]):-1' is invalid: \
         Invalid scalar resource: value <= 0"
    );
    assert_eq!(
        by(
            &[&resource(
                "cpus",
                1.0,
                r#""reservations":[{"type":"DYNAMIC","role":"*"}]"#
            )],
            None
        ),
        "Invalid resources: Invalid resources: Resource 'cpus(reservations: [(DYNAMIC,*)]):1' is invalid: \
         Invalid reservation: role \"*\" cannot be reserved"
    );
    assert_eq!(
        by(
            &[&resource("cpus", 1.0, &format!(r#"{A},"revocable":{{}}"#))],
            None
        ),
        "Invalid resources: Invalid ReservationInfo: Dynamically reserved resource \
         cpus(reservations: [(DYNAMIC,a,ops)]){REV}:1 cannot be created from revocable resources"
    );
    let of = |provider: &str| {
        resource(
            "cpus",
            1.0,
            &format!(r#"{A},"provider_id":{{"value":"{provider}"}}"#),
        )
    };
    assert_eq!(by(&[&of("p")], None), "ok");
    assert_eq!(
        by(&[&of("p"), &cpu], None),
        "Invalid resources: Some resources have a resource provider and some do not"
    );
    assert_eq!(
        by(&[&of("q"), &of("p")], None),
        "Invalid resources: The resources have multiple resource providers: p, q"
    );
    let refined = resource("cpus", 1.0, REFINED);
    assert_eq!(by(&[&refined], None), "ok");
    for (missing, error) in [
        (
            AgentCan::HierarchicalRole,
            "Resource cpus(reservations: [(DYNAMIC,x),(DYNAMIC,x/y)]):1 with reservation for hierarchical role \
             'x/y' cannot be reserved on an agent without HIERARCHICAL_ROLE capability",
        ),
        (
            AgentCan::ReservationRefinement,
            "Resource cpus(reservations: [(DYNAMIC,x),(DYNAMIC,x/y)]):1 with reservation refinement cannot be \
             reserved on an agent without RESERVATION_REFINEMENT capability",
        ),
    ] {
        assert_eq!(
            check_reserve(&[], &[&refined], None, &all_but(missing), None),
            error
        );
    }
}

#[test]
fn reservations_out_of_others() {
    let all = agent_capabilities();
    let check = |source: &[&str], resources: &[&str]| check_reserve(source, resources, None, &all, None);
    let (plain, one, two) = (
        resource("cpus", 1.0, ""),
        resource("cpus", 1.0, A),
        resource("cpus", 1.0, REFINED),
    );
    assert_eq!(check(&[&one], &[&two]), "ok");
    assert_eq!(check(&[&plain], &[&two]), "ok");
    assert_eq!(
        check(&[&resource("cpus", 2.0, A)], &[&two]),
        "Source and target resources should refer to identical resource quantities: cpus:2 vs. cpus:1"
    );
    assert_eq!(
        check(&[&plain, &one], &[&two]),
        concat!(
            "Invalid source: Mixed reservations are not supported[",
            r#"{"name":"cpus","type":"SCALAR","scalar":{"value":1.0}},"#,
            r#"{"name":"cpus","type":"SCALAR","scalar":{"value":1.0},"#,
            r#""reservations":[{"type":"DYNAMIC","role":"a","principal":"ops"}]}]"#
        )
    );
    assert_eq!(
        check(&[&resource("cpus", 0.0, A)], &[&two]),
        "Invalid source: Resource cannot be empty"
    );
}

#[test]
fn reservations_by_frameworks() {
    let all = agent_capabilities();
    let framework = framework("");
    let check = |fields: &str| {
        check_reserve(
            &[],
            &[&resource("cpus", 1.0, fields)],
            None,
            &all,
            Some(&framework),
        )
    };
    assert_eq!(check(ALLOCATED), "ok");
    assert_eq!(
        check(A),
        "A reserve operation was attempted on unallocated resource cpus(reservations: [(DYNAMIC,a,ops)]):1, but \
         frameworks can only perform reservations on allocated resources"
    );
    assert_eq!(
        check(&format!(r#"{A},"allocation_info":{{"role":"c"}}"#)),
        "A reserve operation was attempted for a resource with role 'a', but the resource was allocated to role \
         'c'"
    );
    assert_eq!(
        check(&ALLOCATED.replace("\"a\"", "\"b\"")),
        "A reserve operation was attempted for a resource allocated to role 'b', but the framework only has \
         roles '{ a, c }'"
    );
    let other = resource("mem", 1.0, &ALLOCATED.replace("\"a\"", "\"c\""));
    assert_eq!(
        check_reserve(
            &[],
            &[&resource("cpus", 1.0, ALLOCATED), &other],
            None,
            &all,
            Some(&framework)
        ),
        "Invalid reservation resources: The resources have multiple allocation roles ('c' and 'a') but only one \
         allocation role is allowed"
    );
}

#[test]
fn unreservations() {
    let check = |text: &str| {
        unreserve(&from::<message::Unreserve>(&format!(
            r#"{{"resources":[{text}]}}"#
        )))
        .map_err(|error| error.to_string())
    };
    assert_eq!(check(&resource("cpus", 1.0, A)), Ok(()));
    assert_eq!(
        check(&resource(
            "cpus",
            1.0,
            r#""reservations":[{"type":"STATIC","role":"a"}]"#
        ))
        .unwrap_err(),
        "Resource cpus(reservations: [(STATIC,a)]):1 is not dynamically reserved"
    );
    assert_eq!(
        check(&resource("disk", 1.0, &format!("{A},{DISK}"))).unwrap_err(),
        "A dynamically reserved persistent volume disk(reservations: [(DYNAMIC,a,ops)])[v:d]:1 cannot be \
         unreserved directly. Please destroy the persistent volume first then unreserve the resource"
    );
}

fn check_create(
    volumes: &[&str],
    held: &Resources,
    principal: Option<&str>,
    agent: &[Capability],
    framework: Option<&FrameworkInfo>,
) -> String {
    let message: message::Create = from(&format!(r#"{{"volumes":[{}]}}"#, volumes.join(",")));
    match create(&message, held, principal, agent, framework) {
        Ok(()) => "ok".to_owned(),
        Err(error) => error.to_string(),
    }
}

#[test]
fn volumes_are_created() {
    let all = agent_capabilities();
    let none = Resources::new();
    let volume = resource("disk", 8.0, &format!("{A},{DISK}"));
    let check = |volume: &str| check_create(&[volume], &none, None, &all, None);
    assert_eq!(check(&volume), "ok");
    assert_eq!(check_create(&[&volume], &none, Some("ops"), &all, None), "ok");
    let held = one(&from::<v0::Resource>(&volume));
    for volumes in [&[volume.as_str()][..], &[volume.as_str(), volume.as_str()]] {
        assert_eq!(
            check_create(volumes, &held, None, &all, None),
            "Persistence ID 'v' is not unique"
        );
    }
    for (from, to, error) in [
        (
            "\"RW\"",
            "\"RO\"",
            "Not a persistent volume: Read-only persistent volume not supported",
        ),
        (
            r#""reservations":[{"type":"DYNAMIC","role":"a","principal":"ops"}],"#,
            "",
            "Invalid resources: Invalid DiskInfo: Persistent volumes cannot be created from unreserved resources",
        ),
        (
            r#""id":"v""#,
            r#""id":"a/b""#,
            "Invalid resources: Invalid DiskInfo: Invalid persistence ID for persistent volume: 'a/b' contains \
             invalid characters",
        ),
        (
            r#","volume":{"container_path":"d","mode":"RW"}"#,
            "",
            "Invalid resources: Invalid DiskInfo: Expecting 'volume' to be set for persistent volume",
        ),
        (
            r#""container_path""#,
            r#""host_path":"/h","container_path""#,
            "Invalid resources: Invalid DiskInfo: Expecting 'host_path' to be unset for persistent volume",
        ),
    ] {
        assert_eq!(check(&volume.replace(from, to)), error);
    }
    assert_eq!(
        check(&resource("disk", 8.0, A)),
        "Not a persistent volume: Resource disk(reservations: [(DYNAMIC,a,ops)]):8 does not have DiskInfo"
    );
    assert_eq!(
        check_create(&[&volume], &none, Some("eve"), &all, None),
        "Create volume operation attempted by authenticated principal 'eve', which does not match a volume in \
         the operation with principal 'ops' set in 'disk.persistence'"
    );
    let anonymous = volume.replace(r#","principal":"ops"},"volume""#, r#"},"volume""#);
    assert_eq!(
        check_create(&[&anonymous], &none, Some("ops"), &all, None),
        "Create volume operation attempted by principal 'ops', but there is a volume in the operation with no \
         principal set in 'disk.persistence'"
    );
    let refined = resource("disk", 8.0, &format!("{REFINED},{DISK}"));
    for (missing, error) in [
        (
            AgentCan::HierarchicalRole,
            "Volume disk(reservations: [(DYNAMIC,x),(DYNAMIC,x/y)])[v:d]:8 with reservation for hierarchical \
             role 'x/y' cannot be created on an agent without HIERARCHICAL_ROLE capability",
        ),
        (
            AgentCan::ReservationRefinement,
            "Volume disk(reservations: [(DYNAMIC,x),(DYNAMIC,x/y)])[v:d]:8 with reservation refinement cannot be \
             created on an agent without RESERVATION_REFINEMENT capability",
        ),
    ] {
        assert_eq!(
            check_create(&[&refined], &none, None, &all_but(missing), None),
            error
        );
    }
    let shared = resource("disk", 8.0, &format!(r#"{ALLOCATED},"shared":{{}},{DISK}"#));
    assert_eq!(
        check_create(&[&shared], &none, None, &all, Some(&framework(""))),
        "Create volume operation for 'disk(allocated: a)(reservations: [(DYNAMIC,a,ops)])[v:d]<SHARED>:8' has \
         been attempted by framework 'F' with no SHARED_RESOURCES capability"
    );
    let able = framework(r#",{"type":"SHARED_RESOURCES"}"#);
    assert_eq!(check_create(&[&shared], &none, None, &all, Some(&able)), "ok");
    assert_eq!(
        check_create(&[&volume], &none, None, &all, Some(&able)),
        "Invalid volume resources: The resources are not allocated to a role"
    );
}

#[test]
fn volumes_are_destroyed() {
    let volume = resource("disk", 8.0, &format!("{ALLOCATED},{DISK}"));
    let held = one(&from::<v0::Resource>(&volume)).unallocated();
    let none = Resources::new();
    let check = |text: &str, checkpointed: &Resources, used: &[Resources]| {
        let message: message::Destroy = from(&format!(r#"{{"volumes":[{text}]}}"#));
        match destroy(&message, checkpointed, used) {
            Ok(()) => "ok".to_owned(),
            Err(error) => error.to_string(),
        }
    };
    assert_eq!(check(&volume, &held, std::slice::from_ref(&none)), "ok");
    assert_eq!(check(&volume, &none, &[]), "Persistent volumes not found");
    // Who uses it has it allocated; that makes no difference.
    let used = [none.clone(), held.clone().allocated("a")];
    assert_eq!(check(&volume, &held, &used), "Persistent volumes in use");
    let foreign = volume.replacen('{', r#"{"provider_id":{"value":"p"},"#, 1);
    assert_eq!(check(&foreign, &none, &[]), "ok");
    assert_eq!(
        check(&resource("disk", 8.0, A), &held, &[]),
        "Not a persistent volume: Resource disk(reservations: [(DYNAMIC,a,ops)]):8 does not have DiskInfo"
    );
    // Twice the same shared volume is still one that is held once.
    let shared = resource("disk", 8.0, &format!(r#"{A},"shared":{{}},{DISK}"#));
    let held = one(&from::<v0::Resource>(&shared));
    assert_eq!(check(&format!("{shared},{shared}"), &held, &[]), "ok");
}

#[test]
fn volumes_grow() {
    let all = agent_capabilities();
    let volume = resource("disk", 8.0, &format!("{A},{DISK}"));
    let addition = resource("disk", 2.0, A);
    let check = |volume: &str, addition: &str, agent: &[Capability]| {
        let message: message::GrowVolume = from(&format!(r#"{{"volume":{volume},"addition":{addition}}}"#));
        match grow_volume(&message, agent) {
            Ok(()) => "ok".to_owned(),
            Err(error) => error.to_string(),
        }
    };
    assert_eq!(check(&volume, &addition, &all), "ok");
    let with = |field: &str| volume.replacen('{', &format!("{{{field},"), 1);
    for (volume, addition, error) in [
        (
            resource("disk", -1.0, A),
            addition.clone(),
            "Invalid resource in the 'GrowVolume.volume' field: Invalid scalar resource: value <= 0",
        ),
        (
            volume.clone(),
            resource("", 1.0, ""),
            "Invalid resource in the 'GrowVolume.addition' field: Empty resource name",
        ),
        (
            volume.clone(),
            resource("disk", 0.0, A),
            "The size of 'GrowVolume.addition' field must be greater than zero",
        ),
        (
            with(r#""provider_id":{"value":"p"}"#),
            addition.clone(),
            "Growing a volume from a resource provider is not supported",
        ),
        (
            addition.clone(),
            addition.clone(),
            "Invalid persistent volume in the 'GrowVolume.volume' field: Resource \
             disk(reservations: [(DYNAMIC,a,ops)]):2 does not have DiskInfo",
        ),
        (
            with(r#""shared":{}"#),
            addition.clone(),
            "Growing a shared persistent volume is not supported",
        ),
        (
            volume.clone(),
            resource("disk", 2.0, ""),
            "Incompatible resources in the 'GrowVolume.volume' and 'GrowVolume.addition' fields",
        ),
    ] {
        assert_eq!(check(&volume, &addition, &all), error);
    }
    assert_eq!(
        check(&volume, &addition, &all_but(AgentCan::ResizeVolume)),
        "Volume disk(reservations: [(DYNAMIC,a,ops)])[v:d]:8 cannot be grown on an agent without RESIZE_VOLUME \
         capability"
    );
}

#[test]
fn volumes_shrink() {
    let all = agent_capabilities();
    let volume = resource("disk", 8.0, &format!("{A},{DISK}"));
    let check = |volume: &str, subtract: f64, agent: &[Capability]| {
        let message: message::ShrinkVolume = from(&format!(
            r#"{{"volume":{volume},"subtract":{{"value":{subtract}}}}}"#
        ));
        match shrink_volume(&message, agent) {
            Ok(()) => "ok".to_owned(),
            Err(error) => error.to_string(),
        }
    };
    assert_eq!(check(&volume, 2.0, &all), "ok");
    let with = |field: &str| volume.replacen('{', &format!("{{{field},"), 1);
    let mount = volume.replace(
        r#""disk":{"#,
        r#""disk":{"source":{"type":"MOUNT","mount":{"root":"/m"}},"#,
    );
    for (volume, subtract, error) in [
        (
            volume.replace("disk\",", "cpus\","),
            1.0,
            "Invalid resource in the 'ShrinkVolume.volume' field: DiskInfo should not be set for cpus resource",
        ),
        (
            volume.clone(),
            0.0001,
            "Value of 'ShrinkVolume.subtract' must be greater than zero",
        ),
        (
            volume.clone(),
            8.0,
            "Value of 'ShrinkVolume.subtract' must be smaller than the size of 'ShrinkVolume.volume'",
        ),
        (
            with(r#""provider_id":{"value":"p"}"#),
            1.0,
            "Shrinking a volume from a resource provider is not supported",
        ),
        (mount, 1.0, "Shrinking a volume on a MOUNT disk is not supported"),
        (
            resource("disk", 8.0, A),
            1.0,
            "Invalid persistent volume in the 'ShrinkVolume.volume' field: Resource \
             disk(reservations: [(DYNAMIC,a,ops)]):8 does not have DiskInfo",
        ),
        (
            with(r#""shared":{}"#),
            1.0,
            "Shrinking a shared persistent volume is not supported",
        ),
    ] {
        assert_eq!(check(&volume, subtract, &all), error);
    }
    assert_eq!(
        check(&volume, 2.0, &all_but(AgentCan::ResizeVolume)),
        "Volume disk(reservations: [(DYNAMIC,a,ops)])[v:d]:8 cannot be shrunk on an agent without RESIZE_VOLUME \
         capability"
    );
}

#[test]
fn disks_of_providers() {
    let disk = |source: &str| {
        resource(
            "disk",
            8.0,
            &format!(r#""provider_id":{{"value":"p"}},"disk":{{"source":{source}}}"#),
        )
    };
    let created = |source: &str, rest: &str| {
        let message: message::CreateDisk = from(&format!(r#"{{"source":{source},"target_type":{rest}}}"#));
        create_disk(&message).map_err(|error| error.to_string())
    };
    let raw = disk(r#"{"type":"RAW"}"#);
    let known = disk(r#"{"type":"RAW","id":"i","profile":"f"}"#);
    let profile = r#""MOUNT","target_profile":"f""#;
    assert_eq!(created(&raw, profile), Ok(()));
    assert_eq!(created(&known, "\"BLOCK\""), Ok(()));
    for (source, rest, error) in [
        (
            resource("disk", 8.0, ""),
            profile,
            "'source' is not managed by a resource provider",
        ),
        (
            disk(r#"{"type":"BLOCK"}"#),
            profile,
            "'source' is not a RAW disk resource",
        ),
        (raw.clone(), "\"PATH\"", "'target_type' is neither MOUNT or BLOCK"),
        (
            raw.clone(),
            "\"MOUNT\"",
            "'target_profile' must be set when 'source' has no profile",
        ),
        (
            known.clone(),
            profile,
            "'target_profile' must not be set when 'source' has a profile",
        ),
    ] {
        assert_eq!(created(&source, rest).unwrap_err(), error);
    }
    let destroyed = |source: &str| {
        let message: message::DestroyDisk = from(&format!(r#"{{"source":{source}}}"#));
        destroy_disk(&message).map_err(|error| error.to_string())
    };
    assert_eq!(destroyed(&known), Ok(()));
    let persistent = known.replace(
        r#"{"source""#,
        r#"{"persistence":{"id":"v"},"volume":{"container_path":"d","mode":"RW"},"source""#,
    );
    let persistent = persistent.replacen('{', &format!("{{{A},"), 1);
    for (source, error) in [
        (
            resource("disk", 8.0, ""),
            "'source' is not managed by a resource provider",
        ),
        (
            disk(r#"{"type":"PATH"}"#),
            "'source' is neither a MOUNT, BLOCK or RAW disk resource",
        ),
        (raw, "'source' is not backed by a CSI volume"),
        (
            persistent,
            "A disk resource containing a persistent volume disk(reservations: [(DYNAMIC,a,ops)])[RAW(,i,f),v:d]:8 \
             cannot be destroyed directly. Please destroy the persistent volume first then destroy the disk resource",
        ),
    ] {
        assert_eq!(destroyed(&source).unwrap_err(), error);
    }
}
