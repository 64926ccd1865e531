use mesos_proto::v0::resource::{AllocationInfo, ReservationInfo};
use mesos_proto::v0::{self, FrameworkInfo, TaskInfo};
use mesos_proto::{Dialect, Message};

use super::*;
use crate::Resources;
use crate::ids::{AgentId, FrameworkId};

fn json<M: Message>(text: &str) -> M {
    M::from_json(text.as_bytes(), Dialect::V0).unwrap()
}

fn text<T>(result: Result<T, Error>) -> String {
    result
        .map(drop)
        .map_or_else(|error| error.to_string(), |()| "ok".to_owned())
}

#[test]
fn ids() {
    for (value, expected) in [
        ("", "ID must not be empty"),
        (".", "'.' is disallowed"),
        ("a/b", "'a/b' contains invalid characters"),
        ("a\\b", "'a\\b' contains invalid characters"),
        ("a\tb", "'a\tb' contains invalid characters"),
        ("a b.c", "ok"),
        (&"x".repeat(256), "ID must not be greater than 255 characters"),
    ] {
        assert_eq!(text(id(value)), expected);
    }
}

#[test]
fn frameworks() {
    for (info, expected) in [
        (r#"{"user":"u","name":"n"}"#, "ok"),
        (
            r#"{"user":"u","name":"n","role":"a/"}"#,
            "'FrameworkInfo.role' is not a valid role: Role 'a/' cannot end with a slash",
        ),
        (
            r#"{"user":"u","name":"n","roles":["a"]}"#,
            "'FrameworkInfo.roles' must not be set when the framework is not MULTI_ROLE capable",
        ),
        (
            r#"{"user":"u","name":"n","role":"a","capabilities":[{"type":"MULTI_ROLE"}]}"#,
            "'FrameworkInfo.role' must not be set when the framework is MULTI_ROLE capable",
        ),
        (
            r#"{"user":"u","name":"n","roles":["a","b","a"],"capabilities":[{"type":"MULTI_ROLE"}]}"#,
            "'FrameworkInfo.roles' contains duplicate items: { a }",
        ),
        (
            r#"{"user":"u","name":"n","id":{"value":"a/b"}}"#,
            "'a/b' contains invalid characters",
        ),
    ] {
        assert_eq!(text(framework_info(&json::<FrameworkInfo>(info))), expected);
    }
}

#[test]
fn resource_messages() {
    for (message, expected) in [
        (r#"{"name":"","type":"SCALAR"}"#, "Empty resource name"),
        (r#"{"name":"cpus","type":"SCALAR"}"#, "Invalid scalar resource"),
        (
            r#"{"name":"cpus","type":"SCALAR","scalar":{"value":-1}}"#,
            "Invalid scalar resource: value <= 0",
        ),
        (
            r#"{"name":"cpus","type":"SCALAR","scalar":{"value":0.0001}}"#,
            "Invalid scalar resource: value <= 0",
        ),
        (r#"{"name":"cpus","type":"TEXT"}"#, "Unsupported resource type"),
        (
            r#"{"name":"p","type":"RANGES","ranges":{"range":[{"begin":5,"end":1}]}}"#,
            "Invalid ranges resource: begin > end",
        ),
        (
            r#"{"name":"p","type":"RANGES","ranges":{"range":[{"begin":1,"end":5},{"begin":5,"end":6}]}}"#,
            "Invalid ranges resource: overlapping ranges",
        ),
        (
            r#"{"name":"s","type":"SET","set":{"item":["a","a"]}}"#,
            "Invalid set resource: duplicated elements",
        ),
        (
            r#"{"name":"cpus","type":"SCALAR","scalar":{"value":1},"disk":{}}"#,
            "DiskInfo should not be set for cpus resource",
        ),
        (
            r#"{"name":"cpus","type":"SCALAR","scalar":{"value":1},"reservation":{}}"#,
            "Invalid reservation: role \"*\" cannot be dynamically reserved",
        ),
        (
            r#"{"name":"cpus","type":"SCALAR","scalar":{"value":1},
                "reservations":[{"type":"STATIC","role":"a"},{"type":"DYNAMIC","role":"b"}]}"#,
            "Invalid refined reservation: role 'b' is not a refinement of 'a'",
        ),
        (
            r#"{"name":"cpus","type":"SCALAR","scalar":{"value":1},"shared":{}}"#,
            "Resource cpus cannot be shared",
        ),
    ] {
        assert_eq!(text(resource(&json::<v0::Resource>(message))), expected);
    }
    let message = json::<v0::Resource>(r#"{"name":"cpus","type":"SCALAR","scalar":{"value":-1}}"#);
    assert_eq!(
        text(resources(&[message])),
        "Resource 'cpus:-1' is invalid: Invalid scalar resource: value <= 0"
    );
}

fn allocated(resources: &str) -> Vec<v0::Resource> {
    let mut resources = Resources::parse(resources, "*").unwrap();
    resources.allocate("*");
    resources.to_protos()
}

fn checked(task: &TaskInfo) -> String {
    let mut offered = Resources::parse("cpus:2;mem:512;ports:[1-10]", "*").unwrap();
    offered.allocate("*");
    let launch = TaskLaunch {
        agent_id: &AgentId::new("S0"),
        resource_limits: true,
        framework_id: &FrameworkId::new("F"),
        existing_executor: None,
        offered: &offered,
    };
    text(
        task_id(task)
            .and_then(|()| task_body(task, &launch))
            .and_then(|()| task_executor(task, &launch)),
    )
}

#[test]
fn tasks() {
    let mut good = json::<TaskInfo>(
        r#"{"name":"t","task_id":{"value":"t"},"slave_id":{"value":"S0"},"command":{"value":"true"}}"#,
    );
    assert_eq!(checked(&good), "Task uses no resources");
    good.resources = allocated("cpus:1;mem:32");
    assert_eq!(checked(&good), "ok");

    let with = |change: fn(&mut TaskInfo)| {
        let mut task = good.clone();
        change(&mut task);
        checked(&task)
    };
    assert_eq!(with(|task| task.task_id.value.clear()), "ID must not be empty");
    assert_eq!(
        with(|task| task.slave_id.value = "S1".to_owned()),
        "Task uses invalid agent S1 while agent S0 is expected"
    );
    assert_eq!(
        with(|task| task.resources = allocated("cpus:3")),
        "Total resources cpus(allocated: *):3 required by task and its executor is more than available \
         cpus(allocated: *):2; mem(allocated: *):512; ports(allocated: *):[1-10]"
    );
    assert_eq!(
        with(|task| task.resources = allocated("gpus:0.5")),
        "Task uses invalid resources: Invalid 'gpus' resource: The 'gpus' resource must be an unsigned integer"
    );
    assert_eq!(
        with(|task| task.command = None),
        "Task should have at least one (but not both) of CommandInfo or ExecutorInfo present"
    );
    assert_eq!(
        with(|task| task.health_check =
            Some(Box::new(json(r#"{"type":"HTTP","http":{"port":1,"path":"x"}}"#)))),
        "Task uses invalid health check: The path 'x' of HTTP health check must start with '/'"
    );
    assert_eq!(
        with(|task| {
            task.command.as_mut().unwrap().environment =
                Some(Box::new(json(r#"{"variables":[{"name":"A"}]}"#)));
        }),
        "Task's `CommandInfo` is invalid: Environment variable 'A' of type 'VALUE' must have a value set"
    );
    assert_eq!(
        with(|task| task.resources[0].allocation_info = None),
        "Invalid task resources: The resources are not allocated to a role"
    );
    assert_eq!(
        with(
            |task| task.resources[0].allocation_info = Some(Box::new(AllocationInfo {
                role: Some("a".to_owned()),
                ..Default::default()
            }))
        ),
        "Invalid task resources: The resources have multiple allocation roles ('*' and 'a') but only one \
         allocation role is allowed"
    );
    assert_eq!(
        with(|task| task.resources[0].reservations.push(ReservationInfo::default())),
        "Task uses invalid resources: Invalid resources: Resource \
         'cpus(allocated: *)(reservations: [(UNKNOWN,)]):1' is invalid: Invalid reservation: \
         'Resource.ReservationInfo.type' field must be set."
    );
    assert_eq!(
        with(|task| task
            .limits
            .insert("cpus".to_owned(), json(r#"{"value":0.5}"#))
            .map_or((), drop)),
        "The cpu limit must be greater than or equal to the cpu request"
    );
}

#[test]
fn tasks_with_executors() {
    let mut task = json::<TaskInfo>(
        r#"{"name":"t","task_id":{"value":"t"},"slave_id":{"value":"S0"},
            "executor":{"executor_id":{"value":"e"},"framework_id":{"value":"F"},"command":{"value":"x"}}}"#,
    );
    task.resources = allocated("cpus:1;ports:[1-5]");
    assert_eq!(checked(&task), "ok");
    task.executor.as_mut().unwrap().resources = allocated("ports:[5-6]");
    assert_eq!(
        checked(&task),
        "There are overlapping resources in the task resources cpus(allocated: *):1; \
         ports(allocated: *):[1-5] and executor resources ports(allocated: *):[5-6]"
    );
    task.executor.as_mut().unwrap().resources = allocated("cpus:1.5");
    assert!(
        checked(&task).starts_with("Total resources cpus(allocated: *):2.5"),
        "{}",
        checked(&task)
    );
    task.executor.as_mut().unwrap().framework_id = None;
    assert_eq!(checked(&task), "'ExecutorInfo.framework_id' must be set");
}

#[test]
fn calls() {
    for (call, expected) in [
        ("{}", "Expecting 'type' to be present"),
        (r#"{"type":"SUBSCRIBE"}"#, "Expecting 'subscribe' to be present"),
        (r#"{"type":"KILL"}"#, "Expecting 'framework_id' to be present"),
        (
            r#"{"type":"KILL","framework_id":{"value":"F"}}"#,
            "Expecting 'kill' to be present",
        ),
        (
            r#"{"type":"SUBSCRIBE","framework_id":{"value":"F"},
                "subscribe":{"framework_info":{"user":"u","name":"n"}}}"#,
            "'framework_id' differs from 'subscribe.framework_info.id'",
        ),
        (
            r#"{"type":"ACKNOWLEDGE","framework_id":{"value":"F"},"acknowledge":{"slave_id":{"value":"S"},
                "task_id":{"value":"t"},"uuid":"AAAA"}}"#,
            "Not a valid UUID",
        ),
        (r#"{"type":"REVIVE","framework_id":{"value":"F"}}"#, "ok"),
    ] {
        assert_eq!(text(scheduler_call(&json(call), None)), expected);
    }
    let update = r#"{"type":"UPDATE","framework_id":{"value":"F"},"executor_id":{"value":"e"},
        "update":{"status":{"task_id":{"value":"t"},"state":"TASK_STAGING",
        "uuid":"h6u5s5LUTcKPOL+z1OmnQA==","source":"SOURCE_EXECUTOR"}}}"#;
    assert_eq!(
        text(executor_call(&json(update))),
        "Received TASK_STAGING from executor e of framework F which is not allowed"
    );
}
