//! Which agents a framework wants to hear of.

use std::collections::BTreeMap;

use mesos_proto::v0::scheduler::attribute_constraint::selector::PseudoattributeType;
use mesos_proto::v0::scheduler::{AttributeConstraint, OfferConstraints as Message};
use mesos_proto::v0::{self, value::Type};
use regex::{Regex, RegexBuilder};

/// How large regular expressions may become. Mesos: `--offer_constraints_re2_max_mem`, `..._max_program_size`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RegexLimits {
    /// Bytes that an expression may take once it is compiled.
    pub memory_bytes: usize,
    /// A bound on how complex an expression is: bytes of program, of which RE2 counts some 16 an instruction.
    pub program_size: usize,
}

impl Default for RegexLimits {
    /// Mesos' defaults: 4096 bytes for RE2's tables, 100 instructions.
    fn default() -> Self {
        Self {
            memory_bytes: 4096,
            program_size: 100,
        }
    }
}

/// What an instruction of RE2 is reckoned at here. The engine counts bytes, and needs more of them: for a start and an
/// end, for UTF-8, for captures.
const BYTES_PER_INSTRUCTION: usize = 256;

/// Offer constraints of a framework, checked and compiled, by role.
///
/// Of the groups of a role one must be satisfied, of a group every constraint. A role without constraints wants all
/// agents.
///
/// Differs from Mesos: expressions are those of crate `regex`, not of RE2; they agree but for rare escapes (`\C`, `\Q`)
/// and for the measure of their size.
///
/// Mesos: `src/master/allocator/mesos/offer_constraints_filter.cpp`.
#[derive(Debug, Clone, Default)]
pub struct OfferConstraints {
    roles: BTreeMap<String, Vec<Vec<Constraint>>>,
}

#[derive(Debug, Clone)]
struct Constraint {
    selector: Selector,
    predicate: Predicate,
}

/// Which property of an agent is looked at.
#[derive(Debug, Clone)]
enum Selector {
    Attribute(String),
    Hostname,
    Region,
    Zone,
}

/// What must hold of it.
#[derive(Debug, Clone)]
enum Predicate {
    Exists,
    NotExists,
    TextEquals(String),
    TextNotEquals(String),
    TextMatches(Regex),
    TextNotMatches(Regex),
}

/// A property as an agent has it.
enum Property<'a> {
    Absent,
    Text(&'a str),
    /// An attribute of another type.
    NoText,
}

impl OfferConstraints {
    /// Checks and compiles.
    ///
    /// # Errors
    ///
    /// The mistake in Mesos' words; what is wrong with an expression is said by the engine.
    pub fn compile(constraints: &Message, limits: RegexLimits) -> Result<Self, String> {
        let mut roles = BTreeMap::new();
        for (role, constraints) in &constraints.role_constraints {
            if constraints.groups.is_empty() {
                return Err(format!(
                    "'OfferConstraints::role_constraints' has an empty 'RoleConstraints::groups' for role {role}"
                ));
            }
            let mut groups = Vec::new();
            for group in &constraints.groups {
                if group.attribute_constraints.is_empty() {
                    return Err(format!(
                        "'OfferConstraints::RoleConstraints::groups' for role {role}contains an empty \
                         RoleConstraints::Group"
                    ));
                }
                let group = group.attribute_constraints.iter();
                let group: Result<Vec<Constraint>, String> =
                    group.map(|constraint| compile_one(constraint, limits)).collect();
                groups.push(group.map_err(|reason| {
                    format!("A role {role} has an invalid 'AttributeConstraint': {reason}")
                })?);
            }
            roles.insert(role.clone(), groups);
        }
        Ok(Self { roles })
    }

    /// True when nothing is asked for.
    pub fn is_empty(&self) -> bool {
        self.roles.is_empty()
    }

    /// True when an agent is not to be offered to a role.
    pub fn excludes(&self, role: &str, agent: &v0::SlaveInfo) -> bool {
        self.roles.get(role).is_some_and(|groups| {
            !groups
                .iter()
                .any(|group| group.iter().all(|constraint| constraint.holds(agent)))
        })
    }
}

