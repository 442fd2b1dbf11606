//! Yearly road map of support for schools with low educational results, as a JSON API.
//!
//! This page is the architecture. Read the modules in the order given; after one feature
//! you know how all are built.
//!
//! # Layers
//!
//! ```text
//! main -> startup, demo, backup -> api -> features -> auth -> web -> error, problems -> db, files -> print -> kit
//! inside a feature:   http -> flow -> store -> domain -> kit      policy: read by http
//! between features:   only those above in `features/mod.rs`, through their mod.rs
//! ```
//!
//! An import runs only to the right; `tests/it/tidy.rs` checks it.
//!
//! # Codemap
//!
//! - [`kit`]: the clock, ids, codes with labels, texts and their folding, plural forms.
//! - [`db`]: one pool for SQLite and PostgreSQL, `Db::read`, `Db::write`; a transaction
//!   ([`db::Tx`]) collects what changed and writes audit and change feed before it commits, and
//!   wakes those who wait for changes after.
//! - [`files`]: what people send, received piece by piece, looked at, kept in a folder or a bucket.
//! - [`mod@print`]: what documents share: dates in words, paper by the standard, tables as CSV and XLSX.
//! - [`problems`], [`error`]: every refusal has its type, its page, and who can act.
//! - [`web`]: the conventions of the contract: strict bodies checked against the very
//!   schema that the document shows, strict queries, pages, tags, repeats, dry runs, quotas.
//! - [`auth`]: keys, tokens, sessions, clients and their scopes, an outside issuer, sealed secrets, and [`auth::Permit`]: the proof that the caller may
//!   do an action, with the scope it reaches.
//! - [`features`]: one folder per resource. `policy` says who may, `domain` the rules
//!   without any input or output, `store` the queries, `flow` what happens in one
//!   transaction, `http` the operations. [`features::changes`] tells what changes, and is where
//!   natural keys and digests are described; each feature gives its rows to it by `export`.
//! - [`api`]: the operations together, the OpenAPI document, the pages for people.
//! - [`startup`], [`config`]: puts it together. [`demo`]: plays the reference case over HTTP.
//! - [`backup`]: everything into one archive while the service works, and back; a check of it all.
//!
//! # A request
//!
//! `features/<r>/http.rs` takes a `Permit` (401, 403), opens one write transaction, finds
//! the row within the scope (404), then lets [`web::Writing`] look for an earlier answer
//! and at the body's syntax (400), compares the version (428, 412), asks the domain whether
//! the state allows it (409), checks the rules (422), and stores data, audit and change
//! feed at once.
//!
//! # Invariants
//!
//! - No permit, no scope; no scope, no query on scoped rows.
//! - Outside [`db`] nothing knows which database it talks to; outside `config.rs` nothing
//!   reads the environment; outside [`kit::clock`] nothing reads the time.
//! - A refused write leaves nothing behind. A failure of the database is never an empty
//!   answer, a default or a 400.
//! - `overdue` and `late` are computed, never stored. A verdict is derived from accepted
//!   reports; what a person edits stands beside it. A signed note is frozen with its hash.
//! - Teachers and pupils are counted, never named.

pub mod api;
pub mod auth;
pub mod backup;
pub mod config;
pub mod db;
pub mod demo;
pub mod error;
pub mod features;
pub mod files;
pub mod kit;
pub mod print;
pub mod problems;
pub mod startup;
pub mod web;
