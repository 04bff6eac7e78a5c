use std::{
    collections::VecDeque,
    pin::Pin,
    task::{Context, Poll},
};

use flate2::{Compression, write::GzEncoder};
use http_body_util::Full;
use hyper::{body::Frame, header::HeaderValue};

use super::*;

const LIMIT: usize = 1000;

fn limits() -> BodyLimits {
    BodyLimits { bytes: LIMIT, ..BodyLimits::default() }
}

fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
    let pair = |(name, value): &(&'static str, &'static str)| {
        (HeaderName::from_static(name), HeaderValue::from_static(value))
    };
    pairs.iter().map(pair).collect()
}

fn json() -> HeaderMap {
    headers(&[("content-type", "application/fhir+json")])
}

fn gzip_json() -> HeaderMap {
    headers(&[("content-type", "application/fhir+json"), ("content-encoding", "gzip")])
}

fn gzip(data: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(data).expect("memory");
    encoder.finish().expect("memory")
}

/// Text that gzip cannot shrink much.
fn noise(bytes: usize) -> Vec<u8> {
    let mut state = 1_u32;
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 24) as u8
    };
    (0..bytes).map(|_| next()).collect()
}

async fn receive_with(
    limits: BodyLimits,
    headers: &HeaderMap,
    body: impl Into<Bytes>,
) -> Result<Bytes, &'static str> {
    let received =
        Receiver::new(limits).receive(headers, Full::new(body.into()), Accepts::Resource).await;
    received.map(|received| received.bytes.clone()).map_err(|problem| problem.rule().code)
}

async fn receive(headers: &HeaderMap, body: impl Into<Bytes>) -> Result<Bytes, &'static str> {
    receive_with(limits(), headers, body).await
}

/// A body that gives its pieces one by one; after the last it ends, breaks or waits.
struct Pieces {
    pieces: VecDeque<Bytes>,
    then: Then,
}

enum Then {
    Break,
    Wait,
}

impl Body for Pieces {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        match (self.pieces.pop_front(), &self.then) {
            (Some(piece), _) => Poll::Ready(Some(Ok(Frame::data(piece)))),
            (None, Then::Break) => Poll::Ready(Some(Err(io::ErrorKind::UnexpectedEof.into()))),
            (None, Then::Wait) => Poll::Pending,
        }
    }
}

#[tokio::test]
async fn a_body_of_the_limit_is_taken_and_one_byte_more_is_not_a17() {
    assert_eq!(receive(&json(), vec![b' '; LIMIT]).await.map(|body| body.len()), Ok(LIMIT));
    assert_eq!(receive(&json(), vec![b' '; LIMIT + 1]).await, Err("kyoyu-body-too-large"));
}

#[tokio::test]
async fn an_announced_length_over_the_limit_is_refused_unread_a17() {
    let mut headers = json();
    headers.insert(CONTENT_LENGTH, HeaderValue::from(LIMIT + 1));
    let never = Pieces { pieces: VecDeque::new(), then: Then::Wait };
    let refusal = Receiver::new(limits()).receive(&headers, never, Accepts::Resource).await;
    assert_eq!(refusal.expect_err("a refusal").rule().code, "kyoyu-body-too-large");
}

#[tokio::test]
async fn the_limit_counts_after_decompression_a16() {
    let fits = noise(LIMIT);
    assert_eq!(receive(&gzip_json(), gzip(&fits)).await, Ok(fits.into()));
    let over = vec![b' '; LIMIT + 1];
    assert_eq!(receive(&gzip_json(), gzip(&over)).await, Err("kyoyu-body-too-large"));
}

#[tokio::test]
async fn a_gzip_bomb_stops_at_the_ratio_before_the_limit_a16() {
    let limits = BodyLimits { bytes: 100 * 1024 * 1024, ..BodyLimits::default() };
    let bomb = gzip(&vec![b' '; 50 * 1024 * 1024]);
    assert!(bomb.len() < 100_000);
    assert_eq!(receive_with(limits, &gzip_json(), bomb).await, Err("kyoyu-body-too-large"));
}

