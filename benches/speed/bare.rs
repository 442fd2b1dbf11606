//! What the service is compared with: actix handlers with the same queries and nothing else.

use std::io::{Read, Write};
use std::path::PathBuf;

use actix_web::body::SizedStream;
use actix_web::web::{Bytes, Data, Path, Payload};
use actix_web::{App, HttpResponse, HttpServer, get, put};
use diesel::prelude::*;
use diesel::r2d2::Pool;
use futures_util::{StreamExt, stream};
use school_roadmap::db::connection::Manager;
use school_roadmap::db::schema::schools;
use school_roadmap::db::{AnyConnection, Backend, DatabaseUrl};
use serde::Serialize;

use crate::load::CONNECTIONS;

/// First argument of the process that serves the bare handlers.
pub const ARGUMENT: &str = "serve-bare";

#[derive(Queryable, Selectable, Serialize)]
#[diesel(table_name = schools, check_for_backend(Backend))]
struct School {
    id: String,
    version: i32,
    municipality_id: String,
    status: String,
    full_name: Option<String>,
    short_name: String,
    legal_form: String,
    school_kind: String,
    education_levels: String,
    inn: String,
    kpp: Option<String>,
    ogrn: String,
    okpo: Option<String>,
    oktmo: Option<String>,
    vpr_login: Option<String>,
    gia_code: Option<String>,
    site_url: Option<String>,
    address: Option<String>,
    phone: Option<String>,
    email: Option<String>,
    head_position: Option<String>,
    head_name: Option<String>,
    closure_kind: Option<String>,
    closed_on: Option<chrono::NaiveDate>,
    successor_id: Option<String>,
    created_at: chrono::NaiveDateTime,
    updated_at: chrono::NaiveDateTime,
}

/// Serves until it is killed.
pub async fn serve(url: &str, port: u16) -> anyhow::Result<()> {
    let url: DatabaseUrl = url.parse().map_err(anyhow::Error::msg)?;
    let pool = Pool::builder().max_size(u32::try_from(CONNECTIONS)?).build(Manager(url))?;
    let pool = Data::new(pool);
    let app =
        move || App::new().app_data(pool.clone()).service(one).service(page).service(take).service(give);
    Ok(HttpServer::new(app).bind(("127.0.0.1", port))?.run().await?)
}

#[get("/schools/{id}")]
async fn one(pool: Data<Pool<Manager>>, id: Path<String>) -> actix_web::Result<HttpResponse> {
    answer(pool, move |conn| {
        schools::table.find(id.as_str()).select(School::as_select()).first::<School>(conn)
    })
    .await
}

#[get("/municipalities/{id}/schools")]
async fn page(pool: Data<Pool<Manager>>, id: Path<String>) -> actix_web::Result<HttpResponse> {
    answer(pool, move |conn| {
        schools::table
            .filter(schools::municipality_id.eq(id.as_str()))
            .select(School::as_select())
            .order(schools::id)
            .limit(50)
            .load::<School>(conn)
    })
    .await
}

/// Writes the body to the disk, safely, and nothing else.
#[put("/files/{name}")]
async fn take(name: Path<String>, mut body: Payload) -> actix_web::Result<HttpResponse> {
    let mut file = std::fs::File::create(place(&name))?;
    while let Some(piece) = body.next().await {
        file.write_all(&piece?)?;
    }
    file.sync_all()?;
    Ok(HttpResponse::Ok().finish())
}

/// Sends the file, piece by piece, and nothing else.
#[get("/files/{name}")]
async fn give(name: Path<String>) -> actix_web::Result<HttpResponse> {
    let file = std::fs::File::open(place(&name))?;
    let size = file.metadata()?.len();
    let next = |mut file: std::fs::File| async move {
        let mut piece = vec![0; 128 * 1024];
        match file.read(&mut piece) {
            Ok(0) => None,
            Ok(read) => {
                piece.truncate(read);
                Some((Ok(Bytes::from(piece)), file))
            }
            Err(cause) => Some((Err(cause), file)),
        }
    };
    Ok(HttpResponse::Ok().body(SizedStream::new(size, stream::unfold(file, next))))
}

/// Where the bare handlers keep a file.
pub fn place(name: &str) -> PathBuf {
    std::env::temp_dir().join(format!("school-roadmap-speed-{name}"))
}

async fn answer<T: Serialize + Send + 'static>(
    pool: Data<Pool<Manager>>,
    query: impl FnOnce(&mut AnyConnection) -> QueryResult<T> + Send + 'static,
) -> actix_web::Result<HttpResponse> {
    #[expect(clippy::disallowed_methods, reason = "the handler is bare")]
    let found = actix_web::web::block(move || -> anyhow::Result<T> {
        let mut conn = pool.get()?;
        Ok(query(&mut conn)?)
    })
    .await?
    .map_err(actix_web::error::ErrorInternalServerError)?;
    Ok(HttpResponse::Ok().json(found))
}
