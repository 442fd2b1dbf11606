//! Recommendations of earlier years as measures of a new road map: which, and in which words.

use std::collections::BTreeSet;

use chrono::{Datelike, NaiveDate};

use super::domain::AddresseeStatus;
use crate::features::road_maps::{
    AppliesTo, AppliesToKind, Deadline, DeadlineKind, MeasureLevel, MeasureText,
};
use crate::kit::id::{RecommendationId, SchoolId};

/// Characters of a measure's title at most.
const TITLE_MAX: usize = 2000;
/// The section in which offered measures stand, until somebody moves them.
const SECTION: &str = "Исполнение рекомендаций прошлых периодов";
/// The deadline in words where the recommendation names no day that fits.
const WHOLE_PERIOD: &str = "в течение срока действия «дорожной карты»";

impl AddresseeStatus {
    /// States in which nothing is left to follow up.
    pub const SETTLED: [Self; 2] = [Self::Verified, Self::Cancelled];

    /// Whether nothing is left to follow up.
    #[must_use]
    pub fn is_settled(self) -> bool {
        Self::SETTLED.contains(&self)
    }
}

/// The days of a road map.
#[derive(Debug, Clone, Copy)]
pub struct Period {
    /// First day.
    pub start: NaiveDate,
    /// Last day.
    pub end: NaiveDate,
}

impl Period {
    fn holds(self, day: NaiveDate) -> bool {
        self.start <= day && day <= self.end
    }
}

/// A recommendation that is still to be carried out, or to be verified.
#[derive(Debug, Clone)]
pub struct Unverified {
    /// Its id.
    pub id: RecommendationId,
    /// Its number in the note.
    pub code: String,
    /// What is recommended.
    pub text: String,
    /// The last day for carrying it out.
    pub due_date: Option<NaiveDate>,
    /// The schools that have not finished; `None`: it is the department's own.
    pub schools: Option<Vec<SchoolId>>,
}

/// Whether a recommendation belongs to a year before the map's: it was issued before the map's
/// first day, or its monitoring looked at a period that had ended by then.
#[must_use]
pub fn is_earlier(issued_on: NaiveDate, monitored_until: Option<NaiveDate>, map: Period) -> bool {
    issued_on < map.start || monitored_until.is_some_and(|last| last < map.start)
}

/// The measure that follows the recommendation up in a map: the schools', or the department's own.
///
/// `own_map`: in a school's own map, which concerns that school alone. `taken`: the codes of the
/// map; the measure's is added to them. Where the deadline is not the recommendation's own day or
/// lies before `today`, or the text was too long for a title, somebody has to look at the measure
/// before the map is approved.
#[must_use]
pub fn measure_of(
    recommendation: Unverified,
    map: Period,
    own_map: bool,
    taken: &mut BTreeSet<String>,
    today: NaiveDate,
) -> MeasureText {
    let department = recommendation.schools.is_none();
    let (deadline, moved) = deadline_in(recommendation.due_date, map);
    let past = deadline.due_date.is_some_and(|day| day < today);
    let cut = recommendation.text.chars().count() > TITLE_MAX;
    let named = recommendation.schools.filter(|_| !own_map);
    MeasureText {
        code: free_code(&recommendation.code, taken),
        section: SECTION.to_owned(),
        position: None,
        level: if department { MeasureLevel::Municipal } else { MeasureLevel::School },
        title: title_of(&recommendation.text),
        deadline,
        responsible: vec![if department { "отдел образования" } else { "директор школы" }.to_owned()],
        expected_result: None,
        evidence_required: false,
        applies_to: named.map_or_else(AppliesTo::all, |ids| AppliesTo {
            kind: AppliesToKind::Schools,
            school_ids: Some(ids),
            education_levels: None,
        }),
        criteria: Vec::new(),
        indicators: Vec::new(),
        recommendations: vec![format!("R{}", recommendation.code)],
        counts_in_compliance: true,
        needs_review: moved || past || cut,
        recommendation_id: Some(recommendation.id),
    }
}

/// The deadline within the map's period, and whether it is another than the recommendation's.
///
/// The day stays when it lies within; one that has passed is shifted by whole years. What no
/// whole year brings inside has the whole period.
fn deadline_in(due: Option<NaiveDate>, map: Period) -> (Deadline, bool) {
    let by = |day: NaiveDate| Deadline {
        kind: DeadlineKind::Date,
        text: day.format("до %d.%m.%Y").to_string(),
        due_date: Some(day),
        start_date: None,
        end_date: None,
        recurrence: None,
        months: None,
    };
    let whole = Deadline {
        kind: DeadlineKind::AllYear,
        text: WHOLE_PERIOD.to_owned(),
        due_date: None,
        start_date: Some(map.start),
        end_date: Some(map.end),
        recurrence: None,
        months: None,
    };
    let Some(due) = due else { return (whole, false) };
    let distance = map.start.year().saturating_sub(due.year()).max(0);
    let shifted = [0, distance, distance.saturating_add(1)]
        .into_iter()
        .filter_map(|years| by(due).shifted_by_years(years).due_date)
        .find(|day| map.holds(*day));
    match shifted {
        Some(day) => (by(day), day != due),
        None => (whole, true),
    }
}

/// `R4` for recommendation 4; `R4-2`, `R4-3`, … where that is taken.
fn free_code(code: &str, taken: &mut BTreeSet<String>) -> String {
    let first = format!("R{code}");
    let others = (2_u32..).map(|n| format!("{first}-{n}"));
    let free = std::iter::once(first.clone()).chain(others).find(|code| !taken.contains(code));
    let free = free.unwrap_or(first);
    taken.insert(free.clone());
    free
}

