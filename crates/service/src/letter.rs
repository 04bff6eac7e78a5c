//! 文書授受 — letters: what their registration begins, and what sender, addressee and patient
//! do with them.
//!
//! Source: S10.3; design §6.

mod answer;
mod inbox;
mod paging;
mod query;
mod receive;

use chrono::{DateTime, Utc};
use kyoyu_domain::{
    catalogue::Kind,
    identifiers::InstitutionNumber,
    letter::{ConsentPattern, Letter, LetterEvent, LetterState},
    problem::Issue,
    rules,
    submission::Submission,
};
use kyoyu_profile::collection::DocumentFacts;
use kyoyu_store::{Tx, letter};

pub use self::{
    answer::Answered,
    inbox::Inbox,
    receive::{ByteRange, Part, Received},
};
use crate::{Service, failure::Failure, place::Destination, register::Checked};

impl Service {
    /// The pattern of a code, where it is open.
    pub(crate) fn pattern(&self, code: &str) -> Result<ConsentPattern, Failure> {
        let open = |pattern: &ConsentPattern| {
            *pattern == ConsentPattern::Oral
                || self.options.documents.consent_patterns.contains(pattern)
        };
        let refused = || match ConsentPattern::from_code(code) {
            Some(pattern) => Issue::of(&rules::CONSENT_PATTERN).with(pattern.code()),
            None => Issue::of(&rules::PARAMETER_VALUE).with("consent"),
        };
        ConsentPattern::from_code(code).filter(open).ok_or_else(|| refused().into())
    }

    /// The exchange that the registration of a letter begins; none for everything else.
    ///
    /// # Errors
    /// The rule of the refusal: the addressee does not take part, the referral that a
    /// discharge summary follows is not there.
    pub(crate) async fn new_letter(
        &self,
        tx: &mut Tx,
        checked: &Checked,
        to: &Destination<'_>,
    ) -> Result<Option<Letter>, Failure> {
        let facts = checked.bundle.document.as_ref().filter(|facts| facts.kind.is_letter());
        let Some(facts) = facts else {
            return if checked.pattern.is_none() {
                Ok(None)
            } else {
                Err(Issue::of(&rules::PARAMETER_UNKNOWN).with("consent").into())
            };
        };
        let letter = match facts.addressee {
            Some(addressee) => self.referral(tx, checked, to, addressee).await?,
            // It has no consent of its own that could be named.
            None if checked.pattern.is_some() => {
                return Err(Issue::of(&rules::PARAMETER_UNKNOWN).with("consent").into());
            }
            None => self.discharge_summary(tx, checked, to, facts).await?,
        };
        if !self.directory.takes_part(letter.addressee) {
            return Err((&rules::ADDRESSEE_ABSENT).into());
        }
        Ok(Some(letter))
    }

    /// A referral. A change to the same addressee keeps the patient's answer.
    async fn referral(
        &self,
        tx: &mut Tx,
        checked: &Checked,
        to: &Destination<'_>,
        addressee: InstitutionNumber,
    ) -> Result<Letter, Failure> {
        let former = match to.replaces {
            Some(old) => letter::find(tx, old.id).await?,
            None => None,
        };
        let former = former.filter(|former| former.addressee == addressee);
        let (pattern, state) = match (checked.pattern, former) {
            (None, Some(former)) => (former.pattern, former.state),
            (pattern, _) => (pattern, LetterState::first(pattern)),
        };
        let now = tx.now();
        Ok(Letter {
            submission: to.submission,
            person: to.person,
            kind: kind_of(checked),
            identifier: checked.bundle.identifier.clone(),
            addressee,
            belongs_to: None,
            pattern,
            state,
            registered_at: now,
            visible_at: visible_from(tx, state, addressee).await?,
            received_at: None,
            cancelled_at: None,
        })
    }

