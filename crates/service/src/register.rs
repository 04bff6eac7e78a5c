//! 登録 — a hospital registers a Bundle: the main use case.
//!
//! Checked whole, then one transaction: who is it about, is the identifier new, place the
//! resources as segments, write the ledger, record, commit. What was refused left nothing.

use std::sync::Arc;

use bytes::Bytes;
use chrono::{DateTime, TimeDelta, Utc};
use kyoyu_domain::{
    audit::{Action, AuditEvent},
    catalogue::Kind,
    identifiers::{PersonKey, SubmissionId},
    letter::{ConsentPattern, Letter},
    problem::{Issue, Problem, Rule, Severity},
    rules,
    submission::{State, Submission},
};
use kyoyu_profile::{
    collection::{self, CheckedBundle, SignatureFacts},
    rules::TAGGED_RESOURCE,
};
use kyoyu_store::{
    Tx, body,
    segment::Segment,
    submission::{self, NewSubmission, Owner},
};
use sha2::{Digest, Sha256};
use tokio::sync::SemaphorePermit;

use crate::{
    Caller, Options, Service,
    cancel::resources_of,
    failure::{Failure, retrying},
    identify,
    place::{Destination, Placement, kinds_beside, place},
    signature::{self, Signature},
};

/// How far ahead `Bundle.timestamp` may be.
const MOST_AHEAD: TimeDelta = TimeDelta::minutes(10);

/// 送信 — what an institution sends.
#[derive(Debug, Clone)]
pub struct Sent {
    /// The Bundle.
    pub body: Bytes,
    /// `consent`: how consent to a letter is obtained; none: it is held.
    pub consent: Option<String>,
}

impl From<Bytes> for Sent {
    /// Without a word about consent.
    fn from(body: Bytes) -> Self {
        Self { body, consent: None }
    }
}

/// 受理 — what the sender gets.
#[derive(Debug)]
pub struct Accepted {
    /// The version that is stored; its id is the receipt.
    pub submission: Submission,
    /// Whether this call stored it; otherwise it was there already.
    pub created: bool,
    /// Warnings.
    pub findings: Vec<Issue>,
}

/// 検査済 — a body that passed the check.
pub(crate) struct Checked {
    pub(crate) body: Bytes,
    pub(crate) sha256: [u8; 32],
    pub(crate) bundle: CheckedBundle,
    pub(crate) warnings: Vec<Issue>,
    /// How consent to the letter is obtained, where the sender says so.
    pub(crate) pattern: Option<ConsentPattern>,
    /// The electronic signature of a document.
    pub(crate) signature: Option<Signature>,
}

impl Service {
    /// 登録 — registers a Bundle, exactly once however often it is sent.
    ///
    /// # Errors
    /// The findings of the check, or the rule of the refusal.
    pub async fn register(
        &self,
        caller: &Caller,
        sent: impl Into<Sent>,
    ) -> Result<Accepted, Problem> {
        let outcome = self.try_register(caller, sent.into()).await;
        self.concluded(caller, Action::Register, None, outcome).await
    }

    async fn try_register(&self, caller: &Caller, sent: Sent) -> Result<Accepted, Failure> {
        caller.must_send()?;
        let checked = self.check(caller, sent).await?;
        caller.must_act_for(checked.bundle.identifier.institution())?;
        match retrying(|| self.register_once(caller, &checked)).await {
            Err(Failure::Problem(problem)) if problem.rule() == &rules::PERSON_UNKNOWN => {
                self.ask_for_person(caller, &checked).await?;
                retrying(|| self.register_once(caller, &checked)).await
            }
            outcome => outcome,
        }
    }

    async fn register_once(&self, caller: &Caller, checked: &Checked) -> Result<Accepted, Failure> {
        let patient = &checked.bundle.patient;
        let (mut tx, matches) = self.store.begin_for(&patient.identifier).await?;
        let person = identify::for_registration(&matches, patient, tx.now())?;
        refuse_future(checked, tx.now())?;
        let (identifier, kinds) = (&checked.bundle.identifier, kinds_beside(&checked.bundle, None));
        match submission::look_up(&mut tx, identifier, person, &kinds).await? {
            (None, stored) => self.store_first(tx, caller, checked, person, stored).await,
            (Some(owner), _) => self.answer_known(tx, caller, checked, person, owner).await,
        }
    }

