//! The decisions of the agent: a pure state machine from inputs to effects.
