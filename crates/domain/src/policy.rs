//! 閲覧方針 — who may see what: one pure function and the grants that only it can make.
//!
//! The full result of [`verdict`] over roles, purposes, consent states, kinds and flags
//! is a checked-in table (`tests/fixtures/policy_matrix.tsv`) for people to review.
//!
//! Source: S4, S10.3, S10.4; design §2 and §5.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};

use crate::{
    catalogue::{self, Audience, Kind},
    coded::coded,
    consent::{Categories, ConsentCategory},
    entry::{Entry, Flags, Standing},
    identifiers::{InstitutionNumber, PersonKey, SubmissionId},
    letter::Letter,
    participant::Role,
    problem::Rule,
    rules,
};

/// 利用目的 — HL7 PurposeOfUse, as the token states it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Purpose {
    /// TREAT — 診療
    Treat,
    /// ETREAT — 救急時の診療
    EmergencyTreat,
    /// PATRQT — 本人の請求
    PatientRequest,
    /// HOPERAT — 業務運営
    Operations,
}

impl Purpose {
    /// Every purpose with its HL7 code and Japanese name.
    pub const ALL: &[(Self, &str, &str)] = &[
        (Self::Treat, "TREAT", "診療"),
        (Self::EmergencyTreat, "ETREAT", "救急時の診療"),
        (Self::PatientRequest, "PATRQT", "本人の請求"),
        (Self::Operations, "HOPERAT", "業務運営"),
    ];
}

coded!(Purpose);

/// 判定 — what holds for one resource and one reader.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Verdict {
    /// Shown.
    Shown,
    /// This reader never sees the kind, or a flag hides the resource; nothing tells so.
    Hidden,
    /// Consent exists, but not for this category; the answer names the category.
    Withheld,
    /// No consent at all; the answer is the one refusal.
    ConsentRequired,
    /// This role and purpose do not read.
    RoleRefused,
}

/// The audience that a role reads as for a purpose, if it reads at all.
///
/// Emergency and disaster reads need a grant of their own and are not opened by consent.
pub fn audience(role: Role, purpose: Purpose) -> Option<Audience> {
    match (role, purpose) {
        (Role::Institution, Purpose::Treat) => Some(Audience::Institution),
        (Role::PatientPortal, Purpose::PatientRequest) => Some(Audience::Patient),
        (Role::Insurer, Purpose::Operations) => Some(Audience::Insurer),
        _ => None,
    }
}

/// The role and the purpose that an audience reads with; an addressee does not read, it
/// receives.
pub fn reading_as(audience: Audience) -> Option<(Role, Purpose)> {
    let roles = Role::ALL.iter().map(|(role, _)| *role);
    let purposes = || Purpose::ALL.iter().map(|(purpose, ..)| *purpose);
    roles
        .flat_map(|role| purposes().map(move |purpose| (role, purpose)))
        .find(|(role, purpose)| self::audience(*role, *purpose) == Some(audience))
}

/// 閲覧可否 — what holds for a resource of `kind` with `flags` when `role` reads for
/// `purpose` under `consent` (none: no consent in force).
pub fn verdict(
    role: Role,
    purpose: Purpose,
    consent: Option<Categories>,
    kind: &Kind,
    flags: Flags,
) -> Verdict {
    let Some(audience) = audience(role, purpose) else { return Verdict::RoleRefused };
    if audience == Audience::Institution {
        match consent {
            None => return Verdict::ConsentRequired,
            Some(categories) => {
                let opens = |category| categories.contains(category);
                if !kind.consent.category().is_some_and(opens) {
                    return if kind.readers.contains(&audience) {
                        Verdict::Withheld
                    } else {
                        Verdict::Hidden
                    };
                }
            }
        }
    }
    if hidden_by(audience, kind, flags).is_none() { Verdict::Shown } else { Verdict::Hidden }
}

/// 非表示の理由 — why a reader is not shown a resource. Told to its sender alone, before it
/// registers anything; no read says it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Hiding {
    /// 共有項目外 — nobody reads the kind.
    Unlisted,
    /// This reader never sees the kind.
    Audience,
    /// The grant does not hold the kind: it is not shown yet, or was not asked or consented to.
    NotGranted,
    /// 未提供
    Undelivered,
    /// 未告知
    Uninformed,
    /// 誤登録
    EnteredInError,
    /// 否定
    Refuted,
}

/// Why this audience never sees a resource of `kind` that carries `flags`, if it does not.
fn hidden_by(audience: Audience, kind: &Kind, flags: Flags) -> Option<Hiding> {
    let informed = matches!(audience, Audience::Institution | Audience::Addressee);
    if kind.readers.is_empty() {
        Some(Hiding::Unlisted)
    } else if !kind.readers.contains(&audience) {
        Some(Hiding::Audience)
    } else if flags.undelivered {
        Some(Hiding::Undelivered)
    } else if flags.uninformed && !informed {
        Some(Hiding::Uninformed)
    } else {
        None
    }
}

