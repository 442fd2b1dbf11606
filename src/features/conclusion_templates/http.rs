//! Operations on conclusion templates.

use actix_web::web::{Data, Path};
use actix_web::{HttpResponse, get, post};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::content::TemplateContent;
use super::domain::TemplateOwner;
use super::flow::{self, NewTemplate, VERSION};
use super::policy;
use super::store::{self, Narrowed, TemplateRow};
use crate::auth::Permit;
use crate::db::{AnyConnection, Db};
use crate::error::Error;
use crate::features::exported::{Exported, Taking, page};
use crate::kit::clock::utc;
use crate::kit::code::Code;
use crate::kit::id::{MunicipalityId, TemplateId};
use crate::kit::lang::Lang;
use crate::web::query::One;
use crate::web::{
    Answer, AnyOf, Body, Filter, ListQuery, Listing, Operations, Paging, RequestInfo, Writing, resource,
};

/// Registers the operations.
pub fn configure(operations: &mut Operations) {
    operations
        .service(list_conclusion_templates)
        .service(create_conclusion_template)
        .service(get_conclusion_template);
}

/// The municipality's next version of the template.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "based_on": "0192f0c1-2a3b-7c4d-8e5f-0123456789ab",
    "title": "Шаблон выводов Хотынецкого района на 2024 год",
    "content": {
        "conclusions": [{
            "code": "2.3",
            "level": "school",
            "title": "Наставничество",
            "sentences": {
                "all": "Во всех школах перечня организовано наставничество.",
                "none": "Наставничество ни в одной школе перечня не подтверждено.",
                "no_data": "Сведений о наставничестве нет.",
                "not_applicable": "Мероприятия по наставничеству не требовались."
            },
            "criteria": [{
                "code": "mentors_novice",
                "rule": "any",
                "title": "Наставники молодых педагогов",
                "clauses": {
                    "all": "наставники назначены во всех школах",
                    "some": "наставники назначены в {ok|школе|школах|школах} из {total}[ (не подтверждено: {missing})]",
                    "none": "назначение наставников не подтверждено"
                }
            }]
        }],
        "without_report": "По {count|школе|школам|школам} сведений нет: {schools}.",
        "recommendations": [{
            "code": "1",
            "text": "Обеспечить педагогам постоянную методическую поддержку.",
            "addressee": "list_schools"
        }]
    }
}))]
struct TemplateIn {
    /// The version it is made from: a shipped one or the municipality's own.
    based_on: TemplateId,
    /// Title.
    #[schema(min_length = 1, max_length = 255)]
    title: String,
    /// What it says.
    content: TemplateContent,
}

/// A version of a conclusion template; it never changes.
#[derive(Debug, Serialize, ToSchema)]
struct TemplateOut {
    id: TemplateId,
    version: i32,
    owner: TemplateOwner,
    owner_label: &'static str,
    /// The municipality that made it; null: shipped with the service.
    municipality_id: Option<MunicipalityId>,
    /// 1, 2, 3 … per owner.
    number: i32,
    /// The version it was made from.
    based_on: Option<TemplateId>,
    title: String,
    content: TemplateContent,
    created_at: DateTime<Utc>,
}

/// A page of conclusion templates.
#[derive(Serialize, ToSchema)]
struct TemplatePage {
    items: Vec<TemplateOut>,
    page: crate::web::query::PageOut,
}

impl TemplateOut {
    fn of(row: TemplateRow, lang: Lang) -> Self {
        let owner = row.made_by();
        Self {
            id: row.id,
            version: VERSION,
            owner,
            owner_label: owner.label(lang),
            municipality_id: row.municipality_id,
            number: row.number,
            based_on: row.based_on_id,
            title: row.title,
            content: row.content.into_inner(),
            created_at: utc(row.created_at),
        }
    }

    fn answer(row: TemplateRow, lang: Lang) -> Result<Answer, Error> {
        resource(VERSION, &Self::of(row, lang))
    }
}

