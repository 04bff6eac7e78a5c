//! 添付の閲覧 — one attachment of a document, or a part of it.

use axum::{
    extract::{Path, Request, State},
    response::Response,
};
use hyper::{HeaderMap, header::RANGE};

use kyoyu_domain::{audit::Action, rules};

use crate::{
    body::Accepts,
    outcome::{self, Refusal},
    router::Shared,
};

/// First and last byte of a range; without a last: to the end.
type Range = (u64, Option<u64>);

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
    Ok(outcome::binary(&part, range.is_some()))
}

/// The one range that is asked for. Several at once, and ranges from the end, are not
/// offered: they are refused rather than answered otherwise than asked.
///
/// Source: RFC 9110, 14.
fn range(headers: &HeaderMap) -> Result<Option<Range>, ()> {
    let Some(value) = headers.get(RANGE) else { return Ok(None) };
    let (first, last) = value
        .to_str()
        .ok()
        .and_then(|value| value.strip_prefix("bytes="))
        .and_then(|range| range.split_once('-'))
        .ok_or(())?;
    let first = first.parse().map_err(|_| ())?;
    let last = match last {
        "" => None,
        last => Some(last.parse().map_err(|_| ())?),
    };
    if last.is_some_and(|last| last < first) { Err(()) } else { Ok(Some((first, last))) }
}

#[cfg(test)]
mod tests {
    use hyper::header::HeaderValue;

    use super::*;

    fn asked(value: &'static str) -> Result<Option<Range>, ()> {
        let mut headers = HeaderMap::new();
        headers.insert(RANGE, HeaderValue::from_static(value));
        range(&headers)
    }

    #[test]
    fn one_range_of_bytes_can_be_asked_for() {
        assert_eq!(range(&HeaderMap::new()), Ok(None));
        assert_eq!(asked("bytes=0-99"), Ok(Some((0, Some(99)))));
        assert_eq!(asked("bytes=100-"), Ok(Some((100, None))));
        for bad in ["bytes=-5", "bytes=5-4", "bytes=0-1,3-4", "items=0-1", "bytes=a-b", "bytes="] {
            assert_eq!(asked(bad), Err(()), "{bad}");
        }
    }
}
