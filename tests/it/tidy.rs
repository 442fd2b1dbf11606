//! The rules of the house as tests: who may import what, how long a file may be.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Layers from the bottom; a file may import from layers below its own.
const LAYERS: [&str; 11] =
    ["kit", "print", "files", "db", "problems", "error", "web", "auth", "features", "api", "startup"];
/// Lines of a source file at most, and of a test file.
const SOURCE_LIMIT: usize = 400;
const TEST_LIMIT: usize = 600;

fn rust_files(folder: &str) -> Vec<(PathBuf, String)> {
    fn walk(folder: &Path, found: &mut Vec<(PathBuf, String)>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                walk(&path, found);
            } else if path.extension().is_some_and(|kind| kind == "rs") {
                let text = std::fs::read_to_string(&path).unwrap();
                found.push((path, text));
            }
        }
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut found = Vec::new();
    walk(&root.join(folder), &mut found);
    found.into_iter().map(|(path, text)| (path.strip_prefix(root).unwrap().to_owned(), text)).collect()
}

/// The part of a file that ships: without its unit tests.
fn shipped(text: &str) -> &str {
    text.split("#[cfg(test)]\nmod").next().unwrap()
}

/// What a file imports from the crate: `a::b` of each `crate::a::b…`.
fn imports(text: &str) -> Vec<Vec<String>> {
    let mut found = Vec::new();
    for (at, _) in text.match_indices("crate::") {
        if text[..at].ends_with('$') {
            continue;
        }
        let path: String =
            text[at + 7..].chars().take_while(|c| c.is_alphanumeric() || matches!(c, '_' | ':')).collect();
        let parts = |path: &str| path.split("::").map(str::to_owned).collect::<Vec<_>>();
        match path.strip_suffix("::") {
            // `crate::a::{b, c::d}` imports `a::b` and `a::c::d`.
            Some(stem) => {
                let braces = text[at + 7 + path.len()..].trim_start_matches('{');
                for name in braces.split('}').next().unwrap().split(',').map(str::trim) {
                    found.push(parts(&format!("{stem}::{name}")));
                }
            }
            None => found.push(parts(&path)),
        }
    }
    found
}

/// The features as `features/mod.rs` lists them.
fn feature_order() -> Vec<String> {
    include_str!("../../src/features/mod.rs")
        .lines()
        .filter_map(|line| line.strip_prefix("pub mod ")?.strip_suffix(';'))
        .map(str::to_owned)
        .collect()
}

#[test]
fn layers_import_downwards_only() {
    let mut faults = Vec::new();
    for (path, text) in rust_files("src") {
        let place = path.strip_prefix("src").unwrap();
        let first = place.iter().next().unwrap().to_str().unwrap().trim_end_matches(".rs");
        let Some(own) = LAYERS.iter().position(|layer| *layer == first) else {
            continue;
        };
        for import in imports(shipped(&text)) {
            if let Some(other) = LAYERS.iter().position(|layer| *layer == import[0])
                && other > own
            {
                faults.push(format!("{} imports crate::{}", path.display(), import.join("::")));
            }
        }
    }
    assert!(faults.is_empty(), "{faults:#?}");
}

#[test]
fn features_import_earlier_features_through_their_face() {
    let order = feature_order();
    let mut faults = Vec::new();
    for (path, text) in rust_files("src/features") {
        let place: Vec<String> = path.iter().skip(2).map(|part| part.to_str().unwrap().to_owned()).collect();
        let Some(own) = order.iter().position(|name| *name == place[0]) else {
            continue;
        };
        for import in imports(shipped(&text)) {
            if import[0] != "features" || import.len() < 2 || import[1] == place[0] {
                continue;
            }
            let earlier = order.iter().position(|name| *name == import[1]).is_some_and(|other| other < own);
            let inside = ["http", "flow", "store", "domain", "policy"];
            let through_face = import.get(2).is_none_or(|name| !inside.contains(&name.as_str()));
            if !earlier || !through_face {
                faults.push(format!("{} imports crate::{}", path.display(), import.join("::")));
            }
        }
    }
    assert!(faults.is_empty(), "{faults:#?}");
}