/// Filters of the list of conclusion templates.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct TemplateFilter {
    /// Made by these municipalities, comma-separated.
    #[param(value_type = Option<String>)]
    municipality_id: Option<AnyOf<MunicipalityId>>,
    /// `service`, `municipality`, or both, comma-separated.
    #[param(value_type = Option<String>, example = "service")]
    owner: Option<AnyOf<TemplateOwner>>,
}

impl Filter for TemplateFilter {
    const SORTS: &'static [&'static str] = &["number"];
}

impl TemplateFilter {
    fn narrowed(&self) -> Narrowed {
        Narrowed {
            municipality_id: self.municipality_id.clone().map(|any| any.0),
            owner: self.owner.clone().map(|any| any.0),
        }
    }
}

/// List conclusion templates: the shipped ones and those of the own municipality or region.
///
/// Each carries its content; `fields=id,owner,number,title` leaves it out.
#[utoipa::path(tag = "conclusion-templates", params(TemplateFilter, Paging), responses((status = 200, description = "A page", body = TemplatePage)))]
#[get("/conclusion-templates")]
async fn list_conclusion_templates(
    permit: Permit<policy::ReadTemplates>,
    db: Data<Db>,
    info: RequestInfo,
    query: ListQuery<TemplateFilter>,
) -> Result<HttpResponse, Error> {
    let (narrowed, page, scope) = (query.filter.narrowed(), query.page.clone(), permit.scope);
    let listed = db.read(move |conn| Ok::<_, Error>(store::list(conn, &scope, &narrowed, &page)?)).await?;
    Ok(Listing::of(&query, listed, &info, |row| TemplateOut::of(row, info.lang))?.read(&info))
}

/// Make the municipality's next version of the conclusion template.
///
/// Versions never change: a correction is the next version. Answers 422 with every broken
/// rule of the content, 409 `template-exists` when somebody makes the same version meanwhile.
#[utoipa::path(tag = "conclusion-templates", request_body = TemplateIn, responses((status = 201, description = "Created", body = TemplateOut)))]
#[post("/conclusion-templates")]
async fn create_conclusion_template(
    permit: Permit<policy::MakeTemplates>,
    db: Data<Db>,
    writing: Writing,
    body: Body<TemplateIn>,
) -> Result<HttpResponse, Error> {
    let Permit { caller, scope, .. } = permit;
    let hash = body.hash().to_owned();
    writing
        .run(&db, caller.actor(), &hash, move |tx, writing| {
            writing.admit(tx, &body)?;
            let row = flow::create(tx, &scope, body.checked()?.into())?;
            let location = format!("/api/v1/conclusion-templates/{}", row.id);
            Ok(TemplateOut::answer(row, writing.info.lang)?.created(location))
        })
        .await
}

/// Read a version of a conclusion template.
#[utoipa::path(tag = "conclusion-templates", params(("id" = TemplateId, Path)), responses((status = 200, description = "The version", body = TemplateOut)))]
#[get("/conclusion-templates/{id}")]
async fn get_conclusion_template(
    permit: Permit<policy::ReadTemplates>,
    db: Data<Db>,
    info: RequestInfo,
    one: One,
    id: Path<TemplateId>,
) -> Result<HttpResponse, Error> {
    let scope = permit.scope;
    let row = db.read(move |conn| store::find(conn, &scope, &id)?.ok_or_else(Error::not_found)).await?;
    Ok(TemplateOut::answer(row, info.lang)?.read(&info, &one))
}

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
    let listed = store::list(conn, &taking.scope, &Narrowed::default(), &page(after))?;
    let exported = listed.rows.into_iter().map(|row| {
        let (own, key, municipality) =
            ((row.id.to_string(), VERSION), row.natural_key(), row.municipality_id.clone());
        Exported::of(own, Some(key), municipality, &TemplateOut::of(row, taking.lang))
    });
    exported.collect()
}

impl From<TemplateIn> for NewTemplate {
    fn from(given: TemplateIn) -> Self {
        Self { based_on: given.based_on, title: given.title, content: given.content }
    }
}
