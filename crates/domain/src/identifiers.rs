//! Identifiers as types that check their form when they are made.
//!
//! Source: JP-CLINS 1.10.0, Bundle identifier (R02151, R2152), institution number
//! (R9012), insured-person identifier (R1012, R1013); design §1 and §4.

use std::{fmt, str::FromStr};

use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::phi::Phi;

/// An identifier that does not have its form. Says which form, never the value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{name} must have the form {form}")]
pub struct BadForm {
    /// What the identifier is called.
    pub name: &'static str,
    /// The form it must have.
    pub form: &'static str,
}

fn digits(text: &str, count: usize) -> bool {
    text.len() == count && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// 医療機関コード — ten digits: prefecture 2, 点数表区分 1, institution 7.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct InstitutionNumber([u8; 10]);

impl InstitutionNumber {
    const FORM: BadForm = BadForm {
        name: "the institution number",
        form: "ten digits, prefecture 01-47 and 点数表区分 1 to 4",
    };

    /// The ten digits.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).expect("only digits are ever stored")
    }

    /// 点数表区分 — 1 medical, 2 checkups outside the health insurance, 3 dental, 4 pharmacy.
    pub fn fee_schedule(&self) -> u8 {
        self.0[2] - b'0'
    }

    /// Institutions of 点数表区分 1 and 3 send; pharmacies only read (S7.2, design §1), and
    /// 健診機関 send checkup reports only.
    pub fn may_send(&self) -> bool {
        matches!(self.fee_schedule(), 1..=3)
    }

    /// 健診機関 — whether it does nothing but checkups.
    pub fn is_checkup_centre(&self) -> bool {
        self.fee_schedule() == 2
    }
}

impl FromStr for InstitutionNumber {
    type Err = BadForm;

    fn from_str(text: &str) -> Result<Self, BadForm> {
        if !digits(text, 10) {
            return Err(Self::FORM);
        }
        let prefecture: u8 = text[..2].parse().map_err(|_| Self::FORM)?;
        if !(1..=47).contains(&prefecture) || !matches!(text.as_bytes()[2], b'1'..=b'4') {
            return Err(Self::FORM);
        }
        let mut number = [0; 10];
        number.copy_from_slice(text.as_bytes());
        Ok(Self(number))
    }
}

impl fmt::Display for InstitutionNumber {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.as_str())
    }
}

/// Bundle識別子 — institution `^` year `^` in-house id; the key of everything that is sent.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct BundleIdentifier {
    value: String,
    institution: InstitutionNumber,
}

impl BundleIdentifier {
    /// The fixed system of every Bundle identifier.
    pub const SYSTEM: &str = "http://jpfhir.jp/fhir/clins/bundle-identifier";

    const FORM: BadForm = BadForm {
        name: "the Bundle identifier",
        form: "institution (10 digits) ^ year 2020-2039 ^ 1 to 36 of A-Z a-z 0-9 -",
    };

    /// The value without its system.
    pub fn value(&self) -> &str {
        &self.value
    }

    /// The institution named by the first part.
    pub fn institution(&self) -> InstitutionNumber {
        self.institution
    }

    /// Sixteen bytes that stand for the identifier in keys.
    pub fn digest(&self) -> [u8; 16] {
        short_digest(&[b"bundle", self.value.as_bytes()])
    }
}

impl FromStr for BundleIdentifier {
    type Err = BadForm;

    fn from_str(text: &str) -> Result<Self, BadForm> {
        let mut parts = text.split('^');
        let (Some(institution), Some(year), Some(id), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(Self::FORM);
        };
        let institution: InstitutionNumber = institution.parse().map_err(|_| Self::FORM)?;
        let year_ok = digits(year, 4) && (year.starts_with("202") || year.starts_with("203"));
        let id_ok = (1..=36).contains(&id.len())
            && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        if !year_ok || !id_ok || !institution.may_send() {
            return Err(Self::FORM);
        }
        Ok(Self { value: text.to_owned(), institution })
    }
}

