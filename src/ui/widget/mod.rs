//! Things that are drawn: each from plain data, in time bounded by its area.

pub mod axis;
pub mod canvas;
pub mod chart;
pub mod field;
pub mod paragraph;
pub mod pen;
pub mod scrub;
pub mod sparkline;
pub mod table;
pub mod waterfall;
