//! Published expressions that cannot mean what they say, as the reference validator
//! reads them. Without this every Reference that has only a display would be refused.

use std::borrow::Cow;

/// A rule whose expression is replaced whatever it says.
const BY_KEY: [(&str, &str); 6] = [
    ("txt-2", "htmlChecks2()"),
    ("dom-6", "%rootResource != $this or text.`div`.exists()"),
    (
        "con-3",
        "category.coding.exists(code = 'problem-list-item' and system = \
         'http://terminology.hl7.org/CodeSystem/condition-category').not() or \
         clinicalStatus.exists() or verificationStatus.coding.exists(code = 'entered-in-error' \
         and system = 'http://terminology.hl7.org/CodeSystem/condition-ver-status')",
    ),
    (
        "tim-9",
        "offset.empty() or (when.exists() and \
         when.select($this in ('C' | 'CM' | 'CD' | 'CV')).allFalse())",
    ),
    (
        "eld-19",
        r#"path.matches('^[^\\s\\.,:;\\\'"\\/|?!@#$%&*()\\[\\]{}]{1,64}(\\.[^\\s\\.,:;\\\'"\\/|?!@#$%&*()\\[\\]{}]{1,64}(\\[x\\])?(\\:[^\\s\\.]+)?)*$')"#,
    ),
    ("eld-20", r"path.matches('^[A-Za-z][A-Za-z0-9]*(\\.[a-z][A-Za-z0-9]*(\\[x])?)*$')"),
];

/// An expression that is replaced wherever it stands.
const BY_EXPRESSION: [(&str, &str); 5] = [
    (
        super::elements::REF_1,
        "reference.exists() implies (reference = '#' or \
      reference.startsWith('#').not() or reference.substring(1) in %rootResource.contained.id)",
    ),
    (super::bundles::BDL_8, "fullUrl.exists() implies fullUrl.contains('/_history/').not()"),
    (
        "probability is decimal implies (probability as decimal) <= 100",
        "(probability.exists() and probability is decimal) implies (probability as decimal) <= 100",
    ),
    (
        "enableWhen.count() > 2 implies enableBehavior.exists()",
        "enableWhen.count() >= 2 implies enableBehavior.exists()",
    ),
    (
        "name.matches('[A-Z]([A-Za-z0-9_]){0,254}')",
        "name.exists() implies name.matches('^[A-Z]([A-Za-z0-9_]){0,254}$')",
    ),
];

pub(super) fn rewritten<'e>(key: &str, expression: &'e str) -> Cow<'e, str> {
    let by_key = BY_KEY.iter().find(|(own, _)| *own == key);
    let found = by_key.or_else(|| BY_EXPRESSION.iter().find(|(own, _)| *own == expression));
    found.map_or(Cow::Borrowed(expression), |(_, replacement)| Cow::Borrowed(replacement))
}