/// 保険者番号 — eight digits, padded with zeros on the left.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct InsurerNumber(String);

impl InsurerNumber {
    /// The eight digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for InsurerNumber {
    type Err = BadForm;

    fn from_str(text: &str) -> Result<Self, BadForm> {
        if digits(text, 8) {
            return Ok(Self(text.to_owned()));
        }
        Err(BadForm { name: "the insurer number", form: "eight digits" })
    }
}

/// 個人の識別子 — an identifier under which the eligibility network knows a person:
/// 被保険者個人識別子 `insurer8:symbol:number:branch`, or 公費 `payer8::recipient7:`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct PersonIdentifier {
    system: PersonIdentifierSystem,
    value: Phi<String>,
}

/// The two systems of person identifiers (S7.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PersonIdentifierSystem {
    /// 被保険者個人識別子 — the insured-person identifier.
    Insured,
    /// 公費負担者・受給者番号 — public payer and recipient.
    PublicPayer,
}

impl PersonIdentifierSystem {
    /// The system's URI, with the published spelling `Idsystem`.
    pub fn uri(self) -> &'static str {
        match self {
            Self::Insured => "http://jpfhir.jp/fhir/clins/Idsystem/JP_Insurance_memberID",
            Self::PublicPayer => "http://jpfhir.jp/fhir/clins/Idsystem/JP_PublicPayer_memberID",
        }
    }

    /// The system of a URI, if it is one of the two.
    pub fn from_uri(uri: &str) -> Option<Self> {
        [Self::Insured, Self::PublicPayer].into_iter().find(|system| system.uri() == uri)
    }
}

impl PersonIdentifier {
    const FORM: BadForm = BadForm {
        name: "the insured-person identifier",
        form: "insurer (8 digits):symbol:number:branch (2 digits or empty)",
    };

    /// Checks the form of `value` under `system`.
    ///
    /// # Errors
    /// [`BadForm`] when a part is missing or has the wrong characters.
    pub fn new(system: PersonIdentifierSystem, value: &str) -> Result<Self, BadForm> {
        let parts: Vec<&str> = value.split(':').collect();
        let [insurer, symbol, number, branch] = parts.as_slice() else {
            return Err(Self::FORM);
        };
        let part_ok = |part: &str| !part.chars().any(|c| c == '^' || c.is_whitespace());
        let branch_ok = branch.is_empty() || digits(branch, 2);
        let short_enough = value.len() <= 200;
        let parts_ok = digits(insurer, 8) && part_ok(symbol) && part_ok(number);
        if !(parts_ok && branch_ok && short_enough) {
            return Err(Self::FORM);
        }
        Ok(Self { system, value: Phi::new(value.to_owned()) })
    }

    /// The identifier's system.
    pub fn system(&self) -> PersonIdentifierSystem {
        self.system
    }

    /// The value as sent; full-width characters stay full-width.
    pub fn value(&self) -> &Phi<String> {
        &self.value
    }

    /// 枝番なし — an insured identifier that does not name the family member.
    pub fn lacks_branch(&self) -> bool {
        self.system == PersonIdentifierSystem::Insured && self.value.expose().ends_with(':')
    }

    /// Sixteen bytes that stand for the identifier in keys, so that the number itself
    /// is in no index.
    pub fn digest(&self) -> [u8; 16] {
        short_digest(&[self.system.uri().as_bytes(), self.value.expose().as_bytes()])
    }

    /// The same for the identifier without its branch: equal for a whole family.
    pub fn family_digest(&self) -> [u8; 16] {
        let value = self.value.expose();
        let family = value.rsplit_once(':').map_or(value.as_str(), |(family, _)| family);
        short_digest(&[b"family", self.system.uri().as_bytes(), family.as_bytes()])
    }
}

/// 個人キー — the internal key of a person; what `Patient/<key>` names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PersonKey(Uuid);

impl PersonKey {
    /// A key from its stored or random form.
    pub fn new(key: Uuid) -> Self {
        Self(key)
    }

