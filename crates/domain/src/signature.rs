//! 電子署名の検証 — what is said of the electronic signature of a document.
//!
//! A signature is optional and its verification never a reason to refuse: a document is
//! verified, unverified for a reason that is named, or not signed at all.
//!
//! Source: S9.6; ISO 17090 for the role; decision record 6.

use chrono::{DateTime, Utc};

use crate::{
    phi::Phi,
    problem::{Issue, Rule},
    rules,
};

/// 検証結果 — what became of a signature. A document without one has none of these.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verification {
    /// The outcome.
    pub verdict: Verdict,
    /// 署名日時 — when it was signed as `Signature.when` says: claimed, not proved.
    pub claimed_at: Option<DateTime<Utc>>,
    /// 検証日時 — when we looked, with the roots and revocation lists of that moment.
    pub verified_at: DateTime<Utc>,
}

impl Verification {
    /// Whether it is verified, as a code.
    pub fn status(&self) -> &'static str {
        match self.verdict {
            Verdict::Verified(_) => "verified",
            Verdict::Unverified(_) => "unverified",
        }
    }

    /// Who signed, as far as that is verified.
    pub fn signer(&self) -> Option<&Signer> {
        match &self.verdict {
            Verdict::Verified(signer) => Some(signer),
            Verdict::Unverified(_) => None,
        }
    }

    /// Why it is not verified.
    pub fn reason(&self) -> Option<Reason> {
        match self.verdict {
            Verdict::Verified(_) => None,
            Verdict::Unverified(reason) => Some(reason),
        }
    }

    /// What the sender is told. It names the role of a verified signer, never the signer.
    pub fn finding(&self) -> Issue {
        match &self.verdict {
            Verdict::Unverified(reason) => Issue::of(reason.rule()),
            Verdict::Verified(signer) => Issue::of(&rules::SIGNATURE_VERIFIED).with(signer.told()),
        }
    }
}

/// 判定
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// 検証済 — these bytes were signed with the key of this certificate, which led to a
    /// configured root, was valid and not revoked when it is said to have been signed.
    Verified(Signer),
    /// 未検証 — for this reason.
    Unverified(Reason),
}

/// 署名者 — whom the certificate of a verified signature names. Its name is for those who may
/// read the document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signer {
    /// The subject's common name.
    pub name: Phi<String>,
    /// 保健医療福祉分野の資格 — the hcRole, where the certificate has one.
    pub role: Option<HealthcareRole>,
    /// The name of the authority that issued the certificate.
    pub issuer: String,
    /// The certificate's serial number, in hexadecimal digits.
    pub serial: String,
}

impl Signer {
    /// The role as it stands in a finding and in the ledger: one of the listed names or a word
    /// for the rest, so that a certificate cannot put a text of its own there.
    fn told(&self) -> &'static str {
        match &self.role {
            None => "資格の記載なし / no role",
            Some(role) => {
                role.listed().map_or("その他の資格 / another role", |listed| listed.told)
            }
        }
    }
}

/// hcRole — the healthcare role as the certificate writes it, at most
/// [`HealthcareRole::MOST_BYTES`] long.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HealthcareRole(String);

/// A role that the certificate policy lists.
struct Listed {
    text: &'static str,
    japanese: &'static str,
    told: &'static str,
}

impl HealthcareRole {
    /// The longest role that is read.
    pub const MOST_BYTES: usize = 128;

    /// A role; none for a text that is empty, too long or holds control characters.
    pub fn new(text: &str) -> Option<Self> {
        let fits = !text.is_empty() && text.len() <= Self::MOST_BYTES;
        (fits && !text.chars().any(char::is_control)).then(|| Self(text.to_owned()))
    }

    /// As the certificate writes it, such as `Medical Doctor`.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// In Japanese, where it is one of the listed roles.
    pub fn japanese(&self) -> Option<&'static str> {
        self.listed().map(|listed| listed.japanese)
    }

    fn listed(&self) -> Option<&'static Listed> {
        LISTED.iter().find(|listed| listed.text == self.0)
    }
}

macro_rules! listed {
    ($($text:literal = $japanese:literal),* $(,)?) => {
        &[$(Listed {
            text: $text,
            japanese: $japanese,
            told: concat!($japanese, " / ", $text),
        }),*]
    };
}

/// The names of national qualifications and of directors in HPKI certificates.
static LISTED: &[Listed] = listed![
    "Medical Doctor" = "医師",
    "Dentist" = "歯科医師",
    "Pharmacist" = "薬剤師",
    "Medical Technologist" = "臨床検査技師",
    "Radiological Technologist" = "診療放射線技師",
    "General Nurse" = "看護師",
    "Public Health Nurse" = "保健師",
    "Midwife" = "助産師",
    "Physical Therapist" = "理学療法士",
    "Occupational Therapist" = "作業療法士",
    "Orthoptist" = "視能訓練士",
    "Speech Therapist" = "言語聴覚士",
    "Dental Technician" = "歯科技工士",
    "Dental Hygienist" = "歯科衛生士",
    "National Registered Dietitian" = "管理栄養士",
    "Certified Social Worker" = "社会福祉士",
    "Certified Care Worker" = "介護福祉士",
    "Emergency Medical Technician" = "救急救命士",
    "Psychiatric Social Worker" = "精神保健福祉士",
    "Clinical Engineer" = "臨床工学技士",
    "Director of Hospital" = "病院長",
    "Director of Clinic" = "診療所院長",
    "Supervisor of Pharmacy" = "管理薬剤師",
    "Proprietor of Pharmacy" = "薬局開設者",
];

