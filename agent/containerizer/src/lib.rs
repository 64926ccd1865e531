//! Containers as real processes: the posix launcher, usage, destruction.
