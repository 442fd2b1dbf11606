//! The schools in support lists for the export.

use std::collections::{BTreeSet, HashMap};

use super::super::store::{SupportListRow, lists_of};
use super::shape::{Onlooker, SupportListEntryOut};
use super::store;
use crate::db::AnyConnection;
use crate::error::Error;
use crate::features::exported::{Exported, Taking, page};
use crate::kit::id::SupportListId;

/// Of what `taking` reads some rows after the id `after`, as the list shows them; none: there are
/// no more.
///
/// # Errors
///
/// The database's own failures.
pub fn export(
    conn: &mut AnyConnection,
    taking: &Taking,
    after: Option<&str>,
) -> Result<Vec<Exported>, Error> {
    let views = store::of_all_lists(conn, &taking.scope, &page(after))?;
    let ids: BTreeSet<SupportListId> = views.iter().map(|view| view.row.list_id.clone()).collect();
    let ids: Vec<SupportListId> = ids.into_iter().collect();
    let lists: HashMap<SupportListId, SupportListRow> =
        lists_of(conn, &ids)?.into_iter().map(|list| (list.id.clone(), list)).collect();
    let exported = views.into_iter().map(|view| {
        let row = &view.row;
        let list = lists.get(&row.list_id).ok_or(diesel::NotFound)?;
        let (own, key, municipality) =
            ((row.id.to_string(), row.version), row.natural_key(), row.municipality_id.clone());
        let by = Onlooker { list, today: taking.today, lang: taking.lang, caller: &taking.caller };
        Exported::of(own, Some(key), Some(municipality), &SupportListEntryOut::of(view, &by))
    });
    exported.collect()
}