/// 未検証の理由 — why a signature is not verified.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Reason {
    /// No root is configured here.
    NoRoots,
    /// Larger than what is looked at, or with too many certificates.
    Size,
    /// Neither a detached JWS nor a detached CMS, or one that is malformed.
    Container,
    /// An algorithm or a critical header that is not on the list.
    Algorithm,
    /// No signing time, one that lies ahead, or one that contradicts the container's.
    Time,
    /// The signature is not one of these bytes with this key.
    Mismatch,
    /// No certificate of the signer, or one that is not for signing.
    Certificate,
    /// The certificate does not lead to a configured root.
    Chain,
    /// The certificate, or one above it, was not valid at the signing time.
    Expired,
    /// The certificate, or one above it, was revoked.
    Revoked,
    /// No revocation list says whether it was revoked.
    RevocationUnknown,
}

impl Reason {
    /// Every reason with its rule.
    pub const ALL: &[(Self, &Rule)] = &[
        (Self::NoRoots, &rules::SIGNATURE_NO_ROOTS),
        (Self::Size, &rules::SIGNATURE_SIZE),
        (Self::Container, &rules::SIGNATURE_CONTAINER),
        (Self::Algorithm, &rules::SIGNATURE_ALGORITHM),
        (Self::Time, &rules::SIGNATURE_TIME),
        (Self::Mismatch, &rules::SIGNATURE_MISMATCH),
        (Self::Certificate, &rules::SIGNATURE_CERTIFICATE),
        (Self::Chain, &rules::SIGNATURE_CHAIN),
        (Self::Expired, &rules::SIGNATURE_EXPIRED),
        (Self::Revoked, &rules::SIGNATURE_REVOKED),
        (Self::RevocationUnknown, &rules::SIGNATURE_REVOCATION_UNKNOWN),
    ];

    /// Its rule, whose code is the reason's.
    pub fn rule(self) -> &'static Rule {
        Self::ALL.iter().find(|row| row.0 == self).expect("every reason has a row").1
    }

    /// The reason of a rule's code.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.iter().find(|row| row.1.code == code).map(|row| row.0)
    }
}

/// The rule that a code of the ledger stands for, where it is about a signature.
pub fn rule_of(code: &str) -> Option<&'static Rule> {
    let verified = &rules::SIGNATURE_VERIFIED;
    if code == verified.code { Some(verified) } else { Reason::from_code(code).map(Reason::rule) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::problem::Severity;

    fn signed_by(role: Option<&str>) -> Verification {
        let signer = Signer {
            name: Phi::new("Kyoyu Hanako".to_owned()),
            role: role.and_then(HealthcareRole::new),
            issuer: "CA".to_owned(),
            serial: "01".to_owned(),
        };
        Verification {
            verdict: Verdict::Verified(signer),
            claimed_at: None,
            verified_at: DateTime::UNIX_EPOCH,
        }
    }

    #[test]
    fn no_outcome_is_an_error() {
        let rules = Reason::ALL.iter().map(|row| row.1).chain([&rules::SIGNATURE_VERIFIED]);
        assert!(rules.into_iter().all(|rule| rule.severity != Severity::Error));
    }

    #[test]
    fn every_reason_has_a_code_of_its_own() {
        for (reason, rule) in Reason::ALL {
            assert_eq!(Reason::from_code(rule.code), Some(*reason));
            assert_eq!(rule_of(rule.code), Some(*rule));
        }
        assert_eq!(rule_of("kyoyu-older-hidden"), None);
    }

    #[test]
    fn a_finding_names_the_role_and_never_a_text_of_the_certificate() {
        let told = |role| signed_by(role).finding().japanese();
        assert!(told(Some("Medical Doctor")).contains("医師 / Medical Doctor"));
        assert!(told(None).contains("資格の記載なし"));
        let free = told(Some("Kyoyu Taro, born 1950"));
        assert!(free.contains("その他の資格") && !free.contains("1950"));
    }

    #[test]
    fn the_name_of_a_signer_prints_as_redacted() {
        assert!(!format!("{:?}", signed_by(None)).contains("Hanako"));
    }

    #[test]
    fn a_role_is_short_and_plain() {
        let longest = "a".repeat(HealthcareRole::MOST_BYTES);
        assert!(HealthcareRole::new(&longest).is_some());
        assert!(HealthcareRole::new(&format!("{longest}a")).is_none());
        assert!(HealthcareRole::new("").is_none() && HealthcareRole::new("a\nb").is_none());
    }
}
