//! 検査の一巡 — walks each resource once for each profile that it needs.
//!
//! What is walked is a *unit*: one resource against one profile. A unit finds what is wrong
//! in the resource itself and notes what it depends on: contained resources and entries
//! that have to conform, references whose targets have to conform to one of some profiles.
//! Units are settled with an explicit stack, those they depend on first; a unit that is
//! still being settled counts as conformant, as in the reference validator. The findings
//! of a unit are reported only where its resource is part of what was asked; a target's
//! are not repeated at the reference. Nothing here recurses along references.
//!
//! Source: FHIR R4; the reference validator where FHIR leaves it open.

mod attachment;
mod bundle;
mod bundle_links;
mod code_system;
mod coding;
mod contained;
mod definitions;
mod extension;
mod extension_context;
mod finding;
mod fixed;
mod formats;
mod ids;
mod implied;
mod item;
mod languages;
mod narrative;
mod object;
mod place;
mod primitive;
mod questionnaire;
mod reference;
mod resources;
mod settle;
mod slices;
pub(crate) mod strict;
pub(crate) mod texts;
mod unit;
mod uris;
mod value_set;

use std::borrow::Cow;

pub(crate) use self::{
    finding::{Broken, Finding},
    place::expression,
    primitive::is_plain as is_plain_url,
    settle::Check,
    uris::is_named_for_others,
};
use crate::json::{Document, Symbol, Value};

/// What is wrong with a document that is no resource of FHIR R4.
pub(crate) fn root_finding(document: &Document<'_>) -> Finding {
    let root = document.root();
    let has_type = root.field(Symbol::named("resourceType")).is_some_and(Value::is_string);
    let rule = if has_type { &texts::UNKNOWN_RESOURCE_TYPE } else { &texts::NO_RESOURCE_TYPE };
    let (severity, at) = (rule.severity, root.id());
    Finding { broken: Broken::Rule(rule), severity, at, argument: Cow::Borrowed("") }
}
