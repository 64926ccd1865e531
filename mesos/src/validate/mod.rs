//! What Mesos refuses, and the words it does so with.
//!
//! Every function returns the first complaint. Those that need the state of a master or an agent take it
//! as arguments; the rest looks at the message alone.
//!
//! Mesos: src/common/validation.cpp and src/master/validation.cpp

mod call;
mod check;
mod command;
mod container;
mod executor;
mod framework;
mod group;
mod master_call;
pub mod operation;
mod quota;
mod resource;
mod task;

pub use self::call::{executor_call, scheduler_call};
pub use self::check::{check_info, check_status_info, health_check};
pub use self::command::{command_info, environment, secret};
pub use self::container::{container_info, volume};
pub use self::executor::{executor_info, launched_executor};
pub use self::framework::{framework_info, framework_update, offer_filters};
pub use self::group::{TaskGroupLaunch, task_group, task_in_group};
pub use self::master_call::master_call;
pub use self::quota::{quota_config, quota_info};
pub(crate) use self::resource::scalar_resource;
pub use self::resource::{
    allocated_to_single_role, resource, resources, revocable_not_mixed, task_resources,
    unique_persistence_ids,
};
pub use self::task::{TaskLaunch, task_body, task_executor, task_id};

use crate::Error;

/// The longest id in bytes: ids become names of folders (NAME_MAX).
pub const ID_LEN_MAX: usize = 255;

fn refuse<T>(text: impl Into<String>) -> Result<T, Error> {
    Err(Error::new(text))
}

/// Checks an id a framework chose: of a task, an executor, a persistent volume, or the framework itself.
///
/// # Errors
///
/// Fails with Mesos' words.
///
/// Mesos: src/common/validation.cpp, validateID
pub fn id(id: &str) -> Result<(), Error> {
    if id.is_empty() {
        return refuse("ID must not be empty");
    }
    if id.len() > ID_LEN_MAX {
        return refuse(format!("ID must not be greater than {ID_LEN_MAX} characters"));
    }
    if id == "." || id == ".." {
        return refuse(format!("'{id}' is disallowed"));
    }
    if id
        .bytes()
        .any(|byte| byte.is_ascii_control() || byte == b'/' || byte == b'\\')
    {
        return refuse(format!("'{id}' contains invalid characters"));
    }
    Ok(())
}

/// Checks a quantity somebody wrote down.
///
/// # Errors
///
/// Fails with Mesos' words.
///
/// Mesos: src/common/validation.cpp, validateInputScalarValue
pub fn scalar_input(value: f64) -> Result<(), Error> {
    if value.is_infinite() {
        return refuse("Infinite values not supported");
    }
    if value.is_nan() {
        return refuse("NaN not supported");
    }
    if value.is_subnormal() {
        return refuse("Subnormal values not supported");
    }
    if value < 0.0 {
        return refuse("Negative values not supported");
    }
    Ok(())
}

/// Tells whether a duration is below zero.
fn negative(duration: Option<&mesos_proto::v0::DurationInfo>) -> bool {
    duration.is_some_and(|duration| duration.nanoseconds < 0)
}

#[cfg(test)]
mod tests;
