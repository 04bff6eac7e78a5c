use std::{
    pin::Pin,
    task::{Context, Poll},
};

use flate2::{Compression, write::GzEncoder};
use hyper::{
    body::Frame,
    header::{CONTENT_ENCODING, CONTENT_TYPE, HeaderValue},
};

use super::*;
use crate::body::BodyLimits;

const LIMIT: usize = 1000;
const LONG: Duration = Duration::from_hours(1);

/// A body that comes in pieces, and breaks off at the end or does not.
struct Pieces(VecDeque<Result<Bytes, io::Error>>);

impl Body for Pieces {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        Poll::Ready(self.0.pop_front().map(|piece| piece.map(Frame::data)))
    }
}

fn pieces(text: &[u8], size: usize) -> Pieces {
    Pieces(text.chunks(size).map(|piece| Ok(Bytes::copy_from_slice(piece))).collect())
}

fn cut(text: &[u8]) -> Pieces {
    let mut pieces = pieces(text, 7);
    pieces.0.push_back(Err(io::ErrorKind::UnexpectedEof.into()));
    pieces
}

fn ndjson() -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/fhir+ndjson"));
    headers
}

fn gzip(data: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(data).expect("memory");
    encoder.finish().expect("memory")
}

fn receiver() -> Receiver {
    Receiver::new(BodyLimits { bytes: LIMIT, ..BodyLimits::default() })
}

/// The lines, and the rule by which the rest was refused.
async fn read(headers: &HeaderMap, body: Pieces) -> (Vec<String>, Option<&'static str>) {
    let stopping = CancellationToken::new();
    let mut lines = match receiver().lines(headers, body, LONG, stopping) {
        Ok(lines) => lines,
        Err(problem) => return (Vec::new(), Some(problem.rule().code)),
    };
    let mut read = Vec::new();
    loop {
        match lines.next().await {
            Ok(Some(ImportLine::Text(text))) => {
                read.push(String::from_utf8(text.to_vec()).expect("text"));
            }
            Ok(Some(ImportLine::TooLong)) => read.push("<too long>".to_owned()),
            Ok(None) => return (read, None),
            Err(problem) => return (read, Some(problem.rule().code)),
        }
    }
}

#[tokio::test]
async fn lines_are_the_same_however_they_come() {
    let text = b"{\"a\":1}\r\n\n{\"b\":2}\nlast";
    for size in [1, 2, 7, 8, 9, 100] {
        let (lines, refused) = read(&ndjson(), pieces(text, size)).await;
        assert_eq!(lines, ["{\"a\":1}", "", "{\"b\":2}", "last"], "in pieces of {size}");
        assert_eq!(refused, None);
    }
    assert_eq!(read(&ndjson(), pieces(b"", 1)).await, (Vec::new(), None));
    assert_eq!(read(&ndjson(), pieces(b"one\n", 3)).await.0, ["one"]);
}

#[tokio::test]
async fn a_line_may_be_as_long_as_a_body_and_a_longer_one_is_only_told_of() {
    let (fits, longer) = ("x".repeat(LIMIT), "y".repeat(LIMIT + 1));
    let text = format!("{fits}\n{longer}\n{}\nend", longer.repeat(20));
    let (lines, refused) = read(&ndjson(), pieces(text.as_bytes(), 64)).await;
    assert_eq!(lines, [&fits, "<too long>", "<too long>", "end"]);
    assert_eq!(refused, None);
    assert_eq!(read(&ndjson(), pieces(longer.as_bytes(), 64)).await.0, ["<too long>"]);
}

#[tokio::test]
async fn a_cut_body_gives_out_whole_lines_only() {
    let (lines, refused) = read(&ndjson(), cut(b"one\ntwo\nthr")).await;
    assert_eq!(lines, ["one", "two"]);
    assert_eq!(refused, Some("kyoyu-body-incomplete"));
}

#[tokio::test]
async fn packed_lines_are_unpacked_as_they_come_and_bombs_refused_a16() {
    let mut headers = ndjson();
    headers.insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    let packed = gzip(b"one\ntwo\nthree");
    assert_eq!(read(&headers, pieces(&packed, 5)).await.0, ["one", "two", "three"]);
    let cut = pieces(&packed[..packed.len() - 3], 5);
    assert_eq!(read(&headers, cut).await.1, Some("kyoyu-body-incomplete"));
    let bomb = gzip(&vec![b' '; 20_000_000]);
    assert_eq!(read(&headers, pieces(&bomb, 64 * 1024)).await.1, Some("kyoyu-body-too-large"));
    headers.insert(CONTENT_ENCODING, HeaderValue::from_static("br"));
    assert_eq!(read(&headers, pieces(b"", 1)).await.1, Some("kyoyu-content-encoding"));
}

#[tokio::test]
async fn only_ndjson_is_taken() {
    let mut headers = ndjson();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/fhir+json"));
    let refused = read(&headers, pieces(b"{}", 1)).await.1;
    assert_eq!(refused, Some("kyoyu-import-media-type"));
}

#[tokio::test]
async fn memory_is_held_for_the_line_that_comes_and_given_back() {
    let receiver = Receiver::new(BodyLimits { bytes: 10 * MEMORY_UNIT, ..BodyLimits::default() });
    let all = receiver.memory_of_lines.available_permits();
    let batch = BATCH_BYTES / MEMORY_UNIT;
    let text = format!("{}\nshort\n", "x".repeat(5 * MEMORY_UNIT));
    let body = pieces(text.as_bytes(), 1000);
    let mut lines = receiver.lines(&ndjson(), body, LONG, CancellationToken::new()).expect("lines");
    assert_eq!(receiver.memory_of_lines.available_permits(), all - batch);
    lines.next().await.expect("a line");
    assert_eq!(receiver.memory_of_lines.available_permits(), all - batch - 6);
    lines.next().await.expect("a line");
    assert_eq!(receiver.memory_of_lines.available_permits(), all - batch - 1);
    drop(lines);
    assert_eq!(receiver.memory_of_lines.available_permits(), all);
}

/// A body of which nothing comes.
struct Silence;

impl Body for Silence {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        Poll::Pending
    }
}

#[tokio::test]
async fn a_client_that_is_silent_for_too_long_is_left_a32() {
    let quick = BodyLimits { grace: Duration::from_millis(1), ..BodyLimits::default() };
    for (limits, time) in [(quick, LONG), (BodyLimits::default(), Duration::ZERO)] {
        let receiver = Receiver::new(limits);
        let lines = receiver.lines(&ndjson(), Silence, time, CancellationToken::new());
        let refused = lines.expect("lines").next().await.expect_err("silence");
        assert_eq!(refused.rule().code, "kyoyu-body-too-slow");
    }
}

#[tokio::test]
async fn a_gateway_that_stops_takes_no_more_lines() {
    let stopping = CancellationToken::new();
    let body = pieces(b"one\ntwo\n", 4);
    let mut lines = receiver().lines(&ndjson(), body, LONG, stopping.clone()).expect("lines");
    assert!(matches!(lines.next().await, Ok(Some(ImportLine::Text(_)))));
    stopping.cancel();
    let refused = lines.next().await.expect_err("it stops");
    assert_eq!(refused.rule().code, "kyoyu-unavailable");
}
