//! The screen: what a person sees and says.
//!
//! The terminal itself (entering and leaving, threads that read and write it, signals) is
//! [`term`]'s affair and nobody else's.

pub mod term;
