//! 呼出元 — who calls, as the gateway has proved it.

use std::{collections::BTreeSet, sync::Arc};

use kyoyu_domain::{
    audit::Actor,
    catalogue::Kind,
    identifiers::{InstitutionNumber, PersonIdentifier},
    participant::{Participant, Role},
    policy::Purpose,
    problem::Problem,
    rules,
};

/// 呼出元 — a participant by its certificate, and the person behind it by a token.
#[derive(Debug, Clone)]
pub struct Caller {
    /// The participant that the client certificate belongs to.
    pub participant: Arc<Participant>,
    /// The institution that the request names by `Kyoyu-Institution` or by the token;
    /// the gateway has checked that the participant may act for it.
    pub institution: Option<InstitutionNumber>,
    /// The person at the terminal or in front of the portal, where a token names one.
    pub token: Option<Token>,
}

/// トークン — what a checked token says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    /// `sub`: the person who acts.
    pub user: String,
    /// `qualification`: doctor, dentist, pharmacist, …
    pub qualification: Option<String>,
    /// `purpose`.
    pub purpose: Purpose,
    /// `patient`: whose data the portal's user asks for.
    pub patient: Option<PersonIdentifier>,
    /// `proxy`: who acts for the patient, where somebody does.
    pub proxy: Option<String>,
}

impl Caller {
    /// The caller as audit records name it.
    pub fn actor(&self) -> Actor {
        let token = self.token.as_ref();
        Actor {
            participant: Some(self.participant.id),
            institution: self.institution,
            user: token.map(|token| token.proxy.as_ref().unwrap_or(&token.user).clone()),
            qualification: token.and_then(|token| token.qualification.clone()),
            purpose: token.map(|token| token.purpose),
        }
    }

    /// Demands a role.
    pub(crate) fn must_be(&self, role: Role) -> Result<(), Problem> {
        if self.participant.role == role { Ok(()) } else { Err(Problem::of(&rules::ROLE)) }
    }

    /// Demands a participant that sends Bundles.
    pub(crate) fn must_send(&self) -> Result<(), Problem> {
        match self.participant.role {
            Role::Institution | Role::CheckupCentre => Ok(()),
            _ => Err(Problem::of(&rules::ROLE)),
        }
    }

    /// Demands that the participant may send this for an institution: a checkup centre sends
    /// checkup reports only. `document` is the kind of a document; none: a collection.
    pub(crate) fn must_send_kind(
        &self,
        institution: InstitutionNumber,
        document: Option<&Kind>,
    ) -> Result<(), Problem> {
        let is_checkup = document.is_some_and(|kind| kind.code == "checkup");
        let is_centre = self.participant.role == Role::CheckupCentre;
        if (is_centre || institution.is_checkup_centre()) && !is_checkup {
            return Err(Problem::of(&rules::ROLE));
        }
        Ok(())
    }

    /// The institutions for which the call is made: the one that it names, or all.
    pub(crate) fn institutions(&self) -> BTreeSet<InstitutionNumber> {
        match self.institution {
            Some(institution) => BTreeSet::from([institution]),
            None => self.participant.institutions.clone(),
        }
    }

    /// Demands that the participant may act for an institution.
    pub(crate) fn must_act_for(&self, institution: InstitutionNumber) -> Result<(), Problem> {
        if self.participant.institutions.contains(&institution) {
            return Ok(());
        }
        Err(Problem::of(&rules::INSTITUTION_FOREIGN))
    }

    /// 承継 — the institutions whose Bundles the call may ask for, change and cancel: those for
    /// which it is made, and those that they have succeeded.
    pub(crate) fn managed(&self) -> BTreeSet<InstitutionNumber> {
        let mut managed = self.institutions();
        let succeeded = managed.iter().filter_map(|one| self.participant.predecessors.get(one));
        let succeeded: Vec<InstitutionNumber> = succeeded.flatten().copied().collect();
        managed.extend(succeeded);
        managed
    }

    /// Demands that the participant may manage what an institution has sent: as itself, or as
    /// its successor.
    pub(crate) fn must_manage(&self, institution: InstitutionNumber) -> Result<(), Problem> {
        let has_succeeded = |former: &BTreeSet<_>| former.contains(&institution);
        if self.participant.predecessors.values().any(has_succeeded) {
            return Ok(());
        }
        self.must_act_for(institution)
    }

    /// Demands a token.
    pub(crate) fn must_have_token(&self) -> Result<&Token, Problem> {
        self.token.as_ref().ok_or_else(|| Problem::of(&rules::TOKEN_MISSING))
    }
}
