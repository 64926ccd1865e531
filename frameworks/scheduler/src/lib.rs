//! What framework authors import: a scheduler over the v1 API.
