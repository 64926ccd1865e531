//! Tests of the whole: cluster harness, golden files, interoperation with real clients.
