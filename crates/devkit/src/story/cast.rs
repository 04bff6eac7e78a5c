//! 登場人物 — who takes part, for registration and for the story alike.

use anyhow::{Context, Result};
use kyoyu_domain::{
    identifiers::{InstitutionNumber, InsurerNumber},
    participant::{Role, SignatureAlgorithm},
};
use kyoyu_synth::{Institution, InstitutionKind, World};

use crate::{Pki, TokenIssuer};

/// 登場人物 — the participants and the issuers of tokens.
#[derive(Debug, Clone)]
pub struct Cast {
    /// 病院 — sends.
    pub hospital: Party,
    /// 診療所 — its doctor reads.
    pub clinic: Party,
    /// 薬局 — may read, but gets no consent.
    pub pharmacy: Party,
    /// 医療保険者 — sees none of the clinical items.
    pub insurer: Party,
    /// マイナポータル — the patient reads through it.
    pub portal: Party,
    /// オンライン資格確認等システム — announces persons, registers consent.
    pub eligibility: Party,
    /// Who signs tokens for whom.
    pub issuers: Vec<CastIssuer>,
}

/// 参加者 — one participant as it must be registered.
#[derive(Debug, Clone)]
pub struct Party {
    /// The name of its certificate in [`Pki::client`].
    pub certificate: &'static str,
    /// The name that operators and patients see.
    pub name: String,
    /// What it may do.
    pub role: Role,
    /// The institution that it acts for; `name` is its name too.
    pub institution: Option<InstitutionNumber>,
    /// The insurer that it is.
    pub insurer: Option<InsurerNumber>,
}

/// 発行者 — one issuer as it must be registered.
#[derive(Debug, Clone)]
pub struct CastIssuer {
    /// The name of its key in [`Pki::token_issuer`].
    pub key: &'static str,
    /// `iss` of its tokens.
    pub url: &'static str,
    /// The role that its tokens state.
    pub role: Role,
    /// The institutions that its tokens may name.
    pub institutions: Vec<InstitutionNumber>,
}

impl CastIssuer {
    /// The issuer with its key.
    ///
    /// # Errors
    /// When the key cannot be read or made.
    pub fn open(&self, pki: &Pki) -> Result<TokenIssuer> {
        pki.token_issuer(self.key, self.url, SignatureAlgorithm::Es256)
    }
}

impl Cast {
    /// The cast of a world.
    ///
    /// # Errors
    /// When the world has no clinic beside its first hospital.
    pub fn of(world: &World) -> Result<Self> {
        let hospital = world.institution(0);
        let clinic = first_clinic(world)?;
        // The world has no pharmacies; their numbers differ by 点数表区分 4.
        let number = clinic.number.as_str();
        let pharmacy: InstitutionNumber = format!("{}4{}", &number[..2], &number[3..]).parse()?;
        let readers = vec![hospital.number, clinic.number, pharmacy];
        Ok(Self {
            hospital: Party::institution("hospital-a", hospital.name, hospital.number),
            clinic: Party::institution("clinic-b", clinic.name, clinic.number),
            pharmacy: Party::institution("pharmacy-c", "まちかど薬局".to_owned(), pharmacy),
            insurer: Party::insurer(world.person(0).insurer),
            portal: Party::network("portal", "マイナポータル", Role::PatientPortal),
            eligibility: Party::network(
                "eligibility",
                "オンライン資格確認等システム",
                Role::EligibilityNetwork,
            ),
            issuers: issuers(readers),
        })
    }

    /// Every participant.
    pub fn parties(&self) -> [&Party; 6] {
        let Self { hospital, clinic, pharmacy, insurer, portal, eligibility, .. } = self;
        [hospital, clinic, pharmacy, insurer, portal, eligibility]
    }

    /// The issuer of tokens for a role.
    pub(super) fn issuer(&self, role: Role) -> Result<&CastIssuer> {
        self.issuers
            .iter()
            .find(|issuer| issuer.role == role)
            .with_context(|| format!("nobody signs tokens of the role {}", role.code()))
    }
}

/// 診療所 — the clinic of the story.
pub(super) fn first_clinic(world: &World) -> Result<Institution> {
    (1..world.size().institutions)
        .map(|index| world.institution(index))
        .find(|institution| institution.kind == InstitutionKind::Clinic)
        .context("the world has no clinic")
}

fn issuers(institutions: Vec<InstitutionNumber>) -> Vec<CastIssuer> {
    let issuer = |key, url, role| CastIssuer { key, url, role, institutions: Vec::new() };
    vec![
        CastIssuer {
            institutions,
            ..issuer("institutions", "https://institutions.idp.kyoyu.invalid", Role::Institution)
        },
        issuer("portal", "https://portal.idp.kyoyu.invalid", Role::PatientPortal),
        issuer("insurer", "https://insurer.idp.kyoyu.invalid", Role::Insurer),
    ]
}

impl Party {
    fn institution(certificate: &'static str, name: String, number: InstitutionNumber) -> Self {
        let role = Role::Institution;
        Self { certificate, name, role, institution: Some(number), insurer: None }
    }

    /// Its name holds its number: another world has another insurer.
    fn insurer(number: InsurerNumber) -> Self {
        let name = format!("医療保険者{}", number.as_str());
        Self { insurer: Some(number), ..Self::network("insurer", &name, Role::Insurer) }
    }

    fn network(certificate: &'static str, name: &str, role: Role) -> Self {
        Self { certificate, name: name.to_owned(), role, institution: None, insurer: None }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use kyoyu_synth::{Seed, WorldSize};

    use super::*;

    #[test]
    fn everybody_has_a_name_a_certificate_and_a_number_of_their_own() {
        let world = World::new(Seed(8), WorldSize { institutions: 40, persons: 1_000 });
        let cast = Cast::of(&world).expect("a cast");
        let numbers: HashSet<_> =
            cast.parties().iter().filter_map(|party| party.institution).collect();
        let names: HashSet<_> = cast.parties().iter().map(|party| party.name.clone()).collect();
        let certificates: HashSet<_> =
            cast.parties().iter().map(|party| party.certificate).collect();
        assert_eq!((numbers.len(), names.len(), certificates.len()), (3, 6, 6));
        assert!(!cast.pharmacy.institution.expect("a number").may_send());
    }

    #[test]
    fn tokens_are_signed_for_every_reader() {
        let world = World::new(Seed(8), WorldSize { institutions: 40, persons: 1_000 });
        let cast = Cast::of(&world).expect("a cast");
        for role in [Role::Institution, Role::PatientPortal, Role::Insurer] {
            assert!(cast.issuer(role).is_ok());
        }
        assert!(cast.issuer(Role::Operator).is_err());
    }
}
