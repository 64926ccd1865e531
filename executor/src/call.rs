//! Calls as requests.

use libprocess::http::Request;
use mesos_proto::{
    Message as _,
    v1::executor::{Call, call},
};

use crate::settings::Settings;

/// What calls and events are written in.
pub(crate) const PROTOBUF: &str = "application/x-protobuf";

/// A call of this executor, without a body.
pub(crate) fn call(settings: &Settings, r#type: call::Type) -> Call {
    Call {
        r#type: Some(r#type),
        framework_id: settings.framework_id.clone(),
        executor_id: settings.executor_id.clone(),
        ..Call::default()
    }
}

/// The request that carries a call.
pub(crate) fn request(settings: &Settings, call: &Call) -> Request {
    let path = format!("/{}/api/v1/executor", settings.agent_process);
    Request::post(&path, PROTOBUF, call.encode_to_vec()).header("Accept", PROTOBUF)
}
