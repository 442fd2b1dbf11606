//! The indicators of a monitoring as a note says them.

use super::snapshot::{NoteAttachment, NoteFigure};
use crate::features::indicators::IndicatorLevel;
use crate::features::monitoring_indicators::{Figure, Figures, SmallCells};
use crate::kit::code::Code;
use crate::kit::plural;

/// What stands for a value of so few people that it would tell of single ones.
const TOO_FEW: &str = "не приводится (малая выборка)";

/// The figures under the conclusion with this number.
pub(super) fn of_conclusion(
    figures: &Figures,
    code: &str,
    attachments: &[NoteAttachment],
    small: SmallCells,
) -> Vec<NoteFigure> {
    said(figures, |figure| figure.conclusions.iter().any(|one| one == code), attachments, small)
}

/// The figures that belong to no conclusion.
pub(super) fn general(
    figures: &Figures,
    attachments: &[NoteAttachment],
    small: SmallCells,
) -> Vec<NoteFigure> {
    said(figures, |figure| figure.conclusions.is_empty(), attachments, small)
}

/// The public figures that have anything to say: everybody reads a published note.
fn said(
    figures: &Figures,
    belongs: impl Fn(&Figure) -> bool,
    attachments: &[NoteAttachment],
    small: SmallCells,
) -> Vec<NoteFigure> {
    let says = |figure: &&Figure| figure.indicator.public && figure.sum.count > 0 && belongs(figure);
    let all = figures.schools.len();
    figures.items.iter().filter(says).map(|figure| one(figure, all, attachments, small)).collect()
}

fn one(figure: &Figure, schools: usize, attachments: &[NoteAttachment], small: SmallCells) -> NoteFigure {
    let unit = figure.unit();
    let shown = figure.people().is_none_or(|people| !small.is_small(people));
    let denominator = figure.sum.shown_denominator(unit);
    let mut text = unit.in_russian(figure.sum.numerator, denominator);
    let told = figure.indicator.level == IndicatorLevel::School && !figure.indicator.computed;
    let nobody = unit.is_divided() && figure.sum.denominator == 0;
    if told && !nobody && figure.sum.count < schools {
        let all = plural::counted(schools, ["школы", "школ", "школ"]);
        text = format!("{text}, по данным {} из {all}", figure.sum.count);
    }
    let numbered = attachments.iter().zip(1_u32..);
    let sources = numbered.filter(|(report, _)| figure.sources.contains(&report.school_id));
    let sources: Vec<u32> = sources.map(|(_, number)| number).collect();
    NoteFigure {
        code: figure.indicator.code.clone(),
        name: figure.indicator.name.clone(),
        unit: unit.as_str().to_owned(),
        text: if shown || nobody { text } else { TOO_FEW.to_owned() },
        numerator: shown.then_some(figure.sum.numerator),
        denominator: denominator.filter(|_| shown),
        value: figure.sum.value(unit).filter(|_| shown).map(|value| value.to_string()),
        target: figure.target.map(|target| target.to_string()),
        target_text: figure.target.map(|target| unit.with_sign(target)),
        purpose_note: figure.indicator.purpose_note.clone(),
        entered: !figure.indicator.computed && sources.is_empty(),
        sources,
    }
}
