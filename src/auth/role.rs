//! The roles of people. Named here and in the features' `policy.rs`, nowhere else.

use crate::kit::code::codes;

codes! {
    /// Role of an account; what each may do is in the features' `policy.rs`.
    Role {
        /// Accounts, municipalities, audit; no reports, evidence or notes.
        Admin = "admin", "администратор", "administrator";
        /// Head of the education department.
        MunicipalHead = "municipal_head", "начальник отдела образования", "head of the education department";
        /// Specialist of the education department.
        MunicipalOfficer = "municipal_officer", "специалист отдела образования", "specialist of the education department";
        /// Head of a school.
        SchoolHead = "school_head", "директор школы", "head of a school";
        /// Deputy head of a school who fills the report.
        SchoolOperator = "school_operator", "заместитель директора школы", "deputy head of a school";
        /// Curator of assigned schools.
        Curator = "curator", "куратор", "curator";
        /// Reader for a region.
        RegionalViewer = "regional_viewer", "специалист региона", "regional viewer";
    }
}

impl Role {
    /// The role whose rights `acting_until` lends.
    #[must_use]
    pub fn acting_as(self) -> Self {
        match self {
            Self::MunicipalOfficer => Self::MunicipalHead,
            Self::SchoolOperator => Self::SchoolHead,
            other => other,
        }
    }
}
