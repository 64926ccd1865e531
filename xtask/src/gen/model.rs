//! What the `.proto` files say, with Rust names.

use std::collections::BTreeMap;

use anyhow::{Context as _, bail, ensure};
use prost_types::field_descriptor_proto::{Label, Type};
use prost_types::{DescriptorProto, EnumDescriptorProto, FieldDescriptorProto, FileDescriptorSet};

/// Repeated fields that the v1 dialect prints even when they are empty, as the operator API does.
///
/// Mesos: src/master/readonly_handler.cpp and src/slave/http.cpp, which write these objects by hand.
const ALWAYS_PRINTED: &[(&str, &[&str])] = &[
    ("mesos.master.Response.GetAgents", &["agents", "recovered_agents"]),
    ("mesos.master.Response.GetExecutors", &["executors"]),
    (
        "mesos.master.Response.GetFrameworks",
        &["frameworks", "completed_frameworks"],
    ),
    (
        "mesos.master.Response.GetTasks",
        &["tasks", "unreachable_tasks", "completed_tasks"],
    ),
    (
        "mesos.agent.Response.GetExecutors",
        &["executors", "completed_executors"],
    ),
    (
        "mesos.agent.Response.GetFrameworks",
        &["frameworks", "completed_frameworks"],
    ),
    (
        "mesos.agent.Response.GetTasks",
        &[
            "pending_tasks",
            "queued_tasks",
            "launched_tasks",
            "terminated_tasks",
            "completed_tasks",
        ],
    ),
];

/// Fields that v1 lacks and the answers to the reading calls of the operator API show all the same.
///
/// Mesos: src/common/http.cpp, json(ObjectWriter*, asV1Protobuf)
const OPERATOR_ONLY: &[(&str, &str)] = &[("mesos.SlaveInfo", "checkpoint")];

/// One Rust module: a package, or the nested types of a message.
#[derive(Default)]
pub struct Module {
    pub packages: BTreeMap<String, Module>,
    pub nested: BTreeMap<String, Module>,
    pub messages: Vec<Message>,
    pub enums: Vec<Enum>,
}

pub struct Message {
    /// The full protobuf name.
    pub full: String,
    pub rust: String,
    /// In the order of declaration.
    pub fields: Vec<Field>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Presence {
    Required,
    Optional,
    /// proto3 without presence.
    Implicit,
    Repeated,
    Map,
}

pub struct Field {
    pub name: String,
    /// The name in the v1 dialect, `None` when v1 lacks it.
    pub v1: Option<String>,
    pub rust: String,
    pub number: u32,
    pub presence: Presence,
    /// The Rust type of one value.
    pub value: String,
    pub is_message: bool,
    /// The wire type of one value.
    pub wire: u32,
    /// The declared default, as a Rust expression.
    pub default: Option<String>,
    pub deprecated: bool,
    pub always_printed: bool,
    /// v1 lacks the field, and the operator dialect prints it.
    pub operator_only: bool,
    /// The other members of the `oneof`, as Rust names.
    pub rivals: Vec<String>,
}

pub struct Enum {
    pub full: String,
    pub rust: String,
    pub values: Vec<EnumValue>,
    /// Other names of a number: Rust name, Rust name of the first, text.
    pub aliases: Vec<(String, String, String)>,
}

pub struct EnumValue {
    pub rust: String,
    pub number: i32,
    pub text: String,
    pub v1: Option<String>,
}

pub struct Model {
    pub root: Module,
}

/// Where a type of the `.proto` files ended up.
struct Place {
    rust: String,
    first_variant: Option<Vec<(String, String)>>,
}

struct Builder<'a> {
    places: BTreeMap<String, Place>,
    messages: BTreeMap<String, &'a DescriptorProto>,
    enums: BTreeMap<String, &'a EnumDescriptorProto>,
}

