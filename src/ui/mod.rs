//! The screen: state and drawing, both pure. Promises no I/O and no clock, and that nothing
//! foreign reaches the terminal raw.

pub mod key;
pub mod keymap;
pub mod number;
pub mod sanitize;
pub mod status;
pub mod symbols;
pub mod theme;
pub mod widget;
pub mod zone;
