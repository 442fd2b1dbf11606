//! Puts together what a note says: the present state of a draft, and what a signature freezes.

use std::collections::{HashMap, HashSet};

use crate::auth::Scope;
use crate::db::AnyConnection;
use crate::error::Error;
use crate::features::conclusion_templates::ConclusionLevel;
use crate::features::conclusions::{self, ConclusionInForce, Conclusions};
use crate::features::monitoring_indicators::{self, Figures, SmallCells};
use crate::features::monitorings::{MonitoringRow, SnapshotSchool};
use crate::features::municipalities::{self, MunicipalityRow};
use crate::features::orders::{self, OrderRow};
use crate::features::recommendations::{self, RecommendationAddressee, RecommendationRow};
use crate::features::reports::{self, ReportStatus, ReportSubject};
use crate::features::road_maps::{self, RoadMapRow};
use crate::features::schools;
use crate::features::support_lists::{self, SupportListRow};
use crate::kit::clock::{moscow_date, utc};
use crate::kit::code::Code;
use crate::kit::id::{OrderId, ReportId, SchoolId};
use crate::kit::lang::Lang;

use super::figures;
use super::snapshot::{
    NoteAttachment, NoteConclusion, NoteLevel, NoteList, NoteMonitoring, NoteOrder, NoteRecommendation,
    NoteRoadMap, NoteSchool, NoteSignatory, NoteSnapshot, SCHEMA_VERSION,
};
use super::store::NoteRow;

/// Kind of the document.
const KIND: &str = "Информация";
/// The opening text when the author gives none.
const PREAMBLE: &str = "Проведен мониторинг исполнения дорожной карты. \
                        Выводы сделаны по принятым отчетам школ и отдела образования.";
/// A document is written in Russian whatever the reader's language is.
const LANG: Lang = Lang::Ru;

/// What a note rests on, read at once.
pub struct Sources {
    /// The authority that issues it.
    pub municipality: MunicipalityRow,
    /// The monitoring that it sums up.
    pub monitoring: MonitoringRow,
    /// The order of the monitoring.
    pub order: OrderRow,
    /// The conclusions in force, with the schools.
    pub conclusions: Conclusions,
    /// The reports.
    pub reports: Vec<ReportSubject>,
    road_map: RoadMapRow,
    lists: Vec<SupportListRow>,
    other_orders: Vec<OrderRow>,
    recommendations: Vec<RecommendationRow>,
    named_schools: HashMap<SchoolId, String>,
    figures: Figures,
    small: SmallCells,
}

impl Sources {
    /// Reads everything that a note of `monitoring` says.
    ///
    /// # Errors
    ///
    /// 409 `monitoring-state` before the monitoring is opened.
    pub fn read(
        conn: &mut AnyConnection,
        scope: &Scope,
        monitoring: MonitoringRow,
        small: SmallCells,
    ) -> Result<Self, Error> {
        let municipality = municipalities::find(conn, scope, &monitoring.municipality_id)?;
        let road_map = required(road_maps::find(conn, scope, &monitoring.road_map_id)?)?;
        let lists = support_lists::lists_of(conn, &monitoring.list_ids()?)?;
        let order_ids = lists.iter().map(|list| &list.order_id).chain(&road_map.order_id);
        let mut other_orders: Vec<OrderRow> = Vec::new();
        for id in order_ids.filter(|id| **id != monitoring.order_id) {
            if other_orders.iter().all(|order| order.id != *id) {
                other_orders.push(order(conn, scope, id)?);
            }
        }
        let recommendations = recommendations::of_monitoring(conn, &monitoring.id)?;
        let named: Vec<SchoolId> = recommendations.iter().flat_map(|row| row.school_ids.to_vec()).collect();
        let named_schools = schools::find_many(conn, scope, &named)?;
        let reports = reports::subjects_of(conn, &monitoring.id)?;
        Ok(Self {
            municipality: required(municipality)?,
            order: order(conn, scope, &monitoring.order_id)?,
            conclusions: conclusions::derive_all(conn, &monitoring)?,
            figures: monitoring_indicators::read(conn, &monitoring, &reports)?,
            small,
            reports,
            named_schools: named_schools.into_iter().map(|school| (school.id, school.short_name)).collect(),
            monitoring,
            road_map,
            lists,
            other_orders,
            recommendations,
        })
    }