    /// The key's stored form.
    pub fn uuid(self) -> Uuid {
        self.0
    }

    /// 患者バケット — the leading part of every key of this person's data, 0 to 4095.
    pub fn bucket(self) -> Bucket {
        Bucket::of(self.0.as_bytes())
    }
}

impl fmt::Display for PersonKey {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}", self.0.simple())
    }
}

impl FromStr for PersonKey {
    type Err = BadForm;

    fn from_str(text: &str) -> Result<Self, BadForm> {
        let form = BadForm { name: "the patient key", form: "32 hexadecimal digits" };
        if text.len() != 32 {
            return Err(form);
        }
        Uuid::try_parse(text).map(Self).map_err(|_| form)
    }
}

/// バケット — a shard number, 0 to 4095; every key begins with one, so that the same
/// schema runs on one server or distributed by this column.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Bucket(i16);

impl Bucket {
    /// How many buckets there are.
    pub const COUNT: i16 = 4096;

    /// The bucket of a key's bytes.
    pub fn of(key: &[u8]) -> Self {
        let hash = Sha256::digest(key);
        Self(i16::from_be_bytes([hash[0], hash[1]]) & (Self::COUNT - 1))
    }

    /// A bucket by number.
    pub fn from_number(number: i16) -> Option<Self> {
        (0..Self::COUNT).contains(&number).then_some(Self(number))
    }

    /// The number that the database stores.
    pub fn number(self) -> i16 {
        self.0
    }
}

/// 受付番号 — the receipt of one accepted version of a Bundle: bucket and UUIDv7.
///
/// The segments of that version carry the same UUID.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SubmissionId {
    /// The patient bucket.
    pub bucket: Bucket,
    /// Time-ordered and unique.
    pub uuid: Uuid,
}

impl fmt::Display for SubmissionId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{:03x}{}", self.bucket.0, self.uuid.simple())
    }
}

impl FromStr for SubmissionId {
    type Err = BadForm;

    fn from_str(text: &str) -> Result<Self, BadForm> {
        let form = BadForm { name: "the receipt id", form: "35 hexadecimal digits" };
        if text.len() != 35 || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(form);
        }
        let bucket = i16::from_str_radix(&text[..3], 16).map_err(|_| form)?;
        let uuid = Uuid::try_parse(&text[3..]).map_err(|_| form)?;
        Ok(Self { bucket: Bucket(bucket), uuid })
    }
}

/// リソースID — bucket, segment and ordinal: a read by id goes straight to its row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ResourceId {
    /// The version of the Bundle that brought the resource.
    pub submission: SubmissionId,
    /// The resource's place in its Bundle, counted from 1 (0 is the Patient).
    pub ordinal: u16,
}

impl fmt::Display for ResourceId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}-{}", self.submission, self.ordinal)
    }
}

impl FromStr for ResourceId {
    type Err = BadForm;

    fn from_str(text: &str) -> Result<Self, BadForm> {
        let form = BadForm { name: "the resource id", form: "receipt-ordinal" };
        let (submission, ordinal) = text.split_once('-').ok_or(form)?;
        if ordinal.starts_with(['0', '+']) {
            return Err(form);
        }
        let ordinal = ordinal.parse().map_err(|_| form)?;
        Ok(Self { submission: submission.parse()?, ordinal })
    }
}

/// リソース識別子のハッシュ — eight bytes of a resource identifier (S3.1).
///
/// It is only ever compared within one person, institution and resource type, where at
/// most some thousand identifiers meet: a chance hit is below one in 10^12.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct IdentifierHash(pub u64);

impl IdentifierHash {
    /// The hash of one identifier value.
    pub fn of(value: &str) -> Self {
        let digest = short_digest(&[b"resource", value.as_bytes()]);
        Self(u64::from_be_bytes(digest[..8].try_into().expect("sixteen bytes hold eight")))
    }
}

/// 診療科のハッシュ — four bytes of what a department extension says (S2.9, S7.3).
///
/// It is only ever compared within one person, institution and resource type, where a few
/// dozen departments meet: a chance hit is below one in 10^6.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DepartmentHash(pub u32);

