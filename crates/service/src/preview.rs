//! 試読 — shows the sender of a Bundle what a reader would see of it before it is
//! registered. Nothing is stored.
//!
//! Source: S4, S10.4; design §5.

use std::collections::BTreeMap;

use bytes::Bytes;
use chrono::{DateTime, Utc};
use kyoyu_domain::{
    audit::{Action, AuditEvent},
    catalogue::{Audience, CATALOGUE, Kind},
    consent::Categories,
    entry::{Flags, Standing},
    identifiers::{Bucket, PersonKey, ResourceId, SubmissionId},
    participant::Role,
    policy::{self, Hiding, Purpose, ReadGrant, ReadRequest},
    prescription::{Facts, Source},
    problem::{Issue, Problem, Rule},
    rules,
};
use kyoyu_profile::collection::CheckedResource;
use uuid::Uuid;

use crate::{
    Caller, Found, Service,
    failure::Failure,
    place::refuse_closed_kinds,
    prescriptions,
    register::{Checked, Sent, refuse_future},
    status::safe_name,
};

/// 試読結果 — what one reader would be shown.
#[derive(Debug)]
pub struct Preview {
    /// The resources, newest first, as a read would splice them, but for what only a
    /// registration gives: the ids' version part and the patient's key are zeros, and both
    /// registration dates are now. Of a document only what is extracted of it is here; the
    /// document itself has a line, under its first entry.
    pub shown: Vec<Found>,
    /// What becomes of each kind, in the order of the catalogue.
    pub lines: Vec<PreviewLine>,
}

/// 内訳 — what is shown or withheld of one kind by one rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PreviewLine {
    /// The kind.
    pub kind: &'static Kind,
    /// [`rules::PREVIEW_SHOWN`], or the rule that withholds.
    pub rule: &'static Rule,
    /// Positions of the Bundle's entries, the Patient being 0.
    pub entries: Vec<u16>,
}

impl Service {
    /// 試読 — what the audience that the query names (`as`) would be shown of a Bundle, given
    /// full consent. For the institution that would send it, which may know what it withholds.
    ///
    /// # Errors
    /// As a registration, as far as the body alone decides it.
    pub async fn preview(
        &self,
        caller: &Caller,
        query: &[(String, String)],
        body: Bytes,
    ) -> Result<Preview, Problem> {
        let outcome = self.try_preview(caller, query, body).await;
        self.concluded(caller, Action::Preview, None, outcome).await
    }

    async fn try_preview(
        &self,
        caller: &Caller,
        query: &[(String, String)],
        body: Bytes,
    ) -> Result<Preview, Failure> {
        caller.must_send()?;
        let reader = reader(query)?;
        let checked = self.check(caller, Sent { body, consent: None }).await?;
        caller.must_act_for(checked.bundle.identifier.institution())?;
        let now = self.store.now().await?;
        refuse_future(&checked, now)?;
        refuse_closed_kinds(&checked.bundle, now)?;
        let preview = self.previewed(&checked, &full_grant(reader, now)?);
        let mut kinds: Vec<_> = preview.shown.iter().map(|found| found.kind).collect();
        kinds.dedup();
        let event = AuditEvent::done(&caller.actor(), Action::Preview, preview.shown.len());
        self.record_read(now, event.of_kinds(kinds)).await?;
        Ok(preview)
    }

