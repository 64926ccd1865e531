//! One step of an operation.

use crate::{Error, Resource, Resources};

/// Resources that go, and those that come in their place.
#[derive(Clone, Debug)]
pub struct Conversion {
    consumed: Resources,
    converted: Resources,
    /// A volume of which nothing may be left.
    destroyed: Option<Resource>,
}

impl Conversion {
    /// Turns `consumed` into `converted`.
    pub fn new(consumed: Resources, converted: Resources) -> Self {
        Self {
            consumed,
            converted,
            destroyed: None,
        }
    }

    /// Turns a volume into the disk space under it.
    pub(super) fn destruction(volume: Resource) -> Self {
        let stripped = volume.without_volume();
        Self {
            consumed: super::single(volume.clone()),
            converted: super::single(stripped),
            destroyed: Some(volume),
        }
    }

    /// What goes.
    pub fn consumed(&self) -> &Resources {
        &self.consumed
    }

    /// What comes.
    pub fn converted(&self) -> &Resources {
        &self.converted
    }

    /// A bundle after the conversion.
    ///
    /// # Errors
    ///
    /// Fails with Mesos' words when the bundle does not contain what goes, and when copies of a destroyed
    /// volume would stay.
    ///
    /// Mesos: src/common/resources.cpp, ResourceConversion::apply
    pub fn apply(&self, resources: &Resources) -> Result<Resources, Error> {
        let mut result = resources.clone();
        self.apply_to(&mut result)?;
        Ok(result)
    }

    /// Changes a bundle. After an error it is to be thrown away.
    pub(super) fn apply_to(&self, resources: &mut Resources) -> Result<(), Error> {
        if !resources.contains(&self.consumed) {
            return Err(Error::new(format!(
                "{resources} does not contain {}",
                self.consumed
            )));
        }
        *resources -= &self.consumed;
        *resources += &self.converted;
        match &self.destroyed {
            Some(volume) if resources.contains_one(volume) => Err(Error::new(format!(
                "Persistent volume {volume} cannot be removed due to additional shared copies"
            ))),
            _ => Ok(()),
        }
    }
}
