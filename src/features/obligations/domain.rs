//! Obligations: what is to be done with what, from when and by when.

use chrono::NaiveDate;

use crate::kit::code::{Code, codes};

codes! {
    /// What is to be done.
    ObligationKind {
        /// Submit the own report.
        SubmitReport = "submit_report", "представить отчёт", "submit the report";
        /// Say in the own report how far a measure is.
        FillItem = "fill_item", "заполнить сведения о мероприятии", "report on the measure";
        /// Answer a remark on the own report.
        AnswerRemark = "answer_remark", "ответить на замечание", "answer the remark";
        /// Carry out a measure of a road map in force by its due day.
        CarryOutMeasure = "carry_out_measure", "исполнить мероприятие", "carry out the measure";
        /// Carry out a recurring measure once more.
        Occurrence = "occurrence", "исполнить очередной раз", "carry out once more";
        /// Accept a submitted report, or send it back.
        ReviewReport = "review_report", "рассмотреть отчёт", "review the report";
        /// Look at a submitted report of an assigned school; remarks may be written.
        CommentReport = "comment_report", "ознакомиться с отчётом", "look at the report";
        /// Look at the answer to a remark and resolve it.
        ResolveRemark = "resolve_remark", "рассмотреть ответ на замечание", "look at the answer to the remark";
        /// Wait for the school's answer to an own remark.
        AwaitAnswer = "await_answer", "проследить за ответом на замечание", "see that the remark is answered";
        /// Look at the dates that a copy has shifted.
        ReviewMeasureDates = "review_measure_dates", "проверить сроки мероприятий", "look at the dates of measures";
        /// Approve a road map that is ready.
        ApproveRoadMap = "approve_road_map", "утвердить дорожную карту", "approve the road map";
        /// Register a drafted order.
        RegisterOrder = "register_order", "зарегистрировать приказ", "register the order";
        /// Approve a list whose order is registered.
        ApproveSupportList = "approve_support_list", "утвердить перечень", "approve the list";
        /// Open a planned monitoring.
        OpenMonitoring = "open_monitoring", "открыть мониторинг", "open the monitoring";
        /// Take no more reports: every deadline has passed, or every report is accepted.
        CloseCollection = "close_collection", "завершить сбор отчётов", "close the collection";
        /// End the review: no report waits for anything.
        AnalyseMonitoring = "analyse_monitoring", "завершить рассмотрение отчётов", "end the review";
        /// End the campaign: its note is registered.
        CompleteMonitoring = "complete_monitoring", "завершить мониторинг", "complete the monitoring";
        /// Draft the note of an analysed monitoring.
        DraftNote = "draft_note", "подготовить справку", "draft the note";
        /// Give a drafted note to the head.
        SubmitNote = "submit_note", "передать справку на подпись", "submit the note";
        /// Sign a note.
        SignNote = "sign_note", "подписать справку", "sign the note";
        /// Enter number and date of a signed note.
        RegisterNote = "register_note", "зарегистрировать справку", "register the note";
        /// Publish a registered note.
        PublishNote = "publish_note", "опубликовать справку", "publish the note";
        /// Take note of a recommendation.
        AcknowledgeRecommendation = "acknowledge_recommendation", "принять рекомендацию к сведению", "acknowledge the recommendation";
        /// Carry out a recommendation.
        CompleteRecommendation = "complete_recommendation", "исполнить рекомендацию", "complete the recommendation";
        /// Confirm that schools have carried out a recommendation, or reopen it.
        VerifyRecommendation = "verify_recommendation", "подтвердить исполнение рекомендации", "verify the recommendation";
    }
}

codes! {
    /// Where an obligation stands today.
    ObligationStatus {
        /// Its first day is still ahead.
        Upcoming = "upcoming", "предстоит", "upcoming";
        /// To be done now.
        Current = "current", "к исполнению", "current";
        /// Its due day is past.
        Overdue = "overdue", "просрочено", "overdue";
    }
}

/// What an obligation is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subject {
    /// The kind of resource, as in paths.
    pub resource: &'static str,
    /// Its id.
    pub id: String,
    /// What people call it.
    pub title: String,
    /// Where it is read.
    pub href: String,
}

impl Subject {
    /// A resource that is read at its own path.
    #[must_use]
    pub fn of(resource: &'static str, id: &str, title: String) -> Self {
        let href = format!("/api/v1/{resource}/{id}");
        Self { resource, id: id.to_owned(), title, href }
    }
}

/// One thing to be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Obligation {
    /// What.
    pub kind: ObligationKind,
    /// With what.
    pub subject: Subject,
    /// The first day for it; `None`: it can be done at once.
    pub start_date: Option<NaiveDate>,
    /// The last day for it, in Moscow; `None`: it has none.
    pub due_date: Option<NaiveDate>,
    /// How many schools or measures it is about, where it is about several.
    pub count: Option<i64>,
}

impl Obligation {
    /// One without days.
    #[must_use]
    pub fn new(kind: ObligationKind, subject: Subject) -> Self {
        Self { kind, subject, start_date: None, due_date: None, count: None }
    }

