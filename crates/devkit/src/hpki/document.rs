//! 文書への署名 — a Bundle with its signature put in, and not one other byte changed.

use anyhow::{Context, Result};
use base64::{Engine, prelude::BASE64_STANDARD};
use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::{Value, json};

use super::card::SigningCard;

/// 署名の入れ物
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Container {
    /// Detached JWS.
    Jws,
    /// Detached CMS.
    Cms,
}

/// Where the signature goes among the members of the Bundle.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MemberPlace {
    /// Before all others.
    First,
    /// Before `entry`.
    Middle,
    /// Behind all others.
    Last,
}

/// 署名のしかた
#[derive(Debug, Clone, Copy)]
pub struct Signing<'a> {
    /// Whose key.
    pub card: &'a SigningCard,
    /// The container.
    pub container: Container,
    /// When it is signed.
    pub when: DateTime<Utc>,
    /// Where it goes.
    pub place: MemberPlace,
}

/// Signs the bytes of a Bundle and puts the signature in.
///
/// # Errors
/// A text that is no Bundle with a Practitioner, a key that does not sign.
pub fn sign_document(bundle: &str, signing: &Signing<'_>) -> Result<String> {
    let data = match signing.container {
        Container::Jws => signing.card.jws(bundle.as_bytes())?,
        Container::Cms => signing.card.cms(bundle.as_bytes(), signing.when)?,
    };
    put_in(bundle, &data, signing)
}

fn put_in(bundle: &str, data: &[u8], signing: &Signing<'_>) -> Result<String> {
    let format = match signing.container {
        Container::Jws => "application/jose",
        Container::Cms => "application/pkcs7-signature",
    };
    let signature = json!({
        "type": [{
            "system": "urn:iso-astm:E1762-95:2013",
            "code": "1.2.840.10065.1.12.1.1",
            "display": "Author's Signature",
        }],
        "when": signing.when.to_rfc3339_opts(SecondsFormat::Millis, true),
        "who": {"reference": practitioner(bundle)?},
        "targetFormat": "application/fhir+json",
        "sigFormat": format,
        "data": BASE64_STANDARD.encode(data),
    });
    let member = format!("\"signature\":{signature}");
    let (at, member) = match signing.place {
        MemberPlace::First => {
            let first = bundle.find('"').context("a Bundle has members")?;
            (first, format!("{member},"))
        }
        MemberPlace::Middle => {
            let entry = bundle.find("\"entry\"").context("a Bundle has entries")?;
            (entry, format!("{member},"))
        }
        MemberPlace::Last => {
            let brace = bundle.rfind('}').context("a Bundle is an object")?;
            (bundle[..brace].trim_end().len(), format!(",{member}"))
        }
    };
    Ok([&bundle[..at], &member, &bundle[at..]].concat())
}

/// The address of the Bundle's first Practitioner.
fn practitioner(bundle: &str) -> Result<String> {
    let bundle: Value = serde_json::from_str(bundle)?;
    let mut entries = bundle["entry"].as_array().into_iter().flatten();
    let author = entries.find(|entry| entry["resource"]["resourceType"] == "Practitioner");
    let author = author.and_then(|entry| entry["fullUrl"].as_str());
    Ok(author.context("the Bundle has a Practitioner")?.to_owned())
}
