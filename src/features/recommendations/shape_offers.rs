//! Offered measures, and a copied road map that points at them, as JSON.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::domain::{AddresseeStatus, RecommendationAddressee};
use super::flow_offers::Offer;
use super::store_addressees::NamedAddressee;
use crate::db::page::Keyed;
use crate::features::road_maps::{MeasureIn, MeasureOut, RoadMapOut};
use crate::kit::code::Code;
use crate::kit::id::{RecommendationId, RoadMapId, SchoolId};
use crate::kit::lang::Lang;
use crate::web::Filter;
use crate::web::query::PageOut;

/// An unverified recommendation of an earlier year, and the measure that would follow it up.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct OfferedMeasureOut {
    recommendation_id: RecommendationId,
    /// Its number in the note.
    code: String,
    text: String,
    due_date: Option<NaiveDate>,
    addressee: RecommendationAddressee,
    addressee_label: &'static str,
    /// The schools that have not finished, by name; empty: it is the department's own.
    schools: Vec<OfferedSchoolOut>,
    /// How far the department is, when it is the addressee.
    department_status: Option<AddresseeStatus>,
    department_status_label: Option<&'static str>,
    /// Its date would not be the recommendation's own, so somebody has to look at it.
    needs_review: bool,
    /// What taking the offer makes; who wants to word it anew takes it and changes the measure.
    measure: MeasureIn,
}

/// How far a school is with what was recommended to it.
#[derive(Debug, Serialize, ToSchema)]
struct OfferedSchoolOut {
    school_id: SchoolId,
    short_name: String,
    status: AddresseeStatus,
    status_label: &'static str,
}

/// A page of offers.
#[derive(Serialize, ToSchema)]
pub(super) struct OfferedMeasurePage {
    items: Vec<OfferedMeasureOut>,
    page: PageOut,
}

/// Filters of the list of offers: none of its own.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct OfferFilter {}

impl Filter for OfferFilter {
    const SORTS: &'static [&'static str] = &[];
    const DEFAULT_SORT: &'static str = "recommendation_id";
    const LAST_KEY: &'static str = "recommendation_id";
}

/// Which offers are taken.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"recommendation_ids": ["0192f0c1-2a3b-7c4d-8e5f-0123456789ab"]}))]
pub(super) struct OfferedMeasuresIn {
    /// Recommendations that are offered to the draft, each once.
    #[schema(min_items = 1, max_items = 500)]
    pub(super) recommendation_ids: Vec<RecommendationId>,
}

/// The measures that were made.
#[derive(Serialize, ToSchema)]
pub(super) struct OfferedMeasuresTaken {
    /// In the order of the request.
    pub(super) items: Vec<MeasureOut>,
    /// The road map's version now.
    pub(super) road_map_version: i32,
}

/// A copied road map, and what is offered to it.
#[derive(Serialize, ToSchema)]
pub(super) struct RoadMapCopied {
    #[serde(flatten)]
    pub(super) map: RoadMapOut,
    pub(super) offered_measures: OffersOut,
}

/// Unverified recommendations of earlier years that could be measures.
#[derive(Serialize, ToSchema)]
pub(super) struct OffersOut {
    /// How many.
    count: usize,
    /// Where they are; null in a dry run.
    href: Option<String>,
}

impl OffersOut {
    pub(super) fn of(map: &RoadMapId, count: usize, rehearsal: bool) -> Self {
        Self { count, href: (!rehearsal).then(|| format!("/api/v1/road-maps/{map}/offered-measures")) }
    }
}

impl OfferedMeasureOut {
    pub(super) fn of(offer: Offer, lang: Lang) -> Self {
        let Offer { row, schools, measure } = offer;
        Self {
            recommendation_id: row.id,
            code: row.code,
            text: row.text,
            due_date: row.due_date,
            addressee: row.addressee,
            addressee_label: row.addressee.label(lang),
            schools: schools.into_iter().map(|school| OfferedSchoolOut::of(school, lang)).collect(),
            department_status: row.department_status,
            department_status_label: row.department_status.map(|status| status.label(lang)),
            needs_review: measure.needs_review,
            measure: measure.into(),
        }
    }
}

impl OfferedSchoolOut {
    fn of((addressee, short_name): NamedAddressee, lang: Lang) -> Self {
        Self {
            school_id: addressee.school_id,
            short_name,
            status: addressee.status,
            status_label: addressee.status.label(lang),
        }
    }
}

impl Keyed for OfferedMeasureOut {
    fn key(&self, _: &str) -> String {
        self.recommendation_id.to_string()
    }
}
