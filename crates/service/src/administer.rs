//! 参加者の管理 — operators register participants, certificates, names and issuers.

use kyoyu_domain::{
    audit::{Action, AuditEvent},
    identifiers::InstitutionNumber,
    participant::{Fingerprint, Issuer, Participant},
    prescription::Medium,
    problem::Problem,
    rules,
};
use kyoyu_store::{Tx, registry};

pub use kyoyu_store::registry::NewParticipant;

use crate::{Service, failure::Failure, purge::operator};

impl Service {
    /// Registers a participant, or adds certificates and institutions to a known one.
    ///
    /// # Errors
    /// [`rules::PARTICIPANT_KNOWN`] when the name is known under another role.
    pub async fn add_participant(&self, who: &str, new: &NewParticipant) -> Result<i32, Problem> {
        let work = async {
            let mut tx = self.store.begin().await?;
            let id = registry::add_participant(&mut tx, new).await?;
            let id = id.ok_or(&rules::PARTICIPANT_KNOWN)?;
            self.administered(tx, who).await?;
            Ok(id)
        };
        work.await.map_err(Failure::into_problem)
    }

    /// Takes a participant's rights away, at once.
    ///
    /// # Errors
    /// [`rules::NOT_FOUND`] when nobody has the name.
    pub async fn disable_participant(&self, who: &str, name: &str) -> Result<(), Problem> {
        let work = async {
            let mut tx = self.store.begin().await?;
            found(registry::disable_participant(&mut tx, name).await?)?;
            self.administered(tx, who).await
        };
        work.await.map_err(Failure::into_problem)
    }

    /// Takes one certificate out of use, at once.
    ///
    /// # Errors
    /// [`rules::NOT_FOUND`] when the certificate is nobody's.
    pub async fn remove_certificate(
        &self,
        who: &str,
        fingerprint: &Fingerprint,
    ) -> Result<(), Problem> {
        let work = async {
            let mut tx = self.store.begin().await?;
            found(registry::remove_certificate(&mut tx, fingerprint).await?)?;
            self.administered(tx, who).await
        };
        work.await.map_err(Failure::into_problem)
    }

    /// Names an institution from now on.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn name_institution(
        &self,
        who: &str,
        number: InstitutionNumber,
        name: &str,
    ) -> Result<(), Problem> {
        let work = async {
            let mut tx = self.store.begin().await?;
            registry::name_institution(&mut tx, number, name).await?;
            self.administered(tx, who).await
        };
        work.await.map_err(Failure::into_problem)
    }

    /// 承継 — lets an institution manage what its predecessor has sent: its state, its change,
    /// its cancellation. Nothing is renamed, and what both send stays apart.
    ///
    /// # Errors
    /// [`rules::SUCCESSION`] when the predecessor has a successor, or is one of the
    /// institution's own.
    pub async fn succeed(
        &self,
        who: &str,
        institution: InstitutionNumber,
        predecessor: InstitutionNumber,
    ) -> Result<(), Problem> {
        let work = async {
            let mut tx = self.store.begin().await?;
            let known = registry::load(&self.store).await?.successions;
            let mut later = known.after(institution);
            let is_circle = institution == predecessor || later.any(|one| one == predecessor);
            if is_circle || !registry::succeed(&mut tx, institution, predecessor).await? {
                return Err((&rules::SUCCESSION).into());
            }
            self.administered(tx, who).await
        };
        work.await.map_err(Failure::into_problem)
    }

    /// Notes how an institution prescribes from now on.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn set_prescribing(
        &self,
        who: &str,
        number: InstitutionNumber,
        medium: Medium,
    ) -> Result<(), Problem> {
        let work = async {
            let mut tx = self.store.begin().await?;
            registry::set_prescribing(&mut tx, number, medium).await?;
            self.administered(tx, who).await
        };
        work.await.map_err(Failure::into_problem)
    }

    /// Registers a token issuer, or adds keys and institutions to a known one.
    ///
    /// # Errors
    /// [`rules::PARTICIPANT_KNOWN`] when the name is known under another role.
    pub async fn add_issuer(&self, who: &str, issuer: &Issuer) -> Result<(), Problem> {
        let work = async {
            let mut tx = self.store.begin().await?;
            if !registry::add_issuer(&mut tx, issuer).await? {
                return Err((&rules::PARTICIPANT_KNOWN).into());
            }
            self.administered(tx, who).await
        };
        work.await.map_err(Failure::into_problem)
    }

    /// Every participant, by number.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn participants(&self) -> Result<Vec<Participant>, Problem> {
        let work = async {
            let registry = registry::load(&self.store).await?;
            let mut participants: Vec<Participant> = registry.participants.into_values().collect();
            participants.sort_by_key(|participant| participant.id);
            Ok::<_, Failure>(participants)
        };
        work.await.map_err(Failure::into_problem)
    }

    async fn administered(&self, tx: Tx, who: &str) -> Result<(), Failure> {
        tx.commit(AuditEvent::done(&operator(who), Action::Administer, 1)).await?;
        Ok(self.reload_participants().await?)
    }
}

fn found(known: bool) -> Result<(), Failure> {
    if known { Ok(()) } else { Err((&rules::NOT_FOUND).into()) }
}
