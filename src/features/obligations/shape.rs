//! Obligations as JSON, and what their list is narrowed to.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::domain::{Obligation, ObligationKind, ObligationStatus};
use crate::db::page::Keyed;
use crate::kit::code::Code;
use crate::kit::lang::Lang;
use crate::web::query::PageOut;
use crate::web::{AnyOf, Between, Filter};

/// Something that the caller has to do.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "id": "submit_report:0192f0c1-2a3b-7c4d-8e5f-0123456789ab", "kind": "submit_report",
    "kind_label": "представить отчёт", "subject": {
        "resource": "reports", "id": "0192f0c1-2a3b-7c4d-8e5f-0123456789ab",
        "title": "План мероприятий («дорожная карта») на 2023 год",
        "href": "/api/v1/reports/0192f0c1-2a3b-7c4d-8e5f-0123456789ab"
    },
    "start_date": null, "due_date": "2023-12-22", "due_in_days": 2, "overdue_days": 0, "count": null,
    "status": "current", "status_label": "к исполнению"
}))]
pub(super) struct ObligationOut {
    /// The same as long as the obligation is the same; `id=` names these.
    id: String,
    kind: ObligationKind,
    kind_label: &'static str,
    subject: ObligationSubject,
    /// The first day for it; null: it can be done at once.
    start_date: Option<NaiveDate>,
    /// The last day for it, which ends at 24:00 in Moscow; null: it has none.
    due_date: Option<NaiveDate>,
    /// Days until the due day, 0 on it; null: it is past, or there is none.
    due_in_days: Option<i64>,
    /// Days since the due day; 0 until and on it.
    overdue_days: i64,
    /// How many schools or measures it is about, where it is about several.
    count: Option<i64>,
    status: ObligationStatus,
    status_label: &'static str,
}

/// What an obligation is about.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ObligationSubject {
    /// The kind of resource, as in paths.
    #[schema(example = "reports")]
    resource: &'static str,
    /// Its id; of an item: report and measure.
    id: String,
    /// What people call it.
    title: String,
    /// Where it is read.
    href: String,
}

/// A page of obligations.
#[derive(Serialize, ToSchema)]
pub(super) struct ObligationPage {
    items: Vec<ObligationOut>,
    page: PageOut,
}

/// Filters of the list of obligations.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct ObligationFilter {
    /// Any of these kinds, comma-separated.
    #[param(value_type = Option<String>, example = "submit_report,answer_remark")]
    kind: Option<AnyOf<ObligationKind>>,
    /// The due day: `due_date=…`, `due_date[gte]=…`, `[gt]`, `[lte]`, `[lt]`; leaves out what has none.
    #[param(value_type = Option<String>, example = "2023-12-22")]
    due_date: Option<Between<NaiveDate>>,
    /// Only what is overdue, or only what is not.
    #[param(value_type = Option<bool>)]
    overdue: Option<AnyOf<bool>>,
}

impl Filter for ObligationFilter {
    const SORTS: &'static [&'static str] = &["due_date"];
    const DEFAULT_SORT: &'static str = "due_date";
}

impl ObligationFilter {
    /// Whether an obligation is asked for on the day `today`.
    pub(super) fn keeps(&self, obligation: &Obligation, today: NaiveDate) -> bool {
        let kind = self.kind.as_ref().is_none_or(|any| any.0.contains(&obligation.kind));
        let late = obligation.overdue_days(today) > 0;
        let overdue = self.overdue.as_ref().is_none_or(|any| any.0.contains(&late));
        let due = self.due_date.as_ref().is_none_or(|bounds| {
            let from = |day: NaiveDate| bounds.from().is_none_or(|first| day >= first);
            let before = |day: NaiveDate| bounds.before().is_none_or(|after| day < after);
            obligation.due_date.is_some_and(|day| from(day) && before(day))
        });
        kind && overdue && due
    }
}

/// Where what has no due day stands in the order: after every day.
const NEVER: &str = "9999-12-31";

impl Keyed for Obligation {
    fn key(&self, name: &str) -> String {
        match name {
            "due_date" => self.due_date.map_or_else(|| NEVER.to_owned(), |due| due.to_string()),
            _ => self.id(),
        }
    }
}

impl ObligationOut {
    pub(super) fn of(obligation: Obligation, lang: Lang, today: NaiveDate) -> Self {
        let status = obligation.status(today);
        Self {
            id: obligation.id(),
            kind: obligation.kind,
            kind_label: obligation.kind.label(lang),
            start_date: obligation.start_date,
            due_date: obligation.due_date,
            due_in_days: obligation.due_in_days(today),
            overdue_days: obligation.overdue_days(today),
            count: obligation.count,
            status,
            status_label: status.label(lang),
            subject: ObligationSubject {
                resource: obligation.subject.resource,
                id: obligation.subject.id,
                title: obligation.subject.title,
                href: obligation.subject.href,
            },
        }
    }
}
