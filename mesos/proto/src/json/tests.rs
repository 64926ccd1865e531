use super::*;
use crate::{Dialect, v0};

fn double(value: f64) -> String {
    let mut out = Vec::new();
    write_f64(&mut out, value);
    String::from_utf8(out).unwrap()
}

#[test]
fn doubles_look_like_rapidjson() {
    for (value, text) in [
        (0.0, "0.0"),
        (-0.0, "-0.0"),
        (2.0, "2.0"),
        (-3.0, "-3.0"),
        (0.1, "0.1"),
        (1795254043.400876, "1795254043.400876"),
        (1e15, "1000000000000000.0"),
        (1e20, "100000000000000000000.0"),
        (1e21, "1e21"),
        (1.5e300, "1.5e300"),
        (0.00001, "0.00001"),
        (0.000001234, "0.000001234"),
        (0.0000001, "1e-7"),
        (-1.25e-9, "-1.25e-9"),
        (123456789012345680.0, "123456789012345680.0"),
        (f64::INFINITY, "\"Infinity\""),
    ] {
        assert_eq!(double(value), text);
    }
}

#[test]
fn strings_are_escaped_like_rapidjson() {
    let mut out = Vec::new();
    write_string(&mut out, "a/b \"q\" \\ \n\t\u{1}\u{1f} é");
    assert_eq!(
        String::from_utf8(out).unwrap(),
        "\"a/b \\\"q\\\" \\\\ \\n\\t\\u0001\\u001F é\""
    );
}

fn error(text: &str) -> String {
    v0::TaskInfo::from_json(text.as_bytes(), Dialect::V0)
        .unwrap_err()
        .to_string()
}

#[test]
fn errors_speak_as_mesos_does() {
    assert_eq!(error("[]"), "Expecting a JSON object");
    assert_eq!(
        error(r#"{"name":1}"#),
        "Not expecting a JSON number for field 'name'"
    );
    assert_eq!(
        error(r#"{"name":["x"]}"#),
        "Not expecting a JSON array for field 'name'"
    );
    assert_eq!(
        error(r#"{"name":"x","resources":[{"name":"cpus"}]}"#),
        "Missing required fields: task_id, slave_id, resources[0].type"
    );
    assert_eq!(
        error(r#"{"resources":[{"type":"NOSUCH"}]}"#),
        "Failed to find enum for 'NOSUCH'"
    );
    assert_eq!(error(r#"{"name":"x",}"#), "syntax error at line 1 near: }");
    assert_eq!(error(r#"{"name":1"#), "syntax error at line 1 near: ");
    assert!(error(r#"{} x"#).starts_with("Parsed JSON included non-whitespace trailing characters: x"));
}

#[test]
fn lists_are_read_one_by_one() {
    let list = |text: &str| list_from_json::<v0::WeightInfo>(text.as_bytes(), Dialect::V0);
    let read = list(r#" [ {"weight":1,"role":"a"} , {"weight":2} ] "#).unwrap();
    let weights: Vec<f64> = read.iter().map(|info| info.weight).collect();
    assert_eq!(weights, [1.0, 2.0]);
    assert_eq!(list("[]").unwrap(), []);
    for (text, error) in [
        ("{}", "Unexpected JSON type parsed"),
        (r#""a""#, "Unexpected JSON type parsed"),
        ("[1]", "Expecting a JSON object"),
        ("[[]]", "Expecting a JSON object"),
        (
            r#"[{"weight":1},{"role":"a"}]"#,
            "Missing required fields: weight",
        ),
        (r#"[{"role":"a"},x]"#, "syntax error at line 1 near: x]"),
        (
            r#"[{"weight":1}],"more":1"#,
            r#"Parsed JSON included non-whitespace trailing characters: ,"more":1"#,
        ),
        ("", "syntax error at line 1 near: "),
    ] {
        assert_eq!(list(text).unwrap_err().to_string(), error, "{text}");
    }
    let object = |text: &str| object_from_json::<v0::WeightInfo>(text.as_bytes(), Dialect::V0);
    assert!(object("[]").unwrap_err().is_syntax());
    assert!(!object("{}").unwrap_err().is_syntax());
    assert_eq!(object(r#"{"weight":3}"#).unwrap().weight, 3.0);
}

#[test]
fn both_dialects_and_lenient_values() {
    let text = r#" { "task_id" : {"value":"t\u00e9\ud83d\ude00"}, "agent_id":{"value":"a"}, "slave_id": 5,
        "name":"n", "data":"aGk=", "unknown":{"a":[1,2,{"b":null}]}, "command":null,
        "health_check":{"consecutive_failures":"7","delay_seconds":"1.5","type":"NOPE"} } "#;
    let task = v0::TaskInfo::from_json(text.as_bytes(), Dialect::V1).unwrap();
    assert_eq!(task.task_id.value, "té😀");
    assert_eq!(task.slave_id.value, "a");
    assert_eq!(task.data.as_deref(), Some(&b"hi"[..]));
    let check = task.health_check.as_deref().unwrap();
    assert_eq!(
        (check.consecutive_failures, check.delay_seconds, check.r#type),
        (Some(7), Some(1.5), None)
    );
    assert_eq!(
        task.to_json(Dialect::V1),
        concat!(
            r#"{"name":"n","task_id":{"value":"té😀"},"agent_id":{"value":"a"},"#,
            r#""health_check":{"delay_seconds":1.5,"interval_seconds":10.0,"timeout_seconds":20.0,"#,
            r#""consecutive_failures":7,"grace_period_seconds":10.0},"data":"aGk="}"#
        )
    );
    assert!(task.to_json(Dialect::V0).contains(r#""slave_id":{"value":"a"}"#));
}

#[test]
fn depth_is_limited() {
    let deep = format!("{{\"x\":{}{}}}", "[".repeat(5000), "]".repeat(5000));
    assert!(
        v0::TaskID::from_json(deep.as_bytes(), Dialect::V0)
            .unwrap_err()
            .is_syntax()
    );
}
