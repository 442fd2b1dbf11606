//! Rules of schools.

use crate::kit::code::codes;
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
        _ => &[EducationLevel::Primary, EducationLevel::Basic, EducationLevel::Secondary],
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

/// What stands in the way of changing or closing a school.
#[must_use]
pub fn blockers(status: SchoolStatus) -> &'static [&'static str] {
    match status {
        SchoolStatus::Active => &[],
        SchoolStatus::Closed => &["school-closed"],
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use EducationLevel::{Basic, Primary, Secondary};

    #[test]
    fn a_kind_bounds_the_levels() {
        assert!(check_levels(SchoolKind::Nosh, &[Primary]).is_none());
        assert!(check_levels(SchoolKind::Nosh, &[Primary, Basic]).is_some());
        assert!(check_levels(SchoolKind::Oosh, &[Primary, Basic]).is_none());
        assert!(check_levels(SchoolKind::Oosh, &[Basic, Secondary]).is_some());
        assert!(check_levels(SchoolKind::Sosh, &[Primary, Basic, Secondary]).is_none());
    }
}
