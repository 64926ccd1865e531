//! Attributes of agents: `rack:r1;zone:a`.

use mesos_proto::json::{write_f64, write_string};
use mesos_proto::v0::value::{Text, Type};
use mesos_proto::v0::{Attribute, value};

use crate::value::tokens;
use crate::{Error, Ranges, Scalar, Value};

/// Reads attributes as operators write them: `name:value` separated by semicolons or line ends. A value is
/// a number, ranges, or a text.
///
/// # Errors
///
/// Fails when a pair lacks its name or value, or a value cannot be read. (Mesos aborts the agent with these
/// words.)
///
/// Mesos: src/common/attributes.cpp, Attributes::parse
pub fn parse(text: &str) -> Result<Vec<Attribute>, Error> {
    tokens(text, &[';', '\n'])
        .map(|pair| match pair.split_once(':') {
            Some((name, value)) if !name.is_empty() && !value.is_empty() => one(name, value),
            _ => Err(Error::new(format!("Invalid attribute key:value pair '{pair}'"))),
        })
        .collect()
}

fn one(name: &str, text: &str) -> Result<Attribute, Error> {
    let value = Value::parse(text).map_err(|error| {
        Error::new(format!(
            "Failed to parse attribute {name} text {text} error {error}"
        ))
    })?;
    let mut attribute = Attribute {
        name: name.to_owned(),
        r#type: value.kind(),
        ..Default::default()
    };
    match value {
        Value::Scalar(_) => {
            // The value as it was written: attributes are not counted.
            let value = text.replace(' ', "").parse().unwrap_or_default();
            attribute.scalar = Some(Box::new(value::Scalar {
                value,
                ..Default::default()
            }));
        }
        Value::Ranges(ranges) => attribute.ranges = Some(Box::new(ranges.to_proto())),
        Value::Text(value) => {
            attribute.text = Some(Box::new(Text {
                value,
                ..Default::default()
            }))
        }
        Value::Set(_) => {
            return Err(Error::new(format!(
                "Bad type for attribute {name} text {text} type SET"
            )));
        }
    }
    Ok(attribute)
}

/// Tells whether a message is a complete attribute.
///
/// Mesos: src/common/attributes.cpp, Attributes::isValid
pub fn is_valid(attribute: &Attribute) -> bool {
    !attribute.name.is_empty()
        && match attribute.r#type {
            Type::Scalar => attribute.scalar.is_some(),
            Type::Ranges => attribute.ranges.is_some(),
            Type::Text => attribute.text.is_some(),
            Type::Set => false,
        }
}

/// Tells whether two lists hold the same attributes, in any order.
pub fn same(one: &[Attribute], two: &[Attribute]) -> bool {
    let within = |one: &[Attribute], two: &[Attribute]| {
        one.iter()
            .all(|attribute| two.iter().any(|other| equal(attribute, other)))
    };
    one.len() == two.len() && within(one, two) && within(two, one)
}

fn equal(one: &Attribute, two: &Attribute) -> bool {
    one.name == two.name
        && one.r#type == two.r#type
        && match one.r#type {
            Type::Scalar => {
                one.scalar.as_deref().map(Scalar::from) == two.scalar.as_deref().map(Scalar::from)
            }
            Type::Ranges => {
                one.ranges.as_deref().map(Ranges::from) == two.ranges.as_deref().map(Ranges::from)
            }
            Type::Text => {
                one.text.as_deref().map(|text| &text.value) == two.text.as_deref().map(|text| &text.value)
            }
            Type::Set => false,
        }
}

/// Appends attributes as the classic endpoints show them: `{"rack":"r1","level":3.0}`.
///
/// Mesos: src/common/http.cpp, json(ObjectWriter*, const Attributes&)
pub fn write_json(attributes: &[Attribute], out: &mut Vec<u8>) {
    out.push(b'{');
    for (index, attribute) in attributes.iter().enumerate() {
        if index > 0 {
            out.push(b',');
        }
        write_string(out, &attribute.name);
        out.push(b':');
        match attribute.r#type {
            Type::Scalar => write_f64(
                out,
                attribute.scalar.as_deref().map_or(0.0, |scalar| scalar.value),
            ),
            Type::Ranges => {
                let ranges = attribute.ranges.as_deref().map(Ranges::from).unwrap_or_default();
                write_string(out, &ranges.to_string());
            }
            Type::Set => {
                let items = attribute.set.as_deref().map_or(&[][..], |set| &set.item);
                write_string(out, &format!("{{{}}}", items.join(", ")));
            }
            Type::Text => write_string(out, attribute.text.as_deref().map_or("", |text| &text.value)),
        }
    }
    out.push(b'}');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn read_and_shown() {
        let attributes = parse("rack:r1;level:2.5;ports:[1-2, 3-4]\nurl:http://x").unwrap();
        let mut out = Vec::new();
        write_json(&attributes, &mut out);
        assert_eq!(
            String::from_utf8(out).unwrap(),
            r#"{"rack":"r1","level":2.5,"ports":"[1-4]","url":"http://x"}"#
        );
        assert!(attributes.iter().all(is_valid));
        let mut reversed = attributes.clone();
        reversed.reverse();
        assert!(same(&attributes, &reversed) && !same(&attributes, &reversed[1..]));
        assert_eq!(
            parse("rack").unwrap_err().as_str(),
            "Invalid attribute key:value pair 'rack'"
        );
        assert_eq!(
            parse("a:{b}").unwrap_err().as_str(),
            "Bad type for attribute a text {b} type SET"
        );
    }
}
