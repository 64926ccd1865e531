//! The messages of Mesos: generated types, wire and JSON.
