//! What people print and open in an office suite: the parts that all documents share.
//!
//! Nothing here knows HTTP, the database or any feature.

pub mod docx;
mod rows;
pub mod sheet;
pub mod text;