impl DepartmentHash {
    /// The hash of a department's own name.
    pub fn of_name(name: &str) -> Self {
        Self::of(&[b"department", name.as_bytes()])
    }

    /// The hash of a department that is told by a code only.
    pub fn of_code(system: &str, code: &str) -> Self {
        Self::of(&[b"department-code", system.as_bytes(), code.as_bytes()])
    }

    fn of(parts: &[&[u8]]) -> Self {
        let digest = short_digest(parts);
        Self(u32::from_be_bytes(digest[..4].try_into().expect("sixteen bytes hold four")))
    }
}

/// The first sixteen bytes of a SHA-256 over length-prefixed parts.
fn short_digest(parts: &[&[u8]]) -> [u8; 16] {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    hash.finalize()[..16].try_into().expect("SHA-256 has 32 bytes")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn institution_numbers_have_a_prefecture_and_a_fee_schedule() {
        for good in ["0110000001", "0120000001", "4730000001", "1340000001"] {
            assert_eq!(good.parse::<InstitutionNumber>().expect(good).as_str(), good);
        }
        for bad in
            ["", "011000000", "0010000001", "4810000001", "0100000001", "0150000001", "01100000０1"]
        {
            assert!(bad.parse::<InstitutionNumber>().is_err(), "{bad}");
        }
        let pharmacy: InstitutionNumber = "1340000001".parse().expect("a pharmacy");
        assert!(!pharmacy.may_send());
        let centre: InstitutionNumber = "1320000001".parse().expect("a checkup centre");
        assert!(centre.may_send() && centre.is_checkup_centre());
    }

    #[test]
    fn bundle_identifiers_have_three_parts_r2152() {
        let id: BundleIdentifier = "1311234567^2026^Ab-1".parse().expect("three good parts");
        assert_eq!(id.institution().as_str(), "1311234567");
        let longest = format!("1311234567^2026^{}", "a".repeat(36));
        assert!(longest.parse::<BundleIdentifier>().is_ok());
        for bad in [
            "1311234567^2019^a",
            "1311234567^2040^a",
            "1311234567^2026^",
            "1311234567^2026^a_b",
            "1311234567^2026^a^b",
            "1341234567^2026^a",
            "1311234567-2026-a",
        ] {
            assert!(bad.parse::<BundleIdentifier>().is_err(), "{bad}");
        }
        assert!(format!("{longest}a").parse::<BundleIdentifier>().is_err());
    }

    #[test]
    fn insured_person_identifiers_have_four_parts_r1013() {
        let system = PersonIdentifierSystem::Insured;
        for good in ["01234567:あ:１２３:01", "01234567:::", "01234567::123:"] {
            assert!(PersonIdentifier::new(system, good).is_ok(), "{good}");
        }
        for bad in ["1234567:a:1:01", "01234567:a:1", "01234567:a b:1:01", "01234567:a:1:1"] {
            assert!(PersonIdentifier::new(system, bad).is_err(), "{bad}");
        }
        let whole = PersonIdentifier::new(system, "01234567:a:1:01").expect("well formed");
        let sibling = PersonIdentifier::new(system, "01234567:a:1:02").expect("well formed");
        assert_ne!(whole.digest(), sibling.digest());
        assert_eq!(whole.family_digest(), sibling.family_digest());
    }

    #[test]
    fn resource_ids_name_bucket_segment_and_ordinal() {
        let person = PersonKey::new(Uuid::from_u128(7));
        let submission = SubmissionId { bucket: person.bucket(), uuid: Uuid::from_u128(9) };
        let id = ResourceId { submission, ordinal: 12 };
        assert_eq!(id.to_string().parse(), Ok(id));
        assert!(id.to_string().len() <= 64, "FHIR ids have at most 64 characters");
        for bad in ["", "x", "000", &format!("{submission}-012"), &format!("{submission}-99999")] {
            assert!(bad.parse::<ResourceId>().is_err(), "{bad}");
        }
    }
}
