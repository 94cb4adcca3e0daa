//! The screen: state and drawing, both pure. Promises no I/O and no clock, and that nothing
//! foreign reaches the terminal raw.
//!
//! [`app::update`] changes the state by an event and says what is to be done outside;
//! [`view::render`] draws the state. What is drawn comes from answers to the questions that
//! `update` asks, never from the store. The terminal itself (entering and leaving, threads that read
//! and write it, signals) is [`term`]'s affair and nobody else's.

pub mod app;
#[cfg(test)]
pub(crate) mod fixture;
pub mod key;
pub mod keymap;
pub mod number;
pub mod picture;
pub mod sanitize;
pub mod status;
pub mod symbols;
pub mod term;
pub mod theme;
pub mod view;
pub mod when;
mod widget;
pub mod zone;
