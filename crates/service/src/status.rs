//! 照会 — a sender asks for the state of what it sent.

use kyoyu_domain::{
    audit::{Action, AuditEvent},
    identifiers::{InstitutionNumber, SubmissionId},
    letter::Letter,
    problem::{Issue, Problem},
    rules,
    submission::{State, Submission},
};
use kyoyu_store::{Tx, letter, submission};

use crate::{Caller, Service, change::bundle_identifier, failure::Failure};

/// How many submissions a page of the list holds.
const PAGE: i64 = 200;

/// 照会結果 — submissions, oldest first.
#[derive(Debug)]
pub struct SubmissionsPage {
    /// Each with its state, counts and due days.
    pub submissions: Vec<Submission>,
    /// 同意・取得状況 — where those of them stand that are letters.
    pub letters: Vec<Letter>,
    /// `since` of the next page, when there may be one.
    pub next: Option<String>,
}

impl Service {
    /// 照会 — by `receipt`, by `identifier`, or all `since` a receipt.
    ///
    /// # Errors
    /// Unknown and foreign alike are not found; what was deleted is told to its sender.
    pub async fn submissions(
        &self,
        caller: &Caller,
        query: &[(String, String)],
    ) -> Result<SubmissionsPage, Problem> {
        let outcome = self.try_submissions(caller, query).await;
        self.concluded(caller, Action::Status, None, outcome).await
    }

    async fn try_submissions(
        &self,
        caller: &Caller,
        query: &[(String, String)],
    ) -> Result<SubmissionsPage, Failure> {
        caller.must_send()?;
        let institutions: Vec<InstitutionNumber> = caller.managed().into_iter().collect();
        let mut tx = self.store.begin().await?;
        let page = match query {
            [(name, receipt)] if name == "receipt" => {
                one(by_receipt(&mut tx, receipt, &institutions).await?)?
            }
            [(name, identifier)] if name == "identifier" => {
                one(by_identifier(&mut tx, identifier, &institutions).await?)?
            }
            [(name, since)] if name == "since" => {
                since_receipt(&mut tx, since, &institutions).await?
            }
            [] => since_receipt(&mut tx, "", &institutions).await?,
            [(name, _), ..] => {
                return Err(Issue::of(&rules::PARAMETER_UNKNOWN).with(safe_name(name)).into());
            }
        };
        let letters = letters_of(&mut tx, &page.submissions).await?;
        let event = AuditEvent::done(&caller.actor(), Action::Status, page.submissions.len());
        tx.commit(event).await?;
        Ok(SubmissionsPage { letters, ..page })
    }
}

async fn letters_of(tx: &mut Tx, submissions: &[Submission]) -> Result<Vec<Letter>, Failure> {
    let is_letter = |one: &&Submission| one.counts.iter().any(|count| count.kind.is_letter());
    let ids: Vec<SubmissionId> = submissions.iter().filter(is_letter).map(|one| one.id).collect();
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    Ok(letter::states(tx, &ids).await?)
}

/// A parameter's name, shortened to what cannot hold anything but a name.
pub(crate) fn safe_name(name: &str) -> String {
    name.chars().filter(|c| c.is_ascii_alphanumeric() || "-_:".contains(*c)).take(40).collect()
}

fn one(submission: Submission) -> Result<SubmissionsPage, Failure> {
    if submission.state == State::Purged {
        return Err((&rules::GONE).into());
    }
    Ok(SubmissionsPage { submissions: vec![submission], letters: Vec::new(), next: None })
}

async fn by_receipt(
    tx: &mut Tx,
    receipt: &str,
    institutions: &[InstitutionNumber],
) -> Result<Submission, Failure> {
    let id: SubmissionId = receipt.parse().map_err(|_| &rules::NOT_FOUND)?;
    let found = submission::find_by_receipt(tx, id, institutions).await?;
    found.ok_or_else(|| (&rules::NOT_FOUND).into())
}

async fn by_identifier(
    tx: &mut Tx,
    identifier: &str,
    institutions: &[InstitutionNumber],
) -> Result<Submission, Failure> {
    let identifier = bundle_identifier(identifier)?;
    let owner = submission::find(tx, &identifier).await?;
    let own = institutions.contains(&identifier.institution());
    let Some(owner) = owner.filter(|_| own) else { return Err((&rules::NOT_FOUND).into()) };
    owner.current.ok_or_else(|| (&rules::GONE).into())
}

async fn since_receipt(
    tx: &mut Tx,
    since: &str,
    institutions: &[InstitutionNumber],
) -> Result<SubmissionsPage, Failure> {
    let after = match since {
        "" => None,
        receipt => {
            let id: SubmissionId =
                receipt.parse().map_err(|_| Issue::of(&rules::PARAMETER_VALUE).with("since"))?;
            Some(id.uuid)
        }
    };
    let submissions = submission::list(tx, institutions, after, PAGE).await?;
    let full = submissions.len() as i64 == PAGE;
    let next = submissions.last().filter(|_| full).map(|last| last.id.to_string());
    Ok(SubmissionsPage { submissions, letters: Vec::new(), next })
}
