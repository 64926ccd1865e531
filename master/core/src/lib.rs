//! The decisions of the master: a pure state machine from inputs to effects.