impl Model {
    pub fn new(set: FileDescriptorSet) -> anyhow::Result<Self> {
        let mut builder = Builder {
            places: BTreeMap::new(),
            messages: BTreeMap::new(),
            enums: BTreeMap::new(),
        };
        for file in &set.file {
            let package = file.package();
            let path = format!("crate::{}", module_path(package).join("::"));
            for message in &file.message_type {
                builder.place_message(package, &path, message);
            }
            for enumeration in &file.enum_type {
                builder.place_enum(package, &path, enumeration);
            }
        }
        let mut root = Module::default();
        for file in &set.file {
            let package = file.package();
            let mut module = &mut root;
            for part in module_path(package) {
                module = module.packages.entry(part).or_default();
            }
            let proto3 = file.syntax() == "proto3";
            for message in &file.message_type {
                builder.message(module, package, message, proto3)?;
            }
            for enumeration in &file.enum_type {
                module.enums.push(builder.enumeration(package, enumeration)?);
            }
        }
        no_collisions(&root)?;
        Ok(Self { root })
    }
}

fn no_collisions(module: &Module) -> anyhow::Result<()> {
    for (name, package) in &module.packages {
        ensure!(
            !module.nested.contains_key(name),
            "package and message share the module name `{name}`"
        );
        no_collisions(package)?;
    }
    Ok(())
}

/// `mesos` is `v0`; its sub-packages are modules in it; `mesos.v1` and all others keep their names.
fn module_path(package: &str) -> Vec<String> {
    let mut parts: Vec<String> = package.split('.').map(str::to_owned).collect();
    if parts[0] == "mesos" {
        if parts.get(1).is_some_and(|part| part == "v1") {
            parts.remove(0);
        } else {
            "v0".clone_into(&mut parts[0]);
        }
    }
    parts
}

/// The v1 counterpart of a name in a package of `mesos`.
fn v1_counterpart(full: &str) -> Option<String> {
    let rest = full.strip_prefix("mesos.")?;
    (!rest.starts_with("v1.")).then(|| format!("mesos.v1.{}", rest.replace("Slave", "Agent")))
}

impl<'a> Builder<'a> {
    fn place_message(&mut self, scope: &str, path: &str, message: &'a DescriptorProto) {
        let full = format!("{scope}.{}", message.name());
        let inner = format!("{path}::{}", identifier(&snake(message.name())));
        for nested in &message.nested_type {
            self.place_message(&full, &inner, nested);
        }
        for enumeration in &message.enum_type {
            self.place_enum(&full, &inner, enumeration);
        }
        let rust = format!("{path}::{}", message.name());
        self.places.insert(
            full.clone(),
            Place {
                rust,
                first_variant: None,
            },
        );
        self.messages.insert(full, message);
    }

    fn place_enum(&mut self, scope: &str, path: &str, enumeration: &'a EnumDescriptorProto) {
        let full = format!("{scope}.{}", enumeration.name());
        let variants = enumeration
            .value
            .iter()
            .map(|value| (value.name().to_owned(), camel(value.name())))
            .collect();
        let rust = format!("{path}::{}", enumeration.name());
        self.places.insert(
            full.clone(),
            Place {
                rust,
                first_variant: Some(variants),
            },
        );
        self.enums.insert(full, enumeration);
    }

    fn message(
        &self,
        module: &mut Module,
        scope: &str,
        message: &DescriptorProto,
        proto3: bool,
    ) -> anyhow::Result<()> {
        let full = format!("{scope}.{}", message.name());
        let mut fields = Vec::new();
        for field in &message.field {
            let made = self.field(&full, message, field, proto3);
            fields.push(made.with_context(|| format!("field `{}` of `{full}`", field.name()))?);
        }
        let nested = module.nested.entry(snake(message.name())).or_default();
        for inner in message.nested_type.iter().filter(|inner| !is_map_entry(inner)) {
            self.message(nested, &full, inner, proto3)?;
        }
        for enumeration in &message.enum_type {
            nested.enums.push(self.enumeration(&full, enumeration)?);
        }
        if nested.messages.is_empty() && nested.enums.is_empty() {
            module.nested.remove(&snake(message.name()));
        }
        module.messages.push(Message {
            full,
            rust: message.name().to_owned(),
            fields,
        });
        Ok(())
    }