    /// The same with its last day.
    #[must_use]
    pub fn due(self, due_date: Option<NaiveDate>) -> Self {
        Self { due_date, ..self }
    }

    /// The same from this day on.
    #[must_use]
    pub fn from(self, start_date: Option<NaiveDate>) -> Self {
        Self { start_date, ..self }
    }

    /// The same about several.
    #[must_use]
    pub fn about(self, count: i64) -> Self {
        Self { count: Some(count), ..self }
    }

    /// Its id: the same as long as the obligation is the same.
    #[must_use]
    pub fn id(&self) -> String {
        let id = format!("{}:{}", self.kind.as_str(), self.subject.id);
        match (self.kind, self.due_date) {
            (ObligationKind::Occurrence, Some(due)) => format!("{id}:{due}"),
            _ => id,
        }
    }

    /// Days until its due day, 0 on it; `None` after it, and without one.
    #[must_use]
    pub fn due_in_days(&self, today: NaiveDate) -> Option<i64> {
        self.due_date.map(|due| (due - today).num_days()).filter(|days| *days >= 0)
    }

    /// Days since its due day; 0 until and on it, and without one.
    #[must_use]
    pub fn overdue_days(&self, today: NaiveDate) -> i64 {
        self.due_date.map_or(0, |due| (today - due).num_days().max(0))
    }

    /// Where it stands.
    #[must_use]
    pub fn status(&self, today: NaiveDate) -> ObligationStatus {
        if self.overdue_days(today) > 0 {
            ObligationStatus::Overdue
        } else if self.start_date.is_some_and(|start| start > today) {
            ObligationStatus::Upcoming
        } else {
            ObligationStatus::Current
        }
    }
}

/// What the caller may do, as the features' policies say; his obligations are among it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Duties {
    /// Fill the own report and answer remarks.
    pub fills: bool,
    /// Submit the own report.
    pub submits: bool,
    /// Review the reports of schools.
    pub reviews: bool,
    /// Review the municipality's own report.
    pub reviews_own: bool,
    /// Write remarks.
    pub remarks: bool,
    /// Draft road maps.
    pub drafts_maps: bool,
    /// Approve road maps.
    pub approves_maps: bool,
    /// Register orders.
    pub registers_orders: bool,
    /// Approve lists.
    pub approves_lists: bool,
    /// Lead monitorings.
    pub leads: bool,
    /// Draft notes.
    pub drafts_notes: bool,
    /// Sign notes.
    pub signs: bool,
    /// Register and publish notes.
    pub registers_notes: bool,
    /// Follow recommendations for the own school.
    pub follows: bool,
    /// Carry out those of the department.
    pub tracks: bool,
    /// Verify what schools carried out.
    pub verifies: bool,
}

/// The beginning of a text, for a title.
#[must_use]
pub fn brief(text: &str) -> String {
    const MOST: usize = 160;
    if text.chars().count() <= MOST {
        return text.to_owned();
    }
    let start: String = text.chars().take(MOST).collect();
    format!("{}…", start.trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn obligation(kind: ObligationKind, due: Option<&str>) -> Obligation {
        Obligation::new(kind, Subject::of("measures", "m", "М".into())).due(due.map(day))
    }

    #[test]
    fn the_due_day_itself_is_in_time_and_the_day_after_is_late_by_one() {
        let one = obligation(ObligationKind::FillItem, Some("2024-02-29"));
        let at = |today: &str| {
            let today = day(today);
            (one.due_in_days(today), one.overdue_days(today), one.status(today).as_str())
        };
        assert_eq!(at("2024-02-28"), (Some(1), 0, "current"));
        assert_eq!(at("2024-02-29"), (Some(0), 0, "current"));
        assert_eq!(at("2024-03-01"), (None, 1, "overdue"));
        assert_eq!(at("2025-03-01"), (None, 366, "overdue"));
    }

    #[test]
    fn what_begins_later_is_upcoming_and_what_has_no_day_is_never_late() {
        let later = obligation(ObligationKind::Occurrence, Some("2023-04-30")).from(Some(day("2023-04-01")));
        assert_eq!(later.status(day("2023-03-31")), ObligationStatus::Upcoming);
        assert_eq!(later.status(day("2023-04-01")), ObligationStatus::Current);
        let never = obligation(ObligationKind::SignNote, None);
        assert_eq!((never.due_in_days(day("2030-01-01")), never.overdue_days(day("2030-01-01"))), (None, 0));
        assert_eq!(never.status(day("2030-01-01")), ObligationStatus::Current);
    }

    #[test]
    fn an_id_tells_occurrences_apart() {
        let april = obligation(ObligationKind::Occurrence, Some("2023-04-30"));
        assert_eq!(april.id(), "occurrence:m:2023-04-30");
        assert_eq!(obligation(ObligationKind::FillItem, Some("2023-04-30")).id(), "fill_item:m");
    }

    #[test]
    fn a_long_text_is_cut_and_a_short_one_is_not() {
        assert_eq!(brief("Да"), "Да");
        assert_eq!(brief(&"я".repeat(160)).chars().count(), 160);
        assert_eq!(brief(&format!("{} я", "я".repeat(159))), format!("{}…", "я".repeat(159)));
    }
}
