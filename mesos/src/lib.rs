//! The vocabulary of Mesos: ids, scalars, resources, attributes, roles, predicates, validation.
