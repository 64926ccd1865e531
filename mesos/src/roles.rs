//! Roles: paths of names, `*` for everybody.

use std::collections::BTreeSet;

use mesos_proto::v0::{FrameworkInfo, framework_info};

use crate::Error;

/// Tells whether `role` lies below `ancestor`, as `a/b` lies below `a`.
///
/// Mesos: src/common/roles.cpp, isStrictSubroleOf
pub fn is_strict_subrole_of(role: &str, ancestor: &str) -> bool {
    role.strip_prefix(ancestor)
        .is_some_and(|rest| rest.starts_with('/'))
}

/// The roles above a role, the nearest first: `a/b`, `a` for `a/b/c`.
pub fn ancestors(role: &str) -> impl Iterator<Item = &str> {
    role.rmatch_indices('/').map(|(index, _)| &role[..index])
}

/// Reads a list of roles separated by commas.
///
/// # Errors
///
/// Fails when a role is invalid.
pub fn parse(text: &str) -> Result<Vec<String>, Error> {
    let roles: Vec<String> = text
        .split(',')
        .filter(|role| !role.is_empty())
        .map(str::to_owned)
        .collect();
    roles.iter().try_for_each(|role| validate(role))?;
    Ok(roles)
}

/// The longest name of a role that masters take from strangers, in bytes.
pub const LENGTH_MAX: usize = 10_000;

/// The most parts a role's name may have. Every part is a role, and each has a name.
pub const PARTS_MAX: usize = 500;

/// Checks the name of a role.
///
/// # Errors
///
/// Fails with Mesos' words.
///
/// Mesos: src/common/roles.cpp, validate
pub fn validate(role: &str) -> Result<(), Error> {
    let refuse = |text: String| Err(Error::new(text));
    if role == "*" {
        return Ok(());
    }
    if role.starts_with('/') {
        return refuse(format!("Role '{role}' cannot start with a slash"));
    }
    if role.ends_with('/') {
        return refuse(format!("Role '{role}' cannot end with a slash"));
    }
    if role.contains("//") {
        return refuse(format!("Role '{role}' cannot contain two adjacent slashes"));
    }
    if role.is_empty() {
        return refuse("Role names cannot be the empty string".to_owned());
    }
    for component in role.split('/') {
        match component {
            "." | ".." | "*" => {
                return refuse(format!(
                    "Role '{role}' cannot include '{component}' as a component"
                ));
            }
            _ => {}
        }
        let because = if component.starts_with('-') {
            "it starts with a dash"
        } else if component.contains(['\t', '\n', '\u{b}', '\u{c}', '\r', ' ', '\u{7f}']) {
            "it contains backspace or whitespace"
        } else {
            continue;
        };
        return refuse(format!(
            "Role component '{component}' is invalid because {because}"
        ));
    }
    Ok(())
}

/// Checks that a role is small enough to be kept with all the roles above it, which takes memory by the square of
/// its length.
///
/// Differs from Mesos: it has no limit, here masters refuse larger ones from strangers.
///
/// # Errors
///
/// Fails when the name has more than [`LENGTH_MAX`] bytes or [`PARTS_MAX`] parts.
pub fn check_size(role: &str) -> Result<(), Error> {
    if role.len() <= LENGTH_MAX && role.split('/').count() <= PARTS_MAX {
        return Ok(());
    }
    let start: String = role.chars().take(100).collect();
    Err(Error::new(format!(
        "Role '{start}...' has more than {LENGTH_MAX} bytes or {PARTS_MAX} components"
    )))
}

/// The roles a framework is in: `roles` when it has the capability MULTI_ROLE, else its one `role`.
///
/// Mesos: src/common/protobuf_utils.cpp, getRoles
pub fn of_framework(info: &FrameworkInfo) -> BTreeSet<String> {
    if crate::capabilities::framework_has(info, framework_info::capability::Type::MultiRole) {
        info.roles.iter().cloned().collect()
    } else {
        BTreeSet::from([info.role.clone().unwrap_or_else(|| "*".to_owned())])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        for role in ["*", "a", "a/b-c", "é", "a.b", "..."] {
            assert_eq!(validate(role), Ok(()), "{role}");
        }
        for (role, error) in [
            ("", "Role names cannot be the empty string"),
            ("/", "Role '/' cannot start with a slash"),
            ("a/", "Role 'a/' cannot end with a slash"),
            ("a//b", "Role 'a//b' cannot contain two adjacent slashes"),
            ("a/../b", "Role 'a/../b' cannot include '..' as a component"),
            ("a/*", "Role 'a/*' cannot include '*' as a component"),
            (
                "a/-b",
                "Role component '-b' is invalid because it starts with a dash",
            ),
            (
                "a b",
                "Role component 'a b' is invalid because it contains backspace or whitespace",
            ),
        ] {
            assert_eq!(validate(role).unwrap_err().as_str(), error);
        }
        let deep = "a/".repeat(PARTS_MAX - 1) + "a";
        assert_eq!(check_size(&deep), Ok(()));
        for role in [deep + "/a", "x".repeat(LENGTH_MAX + 1)] {
            let error = check_size(&role).unwrap_err();
            assert!(
                error
                    .as_str()
                    .ends_with("has more than 10000 bytes or 500 components")
            );
        }
        assert_eq!(parse("a,,b").unwrap(), ["a", "b"]);
        assert_eq!(ancestors("a/b/c").collect::<Vec<_>>(), ["a/b", "a"]);
        assert!(is_strict_subrole_of("a/b", "a") && !is_strict_subrole_of("ab", "a"));
    }
}
