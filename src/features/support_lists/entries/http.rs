//! Operations on the schools in a support list.

use actix_web::web::{Data, Path};
use actix_web::{HttpResponse, delete, get, patch, post};
use serde::Deserialize;
use utoipa::IntoParams;

use super::super::domain::Step;
use super::super::store::SupportListRow;
use super::super::{flow as list_flow, policy, store as list_store};
use super::domain::EntryStep;
use super::flow;
use super::shape::{
    Onlooker, SupportListEntriesIn, SupportListEntriesMade, SupportListEntryOut, SupportListEntryPage,
    SupportListEntryPatch, SupportListExclusion,
};
use super::store::{self, EntriesNarrowed, EntryRow};
use crate::auth::{Caller, Permit};
use crate::db::{Db, Tx};
use crate::error::Error;
use crate::kit::clock::moscow_date;
use crate::kit::id::{EntryId, SchoolId, SupportListId};
use crate::web::query::One;
use crate::web::{Answer, AnyOf, Body, Filter, ListQuery, Listing, Operations, Paging, RequestInfo, Writing};

/// Registers the operations.
pub fn configure(operations: &mut Operations) {
    operations
        .service(list_support_list_entries)
        .service(create_support_list_entries)
        .service(get_support_list_entry)
        .service(update_support_list_entry)
        .service(delete_support_list_entry)
        .service(exclude_support_list_entry);
}

/// Where an entry is.
type EntryPath = Path<(SupportListId, EntryId)>;

/// Filters of the list of entries.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct EntryFilter {
    /// Schools, comma-separated.
    #[param(value_type = Option<String>)]
    school_id: Option<AnyOf<SchoolId>>,
    /// Whether they are in force today.
    #[param(value_type = Option<bool>, example = true)]
    in_force: Option<AnyOf<bool>>,
}

impl Filter for EntryFilter {
    const SORTS: &'static [&'static str] = &["school_id"];
}

impl EntryFilter {
    fn narrowed(&self) -> EntriesNarrowed {
        let in_force = self.in_force.as_ref().map(|any| any.0.as_slice());
        EntriesNarrowed {
            school_id: self.school_id.clone().map(|any| any.0),
            in_force: match in_force {
                Some([first, rest @ ..]) if rest.iter().all(|other| other == first) => Some(*first),
                _ => None,
            },
        }
    }
}

/// List the schools in a support list.
///
/// School people and curators read the entries of their schools only.
#[utoipa::path(tag = "support-lists", params(("id" = SupportListId, Path), EntryFilter, Paging), responses((status = 200, description = "A page", body = SupportListEntryPage)))]
#[get("/support-lists/{id}/entries")]
async fn list_support_list_entries(
    permit: Permit<policy::ReadLists>,
    db: Data<Db>,
    info: RequestInfo,
    query: ListQuery<EntryFilter>,
    id: Path<SupportListId>,
) -> Result<HttpResponse, Error> {
    let Permit { caller, scope, .. } = permit;
    let (narrowed, page) = (query.filter.narrowed(), query.page.clone());
    let today = moscow_date(info.now);
    let (list, listed) = db
        .read(move |conn| {
            let list = list_store::find(conn, &scope, &id)?.ok_or_else(Error::not_found)?;
            let listed = store::list(conn, &scope, &list, &narrowed, today, &page)?;
            Ok::<_, Error>((list, listed))
        })
        .await?;
    let by = Onlooker { list: &list, today, lang: info.lang, caller: &caller };
    Ok(Listing::of(&query, listed, &info, |view| SupportListEntryOut::of(view, &by))?.read(&info))
}

/// Enter one school, or an array of schools all or none.
///
/// A draft takes schools freely. A list in force takes them by a registered order, from a
/// day: `order_id` and `included_on`. Answers 409 `entry-exists`, `order-not-registered`,
/// `support-list-state`; one object answers with the entry, an array with `items`.
#[utoipa::path(tag = "support-lists", params(("id" = SupportListId, Path)), request_body = SupportListEntriesIn, responses((status = 201, description = "Created", body = SupportListEntriesMade)))]
#[post("/support-lists/{id}/entries")]
async fn create_support_list_entries(
    permit: Permit<policy::DraftLists>,
    db: Data<Db>,
    writing: Writing,
    id: Path<SupportListId>,
    body: Body<SupportListEntriesIn>,
) -> Result<HttpResponse, Error> {
    let Permit { caller, scope, .. } = permit;
    let hash = body.hash().to_owned();
    writing
        .run(&db, caller.actor(), &hash, move |tx, writing| {
            let list = list_flow::open(tx, &scope, &id)?;
            writing.admit(tx, &body)?;
            let list = list_flow::require(tx, &scope, list, Step::AddEntries)?;
            let (new, is_array) = body.checked()?.entries();
            let at = |n| {
                if is_array { format!("/{n}") } else { String::new() }
            };
            let rows = flow::add(tx, &scope, &list, new, at)?;
            let all = format!("/api/v1/support-lists/{}/entries", list.id);
            let location = match rows.as_slice() {
                [row] if !is_array => format!("{all}/{}", row.id),
                _ => all,
            };
            let views = store::views(tx, rows)?;
            let by = onlooker(tx, writing, &list, &caller);
            Ok(SupportListEntriesMade::answer(views, is_array, &by)?.created(location))
        })
        .await
}