    /// The note as it would be signed now.
    ///
    /// `today` stands for the date of a draft that has none yet.
    #[must_use]
    pub fn snapshot(&self, note: &NoteRow, today: chrono::NaiveDate) -> NoteSnapshot {
        let taking_part: Vec<&SnapshotSchool> =
            self.conclusions.schools.iter().filter(|school| school.released_on.is_none()).collect();
        let attachments = self.attachments(&taking_part);
        NoteSnapshot {
            schema_version: SCHEMA_VERSION,
            authority_name: self.municipality.authority_name.clone(),
            municipality_name: self.municipality.name.clone(),
            kind: KIND.to_owned(),
            title: note.title.clone(),
            date: note.date.unwrap_or(today),
            place: note.place.clone(),
            monitoring: NoteMonitoring {
                id: self.monitoring.id.clone(),
                period_start: self.monitoring.period_start,
                period_end: self.monitoring.period_end,
                report_deadline: self.monitoring.report_deadline,
            },
            road_map: NoteRoadMap {
                id: self.road_map.id.clone(),
                title: self.road_map.title.clone(),
                period_start: self.road_map.period_start,
                period_end: self.road_map.period_end,
            },
            basis_orders: self.other_orders.iter().chain([&self.order]).map(basis).collect(),
            school_count: u32::try_from(taking_part.len()).unwrap_or(u32::MAX),
            schools: taking_part.iter().map(|school| taking(school)).collect(),
            lists: self.lists.iter().map(listed).collect(),
            preamble: note.preamble.clone().unwrap_or_else(|| PREAMBLE.to_owned()),
            conclusions: self
                .conclusions
                .items
                .iter()
                .map(|item| self.concluded(item, &attachments))
                .collect(),
            figures: figures::general(&self.figures, &attachments, self.small),
            schools_without_report: self.without_report(&taking_part),
            missing_reports: self.named_missing(note),
            recommendations: (1..)
                .zip(&self.recommendations)
                .map(|(n, row)| self.recommended(n, row))
                .collect(),
            attachments,
            signatory: NoteSignatory {
                position: note.signer_position.clone().unwrap_or_default(),
                name: note.signer_name.clone().unwrap_or_default(),
            },
        }
    }

    fn accepted_of(&self, school: Option<&SchoolId>) -> Option<&ReportSubject> {
        let own = |report: &&ReportSubject| report.school_id.as_ref() == school;
        self.reports.iter().filter(|report| report.status == ReportStatus::Accepted).find(own)
    }

    fn without_report(&self, taking_part: &[&SnapshotSchool]) -> Vec<String> {
        let silent = |school: &&&SnapshotSchool| self.accepted_of(Some(&school.school_id)).is_none();
        taking_part.iter().filter(silent).map(|school| school.short_name.clone()).collect()
    }

    /// Whose reports the author named as missing, as far as they are not accepted by now.
    fn named_missing(&self, note: &NoteRow) -> Vec<String> {
        let named = |report: &&ReportSubject| {
            !is_settled(report)
                && note.missing_reports.iter().any(|missing| missing.report_id == report.report_id)
        };
        let name = |report: &ReportSubject| match &report.school_id {
            None => self.municipality.authority_name.clone(),
            Some(id) => {
                let school = self.conclusions.schools.iter().find(|school| school.school_id == *id);
                school.map_or_else(String::new, |school| school.short_name.clone())
            }
        };
        self.reports.iter().filter(named).map(name).collect()
    }

