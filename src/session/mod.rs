//! A session on the screen: what is read, the clock, and who answers the screen's questions.
//!
//! The engine reads and publishes snapshots; [`playback`] says as of when they are looked at; a
//! thread of its own answers the newest question from the newest snapshot; the loop of
//! [`crate::ui::term`] carries keys to the screen's state and its effects back here. Nothing here
//! waits for anything.

mod answers;
mod capture;
pub mod demo;
mod files;
mod playback;
mod program;
mod recorder;
mod told;
mod viewers;

pub use playback::{Begin, Playback};
pub use program::{Setup, run};