    /// 初回登録 — stores the first version. An empty set (a Bundle with the Patient only, S1.3)
    /// empties what was sent before; where nothing was, it is refused also by a policy that
    /// accepts it as a change, since a Bundle identifier would be used up for nothing.
    async fn store_first(
        &self,
        mut tx: Tx,
        caller: &Caller,
        checked: &Checked,
        person: PersonKey,
        stored: Vec<Segment>,
    ) -> Result<Accepted, Failure> {
        if checked.bundle.is_empty() {
            return Err((&TAGGED_RESOURCE).into());
        }
        let new = self.prepare(&mut tx, checked, (person, stored), None).await?;
        let kinds = kinds_of(&new.submission);
        let stored = NewSubmission {
            submission: &new.submission,
            participant: caller.participant.id,
            envelope: new.envelope,
            segments: new.placement.segments,
            attachments: new.placement.attachments,
            letter: new.letter,
            signature: checked.signature.as_ref().map(|signature| &signature.verification),
            due_on: new.placement.due_on,
        };
        let resources = resources_of(&new.submission);
        let event = AuditEvent::done(&caller.actor(), Action::Register, resources)
            .about(person)
            .of_kinds(kinds);
        if !submission::insert(tx, stored, &event).await? {
            // Somebody took the identifier for another person between look-up and insert;
            // for the same person the lock would have kept them out.
            return Err((&rules::BUNDLE_FOREIGN).into());
        }
        Ok(Accepted { submission: new.submission, created: true, findings: new.findings })
    }

    /// A Bundle identifier that is known: the same bytes get the same receipt.
    async fn answer_known(
        &self,
        tx: Tx,
        caller: &Caller,
        checked: &Checked,
        person: PersonKey,
        owner: Owner,
    ) -> Result<Accepted, Failure> {
        if owner.person != person {
            return Err((&rules::BUNDLE_FOREIGN).into());
        }
        let Some(current) = owner.current else { return Err((&rules::BUNDLE_USED).into()) };
        self.refuse_cancelled(&current, tx.now())?;
        if current.sha256 == checked.sha256 {
            return repeat_answer(tx, caller, Action::Register, checked, current).await;
        }
        if self.options.last_wins {
            return self.change_stored(tx, caller, checked, current).await;
        }
        Err((&rules::BUNDLE_EXISTS).into())
    }

    /// Refuses what is cancelled: by naming the undo as long as there is one.
    pub(crate) fn refuse_cancelled(
        &self,
        current: &Submission,
        now: DateTime<Utc>,
    ) -> Result<(), Failure> {
        match current.state {
            State::Cancelled if self.undo_is_open(current, now) => {
                Err((&rules::BUNDLE_CANCELLED).into())
            }
            State::Cancelled | State::Purged | State::Replaced => Err((&rules::BUNDLE_USED).into()),
            State::Registered => Ok(()),
        }
    }

    /// Checks what is sent, away from the threads that serve other requests, and as much at
    /// once as there are processors: more would only take longer.
    pub(crate) async fn check(&self, caller: &Caller, sent: Sent) -> Result<Checked, Failure> {
        let pattern = sent.consent.as_deref().map(|code| self.pattern(code)).transpose()?;
        let (body, options) = (sent.body, Arc::clone(&self.options));
        let place = self.place_to_check().await?;
        let checked = tokio::task::spawn_blocking(move || check_now(body, &options)).await;
        drop(place);
        let checked = checked.map_err(|error| Problem::of(&rules::INTERNAL).because(error))??;
        let (checked, signature) = checked;
        let document = checked.bundle.document.as_ref().map(|document| document.kind);
        caller.must_send_kind(checked.bundle.identifier.institution(), document)?;
        let signature = self.verify_signature(&checked.body, signature).await?;
        Ok(Checked { pattern, signature, ..checked })
    }

    /// A place among those that are checked at once. Who has to wait for it is counted.
    pub(crate) async fn place_to_check(&self) -> Result<SemaphorePermit<'_>, Failure> {
        if let Ok(place) = self.checks.try_acquire() {
            return Ok(place);
        }
        let _waiting = self.traffic.wait();
        self.checks.acquire().await.map_err(|_| (&rules::UNAVAILABLE).into())
    }

    /// Everything of a version that does not depend on whether it is the first. `stored` are
    /// the person's segments beside which it comes ([`kinds_beside`]).
    pub(crate) async fn prepare(
        &self,
        tx: &mut Tx,
        checked: &Checked,
        (person, stored): (PersonKey, Vec<Segment>),
        replaces: Option<&Submission>,
    ) -> Result<Prepared, Failure> {
        let now = tx.now();
        let id = SubmissionId { bucket: person.bucket(), uuid: tx.randomness().uuid_v7(now) };
        let to = Destination { person, submission: id, replaces, policy: &self.options.retention };
        let mut placement = place(now, &checked.bundle, &checked.body, stored, &to)?;
        let mut findings = checked.warnings.clone();
        if placement.older_hidden > 0 {
            let count = placement.older_hidden.to_string();
            findings.push(Issue::of(&rules::OLDER_HIDDEN).with(count));
        }
        findings.extend(checked.signature.as_ref().map(Signature::finding));
        let letter = self.new_letter(tx, checked, &to).await?;
        let submission = Submission {
            id,
            person,
            identifier: checked.bundle.identifier.clone(),
            version: replaces.map_or(1, |old| old.version + 1),
            sha256: checked.sha256,
            sent_at: checked.bundle.sent_at,
            registered_at: now,
            state: State::Registered,
            state_at: now,
            counts: std::mem::take(&mut placement.counts),
            notes: notes_of(&findings),
        };
        Ok(Prepared { submission, envelope: envelope(checked), placement, letter, findings })
    }
}

