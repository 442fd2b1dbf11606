//! Pages for people: the API's documentation and one page per problem.

use actix_web::http::header;
use actix_web::web::{Path, Redirect, ServiceConfig};
use actix_web::{HttpResponse, get};
use utoipa_swagger_ui::{Config, SwaggerUi};

use crate::error::Error;
use crate::problems;

/// Registers the pages.
pub fn configure(config: &mut ServiceConfig) {
    let viewer = Config::new(["/api/v1/openapi.json"])
        .persist_authorization(true)
        .display_request_duration(true)
        .doc_expansion("none")
        .filter(true);
    config
        .service(problem_page)
        .service(Redirect::new("/docs", "/docs/"))
        .service(SwaggerUi::new("/docs/{_:.*}").config(viewer));
}

#[get("/problems/{slug}")]
async fn problem_page(slug: Path<String>) -> Result<HttpResponse, Error> {
    let problem = problems::by_slug(&slug).ok_or_else(Error::not_found)?;
    let mut body = String::new();
    pulldown_cmark::html::push_html(&mut body, pulldown_cmark::Parser::new(problem.page));
    let page = format!(
        "<!doctype html><html lang=\"ru\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <title>{}</title><style>body{{max-width:42rem;margin:2rem auto;padding:0 1rem;\
         font:1.05rem/1.6 system-ui,sans-serif;color:#1c2733}}h1{{font-size:1.5rem}}\
         code{{background:#eef1f4;padding:.1rem .3rem;border-radius:.2rem}}hr{{margin:2rem 0;\
         border:0;border-top:1px solid #d5dbe1}}</style></head><body>{body}</body></html>",
        problem.title.ru
    );
    Ok(HttpResponse::Ok()
        .content_type("text/html; charset=utf-8")
        .insert_header((
            header::CONTENT_SECURITY_POLICY,
            "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
        ))
        .body(page))
}