/// Read one school of a support list.
#[utoipa::path(tag = "support-lists", params(("id" = SupportListId, Path), ("entry_id" = EntryId, Path)), responses((status = 200, description = "The entry", body = SupportListEntryOut)))]
#[get("/support-lists/{id}/entries/{entry_id}")]
async fn get_support_list_entry(
    permit: Permit<policy::ReadLists>,
    db: Data<Db>,
    info: RequestInfo,
    one: One,
    path: EntryPath,
) -> Result<HttpResponse, Error> {
    let Permit { caller, scope, .. } = permit;
    let (id, entry_id) = path.into_inner();
    let (list, view) = db
        .read(move |conn| {
            let list = list_store::find(conn, &scope, &id)?.ok_or_else(Error::not_found)?;
            let row = store::find(conn, &scope, &id, &entry_id)?.ok_or_else(Error::not_found)?;
            Ok::<_, Error>((list, store::view(conn, row)?))
        })
        .await?;
    let by = Onlooker { list: &list, today: moscow_date(info.now), lang: info.lang, caller: &caller };
    Ok(SupportListEntryOut::answer(view, &by)?.read(&info, &one))
}

/// Change the reasons of a school in a draft; unchanged ones keep the entry's version.
#[utoipa::path(tag = "support-lists", params(("id" = SupportListId, Path), ("entry_id" = EntryId, Path)), request_body = SupportListEntryPatch, responses((status = 200, description = "The entry", body = SupportListEntryOut)))]
#[patch("/support-lists/{id}/entries/{entry_id}")]
async fn update_support_list_entry(
    permit: Permit<policy::DraftLists>,
    db: Data<Db>,
    writing: Writing,
    path: EntryPath,
    body: Body<SupportListEntryPatch>,
) -> Result<HttpResponse, Error> {
    let Permit { caller, scope, .. } = permit;
    let hash = body.hash().to_owned();
    let (id, entry_id) = path.into_inner();
    writing
        .run(&db, caller.actor(), &hash, move |tx, writing| {
            let list = list_flow::open(tx, &scope, &id)?;
            let row = flow::open(tx, &scope, &id, &entry_id)?;
            writing.admit(tx, &body)?;
            writing.expect_version(row.version)?;
            flow::require(&list, &row, EntryStep::Update)?;
            let row = flow::update(tx, row, body.checked()?.reasons)?;
            answer(tx, writing, &list, row, &caller)
        })
        .await
}

/// Remove a school from a draft.
#[utoipa::path(tag = "support-lists", params(("id" = SupportListId, Path), ("entry_id" = EntryId, Path)), responses((status = 204, description = "Removed")))]
#[delete("/support-lists/{id}/entries/{entry_id}")]
async fn delete_support_list_entry(
    permit: Permit<policy::DraftLists>,
    db: Data<Db>,
    writing: Writing,
    path: EntryPath,
) -> Result<HttpResponse, Error> {
    let Permit { caller, scope, .. } = permit;
    let (id, entry_id) = path.into_inner();
    writing
        .run(&db, caller.actor(), "", move |tx, writing| {
            let list = list_flow::open(tx, &scope, &id)?;
            let row = flow::open(tx, &scope, &id, &entry_id)?;
            writing.expect_version(row.version)?;
            flow::require(&list, &row, EntryStep::Delete)?;
            flow::delete(tx, &row)?;
            Ok(Answer::empty())
        })
        .await
}

/// Exclude a school from a list in force by a registered order.
///
/// Answers 409 `entry-excluded`, `order-not-registered`, `support-list-state`.
#[utoipa::path(tag = "support-lists", params(("id" = SupportListId, Path), ("entry_id" = EntryId, Path)), request_body = SupportListExclusion, responses((status = 200, description = "The entry", body = SupportListEntryOut)))]
#[post("/support-lists/{id}/entries/{entry_id}/exclude")]
async fn exclude_support_list_entry(
    permit: Permit<policy::DraftLists>,
    db: Data<Db>,
    writing: Writing,
    path: EntryPath,
    body: Body<SupportListExclusion>,
) -> Result<HttpResponse, Error> {
    let Permit { caller, scope, .. } = permit;
    let hash = body.hash().to_owned();
    let (id, entry_id) = path.into_inner();
    writing
        .run(&db, caller.actor(), &hash, move |tx, writing| {
            let list = list_flow::open(tx, &scope, &id)?;
            let row = flow::open(tx, &scope, &id, &entry_id)?;
            writing.admit(tx, &body)?;
            writing.expect_version(row.version)?;
            flow::require(&list, &row, EntryStep::Exclude)?;
            let row = flow::exclude(tx, &scope, &list, row, body.checked()?.into())?;
            answer(tx, writing, &list, row, &caller)
        })
        .await
}

fn onlooker<'a>(tx: &Tx, writing: &Writing, list: &'a SupportListRow, caller: &'a Caller) -> Onlooker<'a> {
    Onlooker { list, today: tx.today(), lang: writing.info.lang, caller }
}

fn answer(
    tx: &mut Tx,
    writing: &Writing,
    list: &SupportListRow,
    row: EntryRow,
    caller: &Caller,
) -> Result<Answer, Error> {
    let view = store::view(tx, row)?;
    SupportListEntryOut::answer(view, &onlooker(tx, writing, list, caller))
}