    fn field(
        &self,
        full: &str,
        message: &DescriptorProto,
        field: &FieldDescriptorProto,
        proto3: bool,
    ) -> anyhow::Result<Field> {
        let number = u32::try_from(field.number())?;
        let mut presence = match field.label() {
            Label::Required => Presence::Required,
            Label::Repeated => Presence::Repeated,
            Label::Optional if proto3 && field.oneof_index.is_none() && field.r#type() != Type::Message => {
                Presence::Implicit
            }
            Label::Optional => Presence::Optional,
        };
        let mut value_field = field;
        if let Some(entry) = self.map_entry(field) {
            ensure!(
                entry.field[0].r#type() == Type::String,
                "only maps with string keys are known"
            );
            presence = Presence::Map;
            value_field = &entry.field[1];
        }
        let (value, wire) = self.value_type(value_field)?;
        let always_printed = ALWAYS_PRINTED
            .iter()
            .any(|(message, fields)| *message == full && fields.contains(&field.name()));
        let rivals = message
            .field
            .iter()
            .filter(|other| {
                field.oneof_index.is_some()
                    && other.oneof_index == field.oneof_index
                    && other.number() != field.number()
            })
            .map(|other| identifier(other.name()))
            .collect();
        Ok(Field {
            name: field.name().to_owned(),
            v1: self.v1_field(full, field.name()),
            rust: identifier(field.name()),
            number,
            presence,
            value,
            is_message: value_field.r#type() == Type::Message,
            wire,
            default: self.default(field)?,
            deprecated: field.options.as_ref().is_some_and(|options| options.deprecated()),
            always_printed,
            operator_only: OPERATOR_ONLY.contains(&(full, field.name())),
            rivals,
        })
    }

    fn map_entry(&self, field: &FieldDescriptorProto) -> Option<&'a DescriptorProto> {
        if field.r#type() != Type::Message {
            return None;
        }
        self.messages
            .get(field.type_name().trim_start_matches('.'))
            .copied()
            .filter(|entry| is_map_entry(entry))
    }

    fn value_type(&self, field: &FieldDescriptorProto) -> anyhow::Result<(String, u32)> {
        Ok(match field.r#type() {
            Type::Int32 => ("i32".to_owned(), 0),
            Type::Int64 => ("i64".to_owned(), 0),
            Type::Uint32 => ("u32".to_owned(), 0),
            Type::Uint64 => ("u64".to_owned(), 0),
            Type::Bool => ("bool".to_owned(), 0),
            Type::Double => ("f64".to_owned(), 1),
            Type::String => ("String".to_owned(), 2),
            Type::Bytes => ("bytes::Bytes".to_owned(), 2),
            Type::Enum => (self.place(field.type_name())?.rust.clone(), 0),
            Type::Message => (self.place(field.type_name())?.rust.clone(), 2),
            other => bail!("no message of Mesos has a field of type {other:?}"),
        })
    }

    fn place(&self, name: &str) -> anyhow::Result<&Place> {
        self.places
            .get(name.trim_start_matches('.'))
            .with_context(|| format!("unknown type `{name}`"))
    }

    fn default(&self, field: &FieldDescriptorProto) -> anyhow::Result<Option<String>> {
        let Some(text) = &field.default_value else {
            return Ok(None);
        };
        Ok(Some(match field.r#type() {
            Type::String => format!("{text:?}"),
            Type::Double if !text.contains(['.', 'e']) => format!("{text}.0"),
            Type::Enum => {
                let place = self.place(field.type_name())?;
                let variants = place.first_variant.as_ref().context("an enum has variants")?;
                let (_, variant) = variants
                    .iter()
                    .find(|(name, _)| name == text)
                    .context("unknown default value")?;
                format!("{}::{variant}", place.rust)
            }
            _ => text.clone(),
        }))
    }

    fn v1_field(&self, full: &str, name: &str) -> Option<String> {
        let Some(counterpart) = v1_counterpart(full).and_then(|name| self.messages.get(&name)) else {
            return Some(name.to_owned());
        };
        let renamed = name.replace("slave", "agent");
        let known = counterpart.field.iter().any(|field| field.name() == renamed);
        known.then_some(renamed)
    }

    fn enumeration(&self, scope: &str, enumeration: &EnumDescriptorProto) -> anyhow::Result<Enum> {
        let full = format!("{scope}.{}", enumeration.name());
        let counterpart = v1_counterpart(&full).and_then(|name| self.enums.get(&name));
        let mut values: Vec<EnumValue> = Vec::new();
        let mut aliases = Vec::new();
        for value in &enumeration.value {
            let rust = camel(value.name());
            if let Some(first) = values.iter().find(|other| other.number == value.number()) {
                aliases.push((rust, first.rust.clone(), value.name().to_owned()));
                continue;
            }
            let v1 = match counterpart {
                None => Some(value.name().to_owned()),
                Some(v1) => v1
                    .value
                    .iter()
                    .find(|other| other.number() == value.number())
                    .map(|v1| v1.name().to_owned()),
            };
            values.push(EnumValue {
                rust,
                number: value.number(),
                text: value.name().to_owned(),
                v1,
            });
        }
        Ok(Enum {
            full,
            rust: enumeration.name().to_owned(),
            values,
            aliases,
        })
    }
}

