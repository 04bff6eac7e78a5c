//! 参加者 — who may call the service, and for whom.
//!
//! Source: design §1.

use std::{
    collections::{BTreeMap, BTreeSet},
    str::FromStr,
};

use chrono::{DateTime, Utc};

use crate::identifiers::{InstitutionNumber, InsurerNumber};

/// 役割 — what a participant's systems may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// 医療機関等 — an institution's EHR and the terminals behind it.
    Institution,
    /// 健診機関 — sends checkup reports only.
    CheckupCentre,
    /// マイナポータル — the patient portal's backend.
    PatientPortal,
    /// 医療保険者 — an insurer.
    Insurer,
    /// オンライン資格確認等システム — announces persons, registers consent.
    EligibilityNetwork,
    /// 電子処方箋管理サービス — is asked for prescriptions.
    PrescriptionService,
    /// 運用者 — runs the service.
    Operator,
}

impl Role {
    /// Every role with its code.
    pub const ALL: &[(Self, &str)] = &[
        (Self::Institution, "institution"),
        (Self::CheckupCentre, "checkup-centre"),
        (Self::PatientPortal, "patient-portal"),
        (Self::Insurer, "insurer"),
        (Self::EligibilityNetwork, "eligibility-network"),
        (Self::PrescriptionService, "prescription-service"),
        (Self::Operator, "operator"),
    ];

    /// The role's code.
    pub fn code(self) -> &'static str {
        Self::ALL.iter().find(|row| row.0 == self).expect("every role has a row").1
    }
}

impl FromStr for Role {
    type Err = UnknownRole;

    fn from_str(code: &str) -> Result<Self, UnknownRole> {
        Self::ALL.iter().find(|row| row.1 == code).map(|row| row.0).ok_or(UnknownRole)
    }
}

/// A role that does not exist.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "the role must be one of institution, checkup-centre, patient-portal, insurer, eligibility-network, prescription-service, operator"
)]
pub struct UnknownRole;

/// 証明書の指紋 — SHA-256 of the leaf certificate's DER.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Fingerprint(pub [u8; 32]);

/// 参加者 — one registered participant with its rights.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Participant {
    /// The number that audit records name.
    pub id: i32,
    /// The name that operators see.
    pub name: String,
    /// What it may do.
    pub role: Role,
    /// From when.
    pub starts_at: DateTime<Utc>,
    /// Until when, exclusive; none: open.
    pub ends_at: Option<DateTime<Utc>>,
    /// The institutions that it acts for.
    pub institutions: BTreeSet<InstitutionNumber>,
    /// 承継 — those that each of them has succeeded, directly or through others: whose Bundles
    /// it manages.
    pub predecessors: BTreeMap<InstitutionNumber, BTreeSet<InstitutionNumber>>,
    /// The insurer that it is, for insurers.
    pub insurer: Option<InsurerNumber>,
}

impl Participant {
    /// Whether its rights hold at `now`.
    pub fn in_force(&self, now: DateTime<Utc>) -> bool {
        self.starts_at <= now && self.ends_at.is_none_or(|ends_at| now < ends_at)
    }
}

/// トークン発行者 — who may sign tokens, with which keys and for whom.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Issuer {
    /// The `iss` of its tokens.
    pub name: String,
    /// The role that its tokens may state.
    pub role: Role,
    /// Its public keys by `kid`.
    pub keys: Vec<IssuerKey>,
    /// The institutions that its tokens may name; empty for issuers of other roles.
    pub institutions: BTreeSet<InstitutionNumber>,
}

/// 署名鍵 — one public key of an issuer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IssuerKey {
    /// The `kid` of the token's header.
    pub kid: String,
    /// The only algorithm that the key is used with.
    pub algorithm: SignatureAlgorithm,
    /// The public key as PEM (SubjectPublicKeyInfo).
    pub public_pem: String,
}

/// 署名方式 — the algorithms that tokens may use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SignatureAlgorithm {
    /// ECDSA on P-256 with SHA-256.
    Es256,
    /// Ed25519.
    EdDsa,
}

impl SignatureAlgorithm {
    /// Every algorithm with its JWT name.
    pub const ALL: &[(Self, &str)] = &[(Self::Es256, "ES256"), (Self::EdDsa, "EdDSA")];

    /// The JWT name.
    pub fn code(self) -> &'static str {
        Self::ALL.iter().find(|row| row.0 == self).expect("every algorithm has a row").1
    }

    /// The algorithm of a JWT name.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.iter().find(|row| row.1 == code).map(|row| row.0)
    }
}