#[tokio::test]
async fn truncated_and_doubled_gzip_are_refused_a16() {
    let whole = gzip(b"{}");
    assert_eq!(
        receive(&gzip_json(), whole[..whole.len() - 1].to_vec()).await,
        Err("kyoyu-body-incomplete")
    );
    let doubled = [whole.clone(), whole].concat();
    assert_eq!(receive(&gzip_json(), doubled).await, Err("kyoyu-body-incomplete"));
    assert_eq!(receive(&gzip_json(), "{}").await, Err("kyoyu-body-incomplete"));
}

#[tokio::test]
async fn only_gzip_and_only_once_a16() {
    for encoding in ["gzip, gzip", "br", "deflate", "x"] {
        let headers =
            headers(&[("content-type", "application/json"), ("content-encoding", encoding)]);
        assert_eq!(receive(&headers, "{}").await, Err("kyoyu-content-encoding"), "{encoding}");
    }
}

#[tokio::test]
async fn only_json_in_utf8_is_taken_a24() {
    for good in [
        "application/fhir+json",
        "application/json",
        "Application/FHIR+JSON; charset=UTF-8; fhirVersion=4.0",
    ] {
        assert!(receive(&headers(&[("content-type", good)]), "{}").await.is_ok(), "{good}");
    }
    for bad in ["application/fhir+xml", "text/json", "application/json; charset=shift_jis", ""] {
        let refusal = receive(&headers(&[("content-type", bad)]), "{}").await;
        assert_eq!(refusal, Err("kyoyu-media-type"), "{bad}");
    }
    assert_eq!(receive(&HeaderMap::new(), "{}").await, Err("kyoyu-media-type"));
}

#[tokio::test]
async fn a_cut_body_is_incomplete() {
    let cut = Pieces { pieces: VecDeque::from([Bytes::from("{")]), then: Then::Break };
    let refusal = Receiver::new(limits()).receive(&json(), cut, Accepts::Resource).await;
    assert_eq!(refusal.expect_err("a refusal").rule().code, "kyoyu-body-incomplete");
}

#[tokio::test]
async fn a_body_that_stops_arriving_is_too_slow_a32() {
    let limits = BodyLimits { grace: Duration::from_millis(5), ..limits() };
    let slow = Pieces { pieces: VecDeque::from([Bytes::from("{")]), then: Then::Wait };
    let refusal = Receiver::new(limits).receive(&json(), slow, Accepts::Resource).await;
    assert_eq!(refusal.expect_err("a refusal").rule().code, "kyoyu-body-too-slow");
}

#[test]
fn each_received_kilobyte_buys_a_second_a32() {
    let receiver = Receiver::new(BodyLimits::default());
    assert_eq!(receiver.allowed(0), Duration::from_secs(5));
    assert_eq!(receiver.allowed(10_000), Duration::from_secs(15));
    assert_eq!(receiver.allowed(10_000_000), Duration::from_secs(45));
}

#[tokio::test]
async fn bodies_share_a_bounded_memory_and_give_it_back() {
    let limits = BodyLimits { bytes: MEMORY_UNIT, memory_bytes: MEMORY_UNIT, ..limits() };
    let receiver = Receiver::new(limits);
    let headers = json();
    let receive = || receiver.receive(&headers, Full::new(Bytes::from("{}")), Accepts::Resource);
    let held = receive().await.expect("the memory is free");
    let refusal = receive().await.expect_err("the memory is taken");
    assert_eq!(refusal.rule().code, "kyoyu-unavailable");
    drop(held);
    assert!(receive().await.is_ok());
}

#[tokio::test]
async fn where_nothing_is_accepted_nothing_is_read() {
    let never = Pieces { pieces: VecDeque::new(), then: Then::Wait };
    let received =
        Receiver::new(limits()).receive(&HeaderMap::new(), never, Accepts::Nothing).await;
    assert!(received.expect("nothing to refuse").bytes.is_empty());
}