    /// 追送 — a discharge summary goes where its referral went, under the same consent. Once the
    /// addressee has the referral, that consent was given; what the patient has answered for the
    /// summary since stays through its changes.
    async fn discharge_summary(
        &self,
        tx: &mut Tx,
        checked: &Checked,
        to: &Destination<'_>,
        facts: &DocumentFacts,
    ) -> Result<Letter, Failure> {
        if !self.options.documents.later_discharge_summary {
            return Err(Issue::of(&rules::KIND_CLOSED).with(facts.kind.japanese).into());
        }
        let identifier = &checked.bundle.identifier;
        let referral = facts
            .belongs_to
            .as_ref()
            .filter(|referral| referral.institution() == identifier.institution());
        let referral = match referral {
            Some(referral) => letter::by_identifier(tx, to.person, referral).await?,
            None => None,
        };
        let now = tx.now();
        let is_there = |letter: &Letter| letter.kind.code == "referral" && letter.is_live(now);
        let referral = referral.filter(is_there).ok_or(&rules::REFERRAL_UNKNOWN)?;
        let former = match to.replaces {
            Some(old) => letter::find(tx, old.id).await?,
            None => None,
        };
        let state = match referral.state {
            LetterState::Received => former.map_or(LetterState::Readable, |former| former.state),
            state => state,
        };
        Ok(Letter {
            submission: to.submission,
            kind: facts.kind,
            identifier: identifier.clone(),
            belongs_to: Some(referral.submission),
            state,
            registered_at: now,
            visible_at: visible_from(tx, state, referral.addressee).await?,
            received_at: None,
            cancelled_at: None,
            ..referral
        })
    }
}

fn kind_of(checked: &Checked) -> &'static Kind {
    let document = checked.bundle.document.as_ref();
    document.expect("only documents are letters").kind
}

/// Since when the addressee sees a letter that comes into a state, or back into it.
async fn visible_from(
    tx: &mut Tx,
    state: LetterState,
    addressee: InstitutionNumber,
) -> Result<Option<DateTime<Utc>>, Failure> {
    match state {
        LetterState::Readable => Ok(Some(letter::turn(tx, addressee).await?)),
        _ => Ok(None),
    }
}

fn is_letter(submission: &Submission) -> bool {
    submission.counts.iter().any(|count| count.kind.is_letter())
}

/// Refuses to change or cancel a letter that its addressee has received, also when it has been
/// deleted since.
pub(crate) async fn refuse_taking_back(
    tx: &mut Tx,
    submission: &Submission,
    event: LetterEvent,
) -> Result<(), Failure> {
    if !is_letter(submission) {
        return Ok(());
    }
    match letter::find(tx, submission.id).await? {
        Some(letter) => letter.state.after(event).map(drop).map_err(Failure::from),
        // What is left of an old letter is what was extracted of it: that may be withdrawn,
        // but there is no letter any more that could be replaced.
        None if event == LetterEvent::Replace => Err((&rules::BUNDLE_USED).into()),
        None => Ok(()),
    }
}

/// Takes a cancelled letter out of sight with what follows it, or puts them back.
pub(crate) async fn set_cancelled(
    tx: &mut Tx,
    submission: &Submission,
    cancelled_at: Option<DateTime<Utc>>,
) -> Result<(), Failure> {
    if is_letter(submission)
        && let Some(letter) = letter::find(tx, submission.id).await?
    {
        let cancelled_at = match cancelled_at {
            Some(now) => Some(now),
            None => referral_cancelled_at(tx, &letter).await?,
        };
        let mut from_now_on = Letter { cancelled_at, ..letter.clone() };
        if cancelled_at.is_none() {
            // Who has looked at the inbox in between sees it as new.
            from_now_on.visible_at = visible_from(tx, letter.state, letter.addressee).await?;
        }
        letter::cancel_following(tx, &letter, &from_now_on).await?;
        letter::update(tx, &from_now_on).await?;
    }
    Ok(())
}

/// A discharge summary is not seen without its referral: it comes back with it only.
async fn referral_cancelled_at(
    tx: &mut Tx,
    letter: &Letter,
) -> Result<Option<DateTime<Utc>>, Failure> {
    let referral = match letter.belongs_to {
        Some(referral) => letter::find(tx, referral).await?,
        None => None,
    };
    Ok(referral.and_then(|referral| referral.cancelled_at))
}