    fn previewed(&self, checked: &Checked, grant: &ReadGrant) -> Preview {
        let mut lines: BTreeMap<(usize, Option<Hiding>), Vec<u16>> = BTreeMap::new();
        let mut shown = Vec::new();
        if let Some(document) = &checked.bundle.document {
            let hidden = grant.hidden_by(document.kind, Flags::default(), Standing::Standing);
            lines.insert((place_of(document.kind), hidden), vec![0]);
        }
        for resource in &checked.bundle.resources {
            let hidden = grant.hidden_by(resource.kind, resource.flags, resource.standing);
            let place = place_of(resource.kind);
            lines.entry((place, hidden)).or_default().push(resource.ordinal);
            if hidden.is_none() {
                shown.push(resource);
            }
        }
        let newest_first =
            |one: &&CheckedResource| (one.dated_at.unwrap_or(grant.now()), one.ordinal);
        shown.sort_by_key(|one| std::cmp::Reverse(newest_first(one)));
        let lines = lines.into_iter().map(|((place, hidden), entries)| PreviewLine {
            kind: &CATALOGUE[place],
            rule: hidden.map_or(&rules::PREVIEW_SHOWN, rule_of),
            entries,
        });
        Preview {
            shown: shown.into_iter().map(|one| self.unregistered(checked, one, grant)).collect(),
            lines: lines.collect(),
        }
    }

    fn unregistered(&self, checked: &Checked, one: &CheckedResource, grant: &ReadGrant) -> Found {
        let (now, institution) = (grant.now(), checked.bundle.identifier.institution());
        let id = ResourceId { submission: no_submission(), ordinal: one.ordinal };
        let mut text = Vec::with_capacity(one.text.len() + 128);
        let patient = format!("Patient/{}", grant.person());
        one.rewritten(&checked.body, &id.to_string(), &patient, &mut text);
        let prescription = one.listed.map(|listed| Facts {
            listed: Some(listed),
            ..prescriptions::facts(&text, Source::Document)
        });
        Found {
            id,
            kind: one.kind,
            text: text.into(),
            first_registered_at: now,
            registered_at: now,
            institution,
            institution_name: self.directory.institution_name(institution, now),
            prescription,
            signature: None,
        }
    }
}

/// The role and purpose of the audience that the one parameter `as` names.
fn reader(query: &[(String, String)]) -> Result<(Role, Purpose), Failure> {
    if let Some((name, _)) = query.iter().find(|(name, _)| name != "as") {
        return Err(Issue::of(&rules::PARAMETER_UNKNOWN).with(safe_name(name)).into());
    }
    let known = match query {
        [(_, code)] => Audience::ALL.iter().find(|(_, known)| known == code),
        _ => None,
    };
    let reader = known.and_then(|(audience, _)| policy::reading_as(*audience));
    reader.ok_or_else(|| Issue::of(&rules::PARAMETER_VALUE).with("as").into())
}

/// What this reader is granted of somebody who has consented to everything; nobody has that
/// somebody's key, so that the grant opens nothing that is stored.
fn full_grant(reader: (Role, Purpose), now: DateTime<Utc>) -> Result<ReadGrant, Failure> {
    let (role, purpose) = reader;
    let permission = policy::grant(ReadRequest {
        role,
        purpose,
        person: PersonKey::new(Uuid::nil()),
        consent: Some(Categories::all()),
        kinds: CATALOGUE.iter().collect(),
        now,
    })?;
    Ok(permission.grant)
}

fn place_of(kind: &Kind) -> usize {
    let place = CATALOGUE.iter().position(|known| known == kind);
    place.expect("every kind is a row of the catalogue")
}

fn no_submission() -> SubmissionId {
    let bucket = Bucket::from_number(0).expect("the first bucket is a bucket");
    SubmissionId { bucket, uuid: Uuid::nil() }
}

fn rule_of(hidden: Hiding) -> &'static Rule {
    match hidden {
        Hiding::Unlisted => &rules::PREVIEW_UNLISTED,
        Hiding::Audience => &rules::PREVIEW_AUDIENCE,
        // Every kind was asked for and consented to: what is missing is not open.
        Hiding::NotGranted => &rules::PREVIEW_CLOSED,
        Hiding::Undelivered => &rules::PREVIEW_UNDELIVERED,
        Hiding::Uninformed => &rules::PREVIEW_UNINFORMED,
        Hiding::EnteredInError => &rules::PREVIEW_ENTERED_IN_ERROR,
        Hiding::Refuted => &rules::PREVIEW_REFUTED,
    }
}
