//! Who reads, and what he is shown.

use chrono::NaiveDate;

use super::super::content::{Content, ContentShown};
use super::super::flow;
use super::super::store::ReportRow;
use super::super::store_views;
use super::super::view::ReportView;
use super::rights::Rights;
use super::shape::{EvidenceOut, ReportItemOut, ReportOut, items};
use crate::auth::{Caller, Scope};
use crate::db::AnyConnection;
use crate::error::Error;
use crate::kit::clock::moscow_date;
use crate::kit::id::{EvidenceId, MeasureId};
use crate::kit::lang::Lang;
use crate::web::{Answer, RequestInfo, resource};

/// The caller with his scope, language and day.
#[derive(Debug, Clone)]
pub(super) struct Reader {
    pub(super) caller: Caller,
    pub(super) scope: Scope,
    pub(super) lang: Lang,
    pub(super) today: NaiveDate,
}

impl Reader {
    pub(super) fn new(caller: Caller, scope: Scope, info: &RequestInfo) -> Self {
        Self { caller, scope, lang: info.lang, today: moscow_date(info.now) }
    }

    pub(super) fn rights(&self, row: &ReportRow) -> Rights {
        Rights::of(&self.caller, &self.scope, row)
    }

    /// Which texts and items he is shown.
    pub(super) fn shown(&self, row: &ReportRow) -> ContentShown {
        ContentShown::to(self.rights(row).own_side, row.status, row.submission)
    }

    /// The report as he sees it.
    pub(super) fn report(
        &self,
        conn: &mut AnyConnection,
        row: ReportRow,
        embeds_items: bool,
    ) -> Result<Answer, Error> {
        let view = store_views::view(conn, row)?;
        let content = self.content(conn, &view.row)?;
        let out = ReportOut::with_content(&view, content, embeds_items, self);
        resource(view.row.version, &out)
    }

    /// The items as he sees them.
    pub(super) fn items(
        &self,
        conn: &mut AnyConnection,
        row: ReportRow,
    ) -> Result<(ContentShown, Vec<ReportItemOut>), Error> {
        let view = store_views::view(conn, row)?;
        let content = self.content(conn, &view.row)?;
        Ok((self.shown(&view.row), items(&view, content.items, self)))
    }

    /// One item as he sees it; 404 when he does not.
    pub(super) fn item(
        &self,
        conn: &mut AnyConnection,
        view: &ReportView,
        id: &MeasureId,
    ) -> Result<Answer, Error> {
        let content = self.content(conn, &view.row)?;
        let item = content.items.into_iter().find(|item| item.measure_id == *id);
        let (item, measure) = item.zip(view.measure(id)).ok_or_else(Error::not_found)?;
        resource(item.version, &ReportItemOut::of(view, measure, item, self))
    }

    /// One piece of evidence as he sees it; 404 when he does not.
    pub(super) fn evidence(
        &self,
        conn: &mut AnyConnection,
        view: &ReportView,
        id: &EvidenceId,
    ) -> Result<Answer, Error> {
        let content = self.content(conn, &view.row)?;
        for item in content.items {
            if let Some(found) = item.evidence.into_iter().find(|evidence| evidence.id == *id) {
                let out = EvidenceOut::of(view, &item.measure_id, found, self);
                return resource(EvidenceOut::VERSION, &out);
            }
        }
        Err(Error::not_found())
    }

    fn content(&self, conn: &mut AnyConnection, row: &ReportRow) -> Result<Content, Error> {
        flow::content(conn, row, self.shown(row), self.rights(row).personal_data)
    }
}
