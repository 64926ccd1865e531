//! Examples of all packages are built into one directory, so each needs a name of its own.

use std::collections::BTreeMap;

use super::Source;

/// Examples whose name another has, too: whichever is built last overwrites the other, and is run in its place.
pub fn check(sources: &[Source]) -> Vec<String> {
    let mut first: BTreeMap<&str, &str> = BTreeMap::new();
    let mut breaches = Vec::new();
    for source in sources {
        let Some(name) = name(&source.path) else { continue };
        if let Some(other) = first.insert(name, &source.path) {
            breaches.push(format!(
                "{}:1: {other} is an example of the same name",
                source.path
            ));
        }
    }
    breaches
}

/// The name of the example that begins in a file: `examples/NAME.rs` or `examples/NAME/main.rs`.
fn name(path: &str) -> Option<&str> {
    let (_, rest) = path.split_once("/examples/")?;
    let stem = rest.strip_suffix(".rs")?;
    let name = stem.strip_suffix("/main").unwrap_or(stem);
    (!name.contains('/')).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_examples_of_one_name_are_found() {
        let sources = [
            "a/examples/one.rs",
            "b/examples/two/main.rs",
            "b/examples/two/one.rs",
            "c/examples/two.rs",
        ];
        let sources = sources.map(|path| Source {
            path: path.to_owned(),
            text: String::new(),
        });
        let breaches = check(&sources);
        assert_eq!(
            breaches,
            ["c/examples/two.rs:1: b/examples/two/main.rs is an example of the same name"]
        );
    }
}