    fn concluded(&self, item: &ConclusionInForce, attachments: &[NoteAttachment]) -> NoteConclusion {
        let inputs: HashSet<&ReportId> =
            item.derived.explanation.inputs.iter().map(|report| &report.report_id).collect();
        let numbered = attachments.iter().zip(1_u32..);
        let sources =
            numbered.filter(|(report, _)| inputs.contains(&report.report_id)).map(|(_, n)| n).collect();
        let generated = &item.derived.generated_text;
        let edited = item.text() != generated;
        NoteConclusion {
            code: item.derived.code.clone(),
            level: match item.derived.level {
                ConclusionLevel::Municipal => NoteLevel::Municipal,
                ConclusionLevel::School => NoteLevel::School,
            },
            verdict: item.derived.verdict.as_str().to_owned(),
            text: item.text().to_owned(),
            generated_text: edited.then(|| generated.clone()),
            figures: figures::of_conclusion(&self.figures, &item.derived.code, attachments, self.small),
            sources,
        }
    }

    fn recommended(&self, number: u32, row: &RecommendationRow) -> NoteRecommendation {
        let label = match row.addressee {
            RecommendationAddressee::AllSchools | RecommendationAddressee::Schools => "Руководителям школ",
            RecommendationAddressee::ListSchools => "Руководителям школ, включенных в перечень",
            RecommendationAddressee::Department => "Отделу образования",
        };
        NoteRecommendation {
            number,
            text: row.text.clone(),
            addressee_label: label.to_owned(),
            schools: row.school_ids.iter().filter_map(|id| self.named_schools.get(id).cloned()).collect(),
            deadline: row.due_date,
        }
    }

    /// Accepted reports: the department's own, then the schools' by name.
    fn attachments(&self, taking_part: &[&SnapshotSchool]) -> Vec<NoteAttachment> {
        let own = self.accepted_of(None).and_then(|report| attached(report, "отдела образования"));
        let of_schools = taking_part.iter().filter_map(|school| {
            let report = self.accepted_of(Some(&school.school_id))?;
            attached(report, &school.short_name)
        });
        own.into_iter().chain(of_schools).collect()
    }
}

/// Whether nothing more is expected of a report: accepted, or its school released.
#[must_use]
pub fn is_settled(report: &ReportSubject) -> bool {
    matches!(report.status, ReportStatus::Accepted | ReportStatus::Cancelled)
}

fn attached(report: &ReportSubject, whose: &str) -> Option<NoteAttachment> {
    Some(NoteAttachment {
        title: format!("Отчет {whose}"),
        report_id: report.report_id.clone(),
        school_id: report.school_id.clone(),
        version: u32::try_from(report.submission).unwrap_or(0),
        accepted_on: moscow_date(utc(report.accepted_at?)),
    })
}

fn basis(order: &OrderRow) -> NoteOrder {
    NoteOrder {
        id: order.id.clone(),
        kind: order.kind.as_str().to_owned(),
        issuer: order.issuer.clone(),
        number: order.number.clone(),
        date: order.date,
        title: order.title.clone(),
    }
}

fn taking(school: &SnapshotSchool) -> NoteSchool {
    NoteSchool {
        id: school.school_id.clone(),
        short_name: school.short_name.clone(),
        left_list_on: school.left_list_on,
    }
}

fn listed(list: &SupportListRow) -> NoteList {
    NoteList {
        id: list.id.clone(),
        level: list.level.as_str().to_owned(),
        level_label: list.level.label(LANG).to_owned(),
        category: list.category.as_str().to_owned(),
        category_label: list.category.label(LANG).to_owned(),
        results_year: list.results_year,
    }
}

fn order(conn: &mut AnyConnection, scope: &Scope, id: &OrderId) -> Result<OrderRow, Error> {
    required(orders::find(conn, scope, id)?)
}

/// What a stored reference points to; that it is not there is a fault of the service.
fn required<T>(found: Option<T>) -> Result<T, Error> {
    found.ok_or_else(|| diesel::NotFound.into())
}