fn is_map_entry(message: &DescriptorProto) -> bool {
    message
        .options
        .as_ref()
        .is_some_and(|options| options.map_entry())
}

/// `TaskStatus` becomes `task_status`, `HTTPCheckInfo` becomes `http_check_info`.
fn snake(name: &str) -> String {
    let chars: Vec<char> = name.chars().collect();
    let mut snake = String::new();
    for (index, &letter) in chars.iter().enumerate() {
        let after_lower = index > 0 && (chars[index - 1].is_lowercase() || chars[index - 1].is_ascii_digit());
        let before_lower = index > 0
            && chars[index - 1].is_uppercase()
            && chars.get(index + 1).is_some_and(|next| next.is_lowercase());
        if letter.is_uppercase() && (after_lower || before_lower) {
            snake.push('_');
        }
        snake.extend(letter.to_lowercase());
    }
    snake
}

/// `TASK_RUNNING` becomes `TaskRunning`; a word with lower-case letters stays (`IPv4`).
fn camel(name: &str) -> String {
    if name.chars().any(char::is_lowercase) && !name.contains('_') {
        let mut chars = name.chars();
        return chars
            .next()
            .map(|first| first.to_uppercase().chain(chars).collect())
            .unwrap_or_default();
    }
    let mut camel = String::new();
    for word in name.split('_').filter(|word| !word.is_empty()) {
        let mut chars = word.chars();
        camel.extend(chars.next().into_iter().flat_map(char::to_uppercase));
        camel.extend(chars.flat_map(char::to_lowercase));
    }
    if camel == "Self" {
        "Self_".to_owned()
    } else {
        camel
    }
}

/// Escapes the keywords of Rust.
fn identifier(name: &str) -> String {
    const KEYWORDS: &[&str] = &[
        "as", "async", "await", "box", "break", "const", "continue", "do", "dyn", "else", "enum", "extern",
        "final", "fn", "for", "gen", "if", "impl", "in", "let", "loop", "macro", "match", "mod", "move",
        "mut", "override", "priv", "pub", "ref", "return", "static", "struct", "trait", "true", "try",
        "type", "unsafe", "use", "virtual", "where", "while", "yield",
    ];
    if KEYWORDS.contains(&name) {
        format!("r#{name}")
    } else {
        name.to_owned()
    }
}
