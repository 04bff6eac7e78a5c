//! A cut upload loses nothing that was counted, and an upload has an end.

use kyoyu_tests::{
    app::{Answer, TestApp},
    raw::RawConnection,
};

use super::{Job, counts, records, reports, told, upload_of, work_off};

/// The head of an upload in chunks.
fn head(query: &str) -> String {
    format!(
        "POST /fhir/$import{query} HTTP/1.1\r\nhost: localhost\r\n\
         content-type: application/fhir+ndjson\r\nprefer: respond-async\r\n\
         transfer-encoding: chunked\r\n\r\n"
    )
}

fn chunk(text: &str) -> String {
    format!("{:x}\r\n{text}\r\n", text.len())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cut_upload_is_found_again_and_goes_on_where_it_broke() {
    let app = TestApp::start().await;
    let person = app.announced(0).await;
    let lines = reports(&app, &person, 5);
    let identity = app.pki.client(app.cast.hospital.certificate).expect("a certificate");
    let mut raw = RawConnection::open(app.address, app.pki.root_pem(), &identity).await;
    let begun = format!("{}\n{}\n{}", lines[0], lines[1], &lines[2][..100]);
    assert!(raw.send((head("") + &chunk(&begun)).as_bytes()).await);
    drop(raw);
    // One record of the beginning, one of the end that was none.
    app.expect_records(2);
    until_recorded(&app).await;

    // The answer that would have named the job never came.
    let listed = app.hospital.get("/fhir/$import").await;
    let jobs = listed.must_be(200).json().expect("JSON");
    let parts = jobs["parameter"][0]["part"].as_array().expect("one job").clone();
    let id = parts.iter().find(|part| part["name"] == "import").expect("an id");
    let job = Job { id: id["valueId"].as_str().expect("an id").to_owned() };
    let status = job.status(&app.hospital).await;
    assert_eq!(told(status.must_be(202), "state", "valueCode"), "receiving");
    assert_eq!(counts(&status)[0], 2, "whole lines are kept, the piece of one is not");
    assert_eq!(told(&status, "next", "valueUnsignedInt"), 3);

    // From the wrong line nothing is taken.
    for from in ["from=2", "from=4", "complete=true"] {
        let reply = job.more(&app.hospital, from, &lines[2..]).await;
        reply.must_refuse(409, "kyoyu-import-position");
        assert!(reply.text().contains(" 3"), "{}", reply.text());
    }
    let reply = job.more(&app.hospital, "from=3&complete=false", &lines[2..4]).await;
    assert_eq!(told(reply.must_be(202), "next", "valueUnsignedInt"), 5);
    work_off(&app).await;
    job.status(&app.hospital).await.must_be(202);
    let reply = job.more(&app.hospital, "from=5", &lines[4..]).await;
    assert_eq!(told(reply.must_be(202), "state", "valueCode"), "working");
    job.more(&app.hospital, "from=6", &lines[..1]).await.must_refuse(409, "kyoyu-import-ended");
    work_off(&app).await;
    let status = job.status(&app.hospital).await;
    assert_eq!(counts(status.must_be(200)), [5, 5, 0, 0, 0]);
    let sent = records(&app, "import").await;
    assert_eq!(sent["kyoyu-body-incomplete"], 1);
    app.finish().await;
}

/// Waits until the gateway has noticed that the connection is gone.
async fn until_recorded(app: &TestApp) {
    let began_at = std::time::Instant::now();
    while !records(app, "import").await.contains_key("kyoyu-body-incomplete") {
        assert!(began_at.elapsed() < kyoyu_tests::process::LIMIT, "the cut is not noticed");
        tokio::time::sleep(kyoyu_tests::process::LOOK_EVERY).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_upload_may_be_ended_by_a_request_without_lines() {
    let app = TestApp::start().await;
    let person = app.announced(0).await;
    let job = Job::begun(&app.hospital, "?complete=false", &[]).await;
    let lines = reports(&app, &person, 2);
    job.more(&app.hospital, "from=1&complete=false", &lines).await.must_be(202);
    work_off(&app).await;
    job.status(&app.hospital).await.must_be(202);
    job.more(&app.hospital, "from=3", &[]).await.must_be(202);
    assert_eq!(counts(job.status(&app.hospital).await.must_be(200)), [2, 2, 0, 0, 0]);
    // A job without lines is possible, and done at once.
    let empty = Job::of(&app.hospital, &[]).await;
    assert_eq!(counts(empty.status(&app.hospital).await.must_be(200)), [0; 5]);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_who_go_on_with_one_job_at_once_one_is_refused() {
    let app = TestApp::start().await;
    let person = app.announced(0).await;
    let lines = reports(&app, &person, 2);
    let job = Job::begun(&app.hospital, "?complete=false", &[]).await;
    let (one, two) = tokio::join!(
        job.more(&app.hospital, "from=1", &lines),
        job.more(&app.hospital, "from=1", &lines)
    );
    let mut statuses = [one.status.as_u16(), two.status.as_u16()];
    statuses.sort_unstable();
    assert_eq!(statuses, [202, 409], "{} {}", one.text(), two.text());
    // The one that was refused after it had begun has left a second record.
    app.expect_records(records(&app, "import").await.values().sum::<i64>() - 3);
    work_off(&app).await;
    assert_eq!(counts(&job.status(&app.hospital).await), [2, 2, 0, 0, 0]);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lines_may_come_packed_and_a_cut_pack_keeps_what_came_whole() {
    use std::io::Write;

    let app = TestApp::start().await;
    let person = app.announced(0).await;
    let text = reports(&app, &person, 3).join("\n");
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(text.as_bytes()).expect("memory");
    let packed = encoder.finish().expect("memory");
    let gzip = hyper::header::HeaderValue::from_static("gzip");
    let encoding = hyper::header::CONTENT_ENCODING;
    let whole = upload_of("", packed.clone()).header(encoding.clone(), gzip.clone());
    let job = Job::named_by(&app.hospital.send(whole).await);
    assert_eq!(counts(&job.status(&app.hospital).await)[0], 3);
    let cut = upload_of("", packed[..packed.len() - 4].to_vec()).header(encoding, gzip);
    app.hospital.send(cut).await.must_refuse(400, "kyoyu-body-incomplete");
    app.expect_records(1);
    work_off(&app).await;
    app.finish().await;
}