#[test]
fn inside_a_feature_each_file_keeps_to_its_part() {
    // File name (or the prefix of a split one), and what it must not name.
    let rules: BTreeMap<&str, &[&str]> = BTreeMap::from([
        ("domain", &["actix_web", "diesel::", "crate::db", "Clock", "::store", "::flow", "::http"][..]),
        (
            "store",
            &["actix_web", "crate::error", "::flow", "::http", "::policy", ".ok()", "unwrap_or_default()"][..],
        ),
        ("flow", &["actix_web", "::http", "::policy"][..]),
        ("http", &["db::schema", "diesel", "Role::"][..]),
        ("policy", &["actix_web", "diesel", "::store", "::flow", "::http"][..]),
    ]);
    let mut faults = Vec::new();
    for (path, text) in rust_files("src/features") {
        let stem = path.file_stem().unwrap().to_str().unwrap();
        let folder = path.parent().unwrap().file_name().unwrap().to_str().unwrap();
        for (part, forbidden) in &rules {
            if !stem.starts_with(part) && folder != *part {
                continue;
            }
            for name in *forbidden {
                let code = shipped(&text).lines().filter(|line| !line.trim_start().starts_with("//"));
                if code.into_iter().any(|line| line.contains(name)) {
                    faults.push(format!("{} names {name}", path.display()));
                }
            }
        }
    }
    assert!(faults.is_empty(), "{faults:#?}");
}

#[test]
fn roles_are_named_by_policies_only() {
    let mut faults = Vec::new();
    for (path, text) in rust_files("src") {
        let place = path.to_str().unwrap();
        let allowed = place.starts_with("src/auth/")
            || place.starts_with("src/features/accounts/")
            || place.ends_with("policy.rs");
        if !allowed && shipped(&text).contains("Role::") {
            faults.push(place.to_owned());
        }
    }
    assert!(faults.is_empty(), "{faults:#?}");
}

#[test]
fn only_db_knows_the_backend_and_only_the_start_knows_the_settings() {
    let mut faults = Vec::new();
    for (path, text) in rust_files("src") {
        let place = path.to_str().unwrap();
        let code = shipped(&text);
        if !place.starts_with("src/db/") && code.contains("AnyConnection::") {
            faults.push(format!("{place} matches on the backend"));
        }
        let starts = ["src/config.rs", "src/startup.rs", "src/main.rs"].contains(&place)
            || place.starts_with("src/demo");
        if !starts && code.contains("config::Config") {
            faults.push(format!("{place} reads the settings"));
        }
    }
    assert!(faults.is_empty(), "{faults:#?}");
}

#[test]
fn files_stay_short() {
    let mut faults = Vec::new();
    for (folder, limit) in [("src", SOURCE_LIMIT), ("tests", TEST_LIMIT)] {
        for (path, text) in rust_files(folder) {
            let lines = text.lines().count();
            if lines > limit && !path.ends_with("db/schema.rs") {
                faults.push(format!("{}: {lines} lines, {limit} at most", path.display()));
            }
        }
    }
    assert!(faults.is_empty(), "{faults:#?}");
}

#[test]
fn a_store_of_scoped_rows_asks_for_the_scope() {
    let mut faults = Vec::new();
    for (path, text) in rust_files("src/features") {
        if path.file_stem().unwrap() != "store" {
            continue;
        }
        for signature in text.split("\npub fn ").skip(1).chain(text.split("\npub(super) fn ").skip(1)) {
            let head = signature.split('{').next().unwrap();
            let name = head.split('(').next().unwrap();
            if matches!(name, "list" | "find" | "find_for_change") && !head.contains("&Scope") {
                faults.push(format!("{}: {name}", path.display()));
            }
        }
    }
    assert!(faults.is_empty(), "{faults:#?}");
}