/// The text, cut where a title ends.
fn title_of(text: &str) -> String {
    if text.chars().count() <= TITLE_MAX {
        return text.to_owned();
    }
    text.chars().take(TITLE_MAX.saturating_sub(1)).chain(['…']).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn year() -> Period {
        Period { start: day("2024-01-01"), end: day("2024-12-31") }
    }

    fn unverified(due: Option<&str>, schools: Option<Vec<SchoolId>>) -> Unverified {
        Unverified {
            id: RecommendationId("r".into()),
            code: "4".into(),
            text: "Разместить раздел на сайте".into(),
            due_date: due.map(day),
            schools,
        }
    }

    fn made(due: Option<&str>, period: Period) -> MeasureText {
        measure_of(unverified(due, None), period, false, &mut BTreeSet::new(), day("2023-12-01"))
    }

    #[test]
    fn earlier_is_issued_before_the_map_or_of_a_monitoring_that_ended_before_it() {
        let earlier = |issued, until: Option<&str>| is_earlier(day(issued), until.map(day), year());
        assert!(earlier("2023-12-31", None) && !earlier("2024-01-01", None));
        assert!(earlier("2024-01-15", Some("2023-12-31")), "the note was signed late");
        assert!(!earlier("2024-12-29", Some("2024-12-31")), "of the map's own year");
        assert!(earlier("2022-12-29", Some("2022-12-31")), "still open from the year before last");
    }

    #[test]
    fn a_day_is_shifted_into_the_period_by_whole_years() {
        let due = |due, period| made(Some(due), period).deadline.due_date.map(|day| day.to_string());
        assert_eq!(due("2024-03-01", year()).unwrap(), "2024-03-01", "it lies within");
        assert_eq!(due("2024-01-01", year()).unwrap(), "2024-01-01");
        assert_eq!(due("2024-12-31", year()).unwrap(), "2024-12-31");
        assert_eq!(due("2023-03-01", year()).unwrap(), "2024-03-01");
        assert_eq!(
            due("2020-02-29", Period { start: day("2023-01-01"), end: day("2023-12-31") }).unwrap(),
            "2023-02-28"
        );
        let academic = Period { start: day("2023-09-01"), end: day("2024-05-31") };
        assert_eq!(due("2022-03-01", academic).unwrap(), "2024-03-01", "in the second half");
        assert_eq!(due("2022-10-01", academic).unwrap(), "2023-10-01");
        assert_eq!(due("2022-07-01", academic), None, "no year brings July inside");
        assert_eq!(due("2025-03-01", year()), None, "never earlier than promised");
    }

    #[test]
    fn every_deadline_is_right_and_a_moved_one_is_to_be_looked_at() {
        for (due, review) in [
            (None, false),
            (Some("2024-03-01"), false),
            (Some("2023-03-01"), true),
            (Some("2025-03-01"), true),
        ] {
            let measure = made(due, year());
            assert_eq!(measure.check("", false), [], "{due:?}");
            assert_eq!(measure.needs_review, review, "{due:?}");
        }
        assert_eq!(made(Some("2023-03-01"), year()).deadline.text, "до 01.03.2024");
        let on = |today| {
            let taken = &mut BTreeSet::new();
            measure_of(unverified(Some("2024-03-01"), None), year(), false, taken, day(today)).needs_review
        };
        assert!(!on("2024-03-01") && on("2024-03-02"), "a day that has passed is looked at");
        let whole = made(None, year()).deadline;
        assert_eq!((whole.start_date, whole.end_date), (Some(day("2024-01-01")), Some(day("2024-12-31"))));
    }

    #[test]
    fn a_taken_code_gets_a_number() {
        let mut taken = BTreeSet::from(["R4".to_owned(), "R4-2".to_owned()]);
        assert_eq!(free_code("4", &mut taken), "R4-3");
        assert_eq!(free_code("4", &mut taken), "R4-4");
        assert_eq!(free_code("5", &mut taken), "R5");
    }

    #[test]
    fn the_department_and_the_schools_have_measures_of_their_level() {
        let schools = vec![SchoolId("a".into()), SchoolId("b".into())];
        let own = measure_of(unverified(None, None), year(), false, &mut BTreeSet::new(), day("2023-12-01"));
        assert_eq!((own.level, own.applies_to), (MeasureLevel::Municipal, AppliesTo::all()));
        let of_schools = measure_of(
            unverified(None, Some(schools.clone())),
            year(),
            false,
            &mut BTreeSet::new(),
            day("2023-12-01"),
        );
        assert_eq!(of_schools.level, MeasureLevel::School);
        assert_eq!(of_schools.applies_to.school_ids, Some(schools.clone()));
        assert_eq!(of_schools.recommendations, ["R4"]);
        let in_own_map = measure_of(
            unverified(None, Some(schools)),
            year(),
            true,
            &mut BTreeSet::new(),
            day("2023-12-01"),
        );
        assert_eq!(in_own_map.check("", true), []);
    }

    #[test]
    fn a_long_text_is_cut_to_a_title() {
        assert_eq!(title_of(&"я".repeat(2000)).chars().count(), 2000);
        let cut = title_of(&"я".repeat(2001));
        assert_eq!((cut.chars().count(), cut.ends_with("я…")), (2000, true));
    }
}
