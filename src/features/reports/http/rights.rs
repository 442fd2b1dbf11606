//! What the caller may do with one report: his role, and whose report it is.

use super::super::lifecycle::ReportStep;
use super::super::policy;
use super::super::store::ReportRow;
use crate::auth::{Caller, Scope};
use crate::error::Error;
use crate::kit::id::{MunicipalityId, SchoolId};
use crate::problems;

/// The caller's rights on one report.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rights {
    /// It is the report of his own school or department.
    pub own_side: bool,
    /// Fill it and attach evidence.
    pub fills: bool,
    /// Submit it and take it back.
    pub submits: bool,
    /// Accept it and send it back.
    pub reviews: bool,
    /// Write remarks on it.
    pub remarks: bool,
    /// Read its evidence that holds personal data.
    pub personal_data: bool,
}

impl Rights {
    pub(super) fn of(caller: &Caller, scope: &Scope, row: &ReportRow) -> Self {
        let department = matches!(scope, Scope::Municipality(id) if *id == row.municipality_id);
        let own_side = is_own_side(scope, &row.municipality_id, row.school_id.as_ref());
        let reviews = match &row.school_id {
            Some(_) => caller.may::<policy::ReviewReports>(),
            None => caller.may::<policy::ReviewOwnReport>(),
        };
        Self {
            own_side,
            fills: own_side && caller.may::<policy::FillReports>(),
            submits: own_side && caller.may::<policy::SubmitReports>(),
            reviews: department && reviews,
            remarks: (department && reviews)
                || (matches!(scope, Scope::Assigned(..)) && caller.may::<policy::WriteRemarks>()),
            personal_data: caller.may::<policy::ReadPersonalData>(),
        }
    }

    /// Whether the step is the caller's.
    pub(super) fn allow(self, step: ReportStep) -> bool {
        match step {
            ReportStep::Update => self.fills,
            ReportStep::Submit | ReportStep::Withdraw => self.submits,
            ReportStep::StartReview | ReportStep::Return | ReportStep::Accept => self.reviews,
            ReportStep::Remark => self.remarks,
            ReportStep::Discuss => self.fills || self.remarks,
        }
    }
}

/// Whether a report is of the caller's own school, or of his own department.
pub(super) fn is_own_side(scope: &Scope, municipality: &MunicipalityId, school: Option<&SchoolId>) -> bool {
    match school {
        Some(school) => scope.own_school() == Some(school),
        None => matches!(scope, Scope::Municipality(own) if own == municipality),
    }
}

/// Refuses what the caller may not do with this report.
///
/// # Errors
///
/// 403.
pub(super) fn demand(may: bool) -> Result<(), Error> {
    if may { Ok(()) } else { Err(Error::refuse(&problems::FORBIDDEN)) }
}
