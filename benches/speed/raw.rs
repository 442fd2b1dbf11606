//! What a write is compared with: the rows of one PUT of a report item, committed raw.

use chrono::DateTime;
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use school_roadmap::db::AnyConnection;
use school_roadmap::db::schema::{audit_events, changes, report_items, reports};

use crate::database::Database;
use crate::load;
use crate::region::School;

/// Commits per second. One writer on SQLite, where more would only wait for each other;
/// as many as there are schools on PostgreSQL.
pub fn commits_per_second(database: &Database, schools: &[School]) -> anyhow::Result<f64> {
    let writers = if matches!(database.connect()?, AnyConnection::Sqlite(_)) { 1 } else { schools.len() };
    let mut workers = Vec::new();
    for school in schools.iter().take(writers) {
        let (mut conn, school) = (database.connect()?, school.clone());
        workers.push(move |number| Ok(commit(&mut conn, &school, number)?));
    }
    load::per_second_of(workers)
}

fn commit(conn: &mut AnyConnection, school: &School, number: u64) -> QueryResult<()> {
    let begin = if matches!(conn, AnyConnection::Sqlite(_)) { "BEGIN IMMEDIATE" } else { "BEGIN" };
    let now = DateTime::UNIX_EPOCH.naive_utc();
    let item = school.item(number);
    conn.batch_execute(begin)?;
    diesel::update(report_items::table.find((&school.report_id, &item.measure_id)))
        .set((
            report_items::status.eq("done"),
            report_items::actual_date.eq(now.date()),
            report_items::result.eq(format!("Проведено, запись {number}")),
            report_items::version.eq(report_items::version + 1),
            report_items::updated_at.eq(now),
        ))
        .execute(conn)?;
    diesel::update(reports::table.find(&school.report_id))
        .set((reports::version.eq(reports::version + 1), reports::updated_at.eq(now)))
        .execute(conn)?;
    diesel::insert_into(audit_events::table)
        .values((
            audit_events::at.eq(now),
            audit_events::actor_id.eq(&school.report_id),
            audit_events::actor_role.eq("school_head"),
            audit_events::acting.eq(false),
            audit_events::action.eq("update-item"),
            audit_events::resource.eq("reports"),
            audit_events::resource_id.eq(&school.report_id),
            audit_events::municipality_id.eq(&school.municipality_id),
            audit_events::from_status.eq("draft"),
            audit_events::to_status.eq("draft"),
            audit_events::request_id.eq(&school.report_id),
        ))
        .execute(conn)?;
    diesel::insert_into(changes::table)
        .values((
            changes::op.eq("updated"),
            changes::resource.eq("reports"),
            changes::resource_id.eq(&school.report_id),
            changes::version.eq(1),
            changes::municipality_id.eq(&school.municipality_id),
            changes::visible_before.eq(false),
            changes::visible_after.eq(false),
            changes::actor_role.eq("school_head"),
            changes::request_id.eq(&school.report_id),
            changes::occurred_at.eq(now),
        ))
        .execute(conn)?;
    conn.batch_execute("COMMIT")
}
