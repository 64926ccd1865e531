//! The door between the v1 API and the inside.
//!
//! The daemons think in v0 messages ([`mesos_proto::v0`]); the HTTP APIs speak v1. For almost all messages
//! nothing needs doing: the bytes on the wire are the same, and JSON is a matter of
//! [`Dialect`]:
//!
//! * a body in JSON: `v0::X::from_json(body, Dialect::V1)`;
//! * a body in protobuf: `v0::X::decode(body)`, but for the two calls below;
//! * an answer or event: `x.encode_to_vec()` or `x.to_json(Dialect::V1)`. The reading calls GET_AGENTS and
//!   GET_STATE of the master show their agents' `checkpoint` too: `Dialect::Operator`.
//!
//! Two messages have other field numbers in v1: `scheduler.Call.Subscribe`, where v0 has `force` at the
//! number of `suppressed_roles`, and `master.Call.DrainAgent`, whose period is a `google.protobuf.Duration`.
//! [`scheduler_call_from_wire`] and [`master_call_from_wire`] know. JSON matches fields by name; only the
//! period needs [`master_call_from_json`].
//!
//! Mesos: src/internal/devolve.cpp and src/internal/evolve.cpp

use mesos_proto::{DecodeError, Dialect, JsonError, Message, UnknownFields, v0, v1};

/// Reads a v1 `scheduler.Call` in protobuf.
///
/// # Errors
///
/// Fails when the bytes are no such call.
pub fn scheduler_call_from_wire(bytes: &[u8]) -> Result<v0::scheduler::Call, DecodeError> {
    let mut call = v1::scheduler::Call::decode(bytes)?;
    let Some(subscribe) = &mut call.subscribe else {
        return v0::scheduler::Call::decode(bytes);
    };
    let roles = std::mem::take(&mut subscribe.suppressed_roles);
    let constraints = subscribe.offer_constraints.take();
    let mut call: v0::scheduler::Call = recode(&call)?;
    if let Some(subscribe) = &mut call.subscribe {
        subscribe.suppressed_roles = roles;
        subscribe.offer_constraints = constraints
            .map(|constraints| recode(constraints.as_ref()))
            .transpose()?
            .map(Box::new);
    }
    Ok(call)
}

/// Writes a `scheduler.Call` as v1 protobuf. `force` has no place in v1 and is left out.
pub fn scheduler_call_to_v1(call: &v0::scheduler::Call) -> v1::scheduler::Call {
    let mut bare = call.clone();
    let taken = bare.subscribe.as_mut().map(|subscribe| {
        subscribe.force = None;
        (
            std::mem::take(&mut subscribe.suppressed_roles),
            subscribe.offer_constraints.take(),
        )
    });
    let mut evolved: v1::scheduler::Call =
        recode(&bare).expect("a v0 call without its specials is a v1 call");
    if let (Some(subscribe), Some((roles, constraints))) = (&mut evolved.subscribe, taken) {
        subscribe.suppressed_roles = roles;
        subscribe.offer_constraints = constraints.map(|constraints| {
            Box::new(recode(constraints.as_ref()).expect("constraints have the same bytes in v1"))
        });
    }
    evolved
}

/// Reads a v1 `master.Call` in protobuf.
///
/// # Errors
///
/// Fails when the bytes are no such call.
pub fn master_call_from_wire(bytes: &[u8]) -> Result<v0::master::Call, DecodeError> {
    let mut call = v1::master::Call::decode(bytes)?;
    let Some(period) = call
        .drain_agent
        .as_mut()
        .and_then(|drain| drain.max_grace_period.take())
    else {
        return v0::master::Call::decode(bytes);
    };
    let mut call: v0::master::Call = recode(&call)?;
    set_drain_period(&mut call, &period);
    Ok(call)
}

/// Reads a v1 `master.Call` in JSON.
///
/// # Errors
///
/// Fails when the text is no such call.
pub fn master_call_from_json(text: &[u8]) -> Result<v0::master::Call, JsonError> {
    let mut call = v1::master::Call::from_json(text, Dialect::V1)?;
    let period = call
        .drain_agent
        .as_mut()
        .and_then(|drain| drain.max_grace_period.take());
    let mut call: v0::master::Call = recode(&call).map_err(|error| JsonError::Value(error.to_string()))?;
    if let Some(period) = period {
        set_drain_period(&mut call, &period);
    }
    Ok(call)
}

fn set_drain_period(call: &mut v0::master::Call, period: &mesos_proto::google::protobuf::Duration) {
    let nanoseconds = period
        .seconds
        .saturating_mul(1_000_000_000)
        .saturating_add(i64::from(period.nanos));
    if let Some(drain) = &mut call.drain_agent {
        drain.max_grace_period = Some(Box::new(v0::DurationInfo {
            nanoseconds,
            ..Default::default()
        }));
    }
}

/// Reads a message as another type of the same bytes: `v0::TaskInfo` as `v1::TaskInfo` and back.
///
/// # Errors
///
/// Fails when the types do not have the same bytes.
pub fn recode<A: Message, B: Message>(message: &A) -> Result<B, DecodeError> {
    B::decode(&message.encode_to_vec())
}

/// Makes an agent's info as v1 knows it: without `checkpoint`, which all agents do.
pub fn agent_info_to_v1(info: &v0::SlaveInfo) -> v1::AgentInfo {
    let mut evolved: v1::AgentInfo = recode(info).expect("SlaveInfo and AgentInfo have the same bytes");
    evolved.unknown = UnknownFields::default();
    evolved
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn subscribe_crosses_the_door() {
        let text = r#"{"type":"SUBSCRIBE","subscribe":{"framework_info":{"user":"u","name":"n"},
            "suppressed_roles":["a","b"],"offer_constraints":{"role_constraints":{"r":{}}}}}"#;
        let client = v1::scheduler::Call::from_json(text.as_bytes(), Dialect::V1).unwrap();
        let from_json = v0::scheduler::Call::from_json(text.as_bytes(), Dialect::V1).unwrap();
        let from_wire = scheduler_call_from_wire(&client.encode_to_vec()).unwrap();
        assert_eq!(from_wire, from_json);
        assert_eq!(from_wire.subscribe.as_ref().unwrap().suppressed_roles, ["a", "b"]);
        assert_eq!(scheduler_call_to_v1(&from_wire), client);
    }

    #[test]
    fn drain_crosses_the_door() {
        let text = r#"{"type":"DRAIN_AGENT","drain_agent":{"agent_id":{"value":"a"},
            "max_grace_period":{"seconds":2,"nanos":5}}}"#;
        let client = v1::master::Call::from_json(text.as_bytes(), Dialect::V1).unwrap();
        let call = master_call_from_wire(&client.encode_to_vec()).unwrap();
        assert_eq!(call, master_call_from_json(text.as_bytes()).unwrap());
        let period = call.drain_agent.unwrap().max_grace_period.unwrap();
        assert_eq!(period.nanoseconds, 2_000_000_005);
    }
}
