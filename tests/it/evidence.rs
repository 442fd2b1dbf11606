//! Evidence files: received whole or not at all, private, given out safely, gone with their last use.

use std::io::{Cursor, Write};

use reqwest::Method;
use rstest::rstest;
use school_roadmap::files::{Files, StoreUrl};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::app::{Database, Postgres, Sqlite, TestApp};
use crate::campaign::{Campaign, done};
use crate::client::{Client, Reply, Resource};
use crate::witness::Witness;

pub const PDF: &[u8] = b"%PDF-1.7\n1 0 obj << >> endobj\n%%EOF\n";
pub const FIELDS: [(&str, &str); 3] =
    [("kind", "order"), ("title", "О наставниках"), ("requisites", "от 10.02.2023 № 31")];

/// A campaign and the evidence path of the first school's item S1, which is done.
async fn started(on: Database) -> Option<(Campaign, String, String)> {
    let story = Campaign::opened(on).await?;
    let report = story.report_of(Some(&story.schools[0])).await;
    let item = story.item(&story.principal, &report, "S1").await;
    story.principal.put(&item, 1, &done()).await.expect(200);
    Some((story, report, format!("{item}/evidence")))
}

fn sha(bytes: &[u8]) -> String {
    format!("{:x}", Sha256::digest(bytes))
}

