//! The feed of a reader of one municipality, which no role of people is.

use diesel::prelude::*;

use super::flow::{FeedPage, Question, page_within};
use super::store::Reach;
use crate::db::feed::horizon;
use crate::db::schema::municipalities;
use crate::db::{self, Actor, AnyConnection, Change, DatabaseUrl, Mode, Op, migrate};
use crate::error::Error;
use crate::kit::clock::Clock;
use crate::kit::code::Code;
use crate::kit::id::MunicipalityId;

fn municipality(conn: &mut AnyConnection, name: &str, region: &str) -> MunicipalityId {
    let (id, now) = (MunicipalityId::generate(), Clock::default().now().naive_utc());
    diesel::insert_into(municipalities::table)
        .values((
            municipalities::id.eq(&id),
            municipalities::name.eq(name),
            municipalities::name_folded.eq(name),
            municipalities::kind.eq("municipal_district"),
            municipalities::region_code.eq(region),
            municipalities::authority_name.eq("Отдел образования"),
            municipalities::place.eq("Центр"),
            municipalities::version.eq(1),
            municipalities::created_at.eq(now),
            municipalities::updated_at.eq(now),
        ))
        .execute(conn)
        .unwrap();
    id
}

/// `op id municipality` of each, with whether it is hidden.
fn told(page: FeedPage) -> Vec<String> {
    let line = |told: super::flow::Told| {
        let place = told.row.municipality_id.map(|id| id.0).unwrap_or_default();
        let hidden = if told.seen.is_hidden { " hidden" } else { "" };
        format!("{} {} {place}{hidden}", told.seen.op.as_str(), told.row.resource_id)
    };
    page.items.into_iter().map(line).collect()
}

#[test]
fn a_reader_of_one_municipality_is_told_of_it_of_its_region_and_of_what_is_shipped() {
    let folder = tempfile::tempdir().unwrap();
    let url = DatabaseUrl::Sqlite(folder.path().join("feed.db"));
    migrate::up(&url).unwrap();
    let conn = &mut url.connect().unwrap();
    super::prepare(conn).unwrap();
    let (own, near, far) = (
        municipality(conn, "Хотынецкий район", "57"),
        municipality(conn, "Болховский район", "57"),
        municipality(conn, "Хохольский район", "36"),
    );
    let school = |op, id: &str| Change::new(op, "schools", "test", id, 2).visible(op != Op::Created, true);
    let order = |id: &str| Change::new(Op::Updated, "orders", "register", id, 2).visible(false, true);
    db::transact(conn, &Actor::operator(), Clock::default().now(), Mode::Keep, |tx| {
        tx.record(school(Op::Created, "ours").of(&own));
        tx.record(school(Op::Created, "theirs").of(&near));
        tx.record(order("of the region").of_region("57"));
        tx.record(order("of another region").of_region("36"));
        tx.record(school(Op::Created, "shipped"));
        tx.record(school(Op::Updated, "goes").of(&near).of_region("57").moved_from(&own));
        tx.record(school(Op::Updated, "comes").of(&own).of_region("57").moved_from(&far));
        tx.record(school(Op::Updated, "passes by").of(&far).of_region("36").moved_from(&near));
        tx.record(order("a draft").of(&own).visible(false, false));
        Ok::<_, Error>(())
    })
    .unwrap();

    let asked = Question { after: 0, limit: 100, epoch: None, resources: vec!["schools", "orders"] };
    let complete = horizon(conn).unwrap();
    let mut read = |reach: Reach| told(page_within(conn, complete, &reach, &asked).unwrap());
    assert_eq!(
        read(Reach::Municipality(own.clone())),
        [
            format!("created ours {own}"),
            "created of the region ".to_owned(),
            "created shipped ".to_owned(),
            format!("deleted goes {own} hidden"),
            format!("created comes {own}"),
        ]
    );
    assert_eq!(
        read(Reach::Region("57".to_owned())),
        [
            format!("created ours {own}"),
            format!("created theirs {near}"),
            "created of the region ".to_owned(),
            "created shipped ".to_owned(),
            format!("updated goes {near}"),
            format!("created comes {own}"),
            format!("deleted passes by {near} hidden"),
        ]
    );
    assert_eq!(
        read(Reach::Region("36".to_owned())),
        [
            "created of another region ".to_owned(),
            "created shipped ".to_owned(),
            format!("deleted comes {far} hidden"),
            format!("created passes by {far}"),
        ]
    );
}
