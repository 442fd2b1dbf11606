//! The suite: one promise a test, told through HTTP, on both databases.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    missing_docs,
    reason = "a test that panics has said what is wrong; it reads its own environment"
)]

mod accounts;
mod app;
mod auth;
mod client;
mod given;
mod migrations;
mod municipalities;
mod openapi;
mod orders;
mod school_moves;
mod schools;
mod sign_in;
mod tidy;
