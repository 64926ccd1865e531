//! Names of things. Each kind is a type of its own, so that none is taken for another.
//!
//! Making an id checks nothing: ids that peers choose pass [`crate::validate::id`] first.

use std::borrow::Borrow;
use std::fmt;
use std::sync::Arc;

use mesos_proto::{v0, v1};

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident = $v0:ident, $v1:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Arc<str>);

        impl $name {
            /// The id spelled `value`.
            pub fn new(value: impl Into<Arc<str>>) -> Self {
                Self(value.into())
            }

            /// The id as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }

            /// The id as an internal message.
            pub fn to_proto(&self) -> v0::$v0 {
                v0::$v0 { value: self.0.as_ref().to_owned(), ..Default::default() }
            }

            /// The id as a message of the v1 API.
            pub fn to_v1(&self) -> v1::$v1 {
                v1::$v1 { value: self.0.as_ref().to_owned(), ..Default::default() }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl From<&v0::$v0> for $name {
            fn from(id: &v0::$v0) -> Self {
                Self::new(id.value.as_str())
            }
        }

        impl From<&v1::$v1> for $name {
            fn from(id: &v1::$v1) -> Self {
                Self::new(id.value.as_str())
            }
        }

        impl From<&str> for $name {
            fn from(value: &str) -> Self {
                Self::new(value)
            }
        }

        impl From<String> for $name {
            fn from(value: String) -> Self {
                Self::new(value)
            }
        }

        impl Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }

        impl PartialEq<str> for $name {
            fn eq(&self, other: &str) -> bool {
                &*self.0 == other
            }
        }
    )*};
}

ids! {
    /// An agent, named by the master that admitted it: `<master id>-S<n>`.
    AgentId = SlaveID, AgentID;
    /// A framework, named by the master that admitted it: `<master id>-<four digits>`.
    FrameworkId = FrameworkID, FrameworkID;
    /// A task, named by its framework.
    TaskId = TaskID, TaskID;
    /// An executor, named by its framework; a command task gives its own id to its executor.
    ExecutorId = ExecutorID, ExecutorID;
    /// An offer, named by the master: `<master id>-O<n>`.
    OfferId = OfferID, OfferID;
    /// An operation on resources, named by the framework that wants to hear of its end.
    OperationId = OperationID, OperationID;
    /// A resource provider.
    ResourceProviderId = ResourceProviderID, ResourceProviderID;
}

/// A container; a nested one knows its parent.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ContainerId {
    parent: Option<Arc<ContainerId>>,
    value: Arc<str>,
}

impl ContainerId {
    /// A container of the top level.
    pub fn new(value: impl Into<Arc<str>>) -> Self {
        Self {
            parent: None,
            value: value.into(),
        }
    }

    /// A container inside this one.
    #[must_use]
    pub fn child(&self, value: impl Into<Arc<str>>) -> Self {
        Self {
            parent: Some(Arc::new(self.clone())),
            value: value.into(),
        }
    }

    /// The container's own name, without its parents.
    pub fn as_str(&self) -> &str {
        &self.value
    }

    /// The container around this one.
    pub fn parent(&self) -> Option<&ContainerId> {
        self.parent.as_deref()
    }

    /// The outermost container.
    pub fn root(&self) -> &ContainerId {
        self.parent().map_or(self, ContainerId::root)
    }

    /// The id as an internal message.
    pub fn to_proto(&self) -> v0::ContainerID {
        v0::ContainerID {
            value: self.value.as_ref().to_owned(),
            parent: self.parent().map(|parent| Box::new(parent.to_proto())),
            ..Default::default()
        }
    }
}

impl From<&v0::ContainerID> for ContainerId {
    fn from(id: &v0::ContainerID) -> Self {
        Self {
            parent: id.parent.as_deref().map(|parent| Arc::new(Self::from(parent))),
            value: id.value.as_str().into(),
        }
    }
}

/// Parents first, joined by dots, as Mesos prints it.
impl fmt::Display for ContainerId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(parent) = self.parent() {
            write!(f, "{parent}.")?;
        }
        f.write_str(&self.value)
    }
}

impl fmt::Debug for ContainerId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_pass_through_messages() {
        let agent = AgentId::new("m-S0");
        assert_eq!(AgentId::from(&agent.to_proto()), agent);
        assert_eq!(AgentId::from(&agent.to_v1()).to_string(), "m-S0");
        let nested = ContainerId::new("a").child("b").child("c");
        assert_eq!(ContainerId::from(&nested.to_proto()), nested);
        assert_eq!(nested.to_string(), "a.b.c");
        assert_eq!(nested.root().as_str(), "a");
    }
}
