//! Tests of the whole: the real programs, real clients, recorded answers. See `tests/it`.
