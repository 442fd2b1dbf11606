use super::*;
use crate::features::notes::render::sample;

#[test]
fn the_hash_is_stable() {
    assert_eq!(
        sample::snapshot().hash().unwrap(),
        "a5cb5fa290c1dca6f1cbbc9c56444a472c55d431243333b765929b1f26db981d"
    );
}

/// What was signed before conclusions named their sources and indicators keeps its hash.
#[test]
fn a_member_that_is_absent_changes_no_hash() {
    let mut note = sample::snapshot();
    note.conclusions.iter_mut().for_each(|conclusion| conclusion.sources.clear());
    note.conclusions.iter_mut().for_each(|conclusion| conclusion.figures.clear());
    note.figures.clear();
    assert_eq!(note.hash().unwrap(), "3f84f2bb0aef116196696366e656ab2f8da2d85057fc0883d79565b0f0b37b45");
}

#[test]
fn the_hash_survives_storage() {
    let note = sample::snapshot();
    let stored = serde_json::to_string_pretty(&note).unwrap();
    let read: NoteSnapshot = serde_json::from_str(&stored).unwrap();
    assert_eq!(read, note);
    assert_eq!(read.hash().unwrap(), note.hash().unwrap());
}

/// Every member counts: changing any leaf of the JSON form changes the hash.
#[test]
fn the_hash_changes_with_any_value() {
    let note = sample::snapshot();
    let whole = serde_json::to_value(&note).unwrap();
    let mut leaves = Vec::new();
    collect(&whole, String::new(), &mut leaves);
    assert!(leaves.len() > 100);
    for pointer in leaves {
        let mut changed = whole.clone();
        let leaf = changed.pointer_mut(&pointer).unwrap();
        *leaf = match leaf.as_u64() {
            Some(number) => (number + 1).into(),
            None if leaf.as_str().unwrap().parse::<NaiveDate>().is_ok() => "2001-02-03".into(),
            None if leaf == "municipal" => "school".into(),
            None if leaf == "school" => "municipal".into(),
            None => format!("{} ", leaf.as_str().unwrap()).into(),
        };
        let changed: NoteSnapshot = serde_json::from_value(changed).unwrap();
        assert_ne!(changed.hash().unwrap(), note.hash().unwrap(), "{pointer}");
    }
}

#[test]
fn registration_is_no_part_of_a_snapshot() {
    let mut whole = serde_json::to_value(sample::snapshot()).unwrap();
    assert!(whole.get("number").is_none() && whole.get("registered_on").is_none());
    whole["number"] = "12".into();
    assert!(serde_json::from_value::<NoteSnapshot>(whole).is_err());
}

fn collect(value: &serde_json::Value, at: String, leaves: &mut Vec<String>) {
    match value {
        serde_json::Value::Object(members) => {
            members.iter().for_each(|(name, member)| collect(member, format!("{at}/{name}"), leaves))
        }
        serde_json::Value::Array(items) => {
            items.iter().enumerate().for_each(|(i, item)| collect(item, format!("{at}/{i}"), leaves))
        }
        _ => leaves.push(at),
    }
}
