//! Functions of one string, counted in code points.

use std::borrow::Cow;

use super::{
    chain::Failed,
    evaluate::{Evaluation, Few, Scope},
    item::{Item, Number},
    node::{Node, TextFunction},
};

/// Applies a function to the only item of the input; of none or several it gives nothing.
pub(super) fn apply<'e, 'd>(
    evaluation: &Evaluation<'_, 'd>,
    function: &'e TextFunction,
    input: &'e Node,
    scope: Scope<'_, 'e, 'd>,
) -> Result<Option<Item<'e, 'd>>, Failed> {
    let Few::One(item) = evaluation.few(input, scope)? else { return Ok(None) };
    let Some(text) = item.text() else { return Ok(None) };
    let owned = |text: String| Some(Item::Text(Cow::Owned(text)));
    Ok(match function {
        TextFunction::Length => Some(Item::Integer(text.chars().count() as i64)),
        TextFunction::Upper => owned(text.to_uppercase()),
        TextFunction::Lower => owned(text.to_lowercase()),
        TextFunction::Trim => owned(text.trim().to_owned()),
        TextFunction::ToText => owned(text.into_owned()),
        TextFunction::ToInteger => text.parse().ok().map(Item::Integer),
        TextFunction::ToDecimal => text.parse().ok().map(Item::Decimal),
        TextFunction::ToBoolean => text.parse().ok().map(Item::Bool),
        TextFunction::Replace(old, new) => owned(text.replace(old, new)),
        TextFunction::ReplaceMatches(pattern, new) => {
            let regex = pattern.regex().ok_or(Failed)?;
            owned(regex.replace_all(&text, new.as_str()).into_owned())
        }
        TextFunction::IndexOf(part) => {
            let part = evaluation.one(part, scope)?;
            part.as_ref().and_then(Item::text).map(|part| Item::Integer(index_of(&text, &part)))
        }
        TextFunction::Substring(start, length) => {
            let start = number(evaluation, start, scope)?;
            let length = match length {
                Some(length) => number(evaluation, length, scope)?,
                None => Some(i64::MAX),
            };
            let part = start.zip(length).and_then(|(start, length)| part(&text, start, length));
            part.map(str::to_owned).and_then(owned)
        }
    })
}

fn number<'e, 'd>(
    evaluation: &Evaluation<'_, 'd>,
    node: &'e Node,
    scope: Scope<'_, 'e, 'd>,
) -> Result<Option<i64>, Failed> {
    Ok(match evaluation.one(node, scope)?.as_ref().and_then(Item::number) {
        Some(Number::Integer(number)) => Some(number),
        _ => None,
    })
}

/// Where a part begins, in code points; -1 where it does not occur.
fn index_of(text: &str, part: &str) -> i64 {
    text.find(part).map_or(-1, |bytes| text[..bytes].chars().count() as i64)
}

/// A part by code points; none where it would be empty.
fn part(text: &str, start: i64, length: i64) -> Option<&str> {
    let start = usize::try_from(start).ok()?;
    let length = usize::try_from(length).ok()?;
    let mut ends = text.char_indices().map(|(at, _)| at).chain([text.len()]);
    let from = ends.nth(start)?;
    let to = match length.checked_sub(1) {
        None => return None,
        Some(more) => ends.nth(more).unwrap_or(text.len()),
    };
    (to > from).then(|| &text[from..to])
}
