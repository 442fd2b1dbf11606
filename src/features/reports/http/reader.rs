//! Who reads, and what he is shown.

use chrono::NaiveDate;

use super::super::content::{Content, ContentShown, EvidenceContent, ItemContent};
use super::super::lifecycle::ReportStep;
use super::super::store::ReportRow;
use super::super::store_views;
use super::super::view::ItemView;
use super::super::{flow, flow_evidence};
use super::reuse;
use super::rights::Rights;
use super::shape::{EvidenceOut, ReportItemOut, ReportOut, items};
use crate::auth::{Caller, Scope};
use crate::db::AnyConnection;
use crate::error::Error;
use crate::kit::clock::moscow_date;
use crate::kit::id::EvidenceId;
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
        let mut out = ReportOut::with_content(&view, content, embeds_items, self);
        reuse::mark(conn, self, &view.row, out.evidence_mut())?;
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
        let mut items = items(&view, content.items, self);
        reuse::mark(conn, self, &view.row, items.iter_mut().flat_map(ReportItemOut::evidence_mut))?;
        Ok((self.shown(&view.row), items))
    }

    /// One item as he sees it; 404 when he does not.
    pub(super) fn item(&self, conn: &mut AnyConnection, view: &ItemView) -> Result<Answer, Error> {
        let item = self.item_content(conn, view)?.ok_or_else(Error::not_found)?;
        let blockers = view.circumstances(self.today).blockers(ReportStep::Update);
        let version = item.version;
        let mut out = ReportItemOut::of(&view.row, &blockers, &view.measure, item, self);
        reuse::mark(conn, self, &view.row, out.evidence_mut())?;
        resource(version, &out)
    }

    /// One piece of evidence as he sees it; 404 when he does not.
    pub(super) fn evidence(
        &self,
        conn: &mut AnyConnection,
        view: &ItemView,
        id: &EvidenceId,
    ) -> Result<Answer, Error> {
        let found = self.find_evidence(conn, view, id)?;
        let blockers = view.circumstances(self.today).blockers(ReportStep::Update);
        let mut out = EvidenceOut::of(&view.row, &blockers, &view.measure.id, found, self);
        reuse::mark(conn, self, &view.row, [&mut out])?;
        resource(EvidenceOut::VERSION, &out)
    }

    /// The content of a piece of evidence: what he is shown of the report, or what a version that
    /// he may read names; 404 otherwise.
    pub(super) fn find_evidence(
        &self,
        conn: &mut AnyConnection,
        view: &ItemView,
        id: &EvidenceId,
    ) -> Result<EvidenceContent, Error> {
        let shown = self.item_content(conn, view)?.map(|item| item.evidence).unwrap_or_default();
        let found = match shown.into_iter().find(|evidence| evidence.id == *id) {
            None if self.scope.sees_work() => flow_evidence::in_versions(conn, view, id)?,
            found => found,
        };
        let private = !self.rights(&view.row).personal_data;
        found.filter(|evidence| !(private && evidence.contains_personal_data)).ok_or_else(Error::not_found)
    }

    fn item_content(&self, conn: &mut AnyConnection, view: &ItemView) -> Result<Option<ItemContent>, Error> {
        flow::item_content(conn, view, self.shown(&view.row), self.rights(&view.row).personal_data)
    }

    /// Its texts and items as he sees them.
    pub(super) fn content(&self, conn: &mut AnyConnection, row: &ReportRow) -> Result<Content, Error> {
        flow::content(conn, row, self.shown(row), self.rights(row).personal_data)
    }
}
