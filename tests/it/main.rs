//! The suite: one promise a test, told through HTTP, on both databases.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    reason = "a test that panics has said what is wrong; it reads its own environment"
)]

mod access;
mod accounts;
mod app;
mod attacks;
mod attacks_input;
#[cfg(target_os = "linux")]
mod attacks_memory;
mod attacks_operation;
mod attacks_program;
mod attacks_rights;
mod audit;
mod auth;
mod backup;
mod campaign;
mod changes;
mod client;
mod clients;
mod code_samples;
mod conclusion_templates;
mod conclusions;
mod conformance;
mod contest;
mod copy;
mod crash;
mod evidence;
mod faults;
mod flushes;
mod given;
mod import_by_operator;
mod import_clients;
mod import_faults;
mod import_lists;
mod import_maps;
mod import_stats;
mod importing;
mod imports;
mod in_step;
mod indicator_values;
mod indicators;
mod inputs;
mod limits;
mod many_at_once;
mod migrations;
mod monitoring_indicators;
mod monitorings;
mod municipalities;
mod notes;
mod numbers;
mod obligations;
mod obligations_due;
mod offered_measures;
mod openapi;
mod orders;
mod outcomes;
mod outside_issuer;
mod pack;
mod peer;
mod personal_data;
mod portal;
mod portal_guide;
mod prefill;
mod program;
mod progress;
mod protocol;
mod proxy;
mod random_walks;
mod raw;
mod receiver;
mod recommendations;
mod report_content;
mod reports;
mod restart;
mod review;
mod road_map;
mod road_maps;
mod school_calendars;
mod school_moves;
mod school_stats;
mod schools;
mod shutdown;
mod sign_in;
#[cfg(target_os = "linux")]
mod soak;
mod stage;
mod support_list_hints;
mod support_list_uses;
mod support_lists;
mod tidy;
mod told_values;
mod webhook_faults;
mod webhook_tls;
mod webhooks;
mod witness;
