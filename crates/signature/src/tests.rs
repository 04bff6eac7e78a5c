//! Every reason, on both sides, for both containers.

use std::sync::LazyLock;

use base64::{Engine, prelude::BASE64_STANDARD};
use chrono::{DateTime, TimeDelta, Utc};
use der::{Any, Encode, asn1::ObjectIdentifier};
use kyoyu_devkit::hpki::{
    CardKey, CardPlan, CmsDraft, CmsHash, Hpki, Padding, RevocationDates, RevokedCard, SigningCard,
};
use kyoyu_domain::signature::{HealthcareRole, Reason, Signer, Verdict};
use serde_json::json;

use crate::{
    MOST_BASE64_BYTES, MOST_CERTIFICATES, SignedDocument, Trust,
    element::{self, Element},
    verify,
};

const CONTENT: &str = "{\"resourceType\": \"Bundle\", \"value\": 4.10}";

/// A PKI with one doctor; made once, since keys take time.
struct World {
    hpki: Hpki,
    doctor: SigningCard,
}

static WORLD: LazyLock<World> = LazyLock::new(|| {
    let hpki = Hpki::create().expect("keys");
    let doctor = card(&hpki, CardKey::P256, Some("Medical Doctor"));
    World { hpki, doctor }
});

fn at(text: &str) -> DateTime<Utc> {
    text.parse().expect("an instant")
}

/// When documents are signed.
fn signed_at() -> DateTime<Utc> {
    at("2026-04-01T01:00:00Z")
}

/// When they are received.
fn received_at() -> DateTime<Utc> {
    signed_at() + TimeDelta::minutes(1)
}

