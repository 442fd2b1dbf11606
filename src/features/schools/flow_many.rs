//! Many schools at once, each by its OGRN: what a PUT of each would do, in few queries.

use std::collections::HashMap;

use serde_json::{Map, Value, json};

use super::bodies::SchoolIn;
use super::domain::Step;
use super::flow;
use super::flow::change_within;
use super::store::{self, SchoolRow};
use super::store_many;
use super::store_work::School;
use crate::db::{Op, Tx};
use crate::error::Error;
use crate::kit::id::{MunicipalityId, SchoolId};
use crate::kit::outcome::Outcome;
use crate::problems;
use crate::web::check::check;

/// Stores schools of a municipality, each by itself: a refused one leaves the others alone.
///
/// Each value is a body of a PUT by OGRN, with one difference: what it does not say of a school
/// that exists stays as it is, and null clears it. The values have different OGRNs.
///
/// # Errors
///
/// Failures of the database or the program; what is wrong with a school stands in its place.
pub fn put_many(
    tx: &mut Tx,
    municipality: &MunicipalityId,
    given: &[Value],
) -> Result<Vec<Result<Outcome, Error>>, Error> {
    match tx.attempt(|tx| put(tx, municipality, given)) {
        Err(cause) if is_taken(&cause) => {}
        done => return done,
    }
    // Somebody has taken a code or a name meanwhile: one by one, to find whose.
    let mut found = Vec::with_capacity(given.len());
    for one in given {
        match tx.attempt(|tx| put(tx, municipality, std::slice::from_ref(one))) {
            Ok(mut alone) => found.extend(alone.pop()),
            Err(cause) if is_taken(&cause) => found.push(Err(cause)),
            Err(cause) => return Err(cause),
        }
    }
    Ok(found)
}

fn is_taken(cause: &Error) -> bool {
    matches!(cause, Error::Refused(refusal) if refusal.problem.slug == problems::SCHOOL_EXISTS.slug)
}

/// What the codes and names of these schools belong to already.
struct Holders {
    by_ogrn: HashMap<String, SchoolRow>,
    by_inn: HashMap<String, (SchoolId, MunicipalityId)>,
    by_name: HashMap<String, SchoolId>,
}

impl Holders {
    fn of(tx: &mut Tx, municipality: &MunicipalityId, given: &[Value]) -> Result<Self, Error> {
        let texts = |name: &str| -> Vec<&str> {
            given.iter().filter_map(|one| one.get(name).and_then(Value::as_str)).collect()
        };
        let rows = store_many::lock_by_ogrn(tx, &texts("ogrn"))?;
        let inns = store_many::holders_of_inns(tx, &texts("inn"))?;
        let names = store_many::holders_of_names(tx, municipality, &texts("short_name"))?;
        Ok(Self {
            by_ogrn: rows.into_iter().map(|row| (row.ogrn.clone(), row)).collect(),
            by_inn: inns.into_iter().map(|(inn, id, place)| (inn, (id, place))).collect(),
            by_name: names.into_iter().collect(),
        })
    }

    /// Refuses an INN or a name that another school has.
    fn refuse_taken(&self, row: &SchoolRow) -> Result<(), Error> {
        match self.by_inn.get(&row.inn) {
            Some((_, place)) if *place != row.municipality_id => {
                return Err(Error::refuse(&problems::OGRN_REGISTERED_ELSEWHERE));
            }
            Some((id, _)) if *id != row.id => return Err(Error::refuse(&problems::SCHOOL_EXISTS)),
            _ => {}
        }
        match self.by_name.get(&row.short_name) {
            Some(id) if *id != row.id => Err(Error::refuse(&problems::SCHOOL_EXISTS)),
            _ => Ok(()),
        }
    }

    /// Notes what a school has from now on.
    fn take(&mut self, row: &SchoolRow, old: Option<&SchoolRow>) {
        if let Some(old) = old {
            self.by_inn.remove(&old.inn);
            self.by_name.remove(&old.short_name);
        }
        self.by_inn.insert(row.inn.clone(), (row.id.clone(), row.municipality_id.clone()));
        self.by_name.insert(row.short_name.clone(), row.id.clone());
    }
}