/// A version that is ready to be stored.
pub(crate) struct Prepared {
    pub(crate) submission: Submission,
    pub(crate) envelope: Vec<u8>,
    pub(crate) placement: Placement,
    pub(crate) letter: Option<Letter>,
    pub(crate) findings: Vec<Issue>,
}

fn check_now(body: Bytes, options: &Options) -> Result<(Checked, Option<SignatureFacts>), Failure> {
    let report = collection::check_with(&body, &options.limits, &options.validator);
    let Some(mut bundle) = report.bundle else {
        return Err(Problem::of_findings(report.issues).into());
    };
    if let Some(document) = &bundle.document {
        let documents = &options.documents;
        if document.kind.code == "checkup" && !documents.checkup_attachments && document.has_files {
            return Err((&rules::CHECKUP_ATTACHMENT).into());
        }
        bundle.resources.retain(|resource| documents.extracted.contains(&resource.kind));
    }
    let sha256 = Sha256::digest(&body).into();
    let warnings = report.issues;
    let checked = Checked { body, sha256, bundle, warnings, pattern: None, signature: None };
    Ok((checked, report.signature))
}

/// The Bundle's head and Patient, packed; a document is kept whole and needs none. An emptied
/// Bundle keeps none either: no resource of it will ever be due, and the Patient would stay for
/// good.
fn envelope(checked: &Checked) -> Vec<u8> {
    if checked.bundle.document.is_some() || checked.bundle.is_empty() {
        return Vec::new();
    }
    let parts: Vec<&[u8]> =
        checked.bundle.envelope.iter().map(|range| &checked.body[range.clone()]).collect();
    body::pack(&parts.concat())
}

pub(crate) fn refuse_future(checked: &Checked, now: DateTime<Utc>) -> Result<(), Failure> {
    if checked.bundle.sent_at > now + MOST_AHEAD {
        return Err((&rules::BUNDLE_FUTURE).into());
    }
    Ok(())
}

/// Answers a repeated call with what is stored; the call still leaves its record.
pub(crate) async fn repeat_answer(
    tx: Tx,
    caller: &Caller,
    action: Action,
    checked: &Checked,
    current: Submission,
) -> Result<Accepted, Failure> {
    let event = AuditEvent::done(&caller.actor(), action, 0).about(current.person);
    tx.commit(event).await?;
    let findings = findings_of(checked, &current);
    Ok(Accepted { submission: current, created: false, findings })
}

pub(crate) fn kinds_of(submission: &Submission) -> Vec<&'static Kind> {
    submission.counts.iter().map(|count| count.kind).collect()
}

/// Warnings as the ledger keeps them, for the sender who asks for the state: each code with
/// a number, of older copies or of places, or with the listed role of a signer. Nothing of the
/// body gets into the ledger this way.
fn notes_of(findings: &[Issue]) -> Vec<(String, String)> {
    let mut notes: Vec<(&'static Rule, usize)> = Vec::new();
    for issue in findings.iter().filter(|issue| issue.rule.severity != Severity::Error) {
        match notes.iter_mut().find(|(rule, _)| *rule == issue.rule) {
            Some((_, places)) => *places += 1,
            None => notes.push((issue.rule, 1)),
        }
    }
    let argument = |rule: &Rule| {
        let kept = [&rules::OLDER_HIDDEN, &rules::SIGNATURE_VERIFIED].contains(&rule);
        let issue = findings.iter().find(|issue| kept && issue.rule == rule);
        issue.and_then(|issue| issue.argument.as_deref())
    };
    let note = |(rule, places): (&'static Rule, usize)| {
        let own = argument(rule);
        (rule.code.to_owned(), own.map_or_else(|| places.to_string(), str::to_owned))
    };
    notes.into_iter().map(note).collect()
}

/// What a repeated call is told: the warnings of the body, which are those of the first call
/// because the bytes are, and what only the registration could know.
fn findings_of(checked: &Checked, stored: &Submission) -> Vec<Issue> {
    let hidden = stored.notes.iter().filter(|(code, _)| code == rules::OLDER_HIDDEN.code);
    let hidden = hidden.map(|(_, count)| Issue::of(&rules::OLDER_HIDDEN).with(count.clone()));
    let of_signature = signature::told_before(&stored.notes, checked.signature.as_ref());
    checked.warnings.iter().cloned().chain(hidden).chain(of_signature).collect()
}
