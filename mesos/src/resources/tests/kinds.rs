//! What becomes one, what stays apart, what is taken from what.

use super::*;

/// A resource with more fields, `a` reserved statically unless they say otherwise.
fn disk(amount: u64, fields: &str) -> Resources {
    let comma = if fields.is_empty() { "" } else { "," };
    let text = format!(
        r#"{{"name":"disk","type":"SCALAR","scalar":{{"value":{amount}}},"reservations":[{{"type":"STATIC","role":"a"}}]{comma}{fields}}}"#
    );
    Resources::from_iter([volume(&text)])
}

fn sourced(amount: u64, source: &str) -> Resources {
    disk(amount, &format!(r#""disk":{{"source":{source}}}"#))
}

#[test]
fn sources_of_disks() {
    for (kind, exclusive, exclusive_with_id) in [
        ("PATH", false, false),
        ("RAW", false, true),
        ("MOUNT", true, true),
        ("BLOCK", true, true),
    ] {
        for (fields, has_id) in [
            ("", false),
            (r#","vendor":"v""#, false),
            (r#","profile":"p""#, false),
            (r#","id":"i""#, true),
            (r#","vendor":"v","id":"i","profile":"p""#, true),
        ] {
            let of = |amount| sourced(amount, &format!(r#"{{"type":"{kind}"{fields}}}"#));
            let (one, two) = (of(1), of(2));
            let whole = if has_id { exclusive_with_id } else { exclusive };
            let sum = &one + &one;
            assert!(one.contains(&one) && (&one - &one).is_empty());
            assert_eq!(sum.len(), if whole { 2 } else { 1 }, "{kind}{fields}");
            assert_eq!(sum == two, !whole);
            assert_eq!(two.contains(&one), !whole);
            assert_eq!(&two - &one == one, !whole);
            // Any other source is another disk.
            let other = sourced(1, r#"{"type":"PATH","path":{"root":"/other"}}"#);
            assert!(!one.contains(&other) && &one - &other == one && (&one + &other).len() == 2);
        }
    }
    let path = |amount, root: &str| {
        sourced(
            amount,
            &format!(r#"{{"type":"PATH","path":{{"root":"{root}"}}}}"#),
        )
    };
    assert_eq!(&path(1, "/a") + &path(1, "/a"), path(2, "/a"));
    assert_eq!((&path(1, "/a") + &path(1, "/b")).len(), 2);
    // Metadata tell disks apart, in any order.
    let known = |labels: &str| {
        sourced(
            1,
            &format!(r#"{{"type":"RAW","metadata":{{"labels":[{labels}]}}}}"#),
        )
    };
    let (k, l) = (r#"{"key":"k"}"#, r#"{"key":"l","value":"v"}"#);
    assert_eq!(
        (known(&format!("{k},{l}")) + &known(&format!("{l},{k}"))).len(),
        1
    );
    assert_eq!((known(k) + &known(l)).len(), 2);
    assert_eq!((known("") + &sourced(1, r#"{"type":"RAW"}"#)).len(), 2);
}

#[test]
fn volumes_by_id() {
    let volume = |amount, id: &str, path: &str| {
        let fields = format!(
            r#""disk":{{"persistence":{{"id":"{id}"}},"volume":{{"container_path":"{path}","mode":"RW"}}}}"#
        );
        disk(amount, &fields)
    };
    let (one, two) = (volume(10, "1", "p"), volume(10, "2", "p"));
    let sum = &one + &two;
    assert!(sum.contains(&one) && sum.contains(&two) && !sum.contains(&volume(20, "1", "p")));
    assert_eq!(&one - &two, one);
    // Where it is mounted is no part of what it is.
    assert!((&two - &volume(10, "2", "q")).is_empty());
    assert_eq!(two, volume(10, "2", "q"));
    // One that is there once is not there twice.
    assert!(!one.contains(&(&one + &one)) && (&one + &one).contains(&(&one + &one)));
}

#[test]
fn shares_are_counted() {
    let volume = |shared: bool| {
        let shared = if shared { r#""shared":{},"# } else { "" };
        disk(
            50,
            &format!(
                r#"{shared}"disk":{{"persistence":{{"id":"1"}},"volume":{{"container_path":"p","mode":"RW"}}}}"#
            ),
        )
    };
    let (shared, own) = (volume(true), volume(false));
    let count = |bundle: &Resources| bundle.count(shared.iter().next().unwrap());
    let times = |times: u32| (0..times).fold(parse("cpus:2;mem:10"), |bundle, _| bundle + &shared);
    let (r1, r2) = (times(4), times(3));
    assert_eq!((count(&r1), count(&r2), r1.len()), (4, 3, 3));
    assert_eq!(
        r1.disk(),
        Some(Scalar::from_f64(50.0)),
        "however often it is held"
    );
    assert_eq!(&(&r1 + &r1) - &r1, r1);
    assert_eq!(&(&r1 + &r2) - &r1, r2);
    assert_eq!(&(&r2 - &r1) + &r1, r1);
    assert_eq!(&(&r1 - &r2) + &r2, r1);
    assert!((&r2 - &r1).is_empty() && !(&r1 - &r2).is_empty());
    assert_eq!(count(&(&r1 - &r2)), 1);
    assert!(r1.contains(&r2) && !r2.contains(&r1));
    assert_eq!(r1.shared().to_string().split('>').nth(1), Some(":50<4"));
    // The same volume that is not shared is another one.
    let both = &(&shared + &shared) + &own;
    assert_eq!((both.len(), count(&both)), (2, 2));
    assert_eq!(both.disk(), Some(Scalar::from_f64(100.0)));
    assert_eq!(&own - &shared, own);
    assert!(!own.contains(&shared) && !shared.contains(&own));
}

#[test]
fn owners_keep_apart() {
    let of = |fields: &str| disk(1, fields);
    let provider = r#""provider_id":{"value":"p"}"#;
    let kinds = [
        String::new(),
        provider.to_owned(),
        r#""revocable":{}"#.to_owned(),
        r#""allocation_info":{"role":"a"}"#.to_owned(),
        r#""allocation_info":{"role":"b"}"#.to_owned(),
        format!(r#"{provider},"revocable":{{}}"#),
    ];
    for (number, one) in kinds.iter().enumerate() {
        assert_eq!((of(one) + &of(one)).disk(), Some(Scalar::from_f64(2.0)));
        for two in &kinds[..number] {
            let (one, two) = (of(one), of(two));
            assert_ne!(one, two);
            assert_eq!((&one + &two).len(), 2);
            assert_eq!(&one - &two, one);
            assert!(!one.contains(&two));
        }
    }
    let reserved = |reservation: &str| {
        volume(&format!(
            r#"{{"name":"cpus","type":"SCALAR","scalar":{{"value":1}},"reservations":[{reservation}]}}"#
        ))
    };
    let plain = r#"{"type":"DYNAMIC","role":"a"}"#;
    let stacks = [
        plain.to_owned(),
        r#"{"type":"STATIC","role":"a"}"#.to_owned(),
        r#"{"type":"DYNAMIC","role":"b"}"#.to_owned(),
        r#"{"type":"DYNAMIC","role":"a","principal":"p"}"#.to_owned(),
        r#"{"type":"DYNAMIC","role":"a","labels":{"labels":[{"key":"k"}]}}"#.to_owned(),
        format!(r#"{plain},{{"type":"DYNAMIC","role":"a/b"}}"#),
        format!(r#"{plain},{{"type":"DYNAMIC","role":"a/c"}}"#),
    ];
    let all: Resources = stacks.iter().map(|stack| reserved(stack)).collect();
    assert_eq!(all.len(), stacks.len());
    assert_eq!((&all + &all).len(), stacks.len());
    assert_eq!(all.reserved(Some("a")).len(), 4);
    assert_eq!(all.allocatable_to("a/b").len(), 5);
    assert_eq!(all.reserved_to_subtree("a").len(), 6);
}

#[test]
fn printed() {
    for (fields, text) in [
        ("", "disk(reservations: [(STATIC,a)]):1"),
        (
            r#""allocation_info":{"role":"r"}"#,
            "disk(allocated: r)(reservations: [(STATIC,a)]):1",
        ),
        (r#""revocable":{}"#, "disk(reservations: [(STATIC,a)]){REV}:1"),
        (
            r#""revocable":{},"disk":{"persistence":{"id":"h"},"volume":{"container_path":"/d","mode":"RW"}}"#,
            "disk(reservations: [(STATIC,a)])[h:/d]{REV}:1",
        ),
        (
            r#""disk":{"persistence":{"id":"h"},"volume":{"container_path":"/d","host_path":"/h","mode":"RW"},
               "source":{"type":"MOUNT","mount":{"root":"/m"}}}"#,
            "disk(reservations: [(STATIC,a)])[MOUNT:/m,h:/h:/d:rw]:1",
        ),
        (
            r#""disk":{"source":{"type":"PATH","path":{"root":"/p"}}}"#,
            "disk(reservations: [(STATIC,a)])[PATH:/p]:1",
        ),
        (
            r#""disk":{"source":{"type":"BLOCK","vendor":"v","id":"i","profile":"p"}}"#,
            "disk(reservations: [(STATIC,a)])[BLOCK(v,i,p)]:1",
        ),
        (
            r#""disk":{"source":{"type":"RAW","profile":"p"}}"#,
            "disk(reservations: [(STATIC,a)])[RAW(,,p)]:1",
        ),
    ] {
        assert_eq!(disk(1, fields).to_string(), text);
    }
    let refined = volume(
        r#"{"name":"disk","type":"SCALAR","scalar":{"value":1.2345},"reservations":[{"type":"STATIC","role":"a"},
            {"type":"DYNAMIC","role":"a/r","principal":"p","labels":{"labels":[{"key":"foo","value":"bar"},{"key":"foo"}]}}]}"#,
    );
    assert_eq!(
        refined.to_string(),
        "disk(reservations: [(STATIC,a),(DYNAMIC,a/r,p,{foo: bar, foo})]):1.235"
    );
}

#[test]
fn texts_that_are_none() {
    let set = r#""type":"SET","set":{"item":["a","b"]}"#;
    for text in [
        // Not an array, arrays in arrays, commas that are missing, something behind.
        format!(r#"{{"name":"pandas",{set}}}"#),
        format!(r#"[{{"name":"pandas",{set}}} {{"name":"bears",{set}}}]"#),
        r#"[{"name":"pandas","type":"SET","set":{"item":["a" "b"]}}]"#.to_owned(),
        format!(r#"[[{{"name":"pandas",{set}}}]]"#),
        format!(r#"{{"name":"pandas",{set}}},{{"name":"bears",{set}}}"#),
        format!(r#"[{{"name":"pandas",{set}}}] and so on"#),
        r#"[{"name":"pandas","type":"SET","set":{"item":["a","b"}}]"#.to_owned(),
        format!(r#"[{{"name":"pandas",{set}}}],"limits":[]"#),
        // Nothing that is named, of no type or an unknown one, negative, of two types.
        format!(r#"[{{"name":"",{set}}}]"#),
        r#"[{"name":"pandas","set":{"item":["a"]}}]"#.to_owned(),
        r#"[{"name":"pandas","type":"FLOATINGPOINT","set":{"item":["a"]}}]"#.to_owned(),
        r#"[{"name":"pandas","type":"SCALAR","scalar":{"value":-1}}]"#.to_owned(),
        format!(r#"[{{"name":"pandas",{set}}},{{"name":"pandas","type":"SCALAR","scalar":{{"value":1}}}}]"#),
        // What only the API may say.
        r#"[{"name":"disk","type":"SCALAR","scalar":{"value":1},"role":"a","disk":{"persistence":{"id":"v"},
            "volume":{"container_path":"d","mode":"RW"}}}]"#
            .to_owned(),
        r#"[{"name":"disk","type":"SCALAR","scalar":{"value":1},"reservations":[{"type":"DYNAMIC","role":"a"}]}]"#
            .to_owned(),
        r#"[{"name":"disk","type":"SCALAR","scalar":{"value":1},"reservations":[{"role":"a"}]}]"#.to_owned(),
        "cpus(role1)".to_owned(),
        "cpus)(role1:1".to_owned(),
        "foo(role1):1;foo(role2):[0-1]".to_owned(),
    ] {
        assert!(Resources::parse(&text, "*").is_err(), "{text}");
    }
    assert_eq!(
        Resources::parse("cpus:2.5;ports(b):[0-100]", "a").unwrap(),
        parse("cpus(a):2.5;ports(b):[0-100]")
    );
    assert_eq!(
        refusal(r#"[[{"name":"cpus","type":"SCALAR","scalar":{"value":1}}]]"#),
        "Some JSON resources were not formatted properly: Expecting a JSON object"
    );
    let odd = parse(r#" [ {"name":"a\"]}[","type":"SCALAR","scalar":{"value":1}} ] "#);
    assert_eq!(odd.to_string(), "a\"]}[:1");
    // What is bad on the way is found before what is bad in itself.
    assert_eq!(
        refusal("ports:[5-1];mem"),
        "Bad value for resources, missing or extra ':' in mem"
    );
}

#[test]
fn thousandths_stay() {
    let start = parse("cpus:1.001");
    let mut current = start.clone();
    for _ in 0..1000 {
        current = &(&(&(&current + &current) + &current) - &current) - &current;
        assert_eq!(current.cpus().map(Scalar::to_f64), Some(1.001));
    }
    for _ in 0..10_000 {
        current += &start;
    }
    for _ in 0..10_000 {
        current -= &start;
    }
    assert_eq!(current, start);
    assert!(parse("gpus:0").is_empty());
}