/// 閲覧の請求 — who asks for whose data.
#[derive(Debug, Clone)]
pub struct ReadRequest {
    /// The caller's role.
    pub role: Role,
    /// The purpose that its token states.
    pub purpose: Purpose,
    /// The patient; for the portal, the token's own patient.
    pub person: PersonKey,
    /// The consent in force, for institutions.
    pub consent: Option<Categories>,
    /// The kinds asked for.
    pub kinds: Vec<&'static Kind>,
    /// When.
    pub now: DateTime<Utc>,
}

/// 閲覧許可 — what the store demands before it reads. Only [`grant`] can make one.
#[derive(Debug, Clone)]
pub struct ReadGrant {
    person: PersonKey,
    audience: Audience,
    kinds: Vec<&'static Kind>,
    now: DateTime<Utc>,
}

impl ReadGrant {
    /// Whose data.
    pub fn person(&self) -> PersonKey {
        self.person
    }

    /// For whom.
    pub fn audience(&self) -> Audience {
        self.audience
    }

    /// The kinds that may be read; possibly none.
    pub fn kinds(&self) -> &[&'static Kind] {
        &self.kinds
    }

    /// The instant at which the grant holds.
    pub fn now(&self) -> DateTime<Utc> {
        self.now
    }

    /// Whether a stored resource is shown, as far as flags and standing go.
    pub fn shows(&self, kind: &'static Kind, entry: &Entry) -> bool {
        self.hidden_by(kind, entry.flags, entry.standing).is_none()
    }

    /// Why a resource with these flags and this standing is not shown, if it is not.
    pub fn hidden_by(
        &self,
        kind: &'static Kind,
        flags: Flags,
        standing: Standing,
    ) -> Option<Hiding> {
        let granted = self.kinds.contains(&kind);
        hidden_by(self.audience, kind, flags)
            .or((!granted).then_some(Hiding::NotGranted))
            .or_else(|| kind.hidden_by(standing))
    }
}

/// 受領許可 — what the store demands before it hands out a letter. Only [`letter_grant`] can
/// make one.
#[derive(Debug, Clone)]
pub struct LetterGrant {
    submission: SubmissionId,
    person: PersonKey,
    kind: &'static Kind,
}

impl LetterGrant {
    /// Which letter.
    pub fn submission(&self) -> SubmissionId {
        self.submission
    }

    /// About whom.
    pub fn person(&self) -> PersonKey {
        self.person
    }

    /// Of which kind.
    pub fn kind(&self) -> &'static Kind {
        self.kind
    }
}

/// Decides whether a participant that acts for `institutions` may have a letter at `now`:
/// only its addressee, and only as long as the letter is readable (閲覧可) or received (取得済).
///
/// # Errors
/// [`rules::NOT_FOUND`]; nobody else may learn that the letter exists.
pub fn letter_grant(
    letter: &Letter,
    institutions: &BTreeSet<InstitutionNumber>,
    now: DateTime<Utc>,
) -> Result<LetterGrant, &'static Rule> {
    let addressed = institutions.contains(&letter.addressee);
    if !addressed || !letter.is_visible(now) || !letter.kind.show.is_open(now) {
        return Err(&rules::NOT_FOUND);
    }
    let Letter { submission, person, kind, .. } = *letter;
    Ok(LetterGrant { submission, person, kind })
}

/// 許可と留保 — a grant, and the categories that the consent leaves out.
#[derive(Debug, Clone)]
pub struct Permission {
    /// What may be read.
    pub grant: ReadGrant,
    /// Categories asked for without consent, whether or not there is anything in them.
    pub withheld: Vec<ConsentCategory>,
}

/// Decides a read.
///
/// # Errors
/// The rule of the refusal: the role does not read for this purpose, or there is no
/// consent at all.
pub fn grant(request: ReadRequest) -> Result<Permission, &'static Rule> {
    let ReadRequest { role, purpose, person, consent, kinds, now } = request;
    let consent = consent.filter(|categories| *categories != Categories::NONE);
    let audience = audience(role, purpose).ok_or(&rules::ROLE)?;
    let mut granted = Vec::new();
    let mut withheld = Vec::new();
    for kind in kinds.into_iter().filter(|kind| kind.show.is_open(now)) {
        match verdict(role, purpose, consent, kind, Flags::default()) {
            Verdict::Shown => granted.push(kind),
            Verdict::Withheld => {
                let category = kind.consent.category();
                withheld.extend(category.filter(|category| !withheld.contains(category)));
            }
            Verdict::Hidden => {}
            Verdict::ConsentRequired => return Err(&rules::CONSENT_REQUIRED),
            Verdict::RoleRefused => return Err(&rules::ROLE),
        }
    }
    if audience == Audience::Institution && consent.is_none() {
        return Err(&rules::CONSENT_REQUIRED);
    }
    Ok(Permission { grant: ReadGrant { person, audience, kinds: granted, now }, withheld })
}