fn compile_one(constraint: &AttributeConstraint, limits: RegexLimits) -> Result<Constraint, String> {
    let selector = &constraint.selector;
    let selector = match (selector.pseudoattribute_type, &selector.attribute_name) {
        (Some(PseudoattributeType::Hostname), _) => Selector::Hostname,
        (Some(PseudoattributeType::Region), _) => Selector::Region,
        (Some(PseudoattributeType::Zone), _) => Selector::Zone,
        (Some(PseudoattributeType::Unknown), _) => return Err("Unknown pseudoattribute type".to_owned()),
        (None, Some(name)) => Selector::Attribute(name.clone()),
        (None, None) => {
            return Err("Exactly one of 'AttributeConstraint::Selector::name' or \
                 'AttributeConstraint::Selector::pseudoattribute_type' must be set"
                .to_owned());
        }
    };
    let predicate = &constraint.predicate;
    let predicate = if predicate.exists.is_some() {
        Predicate::Exists
    } else if predicate.not_exists.is_some() {
        Predicate::NotExists
    } else if let Some(text) = &predicate.text_equals {
        Predicate::TextEquals(text.value.clone())
    } else if let Some(text) = &predicate.text_not_equals {
        Predicate::TextNotEquals(text.value.clone())
    } else if let Some(text) = &predicate.text_matches {
        Predicate::TextMatches(compile_regex(&text.regex, limits)?)
    } else if let Some(text) = &predicate.text_not_matches {
        Predicate::TextNotMatches(compile_regex(&text.regex, limits)?)
    } else {
        return Err("Unknown predicate type".to_owned());
    };
    Ok(Constraint { selector, predicate })
}

/// An expression that must match the whole of a text. Matching takes time linear in the text, as with RE2.
fn compile_regex(pattern: &str, limits: RegexLimits) -> Result<Regex, String> {
    // A pattern that is none is said to be none as it was written, not as it stands between anchors.
    let failed = |error: regex::Error| match error {
        regex::Error::CompiledTooBig(_) => format!(
            "Regex '{pattern}' is too complex: program size is larger than maximum of {} allowed",
            limits.program_size
        ),
        other => format!("Failed to construct regex from pattern '{pattern}': {other}"),
    };
    let size = limits.program_size.saturating_mul(BYTES_PER_INSTRUCTION);
    let build = |pattern: &str| {
        RegexBuilder::new(pattern)
            .size_limit(size)
            .dfa_size_limit(limits.memory_bytes.max(size))
            .nest_limit(100)
            .build()
    };
    build(pattern).map_err(failed)?;
    build(&format!(r"\A(?:{pattern})\z")).map_err(failed)
}

impl Constraint {
    fn holds(&self, agent: &v0::SlaveInfo) -> bool {
        let fault_domain = || agent.domain.as_deref()?.fault_domain.as_deref();
        let property = match &self.selector {
            Selector::Hostname => Property::Text(&agent.hostname),
            Selector::Region => fault_domain().map_or(Property::Absent, |at| Property::Text(&at.region.name)),
            Selector::Zone => fault_domain().map_or(Property::Absent, |at| Property::Text(&at.zone.name)),
            Selector::Attribute(name) => {
                let found = agent.attributes.iter().find(|attribute| attribute.name == *name);
                match found {
                    None => Property::Absent,
                    Some(attribute) if attribute.r#type == Type::Text => {
                        Property::Text(attribute.text.as_deref().map_or("", |text| &text.value))
                    }
                    Some(_) => Property::NoText,
                }
            }
        };
        self.predicate.holds(&property)
    }
}

impl Predicate {
    /// What is asked of a text holds of every attribute that is none, and the negations hold of what is absent.
    fn holds(&self, property: &Property<'_>) -> bool {
        match (self, property) {
            (Self::Exists, property) => !matches!(property, Property::Absent),
            (Self::NotExists, property) => matches!(property, Property::Absent),
            (Self::TextEquals(_) | Self::TextMatches(_), Property::Absent) => false,
            (Self::TextNotEquals(_) | Self::TextNotMatches(_), Property::Absent) => true,
            (_, Property::NoText) => true,
            (Self::TextEquals(wanted), Property::Text(text)) => *text == wanted,
            (Self::TextNotEquals(unwanted), Property::Text(text)) => *text != unwanted,
            (Self::TextMatches(regex), Property::Text(text)) => regex.is_match(text),
            (Self::TextNotMatches(regex), Property::Text(text)) => !regex.is_match(text),
        }
    }
}
