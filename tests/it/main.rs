//! The suite: one promise a test, told through HTTP, on both databases.

mod app;
mod client;
mod given;
mod orders;
