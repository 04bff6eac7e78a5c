//! URI — which texts are absolute, and of which schemes.

use std::sync::LazyLock;

use memchr::memmem::Finder;

/// Whether a URL has a scheme and something behind it without blanks.
pub(super) fn is_absolute(url: &str) -> bool {
    let Some((scheme, details)) = url.split_once(':') else { return false };
    let is_token = scheme.bytes().enumerate().all(|(place, byte)| {
        byte.is_ascii_lowercase()
            || (place > 0 && (byte.is_ascii_digit() || matches!(byte, b'_' | b'[' | b']')))
    });
    is_token && !scheme.is_empty() && !details.is_empty() && !details.contains(' ')
}

/// Whether a Coding's or Identifier's system is more than a local name.
pub(super) fn is_system(uri: &str) -> bool {
    ["http:", "https:", "urn:"].iter().any(|scheme| uri.starts_with(scheme))
}

/// Whether a URL belongs to a space in which HL7 defines everything.
pub(super) fn is_of_hl7(url: &str) -> bool {
    ["http://hl7.org/fhir", "http://terminology.hl7.org/", "http://fhir.org/guides"]
        .iter()
        .any(|space| url.starts_with(space))
}

/// Whether a URL belongs to the space of FHIR itself and is none of those that name the
/// source of a mapping.
pub(super) fn is_of_fhir(url: &str) -> bool {
    const MAPPINGS: &[&str] = &[
        "auditevent",
        "composition",
        "consent",
        "documentreference",
        "fivews",
        "interface",
        "logical",
        "object-implementation",
        "provenance",
        "rr",
        "w5",
        "workflow",
    ];
    url.strip_prefix("http://hl7.org/fhir")
        .is_some_and(|rest| !MAPPINGS.contains(&rest.trim_start_matches('/')))
}

/// What each of those domains has in it.
static EXAMPLES: LazyLock<[Finder<'static>; 2]> =
    LazyLock::new(|| [Finder::new("example."), Finder::new("acme.")]);

/// Whether a URL is of a domain that is kept for examples; of a canonical more domains count.
pub(super) fn is_example(url: &str, is_canonical: bool) -> bool {
    const DOMAINS: [&str; 5] =
        ["example.org", "acme.com", "acme.org", "example.com", "example.net"];
    // Hardly any URL does, and the search for two words is quick.
    if EXAMPLES.iter().all(|finder| finder.find(url.as_bytes()).is_none()) {
        return false;
    }
    let domains = if is_canonical { &DOMAINS[..] } else { &DOMAINS[..2] };
    domains.iter().any(|domain| {
        url.match_indices(domain).any(|(at, _)| {
            let rest = &url[at + domain.len()..];
            rest.is_empty() || rest.starts_with('/')
        })
    })
}

/// The parts of a RESTful URL: what stands before `Type/id`, the type and the id.
///
/// Source: FHIR R4, Bundle, "Resolving references in Bundles".
pub(super) fn restful(url: &str) -> Option<(&str, &str, &str)> {
    let plain = url.split_once("/_history/").map_or(url, |(plain, _)| plain);
    let (before, id) = plain.rsplit_once('/')?;
    let (base, type_name) = before
        .rsplit_once('/')
        .map_or(("", before), |(_, name)| (&before[..before.len() - name.len()], name));
    let is_web = base.is_empty() || base.starts_with("http://") || base.starts_with("https://");
    let is_type = type_name.starts_with(|first: char| first.is_ascii_uppercase());
    (is_web && is_type && super::formats::is_id(id)).then_some((base, type_name, id))
}
