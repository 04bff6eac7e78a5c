//! URI — which texts are absolute, and of which schemes.

/// Whether a URL has a scheme and something behind it without blanks.
pub(super) fn is_absolute(url: &str) -> bool {
    let bytes = url.as_bytes();
    let is_letter = |place: usize, byte: &u8| {
        byte.is_ascii_lowercase()
            || (place > 0 && (byte.is_ascii_digit() || matches!(byte, b'_' | b'[' | b']')))
    };
    let scheme = bytes.iter().enumerate().take_while(|(place, byte)| is_letter(*place, byte));
    match bytes.split_at(scheme.count()) {
        ([_, ..], [b':', details @ ..]) => {
            !details.is_empty() && memchr::memchr(b' ', details).is_none()
        }
        _ => false,
    }
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

/// Whether a URL belongs to the space of FHIR itself and is none of those that have no
/// definition of their own: sources of mappings, policies, compartments, types of FHIRPath.
pub(super) fn is_of_fhir(url: &str) -> bool {
    const UNDEFINED: &[&str] = &[
        "CompartmentDefinition/Device",
        "CompartmentDefinition/Encounter",
        "CompartmentDefinition/Group",
        "CompartmentDefinition/Patient",
        "CompartmentDefinition/Practitioner",
        "ConsentPolicy/opt-in",
        "ConsentPolicy/opt-out",
        "SearchParameter/Resource-filter",
        "auditevent",
        "composition",
        "consent",
        "documentreference",
        "fivews",
        "interface",
        "logical",
        "object-implementation",
        "path/System.Boolean",
        "path/System.Date",
        "path/System.DateTime",
        "path/System.Decimal",
        "path/System.Integer",
        "path/System.Quantity",
        "path/System.String",
        "path/System.Time",
        "provenance",
        "rr",
        "w5",
        "workflow",
    ];
    url.strip_prefix("http://hl7.org/fhir")
        .is_some_and(|rest| !UNDEFINED.contains(&rest.trim_start_matches('/')))
}

/// Whether a URL is one of the systems that HL7 names for others, code systems and numbers of
/// persons and things.
pub(crate) fn is_named_for_others(url: &str) -> bool {
    const NAMED: &[&str] = &[
        "ca-hc-din",
        "ca-hc-npn",
        "cvx",
        "dsm5",
        "eui-48/bluetooth",
        "eui-48/ethernet",
        "ex-icd-10-procedures",
        "icd-10",
        "icd-10-am",
        "icd-10-cm",
        "icd-10-vn",
        "icd-9",
        "icd-9-cm",
        "icf-nl",
        "icpc-1",
        "icpc-1-nl",
        "icpc-2",
        "ndc",
        "srt",
        "us-npi",
        "us-ssn",
    ];
    url.strip_prefix("http://hl7.org/fhir/sid/").is_some_and(|name| NAMED.contains(&name))
}

/// Whether a URL is of a domain that is kept for examples; of a canonical more domains count.
pub(super) fn is_example(url: &str, is_canonical: bool) -> bool {
    const DOMAINS: [&str; 5] =
        ["example.org", "acme.com", "acme.org", "example.com", "example.net"];
    let domains = if is_canonical { &DOMAINS[..] } else { &DOMAINS[..2] };
    // A domain ends with the URL or before a slash.
    let ends = memchr::memchr_iter(b'/', url.as_bytes()).chain([url.len()]);
    ends.filter(|end| *end >= 8).any(|end| {
        let ending = url.as_bytes()[..end].last_chunk::<4>();
        matches!(ending, Some(b".org" | b".com" | b".net"))
            && domains.iter().any(|domain| url[..end].ends_with(domain))
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