pub fn archive(entries: &[(&str, &str)]) -> Vec<u8> {
    let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let plain = zip::write::SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
    for (name, content) in entries {
        writer.start_file(*name, plain).unwrap();
        writer.write_all(content.as_bytes()).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

#[rstest]
#[actix_web::test]
async fn a_file_comes_back_as_it_was_sent_and_runs_nowhere(#[values(Sqlite, Postgres)] on: Database) {
    let Some((story, report, path)) = started(on).await else {
        return;
    };
    let sent = story.principal.upload(&path, &FIELDS, "../../Приказ № 31.pdf", PDF).await;
    let made = sent.expect(201);
    let place = sent.header("location").unwrap();
    assert_eq!(place, format!("/api/v1/evidence/{}", made.id()));
    assert_eq!(
        made["file"],
        json!({
            "name": "Приказ № 31.pdf", "media_type": "application/pdf", "size": PDF.len(),
            "original_sha256": sha(PDF), "stored_sha256": sha(PDF), "content": format!("{place}/content")
        })
    );
    assert_eq!((&made["url"], &made["contains_personal_data"]), (&Value::Null, &json!(true)));
    assert_eq!(story.app.files().len(), 1);

    let content = format!("{place}/content");
    let got = story.principal.get(&content).await;
    assert_eq!((got.status, got.bytes.as_slice()), (200, PDF));
    let mut seen = Witness::of("F07", on);
    for (name, value) in [
        ("content-type", "application/pdf"),
        ("x-content-type-options", "nosniff"),
        ("content-security-policy", "default-src 'none'; sandbox"),
        ("cache-control", "private, no-cache"),
    ] {
        assert_eq!(got.header(name).as_deref(), Some(value), "{name}");
        seen.saw(format!("{name}: {value}"));
    }
    seen.saw("content-disposition: attachment");
    seen.report();
    let saved = got.header("content-disposition").unwrap();
    assert!(saved.starts_with("attachment; filename=\"evidence.pdf\"; filename*=UTF-8''%D0%9F"), "{saved}");
    let etag = got.header("etag").unwrap();
    let again = story.principal.request(Method::GET, &content).header("If-None-Match", &etag);
    assert_eq!(Reply::of(again).await.status, 304);
    let part = story.principal.request(Method::GET, &content).header("Range", "bytes=5-7");
    let part = Reply::of(part).await;
    assert_eq!((part.status, part.bytes.as_slice()), (206, &PDF[5..8]));
    assert_eq!(part.header("content-range").unwrap(), format!("bytes 5-7/{}", PDF.len()));
    let other = story.principal.request(Method::GET, &content).header("Range", "bytes=5-7");
    assert_eq!(Reply::of(other.header("If-Range", "\"other\"")).await.status, 200);

    assert_eq!(story.officer.get(&content).await.problem(404), "not-found", "not yet submitted");
    story.act(&story.principal, &report, "submit").await.expect(200);
    assert_eq!(story.officer.get(&content).await.bytes, PDF);
    let curator = story.app.as_curator(&story.municipality, &[&story.schools[0]]);
    let neighbour = story.app.as_school_head(&story.municipality, &story.schools[1]);
    let other = story.app.given_municipality("Другой район");
    let mut seen = Witness::of("F08", on);
    for outsider in [curator, neighbour, story.app.as_head(&other), story.app.as_region("57")] {
        let refused = outsider.get(&content).await;
        assert_eq!(refused.problem(404), "not-found");
        seen.answer(&refused);
    }
    seen.report();
    assert_eq!(story.app.anonymous().get(&content).await.status, 401);
}

#[rstest]
#[actix_web::test]
async fn many_ranges_are_answered_by_the_file_once(#[values(Sqlite, Postgres)] on: Database) {
    let Some((story, _, path)) = started(on).await else {
        return;
    };
    let file = [PDF, &[b' '; 100_000]].concat();
    let made = story.principal.upload(&path, &FIELDS, "Приказ.pdf", &file).await.expect(201);
    let content = format!("/api/v1/evidence/{}/content", made.id());
    let ranged = async |range: &str| {
        let request = story.principal.request(Method::GET, &content).header("Range", range);
        Reply::of(request).await
    };
    let mut seen = Witness::of("P15", on);
    let single = (0..2_000).map(|at| format!("{0}-{0}", at % 10)).collect::<Vec<_>>().join(",");
    for (what, ranges) in [
        ("2000 single bytes", format!("bytes={single}")),
        ("2000 times the whole", format!("bytes={}", vec!["0-"; 2_000].join(","))),
        ("overlapping", "bytes=0-99999,1-99999,2-99999".to_owned()),
        ("behind the end", "bytes=999999-".to_owned()),
        ("backwards", "bytes=9-5".to_owned()),
        ("over 64 bits", "bytes=0-18446744073709551616".to_owned()),
    ] {
        let reply = ranged(&ranges).await;
        assert_eq!(reply.status, 200, "{what}");
        assert!(reply.bytes == file, "{what}: {} bytes", reply.bytes.len());
        seen.saw(format!("{what}: {}, the file once", reply.status));
    }
    seen.report();
}

#[rstest]
#[actix_web::test]
async fn office_documents_and_photos_are_taken_by_their_content(#[values(Sqlite, Postgres)] on: Database) {
    let Some((story, _, path)) = started(on).await else {
        return;
    };
    let types = ("[Content_Types].xml", "<Types/>");
    let docx = archive(&[types, ("word/document.xml", "<w/>")]);
    let xlsx = archive(&[types, ("xl/workbook.xml", "<x/>")]);
    let odt = archive(&[("mimetype", "application/vnd.oasis.opendocument.text"), ("content.xml", "<o/>")]);
    for (name, bytes) in [("план.docx", &docx), ("Таблица.XLSX", &xlsx), ("план.odt", &odt)] {
        let made = story.principal.upload(&path, &FIELDS, name, bytes).await.expect(201);
        assert_eq!(made["file"]["original_sha256"], made["file"]["stored_sha256"], "{name}");
    }
    let photo = [
        &b"\xFF\xD8\xFF\xE1\x00\x15Exif\0\0GPS 52.9 36.0"[..],
        b"\xFF\xFE\x00\x08author\xFF\xDA\x00\x04\x01\x01picture\xFF\xD9and a second one",
    ]
    .concat();
    let made = story.principal.upload(&path, &FIELDS, "урок.JPG", &photo).await.expect(201);
    let kept = story.principal.get(made["file"]["content"].as_str().unwrap()).await.bytes;
    assert_eq!(
        kept, b"\xFF\xD8\xFF\xDA\x00\x04\x01\x01picture\xFF\xD9",
        "no place, no author, nothing behind"
    );
    let mut seen = Witness::of("F12", on);
    seen.saw("no place, no author, nothing behind the picture");
    seen.report();
    assert_eq!(made["file"]["original_sha256"], sha(&photo));
    assert_eq!(
        (&made["file"]["stored_sha256"], &made["file"]["size"]),
        (&json!(sha(&kept)), &json!(kept.len()))
    );
}

#[rstest]
#[actix_web::test]
async fn what_is_not_what_it_says_is_refused_and_leaves_nothing(#[values(Sqlite, Postgres)] on: Database) {
    let Some((story, report, path)) = started(on).await else {
        return;
    };
    let version = story.principal.get(&report).await.expect(200).version();
    let types = ("[Content_Types].xml", "<Types/>");
    let slip = archive(&[types, ("word/document.xml", "<w/>"), ("../../x", "x")]);
    let macros = archive(&[types, ("word/document.xml", "<w/>"), ("word/vbaProject.bin", "x")]);
    let docx = archive(&[types, ("word/document.xml", "<w/>")]);
    let (mut kinds, mut slips) = (Witness::of("F03", on), Witness::of("F05", on));
    for (name, bytes, code) in [
        ("setup.exe", &b"MZ"[..], "file-extension"),
        ("page.html", b"<html>", "file-extension"),
        ("фото.jpg.php", b"\xFF\xD8\xFF", "file-extension"),
        ("приказ", PDF, "file-extension"),
        ("приказ.pdf", b"MZ\x90 program", "file-content"),
        ("фото.jpg", b"<svg onload=alert(1)>", "file-content"),
        ("фото.jpg", b"\xFF\xD8\xFF\xDA\x00\x04\x01\x01cut", "file-content"),
        ("план.docx", b"PK\x03\x04 not an archive", "file-archive"),
        ("план.xlsx", &docx, "file-content"),
        ("план.docx", &slip, "file-archive"),
        ("план.docx", &macros, "file-macros"),
        ("приказ.pdf", b"", "file-empty"),
    ] {
        let refused = story.principal.upload(&path, &FIELDS, name, bytes).await;
        assert_eq!(refused.violations(422), [format!("/file {code}")], "{name}");
        let seen = if code == "file-archive" { &mut slips } else { &mut kinds };
        seen.saw(format!("422 {code}"));
    }
    assert!(story.app.files().is_empty());
    kinds.report();
    slips.saw("nothing stored");
    slips.report();
    let bad =
        [("kind", "order"), ("title", "Петрова И. И."), ("contains_personal_data", "maybe"), ("owner", "me")];
    assert_eq!(
        story.principal.upload(&path, &bad, "a.pdf", PDF).await.violations(400),
        ["/contains_personal_data wrong-type", "/owner unknown-member"]
    );
    assert_eq!(
        story.principal.upload(&path, &bad[..1], "a.exe", PDF).await.violations(422),
        ["/file file-extension", "/title required"]
    );
    assert_eq!(
        story.principal.upload(&path, &bad[..2], "a.pdf", PDF).await.violations(422),
        ["/title personal-data-suspected"]
    );
    assert_eq!(
        story.principal.upload(&path, &FIELDS, "Петрова И. И.pdf", PDF).await.violations(422),
        ["/file personal-data-suspected"]
    );
    let twice = [("title", "a"), ("title", "b")];
    assert_eq!(
        story.principal.upload(&path, &twice, "a.pdf", PDF).await.violations(400),
        ["/title duplicate-member"]
    );
    let empty = story
        .principal
        .request(Method::POST, &path)
        .header("Content-Type", "multipart/form-data; boundary=x");
    assert_eq!(
        Reply::of(empty.body("--x--\r\n")).await.violations(422),
        ["/file required", "/kind required", "/title required"]
    );
    let broken = story.principal.request(Method::POST, &path).header("Content-Type", "multipart/form-data");
    assert_eq!(Reply::of(broken.body("x")).await.violations(400), [" broken-form"]);

    assert_eq!(story.officer.upload(&path, &FIELDS, "a.pdf", PDF).await.problem(403), "forbidden");
    let neighbour = story.app.as_school_head(&story.municipality, &story.schools[1]);
    assert_eq!(neighbour.upload(&path, &FIELDS, "a.pdf", PDF).await.problem(404), "not-found");
    let rehearsed =
        story.principal.upload(&format!("{path}?dry_run=true"), &FIELDS, "a.pdf", PDF).await.expect(200);
    assert_eq!((&rehearsed["dry_run"], rehearsed.get("id")), (&json!(true), None));
    assert_eq!(story.app.files(), Vec::<std::path::PathBuf>::new());
    assert_eq!(story.principal.get(&report).await.expect(200).version(), version);
}

#[rstest]
#[actix_web::test]
async fn a_file_that_is_cut_or_too_large_is_neither_kept_nor_recorded(
    #[values(Sqlite, Postgres)] on: Database,
) {
    let Some(app) = TestApp::start_with(on, |config| {
        config.evidence_file_mib = 1;
        config.evidence_report_mib = 2;
        config.body_seconds = 1;
    })
    .await
    else {
        return;
    };
    let story = Campaign::planned_in(app).await;
    story.step("open").await;
    let report = story.report_of(Some(&story.schools[0])).await;
    let path = format!("{}/evidence", story.item(&story.principal, &report, "S1").await);
    let large = |size: usize| [PDF, &vec![b' '; size - PDF.len()]].concat();
    let mib = 1024 * 1024;

    let over = story.principal.upload(&path, &FIELDS, "a.pdf", &large(mib + 1)).await;
    assert_eq!(
        (over.problem(413), &over.json()["detail"]),
        ("file-too-large".into(), &json!("Не больше 1 МиБ"))
    );
    let mut seen = Witness::of("F01", on);
    seen.answer(&over);
    seen.report();
    for _ in 0..2 {
        story.principal.upload(&path, &FIELDS, "a.pdf", &large(mib)).await.expect(201);
    }
    let full = story.principal.upload(&path, &FIELDS, "a.pdf", PDF).await;
    assert_eq!(full.problem(409), "evidence-quota");
    assert_eq!(story.app.files().len(), 2);
    let mut seen = Witness::of("F02", on);
    seen.answer(&full);
    seen.report();

    let other = story.report_of(Some(&story.schools[1])).await;
    let neighbour = story.app.as_school_head(&story.municipality, &story.schools[1]);
    let path = format!("{}/evidence", story.item(&neighbour, &other, "S1").await);
    let half = neighbour.form(&path, &FIELDS, "a.pdf", &large(mib)).build().unwrap();
    let answer = send_half(&story.app, half).await;
    assert!(answer.starts_with("HTTP/1.1 408"), "{answer}");
    assert_eq!(story.app.files().len(), 2, "half a file is no file");
    assert_eq!(neighbour.get(&other).await.expect(200).version(), 1);
    let mut seen = Witness::of("F11", on);
    seen.saw("408, no file, no row");
    seen.report();
}

/// Sends the head and half of the body, and waits.
async fn send_half(app: &TestApp, request: reqwest::Request) -> String {
    let mut stream = tokio::net::TcpStream::connect(app.url.trim_start_matches("http://")).await.unwrap();
    let body = request.body().unwrap().as_bytes().unwrap();
    let mut head = format!("POST {} HTTP/1.1\r\nHost: test\r\n", request.url().path());
    for (name, value) in request.headers() {
        head.push_str(&format!("{name}: {}\r\n", value.to_str().unwrap()));
    }
    head.push_str(&format!("Content-Length: {}\r\n\r\n", body.len()));
    stream.write_all(head.as_bytes()).await.unwrap();
    stream.write_all(&body[..body.len() / 2]).await.unwrap();
    let mut answer = vec![0; 64];
    let read = stream.read(&mut answer).await.unwrap();
    String::from_utf8_lossy(&answer[..read]).into_owned()
}

#[rstest]
#[actix_web::test]
async fn a_file_goes_with_its_last_use(#[values(Sqlite, Postgres)] on: Database) {
    let Some((story, report, path)) = started(on).await else {
        return;
    };
    let drafted = story.principal.upload(&path, &FIELDS, "a.pdf", PDF).await.expect(201);
    let place = format!("/api/v1/evidence/{}", drafted.id());
    let rehearsed =
        story.principal.request(Method::DELETE, &format!("{place}?dry_run=true")).header("If-Match", "\"1\"");
    Reply::of(rehearsed).await.expect(200);
    assert_eq!(story.app.files().len(), 1);
    story.principal.delete(&place, 1).await.expect(204);
    assert_eq!(story.app.files().len(), 0, "nobody has seen it");

    let sent = story.principal.upload(&path, &FIELDS, "a.pdf", PDF).await.expect(201);
    let place = format!("/api/v1/evidence/{}", sent.id());
    story.act(&story.principal, &report, "submit").await.expect(200);
    story.act(&story.officer, &report, "return").await.expect(200);
    story.principal.delete(&place, 1).await.expect(204);
    assert_eq!(story.principal.delete(&place, 1).await.problem(404), "not-found", "it is gone already");
    let bare = story.act(&story.principal, &report, "submit").await;
    assert_eq!(bare.violations(422), ["/items/S1 evidence-missing"], "and it proves nothing any more");
    assert_eq!(story.app.files().len(), 1, "a version names it");
    assert_eq!(story.officer.get(&format!("{place}/content")).await.bytes, PDF);
    let version = story.officer.get(&format!("{report}/versions/1")).await.expect(200);
    assert_eq!(version["items"][0]["evidence"][0]["file"]["name"], "a.pdf");

    let next = story.principal.upload(&path, &FIELDS, "b.pdf", PDF).await.expect(201);
    story.act(&story.principal, &report, "submit").await.expect(200);
    let now = story.officer.get(&format!("{report}/items")).await.expect(200);
    assert_eq!(now["items"][0]["evidence"].as_array().unwrap().len(), 1);
    assert_eq!(now["items"][0]["evidence"][0]["id"], next["id"]);
    assert_eq!(
        story.officer.get(&format!("{place}/content")).await.bytes,
        PDF,
        "also once it is an older one"
    );
}

#[rstest]
#[actix_web::test]
async fn the_same_proof_twice_warns_the_reviewer_alone(#[values(Sqlite, Postgres)] on: Database) {
    let Some((story, report, path)) = started(on).await else {
        return;
    };
    let neighbour = story.app.as_school_head(&story.municipality, &story.schools[1]);
    let theirs = story.report_of(Some(&story.schools[1])).await;
    let item = story.item(&neighbour, &theirs, "S1").await;
    neighbour.put(&item, 1, &done()).await.expect(200);
    let link = json!({
        "kind": "plan", "title": "План", "url": "https://school.example.org/plan", "contains_personal_data": false
    });
    for (client, path) in [(&story.principal, &path), (&neighbour, &format!("{item}/evidence"))] {
        client.upload(path, &FIELDS, "a.pdf", PDF).await.expect(201);
        client.post(path, &link).await.expect(201);
    }
    story.act(&story.principal, &report, "submit").await.expect(200);

    let of = async |client: &Client| -> Vec<Value> {
        let page = client.get(&format!("{report}/items?limit=1")).await.expect(200);
        page["items"][0]["evidence"].as_array().unwrap().clone()
    };
    for one in of(&story.officer).await {
        assert_eq!(one["reused"], json!([]), "a draft of another school tells nothing");
    }
    story.act(&neighbour, &theirs, "submit").await.expect(200);
    for one in of(&story.officer).await {
        let reused = &one["reused"][0];
        assert_eq!((&reused["code"], &reused["school_name"]), (&json!("S1"), &json!("Школа № 2")));
        assert_eq!(one["reused"].as_array().unwrap().len(), 1);
        let alone = story.officer.get(&format!("/api/v1/evidence/{}", one.id())).await.expect(200);
        assert_eq!(alone["reused"], one["reused"]);
    }
    for one in of(&story.principal).await {
        assert_eq!(one.get("reused"), None, "a school learns nothing of others");
    }
    story.act(&story.officer, &theirs, "return").await.expect(200);
    story.app.set_date("2023-03-02");
    let neighbour = story.app.as_school_head(&story.municipality, &story.schools[1]);
    let officer = story.app.as_officer(&story.municipality);
    let s2 = format!("{}/evidence", story.item(&neighbour, &theirs, "S2").await);
    neighbour.upload(&s2, &FIELDS, "a.pdf", PDF).await.expect(201);
    for one in of(&officer).await {
        assert_eq!(one["reused"].as_array().unwrap().len(), 1, "nor does what it is still working on");
    }
    story.app.set_date("2023-03-01");
    let embedded = story.officer.get(&format!("{report}?embed=items")).await.expect(200);
    assert_eq!(embedded["items"][0]["evidence"][0]["reused"].as_array().unwrap().len(), 1);
    story.act(&story.officer, &report, "accept").await.expect(200);
}

#[rstest]
#[actix_web::test]
async fn a_repeated_upload_makes_one_file(#[values(Sqlite, Postgres)] on: Database) {
    let Some((story, report, path)) = started(on).await else {
        return;
    };
    let send = |name: &str, bytes: &[u8]| {
        Reply::of(story.principal.form(&path, &FIELDS, name, bytes).header("Idempotency-Key", "one"))
    };
    let first = send("a.pdf", PDF).await.expect(201);
    let again = send("a.pdf", PDF).await;
    assert_eq!(again.header("idempotency-replayed").as_deref(), Some("true"));
    assert_eq!(again.expect(201).id(), first.id());
    assert_eq!(send("a.pdf", b"%PDF-1.4 other").await.problem(422), "idempotency-key-reused");
    assert_eq!(story.app.files().len(), 1);
    story.act(&story.principal, &report, "submit").await.expect(200);
    let late = send("a.pdf", PDF).await;
    assert_eq!(late.expect(201).id(), first.id(), "an answer given before the submission is given again");
    assert_eq!(
        story.principal.upload(&path, &FIELDS, "a.pdf", PDF).await.problem(409),
        "report-not-editable"
    );
    assert_eq!(story.app.files().len(), 1);
}

#[rstest]
#[actix_web::test]
async fn a_store_that_fails_is_said_and_hurts_nothing_else(#[values(Sqlite, Postgres)] on: Database) {
    let Some((story, report, path)) = started(on).await else {
        return;
    };
    let kept = story.principal.upload(&path, &FIELDS, "a.pdf", PDF).await.expect(201);
    let version = story.principal.get(&report).await.expect(200).version();
    std::fs::remove_dir_all(story.app.incoming()).unwrap();
    let refused = story.principal.upload(&path, &FIELDS, "b.pdf", PDF).await;
    assert_eq!(refused.problem(503), "unavailable");
    assert!(refused.header("retry-after").is_some());
    assert_eq!(story.principal.get(&report).await.expect(200).version(), version);
    std::fs::create_dir_all(story.app.incoming()).unwrap();
    story.principal.upload(&path, &FIELDS, "b.pdf", PDF).await.expect(201);

    let files = story.app.files();
    let lost = files.iter().find(|path| path.to_string_lossy().contains(&kept.id())).unwrap();
    std::fs::remove_file(lost).unwrap();
    let missing = story.principal.get(kept["file"]["content"].as_str().unwrap()).await;
    assert_eq!(missing.problem(500), "file-damaged", "a lost file is the operator's fault, not a 404");
}

#[rstest]
#[actix_web::test]
async fn what_an_ended_process_left_goes_at_the_next_start(#[values(Sqlite, Postgres)] on: Database) {
    let Some((story, _, path)) = started(on).await else {
        return;
    };
    story.principal.upload(&path, &FIELDS, "a.pdf", PDF).await.expect(201);
    let kept = story.app.files().remove(0);
    let orphan = kept.with_file_name("abc-0192f0c1-0000-7000-8000-000000000000");
    let young = kept.with_file_name("abc-0192f0c1-0000-7000-8000-000000000001");
    let half = story.app.incoming().join("half");
    let old = std::time::SystemTime::now() - std::time::Duration::from_secs(31 * 24 * 60 * 60);
    for path in [&orphan, &half, &young] {
        std::fs::write(path, PDF).unwrap();
    }
    for path in [&orphan, &half, &kept] {
        std::fs::File::options().write(true).open(path).unwrap().set_modified(old).unwrap();
    }

    let store = StoreUrl::Folder(story.app.incoming().parent().unwrap().to_owned());
    let files = Files::open(&store, &[], std::path::PathBuf::new()).unwrap();
    school_roadmap::features::sweep(story.app.db.clone(), files).await;
    let mut left = story.app.files();
    left.sort();
    let mut expected = vec![kept, young];
    expected.sort();
    assert_eq!(left, expected, "what a row names stays, and what may still be recorded");

    // A store most of which nothing names is that of another database: nothing of it is removed.
    let folder = expected[0].parent().unwrap().to_owned();
    for number in 0..30 {
        let path = folder.join(format!("abc-0192f0c1-0000-7000-9000-0000000000{number:02}"));
        std::fs::write(&path, PDF).unwrap();
        std::fs::File::options().write(true).open(&path).unwrap().set_modified(old).unwrap();
    }
    let files = Files::open(&store, &[], std::path::PathBuf::new()).unwrap();
    school_roadmap::features::sweep(story.app.db.clone(), files).await;
    assert_eq!(story.app.files().len(), 32);
}