/// The whole policy as a table, one line per case, for people to review.
pub fn matrix() -> String {
    let mut table = String::from("# role\tpurpose\tconsent\tkind\tflags\tverdict\n");
    for (role, role_code) in Role::ALL {
        for (purpose, purpose_code, _) in Purpose::ALL {
            if audience(*role, *purpose).is_none() {
                table.push_str(&format!("{role_code}\t{purpose_code}\t*\t*\t*\tRoleRefused\n"));
                continue;
            }
            for kind in catalogue::CATALOGUE {
                for line in matrix_of_kind(*role, *purpose, kind) {
                    table.push_str(&format!("{role_code}\t{purpose_code}\t{line}\n"));
                }
            }
        }
    }
    table
}

fn matrix_of_kind(role: Role, purpose: Purpose, kind: &'static Kind) -> Vec<String> {
    let needed = kind.consent.category();
    let others: Categories =
        Categories::all().iter().filter(|category| Some(*category) != needed).collect();
    let own: Categories = needed.into_iter().collect();
    let consents = [
        ("none", None),
        ("others", Some(others)),
        ("own", Some(own)),
        ("all", Some(Categories::all())),
    ];
    let mut lines = Vec::new();
    for (name, consent) in consents {
        for flags in Flags::all().filter(|flags| kind.may_carry(*flags)) {
            let verdict = verdict(role, purpose, consent, kind, flags);
            lines.push(format!("{name}\t{}\t{}\t{verdict:?}", kind.code, flag_names(flags)));
        }
    }
    lines
}

fn flag_names(flags: Flags) -> String {
    let names = [
        (flags.long_term, "LTS"),
        (flags.uninformed, "UNINFORMED"),
        (flags.undelivered, "UNDELIVERED"),
    ];
    let set: Vec<&str> = names.iter().filter(|(set, _)| *set).map(|(_, name)| *name).collect();
    if set.is_empty() { "-".to_owned() } else { set.join("+") }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn request(role: Role, purpose: Purpose, consent: Option<Categories>) -> ReadRequest {
        ReadRequest {
            role,
            purpose,
            person: PersonKey::new(Uuid::nil()),
            consent,
            kinds: catalogue::CATALOGUE.iter().collect(),
            now: DateTime::UNIX_EPOCH,
        }
    }

    #[test]
    fn an_institution_without_consent_gets_no_grant() {
        let refusal = grant(request(Role::Institution, Purpose::Treat, None));
        assert_eq!(refusal.map(|_| ()), Err(&rules::CONSENT_REQUIRED));
        let empty = grant(request(Role::Institution, Purpose::Treat, Some(Categories::NONE)));
        assert_eq!(empty.map(|_| ()), Err(&rules::CONSENT_REQUIRED));
    }

    #[test]
    fn a_partial_consent_names_what_it_withholds() {
        let consent = [ConsentCategory::Record].into_iter().collect();
        let permission = grant(request(Role::Institution, Purpose::Treat, Some(consent)))
            .expect("a consent for something");
        let kinds: Vec<&str> = permission.grant.kinds().iter().map(|kind| kind.code).collect();
        assert_eq!(kinds, ["drug-allergy", "other-allergy", "lab", "prescription"]);
        let withheld =
            [ConsentCategory::Checkup, ConsentCategory::Conditions, ConsentCategory::Infections];
        assert_eq!(permission.withheld, withheld);
    }

    #[test]
    fn emergency_reads_are_not_opened_by_consent() {
        let all = Some(Categories::all());
        let refusal = grant(request(Role::Institution, Purpose::EmergencyTreat, all));
        assert_eq!(refusal.map(|_| ()), Err(&rules::ROLE));
    }

    #[test]
    fn uninformed_is_hidden_from_the_patient_and_undelivered_from_everybody() {
        let condition = catalogue::find("condition").expect("a kind");
        let uninformed = Flags { uninformed: true, ..Flags::default() };
        let undelivered = Flags { undelivered: true, ..Flags::default() };
        let hidden = |audience, flags| hidden_by(audience, condition, flags);
        assert_eq!(hidden(Audience::Institution, uninformed), None);
        assert_eq!(hidden(Audience::Patient, uninformed), Some(Hiding::Uninformed));
        assert_eq!(hidden(Audience::Institution, undelivered), Some(Hiding::Undelivered));
        assert_eq!(hidden(Audience::Patient, undelivered), Some(Hiding::Undelivered));
    }

    #[test]
    fn somebody_reads_as_each_audience_but_the_addressee() {
        for (audience, _) in Audience::ALL {
            match reading_as(*audience) {
                Some((role, purpose)) => {
                    assert_eq!(super::audience(role, purpose), Some(*audience));
                }
                None => assert_eq!(*audience, Audience::Addressee),
            }
        }
    }

    #[test]
    fn an_insurer_sees_checkups_and_nothing_else() {
        let permission =
            grant(request(Role::Insurer, Purpose::Operations, None)).expect("it reads checkups");
        let kinds: Vec<&str> = permission.grant.kinds().iter().map(|kind| kind.code).collect();
        assert_eq!(kinds, ["checkup"]);
    }
}
