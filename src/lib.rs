//! Yearly road map of support for schools with low educational results, as a JSON API.

pub mod api;
pub mod auth;
pub mod config;
pub mod db;
pub mod demo;
pub mod error;
pub mod features;
pub mod kit;
pub mod problems;
pub mod startup;
pub mod web;
