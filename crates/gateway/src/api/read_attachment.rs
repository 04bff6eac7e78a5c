//! 添付の閲覧 — one attachment of a document, or a part of it.

use axum::{
    extract::{Path, Request, State},
    response::Response,
};
use hyper::{HeaderMap, header::RANGE};

use kyoyu_domain::{audit::Action, rules};
use kyoyu_service::ByteRange;

use crate::{
    body::Accepts,
    outcome::{self, Refusal},
    router::Shared,
};

/// Answers `GET /fhir/Binary/<id>`, with or without `Range`.
pub(crate) async fn answer(
    State(app): Shared,
    Path(id): Path<String>,
    request: Request,
) -> Result<Response, Refusal> {
    let range = range(request.headers());
    let call = app.admit(request, Action::ReadAttachment, Accepts::Nothing).await?;
    let Ok(range) = range else { return Err(call.refuse(&rules::RANGE).await) };
    let part = call.run(app.service.attachment(&call.caller, &id, range)).await?;
    Ok(outcome::binary(&part, range != ByteRange::Whole))
}

/// The one range that is asked for; what counts in another unit than bytes asks for nothing.
/// Several ranges at once are not offered: they are refused rather than answered otherwise
/// than asked.
///
/// Source: RFC 9110, 14.
fn range(headers: &HeaderMap) -> Result<ByteRange, ()> {
    let Some(value) = headers.get(RANGE) else { return Ok(ByteRange::Whole) };
    let (unit, range) = value.to_str().ok().and_then(|value| value.split_once('=')).ok_or(())?;
    if !unit.trim().eq_ignore_ascii_case("bytes") {
        return Ok(ByteRange::Whole);
    }
    match range.trim().split_once('-').ok_or(())? {
        ("", bytes) => Ok(ByteRange::Last(number(bytes)?)),
        (first, "") => Ok(ByteRange::From { first: number(first)?, last: None }),
        (first, last) => {
            let (first, last) = (number(first)?, number(last)?);
            if last < first { Err(()) } else { Ok(ByteRange::From { first, last: Some(last) }) }
        }
    }
}

/// A number of digits alone; one that is too large for any attachment is as large as can be.
fn number(digits: &str) -> Result<u64, ()> {
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(());
    }
    Ok(digits.parse().unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use hyper::header::HeaderValue;

    use super::*;

    fn asked(value: &'static str) -> Result<ByteRange, ()> {
        let mut headers = HeaderMap::new();
        headers.insert(RANGE, HeaderValue::from_static(value));
        range(&headers)
    }

    #[test]
    fn one_range_of_bytes_can_be_asked_for_from_either_end() {
        assert_eq!(range(&HeaderMap::new()), Ok(ByteRange::Whole));
        let from = |first, last| Ok(ByteRange::From { first, last });
        assert_eq!(asked("bytes=0-99"), from(0, Some(99)));
        assert_eq!(asked("bytes=7-7"), from(7, Some(7)));
        assert_eq!(asked("Bytes=100-"), from(100, None));
        assert_eq!(asked("bytes=-5"), Ok(ByteRange::Last(5)));
        assert_eq!(asked("bytes=99999999999999999999-"), from(u64::MAX, None));
        for bad in ["bytes=5-4", "bytes=0-1,3-4", "bytes=a-b", "bytes=", "bytes=-", "bytes=+1-2"] {
            assert_eq!(asked(bad), Err(()), "{bad}");
        }
    }

    #[test]
    fn a_range_in_another_unit_is_none_rfc_9110_14_2() {
        assert_eq!(asked("items=0-1"), Ok(ByteRange::Whole));
    }
}