fn put(
    tx: &mut Tx,
    municipality: &MunicipalityId,
    given: &[Value],
) -> Result<Vec<Result<Outcome, Error>>, Error> {
    let region = store::region_of(tx, municipality)?;
    let mut holders = Holders::of(tx, municipality, given)?;
    let (mut outcomes, mut new) = (Vec::with_capacity(given.len()), Vec::new());
    for one in given {
        let ogrn = one.get("ogrn").and_then(Value::as_str).unwrap_or_default();
        let old = holders.by_ogrn.get(ogrn).cloned();
        let wanted = wanted(tx, municipality, one, old.as_ref()).and_then(|row| {
            if old.as_ref() == Some(&row) { Ok(row) } else { holders.refuse_taken(&row).map(|()| row) }
        });
        let mut row = match wanted {
            Err(cause @ (Error::Internal(_) | Error::Replayed(_))) => return Err(cause),
            Err(refused) => {
                outcomes.push(Err(refused));
                continue;
            }
            Ok(row) => row,
        };
        let outcome = match &old {
            None => Outcome::Created,
            Some(old) if *old == row => Outcome::Unchanged,
            Some(_) => Outcome::Updated,
        };
        if outcome == Outcome::Updated {
            flow::touch(tx, &mut row);
            store::update(tx, &row).map_err(Error::on_duplicate(&problems::SCHOOL_EXISTS))?;
            let from = old.as_ref().map(|old| old.status);
            tx.record(change_within(&row, &region, Op::Updated, "update", from));
        }
        holders.take(&row, old.as_ref());
        if outcome == Outcome::Created {
            new.push(row);
        }
        outcomes.push(Ok(outcome));
    }
    store_many::insert_many(tx, &new).map_err(Error::on_duplicate(&problems::SCHOOL_EXISTS))?;
    for row in &new {
        tx.record(change_within(row, &region, Op::Created, "create", None));
    }
    Ok(outcomes)
}

/// The row that a body makes, or what it makes of `old`.
fn wanted(
    tx: &Tx,
    municipality: &MunicipalityId,
    given: &Value,
    old: Option<&SchoolRow>,
) -> Result<SchoolRow, Error> {
    if let Some(old) = old {
        if old.municipality_id != *municipality {
            return Err(Error::refuse(&problems::OGRN_REGISTERED_ELSEWHERE));
        }
        flow::require(&School::idle(old.clone()), Step::Update)?;
    }
    let body = over(old, given)?;
    let broken = check::<SchoolIn>(&body).map_err(Error::Internal)?;
    if !broken.malformed.is_empty() || !broken.invalid.is_empty() {
        return Err(Error::invalid(broken.malformed.into_iter().chain(broken.invalid).collect()));
    }
    let school: SchoolIn = serde_json::from_value(body)?;
    school.refuse_contradictions(None)?;
    Ok(school.into_row(municipality, old, tx.now())?)
}

/// The body with what it does not say taken from the school.
fn over(old: Option<&SchoolRow>, given: &Value) -> Result<Value, Error> {
    let Some(old) = old else { return Ok(given.clone()) };
    let stored = json!({
        "full_name": old.full_name, "short_name": old.short_name, "legal_form": old.legal_form,
        "school_kind": old.school_kind, "education_levels": old.levels()?, "inn": old.inn, "kpp": old.kpp,
        "ogrn": old.ogrn, "okpo": old.okpo, "oktmo": old.oktmo, "vpr_login": old.vpr_login,
        "gia_code": old.gia_code, "site_url": old.site_url, "address": old.address, "phone": old.phone,
        "email": old.email, "head_position": old.head_position, "head_name": old.head_name,
    });
    let (Value::Object(mut body), Some(said)) = (stored, given.as_object()) else { return Ok(given.clone()) };
    body.extend(said.clone());
    Ok(Value::Object(Map::from_iter(body)))
}