fn plan(key: CardKey, role: Option<&'static str>) -> CardPlan<'static> {
    let (from, until) = (at("2025-01-01T00:00:00Z"), at("2027-01-01T00:00:00Z"));
    CardPlan { name: "Kyoyu Hanako", role, key, from, until }
}

fn card(hpki: &Hpki, key: CardKey, role: Option<&'static str>) -> SigningCard {
    hpki.card(&plan(key, role)).expect("a card")
}

/// The doctor's key with other certificates.
fn with_chain(chain: &[Vec<u8>]) -> SigningCard {
    let mut card = WORLD.doctor.clone();
    card.chain = chain.to_vec();
    card
}

fn dates() -> RevocationDates {
    RevocationDates {
        made_at: received_at() - TimeDelta::hours(1),
        until: received_at() + TimeDelta::days(1),
    }
}

fn trust_with(dates: RevocationDates, revoked: &[RevokedCard<'_>]) -> Trust {
    let lists = WORLD.hpki.revocation_pem(dates, revoked).expect("lists");
    Trust::from_pem(WORLD.hpki.root_pem().as_bytes(), lists.as_bytes()).expect("good files")
}

fn trust() -> Trust {
    trust_with(dates(), &[])
}

/// A document that carries data as its last member.
fn carrying(content: &str, data: &[u8]) -> (String, String) {
    let base64 = BASE64_STANDARD.encode(data);
    let brace = content.rfind('}').expect("an object");
    let text = format!("{},\"signature\":\"{base64}\"{}", &content[..brace], &content[brace..]);
    (text, base64)
}

fn verdict_at(
    content: &str,
    data: &[u8],
    trust: &Trust,
    (when, now): (Option<DateTime<Utc>>, DateTime<Utc>),
) -> Verdict {
    let (text, base64) = carrying(content, data);
    let start = text.find("\"signature\"").expect("a member");
    let member = start..text.rfind('}').expect("an object");
    let document = SignedDocument { text: text.as_bytes(), member, data: Some(&base64), when };
    verify(&document, trust, now).verdict
}

fn verdict(data: &[u8], trust: &Trust) -> Verdict {
    verdict_at(CONTENT, data, trust, (Some(signed_at()), received_at()))
}

/// Both containers by a card.
fn both(card: &SigningCard) -> [Vec<u8>; 2] {
    let content = CONTENT.as_bytes();
    [card.jws(content).expect("a JWS"), card.cms(content, signed_at()).expect("a CMS")]
}

#[track_caller]
fn verified(verdict: Verdict) -> Signer {
    match verdict {
        Verdict::Verified(signer) => signer,
        Verdict::Unverified(reason) => panic!("unverified: {reason:?}"),
    }
}

#[track_caller]
fn unverified(verdict: Verdict, reason: Reason) {
    match verdict {
        Verdict::Unverified(told) => assert_eq!(told, reason),
        Verdict::Verified(signer) => panic!("verified: {signer:?}"),
    }
}

// --- Good ones -------------------------------------------------------------------------------

#[test]
fn a_signature_is_verified_with_the_name_and_the_role_of_the_signer() {
    for data in both(&WORLD.doctor) {
        let signer = verified(verdict(&data, &trust()));
        assert_eq!(signer.name.expose(), "Kyoyu Hanako");
        assert_eq!(signer.role.as_ref().and_then(HealthcareRole::japanese), Some("医師"));
        assert_eq!(signer.issuer, "Kyoyu development HPKI CA");
        assert!(!signer.serial.is_empty());
    }
}

#[test]
fn every_kind_of_key_signs_in_both_containers() {
    for key in [CardKey::P384, CardKey::Rsa2048] {
        for data in both(&card(&WORLD.hpki, key, None)) {
            verified(verdict(&data, &trust()));
        }
    }
}

#[test]
fn rsa_signs_with_either_padding_and_every_hash() {
    let card = card(&WORLD.hpki, CardKey::Rsa2048, None);
    for hash in [CmsHash::Sha256, CmsHash::Sha384, CmsHash::Sha512] {
        for padding in [Padding::Pkcs1, Padding::Pss] {
            let draft = card.cms_draft(CONTENT.as_bytes(), hash, signed_at()).expect("a draft");
            let data = card.cms_of(&CmsDraft { padding, ..draft }).expect("a CMS");
            verified(verdict(&data, &trust()));
        }
    }
    let header = json!({"alg": "RS256", "x5c": card.x5c()});
    verified(verdict(&card.jws_with(&header, CONTENT.as_bytes()).expect("a JWS"), &trust()));
}

#[test]
fn a_certificate_without_hc_role_is_verified_and_names_none() {
    for data in both(&card(&WORLD.hpki, CardKey::P256, None)) {
        assert_eq!(verified(verdict(&data, &trust())).role, None);
    }
}

#[test]
fn blanks_in_the_base64_change_nothing() {
    let (text, base64) = carrying(CONTENT, &both(&WORLD.doctor)[0]);
    let wrapped: Vec<&str> = base64
        .as_bytes()
        .chunks(76)
        .map(|line| std::str::from_utf8(line).expect("ASCII"))
        .collect();
    let wrapped = wrapped.join("\r\n");
    let start = text.find("\"signature\"").expect("a member");
    let document = SignedDocument {
        text: text.as_bytes(),
        member: start..text.len() - 1,
        data: Some(&wrapped),
        when: Some(signed_at()),
    };
    verified(verify(&document, &trust(), received_at()).verdict);
}

// --- What was signed -------------------------------------------------------------------------

#[test]
fn one_changed_byte_or_blank_is_a_mismatch() {
    for data in both(&WORLD.doctor) {
        for changed in [CONTENT.replace("4.10", "4.11"), CONTENT.replace(": 4.10", ":4.10")] {
            let times = (Some(signed_at()), received_at());
            unverified(verdict_at(&changed, &data, &trust(), times), Reason::Mismatch);
        }
    }
}

#[test]
fn a_signature_by_another_key_is_a_mismatch() {
    let other = card(&WORLD.hpki, CardKey::P256, None);
    let header = json!({"alg": "ES256", "x5c": WORLD.doctor.x5c()});
    let data = other.jws_with(&header, CONTENT.as_bytes()).expect("a JWS");
    unverified(verdict(&data, &trust()), Reason::Mismatch);
    // A CMS names its signer's certificate: the doctor's key under the other's name.
    let thief = with_chain(&other.chain);
    let data = thief.cms(CONTENT.as_bytes(), signed_at()).expect("a CMS");
    unverified(verdict(&data, &trust()), Reason::Mismatch);
}

#[test]
fn the_attributes_of_a_cms_are_checked() {
    const CONTENT_TYPE: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.3");
    const MESSAGE_DIGEST: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.4");
    let draft = WORLD.doctor.cms_draft(CONTENT.as_bytes(), CmsHash::Sha256, signed_at());
    let draft = draft.expect("a draft");
    let signed = |draft: &CmsDraft| WORLD.doctor.cms_of(draft).expect("a CMS");
    verified(verdict(&signed(&draft), &trust()));
    for missing in [CONTENT_TYPE, MESSAGE_DIGEST] {
        let mut draft = draft.clone();
        draft.attributes.retain(|(oid, _)| *oid != missing);
        unverified(verdict(&signed(&draft), &trust()), Reason::Container);
    }
    let none = CmsDraft { attributes: Vec::new(), ..draft.clone() };
    unverified(verdict(&signed(&none), &trust()), Reason::Container);
    let mut other_type = draft.clone();
    other_type.attributes[0].1 = Any::encode_from(&MESSAGE_DIGEST).expect("DER");
    unverified(verdict(&signed(&other_type), &trust()), Reason::Container);
    let attached = CmsDraft { attached: Some(CONTENT.into()), ..draft };
    unverified(verdict(&signed(&attached), &trust()), Reason::Container);
}

#[test]
fn content_that_a_jws_does_not_encode_is_taken_when_it_says_so_as_it_must() {
    let x5c = WORLD.doctor.x5c();
    let data = |header| WORLD.doctor.jws_with(&header, CONTENT.as_bytes()).expect("a JWS");
    let plain = json!({"alg": "ES256", "x5c": x5c, "b64": false, "crit": ["b64"]});
    verified(verdict(&data(plain), &trust()));
    let not_critical = json!({"alg": "ES256", "x5c": x5c, "b64": false});
    unverified(verdict(&data(not_critical), &trust()), Reason::Container);
}

// --- Algorithms ------------------------------------------------------------------------------

#[test]
fn algorithms_that_are_not_listed_are_refused() {
    for alg in ["none", "HS256", "ES512", "RS1", ""] {
        let header = json!({"alg": alg, "x5c": WORLD.doctor.x5c()});
        let data = WORLD.doctor.jws_with(&header, CONTENT.as_bytes()).expect("a JWS");
        unverified(verdict(&data, &trust()), Reason::Algorithm);
    }
    // Listed, but of another kind of key.
    let header = json!({"alg": "PS256", "x5c": WORLD.doctor.x5c()});
    let data = WORLD.doctor.jws_with(&header, CONTENT.as_bytes()).expect("a JWS");
    unverified(verdict(&data, &trust()), Reason::Algorithm);
}

#[test]
fn critical_headers_that_are_not_known_are_refused() {
    for crit in [json!(["exp"]), json!(["b64", "exp"]), json!([])] {
        let header = json!({"alg": "ES256", "x5c": WORLD.doctor.x5c(), "crit": crit});
        let data = WORLD.doctor.jws_with(&header, CONTENT.as_bytes()).expect("a JWS");
        unverified(verdict(&data, &trust()), Reason::Algorithm);
    }
}

#[test]
fn a_cms_whose_digest_and_signature_differ_in_hash_is_refused() {
    // The key is P-256 and signs with SHA-256; the draft says SHA-384 throughout.
    let draft = WORLD.doctor.cms_draft(CONTENT.as_bytes(), CmsHash::Sha384, signed_at());
    let data = WORLD.doctor.cms_of(&draft.expect("a draft")).expect("a CMS");
    unverified(verdict(&data, &trust()), Reason::Mismatch);
}

// --- Time ------------------------------------------------------------------------------------

#[test]
fn a_signing_time_may_lie_ten_minutes_ahead_of_the_receipt_and_no_more() {
    let data = &both(&WORLD.doctor)[0];
    let when = signed_at();
    for (ahead, good) in [(600, true), (601, false)] {
        let now = when - TimeDelta::seconds(ahead);
        let verdict = verdict_at(CONTENT, data, &trust(), (Some(when), now));
        if good { drop(verified(verdict)) } else { unverified(verdict, Reason::Time) }
    }
}

#[test]
fn a_signature_without_a_time_is_unverified() {
    for data in both(&WORLD.doctor) {
        unverified(verdict_at(CONTENT, &data, &trust(), (None, received_at())), Reason::Time);
    }
}

#[test]
fn the_signed_time_of_a_container_may_not_contradict_the_claimed_one() {
    let cms = |away| {
        let signed = signed_at() + TimeDelta::seconds(away);
        WORLD.doctor.cms(CONTENT.as_bytes(), signed).expect("a CMS")
    };
    let jws = |away: i64| {
        let iat = signed_at().timestamp() + away;
        let header = json!({"alg": "ES256", "x5c": WORLD.doctor.x5c(), "iat": iat});
        WORLD.doctor.jws_with(&header, CONTENT.as_bytes()).expect("a JWS")
    };
    for away in [-600, 600] {
        verified(verdict(&cms(away), &trust()));
        verified(verdict(&jws(away), &trust()));
    }
    for away in [-601, 601] {
        unverified(verdict(&cms(away), &trust()), Reason::Time);
        unverified(verdict(&jws(away), &trust()), Reason::Time);
    }
}

#[test]
fn a_certificate_is_good_from_its_first_to_its_last_second() {
    let cards = [
        (signed_at(), at("2027-01-01T00:00:00Z"), true),
        (signed_at() + TimeDelta::seconds(1), at("2027-01-01T00:00:00Z"), false),
        (at("2025-01-01T00:00:00Z"), signed_at(), true),
        (at("2025-01-01T00:00:00Z"), signed_at() - TimeDelta::seconds(1), false),
    ];
    for (from, until, good) in cards {
        let card = WORLD.hpki.card(&CardPlan { from, until, ..plan(CardKey::P256, None) });
        let made_at = until.min(signed_at()) - TimeDelta::days(1);
        let trust = trust_with(RevocationDates { made_at, ..dates() }, &[]);
        for data in both(&card.expect("a card")) {
            let verdict = verdict(&data, &trust);
            if good { drop(verified(verdict)) } else { unverified(verdict, Reason::Expired) }
        }
    }
}

// --- Revocation ------------------------------------------------------------------------------

#[test]
fn what_counts_is_whether_it_was_revoked_when_it_was_signed() {
    for data in both(&WORLD.doctor) {
        for (seconds, good) in [(-1, false), (0, false), (1, true)] {
            let at = signed_at() + TimeDelta::seconds(seconds);
            let revoked = RevokedCard { card: &WORLD.doctor, at, compromised: false };
            let verdict = verdict(&data, &trust_with(dates(), &[revoked]));
            if good { drop(verified(verdict)) } else { unverified(verdict, Reason::Revoked) }
        }
    }
}

#[test]
fn a_key_that_was_in_other_hands_is_never_believed_since_the_time_is_only_claimed() {
    for data in both(&WORLD.doctor) {
        let at = signed_at() + TimeDelta::days(300);
        let revoked = RevokedCard { card: &WORLD.doctor, at, compromised: true };
        unverified(verdict(&data, &trust_with(dates(), &[revoked])), Reason::Revoked);
    }
}

#[test]
fn the_revocation_of_another_certificate_changes_nothing() {
    let other = card(&WORLD.hpki, CardKey::P256, None);
    let revoked = RevokedCard { card: &other, at: at("2025-06-01T00:00:00Z"), compromised: true };
    for data in both(&WORLD.doctor) {
        verified(verdict(&data, &trust_with(dates(), &[revoked])));
    }
}

#[test]
fn without_a_list_of_the_issuer_nothing_is_known_of_revocation() {
    let root = WORLD.hpki.root_pem().as_bytes();
    let of_root_only = WORLD.hpki.root_list_pem(dates()).expect("a list");
    for lists in ["", &of_root_only] {
        let trust = Trust::from_pem(root, lists.as_bytes()).expect("good files");
        for data in both(&WORLD.doctor) {
            unverified(verdict(&data, &trust), Reason::RevocationUnknown);
        }
    }
}

#[test]
fn a_list_tells_of_its_term_and_no_longer() {
    let made_at = at("2026-01-01T00:00:00Z");
    for data in both(&WORLD.doctor) {
        let good = trust_with(RevocationDates { made_at, until: signed_at() }, &[]);
        verified(verdict(&data, &good));
        let until = signed_at() - TimeDelta::seconds(1);
        unverified(
            verdict(&data, &trust_with(RevocationDates { made_at, until }, &[])),
            Reason::RevocationUnknown,
        );
    }
}

#[test]
fn lists_of_another_authority_of_the_same_name_do_not_count() {
    let lists = Hpki::create().expect("keys").revocation_pem(dates(), &[]).expect("lists");
    let root = WORLD.hpki.root_pem().as_bytes();
    let trust = Trust::from_pem(root, lists.as_bytes()).expect("good files");
    for data in both(&WORLD.doctor) {
        unverified(verdict(&data, &trust), Reason::RevocationUnknown);
    }
}

// --- Whom we believe -------------------------------------------------------------------------

#[test]
fn without_roots_every_signature_is_unverified() {
    for data in both(&WORLD.doctor) {
        unverified(verdict(&data, &Trust::default()), Reason::NoRoots);
    }
    unverified(verdict(b"garbage", &Trust::default()), Reason::NoRoots);
}

#[test]
fn a_certificate_of_another_root_is_not_believed() {
    let other = Hpki::create().expect("keys");
    for data in both(&card(&other, CardKey::P256, Some("Medical Doctor"))) {
        unverified(verdict(&data, &trust()), Reason::Chain);
    }
}

#[test]
fn a_chain_with_a_missing_link_leads_nowhere() {
    let alone = with_chain(&WORLD.doctor.chain[..1]);
    for data in both(&alone) {
        unverified(verdict(&data, &trust()), Reason::Chain);
    }
}

#[test]
fn a_signer_does_not_issue_certificates_and_an_authority_does_not_sign_documents() {
    let authority = with_chain(&WORLD.doctor.chain[1..]);
    unverified(verdict(&both(&authority)[0], &trust()), Reason::Mismatch);
    let parsed = crate::Certificate::parse(&WORLD.doctor.chain[1]).expect("a certificate");
    assert!(!parsed.may_sign() && parsed.may_issue(0));
    let parsed = crate::Certificate::parse(&WORLD.doctor.chain[0]).expect("a certificate");
    assert!(parsed.may_sign() && !parsed.may_issue(0));
}

#[test]
fn the_order_of_further_certificates_does_not_matter() {
    let mut card = WORLD.doctor.clone();
    card.chain.insert(1, self::card(&WORLD.hpki, CardKey::P256, None).chain.remove(0));
    for data in both(&card) {
        verified(verdict(&data, &trust()));
    }
}

#[test]
fn what_is_no_root_or_no_list_is_refused_when_it_is_configured() {
    let pem = |kind: &str, der: &[u8]| {
        format!("-----BEGIN {kind}-----\n{}\n-----END {kind}-----\n", BASE64_STANDARD.encode(der))
    };
    let leaf = pem("CERTIFICATE", &WORLD.doctor.chain[0]);
    assert!(Trust::from_pem(leaf.as_bytes(), b"").is_err());
    assert!(Trust::from_pem(pem("CERTIFICATE", b"\x30\x00").as_bytes(), b"").is_err());
    assert!(Trust::from_pem(b"", pem("X509 CRL", b"\x30\x00").as_bytes()).is_err());
    assert_eq!(Trust::from_pem(b"", b"").map(|trust| trust.counts()), Ok((0, 0)));
}

// --- Garbage and limits ----------------------------------------------------------------------

#[test]
fn whatever_is_cut_off_is_unverified() {
    for data in both(&WORLD.doctor) {
        let trust = trust();
        for length in (0..data.len()).step_by(7) {
            let verdict = verdict(&data[..length], &trust);
            assert!(matches!(verdict, Verdict::Unverified(_)), "{length}");
        }
    }
}

#[test]
fn whatever_is_changed_is_unverified() {
    for data in both(&WORLD.doctor) {
        let trust = trust();
        for place in (0..data.len()).step_by(5) {
            let mut changed = data.clone();
            changed[place] ^= 0x10;
            // An attribute of the container that nobody signs may change; the verdict on the
            // content may not come from another certificate.
            if let Verdict::Verified(signer) = verdict(&changed, &trust) {
                assert_eq!(signer.name.expose(), "Kyoyu Hanako", "{place}");
            }
        }
    }
}

#[test]
fn what_is_neither_container_is_unverified() {
    let garbage: [&[u8]; 8] = [
        b"",
        b"<Signature/>",
        b"e",
        b"e..",
        b"eyJ9..",
        b"e30.e30.e30",
        b"\x30\x80\x00\x00",
        b"\x30\x00",
    ];
    for data in garbage {
        unverified(verdict(data, &trust()), Reason::Container);
    }
    let document = SignedDocument { text: b"{}", member: 0..0, data: None, when: None };
    assert_eq!(verify(&document, &trust(), received_at()).reason(), Some(Reason::Container));
    let document = SignedDocument { data: Some("*"), ..document };
    assert_eq!(verify(&document, &trust(), received_at()).reason(), Some(Reason::Container));
}

#[test]
fn a_header_without_a_certificate_is_unverified() {
    for x5c in [json!([]), json!(["AAAA"]), json!(["*"])] {
        let header = json!({"alg": "ES256", "x5c": x5c});
        let data = WORLD.doctor.jws_with(&header, CONTENT.as_bytes()).expect("a JWS");
        unverified(verdict(&data, &trust()), Reason::Certificate);
    }
}

#[test]
fn so_many_certificates_and_no_more() {
    let of_others = |count: usize| {
        let mut card = WORLD.doctor.clone();
        while card.chain.len() < count {
            card.chain.push(self::card(&WORLD.hpki, CardKey::P256, None).chain.remove(0));
        }
        card
    };
    for data in both(&of_others(MOST_CERTIFICATES)) {
        verified(verdict(&data, &trust()));
    }
    for data in both(&of_others(MOST_CERTIFICATES + 1)) {
        unverified(verdict(&data, &trust()), Reason::Size);
    }
}

#[test]
fn what_is_too_large_is_not_looked_at() {
    let base64 = "e".repeat(MOST_BASE64_BYTES);
    let document =
        |data| SignedDocument { text: b"{}", member: 0..0, data: Some(data), when: None };
    let reason = |data| verify(&document(data), &trust(), received_at()).reason();
    assert_eq!(reason(&base64), Some(Reason::Container));
    assert_eq!(reason(&format!("{base64}eeee")), Some(Reason::Size));
}

#[test]
fn a_set_that_would_take_long_to_sort_is_not_read() {
    let many: Vec<u8> = (0..10_000_u32)
        .rev()
        .flat_map(|number| {
            let mut element = vec![0x02, 0x04];
            element.extend(number.to_be_bytes());
            element
        })
        .collect();
    let set = Any::new(der::Tag::Set, many).expect("a set").to_der().expect("DER");
    let data = Any::new(der::Tag::Sequence, set).expect("a sequence").to_der().expect("DER");
    unverified(verdict(&data, &trust()), Reason::Size);
}

/// An element as a tool writes it that knows no length beforehand; certificates, which stand at
/// the fifth level, stay in DER as everywhere, and the signature at the sixth comes in pieces.
fn in_ber(element: Element<'_>, level: usize) -> Vec<u8> {
    const END: &[u8] = &[0, 0];
    let is_certificates = level == 4 && element.tag == element::context(0);
    let children = || element::elements(element.content).expect("DER");
    match element.tag {
        0x04 if level == 6 => {
            let (one, two) = element.content.split_at(element.content.len() / 2);
            let piece = |part: &[u8]| {
                let length = u8::try_from(part.len()).expect("short");
                [&[0x04, 0x81, length][..], part].concat()
            };
            [&[0x24, 0x80], &*piece(one), &*piece(two), END].concat()
        }
        tag if tag & element::CONSTRUCTED != 0 => {
            let content: Vec<u8> = children()
                .into_iter()
                .flat_map(|child| {
                    if is_certificates { child.whole.to_vec() } else { in_ber(child, level + 1) }
                })
                .collect();
            [&[tag, 0x80], &*content, END].concat()
        }
        _ => element.whole.to_vec(),
    }
}

fn cms_in_ber(card: &SigningCard) -> Vec<u8> {
    let der = card.cms(CONTENT.as_bytes(), signed_at()).expect("a CMS");
    in_ber(Element::of(&der).expect("DER"), 1)
}

#[test]
fn a_cms_in_ber_is_judged_like_one_in_der() {
    for key in [CardKey::P256, CardKey::Rsa2048] {
        let card = card(&WORLD.hpki, key, Some("Medical Doctor"));
        let ber = cms_in_ber(&card);
        assert_ne!(ber, card.cms(CONTENT.as_bytes(), signed_at()).expect("a CMS"));
        assert_eq!(verified(verdict(&ber, &trust())).name.expose(), "Kyoyu Hanako");
        let other = CONTENT.replace("4.10", "4.1");
        let when = (Some(signed_at()), received_at());
        unverified(verdict_at(&other, &ber, &trust(), when), Reason::Mismatch);
    }
}

#[test]
fn a_cms_in_ber_that_is_cut_or_damaged_is_never_verified_and_never_a_panic() {
    let ber = cms_in_ber(&WORLD.doctor);
    let trust = trust();
    for end in 0..ber.len() {
        unverified(verdict(&ber[..end], &trust), Reason::Container);
    }
    for place in 0..ber.len() {
        let mut damaged = ber.clone();
        damaged[place] ^= 1 << (place % 8);
        // What is not signed may be damaged without harm: it has to end, and that is all.
        verdict(&damaged, &trust);
    }
}
