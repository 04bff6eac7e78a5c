//! 検索条件と頁の住所 — parameters as they were sent, and the links of a page.
//!
//! An insured number never stands in a link: a search by POST gets a next link that
//! holds the cursor only, to be sent with the same body.

use form_urlencoded::Serializer;

use kyoyu_domain::{
    problem::{Issue, Problem},
    rules,
};

use crate::{caller::Call, outcome::Refusal};

/// The parameter that names the position of the next page.
const CURSOR: &str = "cursor";

/// The parameters of the address.
pub(crate) fn of_address(call: &Call) -> Vec<(String, String)> {
    parse(call.uri.query().unwrap_or_default().as_bytes())
}

/// The parameters of the form in the body; the address may hold the cursor only.
pub(crate) async fn of_form(call: &Call) -> Result<Vec<(String, String)>, Refusal> {
    let address = of_address(call);
    if address.iter().any(|(name, _)| name != CURSOR) {
        return Err(call.refuse(&rules::IDENTIFIER_IN_URL).await);
    }
    let mut parameters = parse(&call.body());
    parameters.extend(address);
    Ok(parameters)
}

/// The identifier that a form in the body names.
pub(crate) async fn identifier_of_form(call: &Call) -> Result<String, Refusal> {
    match the_identifier(of_form(call).await?) {
        Ok(identifier) => Ok(identifier),
        Err(problem) => Err(call.refuse(problem).await),
    }
}

/// How consent to a letter is obtained, which a registration may name.
pub(crate) async fn consent(call: &Call) -> Result<Option<String>, Refusal> {
    let mut parameters = of_address(call);
    let consent = take(&mut parameters, "consent");
    match parameters.first() {
        None => Ok(consent),
        Some((name, _)) => Err(call.refuse(unknown(name)).await),
    }
}

/// A parameter that is not understood, by its name as far as it can be nothing but one.
pub(crate) fn unknown(name: &str) -> Problem {
    let name = name.chars().filter(char::is_ascii_alphanumeric).take(40).collect::<String>();
    Issue::of(&rules::PARAMETER_UNKNOWN).with(name).into()
}

/// What a change names: the Bundle identifier, and perhaps how consent is obtained.
pub(crate) async fn identifier_and_consent(
    call: &Call,
) -> Result<(String, Option<String>), Refusal> {
    let mut parameters = of_address(call);
    let consent = take(&mut parameters, "consent");
    match the_identifier(parameters) {
        Ok(identifier) => Ok((identifier, consent)),
        Err(problem) => Err(call.refuse(problem).await),
    }
}

fn take(parameters: &mut Vec<(String, String)>, name: &str) -> Option<String> {
    let position = parameters.iter().position(|(other, _)| other == name)?;
    Some(parameters.remove(position).1)
}

/// The identifier `system|value` that a conditional update must name.
pub(crate) async fn identifier(call: &Call) -> Result<String, Refusal> {
    match the_identifier(of_address(call)) {
        Ok(identifier) => Ok(identifier),
        Err(problem) => Err(call.refuse(problem).await),
    }
}

fn the_identifier(parameters: Vec<(String, String)>) -> Result<String, Problem> {
    let mut parameters = parameters.into_iter();
    match (parameters.next(), parameters.next()) {
        (Some((name, value)), None) if name == "identifier" && !value.is_empty() => Ok(value),
        _ => Err(Issue::of(&rules::PARAMETER_VALUE).with("identifier").into()),
    }
}

fn parse(encoded: &[u8]) -> Vec<(String, String)> {
    form_urlencoded::parse(encoded).into_owned().collect()
}

/// 頁の住所 — where a page and its next page are.
#[derive(Debug)]
pub(crate) struct Links {
    pub this: String,
    next: String,
}

impl Links {
    /// Of a search whose parameters stand in the address.
    pub(crate) fn of_get(base_url: &str, path: &str, parameters: &[(String, String)]) -> Self {
        let address = |cursor| {
            let kept = parameters.iter().filter(|(name, _)| cursor || name != CURSOR);
            let query = Serializer::new(String::new()).extend_pairs(kept).finish();
            let mark = if query.is_empty() { "" } else { "?" };
            format!("{base_url}/{path}{mark}{query}")
        };
        let next = address(false);
        let mark = if next.contains('?') { '&' } else { '?' };
        Self { this: address(true), next: format!("{next}{mark}{CURSOR}=") }
    }

    /// Of a search whose parameters stand in the body.
    pub(crate) fn of_post(base_url: &str, path: &str) -> Self {
        let this = format!("{base_url}/{path}");
        Self { next: format!("{this}?{CURSOR}="), this }
    }

    /// The next page; cursors are safe in an address as they are.
    pub(crate) fn next(&self, cursor: &str) -> String {
        format!("{}{cursor}", self.next)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(parameters: &[(&str, &str)]) -> Vec<(String, String)> {
        parameters.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect()
    }

    #[test]
    fn the_next_page_of_a_get_repeats_its_parameters_with_the_new_cursor() {
        let parameters = pairs(&[("patient", "Patient/1"), ("kind", "lab"), ("cursor", "old")]);
        let links = Links::of_get("b", "Observation", &parameters);
        assert_eq!(links.this, "b/Observation?patient=Patient%2F1&kind=lab&cursor=old");
        assert_eq!(links.next("new"), "b/Observation?patient=Patient%2F1&kind=lab&cursor=new");
        assert_eq!(Links::of_get("b", "AuditEvent", &[]).next("new"), "b/AuditEvent?cursor=new");
    }

    #[test]
    fn links_of_a_post_hold_no_parameter_of_its_body() {
        let links = Links::of_post("b", "Condition/_search");
        assert_eq!(links.this, "b/Condition/_search");
        assert_eq!(links.next("new"), "b/Condition/_search?cursor=new");
    }

    #[test]
    fn a_change_names_one_identifier_and_nothing_else() {
        assert_eq!(the_identifier(pairs(&[("identifier", "s|v")])).ok().as_deref(), Some("s|v"));
        for bad in [
            pairs(&[]),
            pairs(&[("identifier", "")]),
            pairs(&[("id", "s|v")]),
            pairs(&[("identifier", "s|v"), ("identifier", "s|w")]),
        ] {
            assert!(the_identifier(bad).is_err());
        }
    }
}
