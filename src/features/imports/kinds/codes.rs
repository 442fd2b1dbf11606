//! Codes as people write them in tables: the code itself, its label, or what offices say for short.

use crate::features::road_maps::{DeadlineKind, MeasureLevel, Recurrence};
use crate::features::school_stats::AssessmentKind;
use crate::features::schools::{LegalForm, SchoolKind};
use crate::features::support_lists::Assessment;
use crate::kit::code::Code;
use crate::kit::education::EducationLevel;
use crate::kit::lang::Lang;
use crate::kit::text;

/// A closed list of codes.
#[derive(Debug)]
pub struct Codes {
    /// The code that a text names.
    pub read: fn(&str) -> Option<&'static str>,
    /// Every label, for people.
    pub labels: fn() -> String,
    /// What offices say for short.
    short: &'static [(&'static str, &'static str)],
}

impl Codes {
    const fn of<C: Code>(short: &'static [(&'static str, &'static str)]) -> Self {
        Self { read: read::<C>, labels: labels::<C>, short }
    }

    /// The code that a cell names; case and «ё» do not matter.
    #[must_use]
    pub fn code(&self, cell: &str) -> Option<&'static str> {
        let wanted = text::folded(cell);
        let short = self.short.iter().find(|(short, _)| text::folded(short) == wanted);
        short.map(|(_, code)| *code).or_else(|| (self.read)(&wanted))
    }
}

fn read<C: Code>(wanted: &str) -> Option<&'static str> {
    let named = |code: &&C| code.as_str() == wanted || text::folded(code.label(Lang::Ru)) == *wanted;
    C::ALL.iter().find(named).map(|code| code.as_str())
}

fn labels<C: Code>() -> String {
    C::ALL.iter().map(|code| code.label(Lang::Ru)).collect::<Vec<_>>().join(", ")
}

pub(super) static LEGAL_FORM: Codes = Codes::of::<LegalForm>(&[]);
pub(super) static SCHOOL_KIND: Codes =
    Codes::of::<SchoolKind>(&[("НОШ", "nosh"), ("ООШ", "oosh"), ("СОШ", "sosh"), ("СКОШ", "special_school")]);
pub(super) static LEVEL: Codes = Codes::of::<EducationLevel>(&[
    ("НОО", "primary"),
    ("ООО", "basic"),
    ("СОО", "secondary"),
    ("начальное", "primary"),
    ("основное", "basic"),
    ("среднее", "secondary"),
]);
pub(super) static ASSESSMENT_KIND: Codes =
    Codes::of::<AssessmentKind>(&[("ВПР", "vpr"), ("ОГЭ", "oge"), ("ЕГЭ", "ege"), ("ГВЭ", "gve")]);
pub(super) static ASSESSMENT: Codes = Codes::of::<Assessment>(&[
    ("ВПР", "vpr"),
    ("ОГЭ", "oge"),
    ("ЕГЭ", "ege"),
    ("ГВЭ", "gve"),
    ("иная", "other"),
]);
pub(super) static MEASURE_LEVEL: Codes =
    Codes::of::<MeasureLevel>(&[("муниципальный", "municipal"), ("школьный", "school")]);
pub(super) static DEADLINE: Codes = Codes::of::<DeadlineKind>(&[]);
pub(super) static RECURRENCE: Codes = Codes::of::<Recurrence>(&[("один раз в четверть", "academic_quarter")]);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_known_by_itself_its_label_and_its_short_form() {
        for cell in ["sosh", "СОШ", "сош", "Средняя общеобразовательная школа"]
        {
            assert_eq!(SCHOOL_KIND.code(cell), Some("sosh"), "{cell}");
        }
        assert_eq!(LEGAL_FORM.code("МБОУ"), Some("mbou"));
        assert_eq!(LEVEL.code("основное общее образование"), Some("basic"));
        assert_eq!(LEVEL.code("высшее"), None);
        assert!((LEGAL_FORM.labels)().starts_with("МБОУ, МАОУ"));
    }
}
