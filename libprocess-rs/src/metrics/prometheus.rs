use std::collections::{BTreeMap, BTreeSet};

/// Metrics in the text form of Prometheus, version 0.0.4. Names keep letters and digits; all else becomes `_`, and two
/// that become the same are told apart by the label `name`, which holds the original of every one.
pub(crate) fn text(values: &BTreeMap<String, f64>, counters: &BTreeSet<String>) -> String {
    let mut families: BTreeMap<String, Vec<(&str, f64)>> = BTreeMap::new();
    for (name, value) in values {
        families.entry(family(name)).or_default().push((name, *value));
    }
    let mut out = String::new();
    for (family, members) in families {
        let counted = members.iter().all(|(name, _)| counters.contains(*name));
        let kind = if counted { "counter" } else { "gauge" };
        out.push_str(&format!("# TYPE {family} {kind}\n"));
        for (name, value) in members {
            let name = name
                .replace('\\', "\\\\")
                .replace('"', "\\\"")
                .replace('\n', "\\n");
            out.push_str(&format!("{family}{{name=\"{name}\"}} {value}\n"));
        }
    }
    out
}

fn family(name: &str) -> String {
    let safe = |character: char| {
        let kept = character.is_ascii_alphanumeric() || character == ':';
        if kept { character } else { '_' }
    };
    let family: String = name.chars().map(safe).collect();
    if family.starts_with(|first: char| first.is_ascii_digit()) {
        format!("_{family}")
    } else {
        family
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_metric_has_a_legal_name_and_keeps_its_own() {
        let values = [
            ("master/tasks_running", 3.0),
            ("a.b", 1.5),
            ("a/b", 2.0),
            ("1\"x", 0.0),
        ];
        let values = values.map(|(name, value)| (name.to_owned(), value)).into();
        let counters = BTreeSet::from(["a/b".to_owned(), "1\"x".to_owned()]);
        assert_eq!(
            text(&values, &counters),
            "# TYPE _1_x counter\n\
             _1_x{name=\"1\\\"x\"} 0\n\
             # TYPE a_b gauge\n\
             a_b{name=\"a.b\"} 1.5\n\
             a_b{name=\"a/b\"} 2\n\
             # TYPE master_tasks_running gauge\n\
             master_tasks_running{name=\"master/tasks_running\"} 3\n"
        );
    }
}
