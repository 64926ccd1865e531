//! Commands and their environment.

use mesos_proto::v0::environment::variable::Type;
use mesos_proto::v0::{CommandInfo, Environment, Secret, environment as env, secret as kinds};

use super::refuse;
use crate::Error;

/// Checks a command.
///
/// # Errors
///
/// Fails with Mesos' words.
pub fn command_info(command: &CommandInfo) -> Result<(), Error> {
    command.environment.as_deref().map_or(Ok(()), environment)
}

/// Checks the variables of an environment.
///
/// # Errors
///
/// Fails with Mesos' words.
///
/// Mesos: src/common/validation.cpp, validateEnvironment
pub fn environment(environment: &Environment) -> Result<(), Error> {
    environment.variables.iter().try_for_each(variable)
}

fn variable(variable: &env::Variable) -> Result<(), Error> {
    let about = |text: &str| refuse(format!("Environment variable '{}' {text}", variable.name));
    match variable.type_or_default() {
        Type::Secret => {
            let Some(value) = &variable.secret else {
                return about("of type 'SECRET' must have a secret set");
            };
            if variable.value.is_some() {
                return about("of type 'SECRET' must not have a value set");
            }
            secret(value).or_else(|error| about(&format!("specifies an invalid secret: {error}")))?;
            if value
                .value
                .as_deref()
                .is_some_and(|value| value.data.contains(&0))
            {
                return about(
                    "specifies a secret containing null bytes, which is not allowed in the environment",
                );
            }
            Ok(())
        }
        Type::Value if variable.value.is_none() => about("of type 'VALUE' must have a value set"),
        Type::Value if variable.secret.is_some() => about("of type 'VALUE' must not have a secret set"),
        Type::Value => Ok(()),
        Type::Unknown => refuse("Environment variable of type 'UNKNOWN' is not allowed"),
    }
}

/// Checks a secret.
///
/// # Errors
///
/// Fails with Mesos' words.
pub fn secret(secret: &Secret) -> Result<(), Error> {
    match (
        secret.r#type.unwrap_or_default(),
        &secret.reference,
        &secret.value,
    ) {
        (kinds::Type::Reference, None, _) => {
            refuse("Secret of type REFERENCE must have the 'reference' field set")
        }
        (kinds::Type::Reference, Some(reference), Some(_)) => refuse(format!(
            "Secret '{}' of type REFERENCE must not have the 'value' field set",
            reference.name
        )),
        (kinds::Type::Value, _, None) => refuse("Secret of type VALUE must have the 'value' field set"),
        (kinds::Type::Value, Some(_), Some(_)) => {
            refuse("Secret of type VALUE must not have the 'reference' field set")
        }
        _ => Ok(()),
    }
}
