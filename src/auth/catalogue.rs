//! What each resource allows whom: every feature's actions, for `allowed` of `GET /me`.

use std::collections::BTreeMap;

use super::permit::{Action, Caller};
use super::rights::Rights;

/// One action of a feature's `policy.rs`.
#[derive(Debug, Clone, Copy)]
pub struct Entry {
    name: &'static str,
    writes: bool,
    may: fn(&Rights) -> bool,
}

impl Entry {
    /// The entry of an action; `name` is that of its type.
    #[must_use]
    pub const fn of<A: Action>(name: &'static str) -> Self {
        Self { name, writes: A::WRITES, may: Rights::allow::<A> }
    }
}

/// The actions of all resources; `features/mod.rs` fills it.
#[derive(Debug, Default)]
pub struct Catalogue(Vec<(&'static str, &'static [Entry])>);

impl Catalogue {
    /// Adds the actions of a resource.
    #[must_use]
    pub fn with(mut self, resource: &'static str, entries: &'static [Entry]) -> Self {
        self.0.push((resource, entries));
        self
    }

    /// What the caller may, by resource; resources that allow him nothing are left out.
    #[must_use]
    pub fn allowed(&self, caller: &Caller) -> BTreeMap<&'static str, Vec<String>> {
        let may = |entry: &&Entry| (entry.may)(&caller.rights) && !(entry.writes && caller.read_only);
        self.0
            .iter()
            .map(|(resource, entries)| {
                let names = entries.iter().filter(may).map(|entry| code_of(entry.name));
                (*resource, names.collect::<Vec<_>>())
            })
            .filter(|(_, names)| !names.is_empty())
            .collect()
    }
}

/// `ReadOrders` as a code: `read_orders`.
fn code_of(name: &str) -> String {
    let mut code = String::with_capacity(name.len() + 4);
    for (place, letter) in name.char_indices() {
        if letter.is_ascii_uppercase() && place > 0 {
            code.push('_');
        }
        code.push(letter.to_ascii_lowercase());
    }
    code
}

#[cfg(test)]
mod tests {
    use super::code_of;

    #[test]
    fn the_name_of_a_type_becomes_a_code() {
        assert_eq!(code_of("ReadOrders"), "read_orders");
        assert_eq!(code_of("SignOut"), "sign_out");
    }
}
