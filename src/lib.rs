//! Yearly road map of support for schools with low educational results, as a JSON API.

pub mod db;
pub mod error;
pub mod kit;
pub mod problems;
pub mod web;
