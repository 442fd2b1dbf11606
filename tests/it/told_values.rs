//! Values that a report tells: confirmed when it is accepted, taken back when it is returned, and
//! meanwhile nobody types others over them.

use diesel::prelude::*;
use rstest::rstest;
use school_roadmap::db::schema::changes;
use school_roadmap::db::{Actor, Mode, Tx, transact};
use school_roadmap::error::Error;
use school_roadmap::features::indicators::{self, Counted, Number, Telling};
use school_roadmap::kit::id::{IndicatorId, ReportId};
use serde_json::{Value, json};

use crate::app::{Database, Postgres, Sqlite};
use crate::campaign::Campaign;
use crate::client::Resource;
use crate::indicator_values::{put, value};
use crate::indicators::shipped;

const PATH: &str = "/api/v1/indicator-values";

/// A campaign, the report of its first school, and I-10 of the same year.
struct Story {
    campaign: Campaign,
    report: ReportId,
    share: String,
}

impl Story {
    async fn begin(on: Database) -> Option<Self> {
        let campaign = Campaign::opened(on).await?;
        let path = campaign.report_of(Some(&campaign.schools[0])).await;
        let report = ReportId(path.rsplit('/').next().unwrap().to_owned());
        let share = shipped(&campaign.officer, "I-10").await.id();
        Some(Self { campaign, report, share })
    }

    fn share(&self, numerator: i32, denominator: i32) -> Value {
        value(&self.share, Some(&self.campaign.schools[0]), json!(numerator), json!(denominator))
    }

    /// What acceptance does with the numbers of the report.
    fn accept(&self, numbers: &[(i32, i32)]) {
        let counted: Vec<Counted> = numbers
            .iter()
            .map(|(numerator, denominator)| Counted {
                indicator_id: IndicatorId(self.share.clone()),
                number: Number { numerator: *numerator, denominator: Some(*denominator) },
            })
            .collect();
        let telling = Telling {
            report_id: self.report.clone(),
            municipality_id: self.campaign.municipality.clone(),
            school_id: Some(self.campaign.schools[0].clone()),
            period: ("2023-01-01".parse().unwrap(), "2023-12-31".parse().unwrap()),
        };
        self.within(move |tx| indicators::confirm(tx, &telling, &counted));
    }

    /// What its return does.
    fn give_back(&self) {
        let (municipality, report) = (self.campaign.municipality.clone(), self.report.clone());
        self.within(move |tx| indicators::reopen(tx, &municipality, &report));
    }

    fn within(&self, work: impl FnOnce(&mut Tx) -> Result<(), Error>) {
        let app = &self.campaign.app;
        let actor = Actor::without_account("municipal_officer", "told".into());
        transact::<_, Error, _>(&mut app.connection(), &actor, app.clock.now(), Mode::Keep, work).unwrap();
    }

    async fn stored(&self) -> Value {
        self.campaign.officer.get(PATH).await.expect(200)["items"][0].clone()
    }

    /// The feed of values: which version, seen by a region before and after.
    fn feed(&self) -> Vec<(i32, bool, bool)> {
        changes::table
            .filter(changes::resource.eq("indicator-values"))
            .order(changes::seq)
            .select((changes::version, changes::visible_before, changes::visible_after))
            .load(&mut self.campaign.app.connection())
            .unwrap()
    }
}

fn state(stored: &Value) -> (i64, &str, i64, bool) {
    let numerator = stored["numerator"].as_i64().unwrap();
    (stored.version(), stored["state"].as_str().unwrap(), numerator, !stored["report_id"].is_null())
}

#[rstest]
#[actix_web::test]
async fn what_an_accepted_report_told_stands_until_it_is_returned(#[values(Sqlite, Postgres)] on: Database) {
    let Some(story) = Story::begin(on).await else {
        return;
    };
    let officer = &story.campaign.officer;
    let mut typed = story.share(1, 10);
    typed["target"] = json!(40);
    put(officer, &typed).await.expect(201);
    story.accept(&[(3, 12)]);
    let told = story.stored().await;
    assert_eq!(state(&told), (2, "confirmed", 3, true), "what was reviewed now");
    assert_eq!((&told["target"], &told["value"]), (&json!(40), &json!(25)), "the target stays");
    assert_eq!(told["report_id"], json!(story.report));
    story.accept(&[(3, 12)]);
    assert_eq!(story.stored().await, told, "accepted anew with the same number");

    let mut withdrawn = story.share(3, 12);
    withdrawn["state"] = json!("entered");
    for other in [story.share(4, 12), story.share(99, 12), withdrawn] {
        let refused = put(officer, &other).await;
        assert_eq!(refused.problem(409), "value-from-report", "{other}");
        assert_eq!(refused.json()["blocked_by"], json!(["report-accepted"]));
    }
    let mut aimed = story.share(3, 12);
    aimed["target"] = json!(50);
    let aimed = put(officer, &aimed).await.expect(200);
    assert_eq!((state(&aimed), &aimed["target"]), ((3, "confirmed", 3, true), &json!(50)));

    story.give_back();
    assert_eq!(state(&story.stored().await), (4, "entered", 3, true), "the school corrects it");
    story.accept(&[(5, 12)]);
    assert_eq!(state(&story.stored().await), (5, "confirmed", 5, true));
    story.give_back();
    story.give_back();
    assert_eq!(state(&story.stored().await), (6, "entered", 5, true), "once is enough");
    let own = put(officer, &story.share(6, 12)).await.expect(200);
    assert_eq!(state(&own), (7, "entered", 6, false), "the department's number is no report's");
    assert_eq!(
        story.feed(),
        [
            (1, false, false),
            (2, false, true),
            (3, true, true),
            (4, true, false),
            (5, false, true),
            (6, true, false),
            (7, false, false),
        ]
    );
}

#[rstest]
#[actix_web::test]
async fn what_a_report_tells_no_more_is_confirmed_no_more(#[values(Sqlite, Postgres)] on: Database) {
    let Some(story) = Story::begin(on).await else {
        return;
    };
    let region = story.campaign.app.as_region("57");
    story.accept(&[(3, 12)]);
    assert_eq!(state(&story.stored().await), (1, "confirmed", 3, true), "nobody had typed one");
    assert_eq!(region.get(PATH).await.expect(200)["items"][0]["value"], 25);
    let own = story.campaign.principal.get(PATH).await.expect(200);
    assert_eq!(own["items"][0]["report_id"], json!(story.report));

    story.accept(&[]);
    assert_eq!(state(&story.stored().await), (2, "entered", 3, true));
    let page = region.get(PATH).await.expect(200);
    assert_eq!((&page["items"], &page["aggregates"]), (&json!([]), &json!([])));
    let mut confirmed = story.share(3, 12);
    confirmed["state"] = json!("confirmed");
    let confirmed = put(&story.campaign.officer, &confirmed).await.expect(200);
    assert_eq!(state(&confirmed), (3, "confirmed", 3, false), "the department answers for it");
    story.give_back();
    assert_eq!(story.stored().await, confirmed, "the report has no part in it");
    assert_eq!(story.feed(), [(1, false, true), (2, true, false), (3, false, true)]);
}
