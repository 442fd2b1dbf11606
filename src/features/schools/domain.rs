//! Rules of schools.

use crate::kit::code::{Code, codes};
use crate::kit::education::EducationLevel;
use crate::kit::lang::Bi;
use crate::kit::violation::Violation;

codes! {
    /// State of a school.
    SchoolStatus {
        /// Works.
        Active = "active", "действует", "active";
        /// Reorganised or liquidated; still readable.
        Closed = "closed", "закрыта", "closed";
    }
}

codes! {
    /// How a school ended.
    ClosureKind {
        /// Joined to another or split.
        Reorganised = "reorganised", "реорганизована", "reorganised";
        /// Ended without a successor in law.
        Liquidated = "liquidated", "ликвидирована", "liquidated";
    }
}

codes! {
    /// Legal form with the owner's level.
    LegalForm {
        /// Муниципальное бюджетное.
        Mbou = "mbou", "МБОУ", "municipal budget institution";
        /// Муниципальное автономное.
        Maou = "maou", "МАОУ", "municipal autonomous institution";
        /// Муниципальное казенное.
        Mkou = "mkou", "МКОУ", "municipal treasury institution";
        /// Муниципальное.
        Mou = "mou", "МОУ", "municipal institution";
        /// Государственное бюджетное.
        Gbou = "gbou", "ГБОУ", "state budget institution";
        /// Федеральное государственное казенное.
        Fgkou = "fgkou", "ФГКОУ", "federal treasury institution";
    }
}

codes! {
    /// Kind of a school.
    SchoolKind {
        /// Начальная: grades 1 to 4.
        Nosh = "nosh", "начальная общеобразовательная школа", "primary school";
        /// Основная: grades 1 to 9.
        Oosh = "oosh", "основная общеобразовательная школа", "basic school";
        /// Средняя: grades 1 to 11.
        Sosh = "sosh", "средняя общеобразовательная школа", "secondary school";
        /// Гимназия.
        Gymnasium = "gymnasium", "гимназия", "gymnasium";
        /// Лицей.
        Lyceum = "lyceum", "лицей", "lyceum";
        /// Школа-интернат.
        BoardingSchool = "boarding_school", "школа-интернат", "boarding school";
        /// Специальная (коррекционная).
        SpecialSchool = "special_school", "специальная (коррекционная) школа", "special school";
    }
}

/// Whether the levels fit the kind: a primary school has no basic level, a basic one no
/// secondary (Federal law 273-FZ of 29.12.2012, article 23).
#[must_use]
pub fn check_levels(kind: SchoolKind, levels: &[EducationLevel]) -> Option<Violation> {
    let allowed: &[EducationLevel] = match kind {
        SchoolKind::Nosh => &[EducationLevel::Primary],
        SchoolKind::Oosh => &[EducationLevel::Primary, EducationLevel::Basic],
        _ => EducationLevel::ALL,
    };
    let fits = levels.iter().all(|level| allowed.contains(level));
    (!fits).then(|| {
        Violation::new(
            "/education_levels",
            "inconsistent",
            Bi::fixed(
                "Уровни образования не соответствуют виду школы",
                "The education levels do not fit the kind of school",
            ),
        )
    })
}

/// Whether an upsert names one school: the OGRN of its path and that of its body agree.
#[must_use]
pub fn check_ogrn(in_path: &str, in_body: &str) -> Option<Violation> {
    (in_path != in_body).then(|| {
        Violation::new(
            "/ogrn",
            "inconsistent",
            Bi::fixed("ОГРН в адресе и в теле различаются", "The OGRN of the path and of the body differ"),
        )
    })
}

/// What a school has not finished with its municipality.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Work {
    /// A report that is neither accepted nor cancelled.
    pub report: bool,
    /// A monitoring that counts the school and is neither completed nor cancelled.
    pub monitoring: bool,
}

/// What can be done with a school.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Change it.
    Update,
    /// End it.
    Close,
    /// Move it to another municipality.
    Transfer,
}

impl Step {
    /// Codes of what stands in the way; empty when nothing does.
    #[must_use]
    pub fn blockers(self, status: SchoolStatus, work: Work) -> Vec<&'static str> {
        let named = match (self, status) {
            (_, SchoolStatus::Closed) => [Some("school-closed"), None],
            (Self::Transfer, SchoolStatus::Active) => {
                [work.report.then_some("report-open"), work.monitoring.then_some("monitoring-open")]
            }
            (Self::Update | Self::Close, SchoolStatus::Active) => [None, None],
        };
        named.into_iter().flatten().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use EducationLevel::{Basic, Primary, Secondary};

    const IDLE: Work = Work { report: false, monitoring: false };
    const BUSY: Work = Work { report: true, monitoring: true };

    #[test]
    fn a_kind_bounds_the_levels() {
        let fits = |kind, levels: &[_]| check_levels(kind, levels).is_none();
        assert!(fits(SchoolKind::Nosh, &[Primary]));
        assert!(!fits(SchoolKind::Nosh, &[Primary, Basic]) && !fits(SchoolKind::Nosh, &[Basic]));
        assert!(fits(SchoolKind::Oosh, &[Primary, Basic]) && fits(SchoolKind::Oosh, &[Basic]));
        assert!(!fits(SchoolKind::Oosh, &[Basic, Secondary]) && !fits(SchoolKind::Oosh, &[Secondary]));
        for kind in SchoolKind::ALL.iter().filter(|kind| !matches!(kind, SchoolKind::Nosh | SchoolKind::Oosh))
        {
            assert!(fits(*kind, EducationLevel::ALL) && fits(*kind, &[Secondary]), "{kind}");
        }
    }

    #[test]
    fn the_ogrn_is_said_twice_alike() {
        assert!(check_ogrn("1025799000017", "1025799000017").is_none());
        let violation = check_ogrn("1025799000017", "1025799000028").unwrap();
        assert_eq!((violation.pointer.as_str(), violation.code), ("/ogrn", "inconsistent"));
    }

    #[test]
    fn unfinished_work_keeps_a_school_where_it_is_and_nothing_else() {
        use SchoolStatus::Active;
        assert_eq!(Step::Transfer.blockers(Active, BUSY), ["report-open", "monitoring-open"]);
        assert_eq!(Step::Transfer.blockers(Active, Work { report: false, ..BUSY }), ["monitoring-open"]);
        assert_eq!(Step::Transfer.blockers(Active, Work { monitoring: false, ..BUSY }), ["report-open"]);
        assert!(Step::Transfer.blockers(Active, IDLE).is_empty());
        assert!(Step::Update.blockers(Active, BUSY).is_empty());
        assert!(Step::Close.blockers(Active, BUSY).is_empty());
    }

    #[test]
    fn nothing_is_done_with_a_closed_school() {
        for step in [Step::Update, Step::Close, Step::Transfer] {
            assert_eq!(step.blockers(SchoolStatus::Closed, BUSY), ["school-closed"]);
        }
    }
}
