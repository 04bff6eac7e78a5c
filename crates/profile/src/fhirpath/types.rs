//! Types of R4, as far as JSON shows them.
//!
//! A resource says its type, a choice element's key carries it, and of everything else
//! only the JSON kind is known: there a question for a type is answered leniently, as the
//! published dom-3 (`as(canonical)` on any element) takes for granted.

use std::sync::LazyLock;

use super::{dates, focus::Focus};
use crate::json::{Kind, Symbol, Value, symbol};

/// The elements that FHIR R4 calls `name[x]`; sorted.
pub(super) const CHOICES: [&str; 78] = [
    "abatement",
    "additive",
    "age",
    "allowed",
    "amount",
    "answer",
    "asNeeded",
    "author",
    "born",
    "bounds",
    "characteristic",
    "chargeItem",
    "code",
    "collected",
    "content",
    "created",
    "date",
    "deceased",
    "defaultValue",
    "definingSubstance",
    "definition",
    "detail",
    "diagnosis",
    "done",
    "dose",
    "doseNumber",
    "due",
    "effective",
    "entity",
    "event",
    "example",
    "fastingStatus",
    "fixed",
    "identified",
    "indication",
    "item",
    "legallyBinding",
    "location",
    "manufacturer",
    "maxValue",
    "medication",
    "minValue",
    "minimumVolume",
    "module",
    "multipleBirth",
    "name",
    "occurred",
    "occurrence",
    "offset",
    "onset",
    "participantEffective",
    "pattern",
    "performed",
    "probability",
    "procedure",
    "product",
    "quantity",
    "rate",
    "reported",
    "scheduled",
    "seriesDoses",
    "serviced",
    "source",
    "start",
    "statusReason",
    "studyEffective",
    "subject",
    "substance",
    "target",
    "time",
    "timing",
    "topic",
    "used",
    "value",
    "what",
    "when",
    "where",
    "why",
];

/// The types as a choice element's key has them; sorted.
pub(super) const SUFFIXES: [&str; 52] = [
    "Address",
    "Age",
    "Annotation",
    "Attachment",
    "Base64Binary",
    "Boolean",
    "Canonical",
    "Code",
    "CodeableConcept",
    "Coding",
    "ContactDetail",
    "ContactPoint",
    "Contributor",
    "Count",
    "DataRequirement",
    "Date",
    "DateTime",
    "Decimal",
    "Distance",
    "Dosage",
    "Duration",
    "Expression",
    "HumanName",
    "Id",
    "Identifier",
    "Instant",
    "Integer",
    "Markdown",
    "Meta",
    "Money",
    "Oid",
    "ParameterDefinition",
    "Period",
    "PositiveInt",
    "Quantity",
    "Range",
    "Ratio",
    "Reference",
    "RelatedArtifact",
    "SampledData",
    "Signature",
    "String",
    "SubstanceAmount",
    "Time",
    "Timing",
    "TriggerDefinition",
    "UnsignedInt",
    "Uri",
    "Url",
    "UsageContext",
    "Uuid",
    "Xhtml",
];

/// A type that an expression names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct TypeName {
    name: Box<str>,
    form: Form,
}

/// What JSON shows of a type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    Text,
    Date,
    Boolean,
    Integer,
    Decimal,
    /// A datatype with elements.
    Complex,
    /// `Resource` and `DomainResource`.
    AnyResource,
    Resource,
}

impl TypeName {
    /// Reads a name without its namespace (`FHIR.`, `System.`).
    pub(super) fn of(name: &str) -> Self {
        let lower = name.to_ascii_lowercase();
        let form = match lower.as_str() {
            "string" | "uri" | "url" | "canonical" | "code" | "id" | "oid" | "uuid"
            | "markdown" | "base64binary" | "time" | "xhtml" => Form::Text,
            "date" | "datetime" | "instant" => Form::Date,
            "boolean" => Form::Boolean,
            "integer" | "positiveint" | "unsignedint" => Form::Integer,
            "decimal" => Form::Decimal,
            "resource" | "domainresource" => Form::AnyResource,
            "element" | "backboneelement" | "extension" | "narrative" | "elementdefinition" => {
                Form::Complex
            }
            _ if SUFFIXES.binary_search(&name).is_ok() => Form::Complex,
            _ => Form::Resource,
        };
        Self { name: name.into(), form }
    }

    /// Whether an element has this type, as far as it can be seen.
    pub(super) fn fits(&self, focus: Focus<'_>) -> bool {
        let value = focus.value();
        if let Some(resource_type) = value.and_then(|own| own.field(symbol!("resourceType"))) {
            return self.form == Form::AnyResource || resource_type.is(&self.name);
        }
        let is_named = |suffix: &str| suffix.eq_ignore_ascii_case(&self.name);
        if let Some(answer) = of_choice(value.or(focus.sibling()), is_named) {
            return answer;
        }
        match focus.value() {
            Some(value) => self.fits_form(value),
            None => !matches!(self.form, Form::Complex | Form::Resource | Form::AnyResource),
        }
    }

    fn fits_form(&self, value: Value<'_>) -> bool {
        match self.form {
            Form::Text => value.is_string(),
            Form::Date => value.as_str().is_some_and(|text| dates::parse(&text).is_some()),
            Form::Boolean => value.kind() == Kind::Bool,
            Form::Decimal => value.kind() == Kind::Number,
            Form::Integer => {
                value.number_text().is_some_and(|text| !text.contains(['.', 'e', 'E']))
            }
            Form::Complex => value.is_object(),
            Form::AnyResource | Form::Resource => false,
        }
    }

    /// Whether a value that was computed, or stands in the expression, has this type.
    pub(super) fn fits_computed(&self, system_type: &str) -> bool {
        self.name.eq_ignore_ascii_case(system_type)
    }
}

/// The type in the key of a choice element: `Quantity` of `valueQuantity`.
fn choice_type(key: &str) -> Option<&str> {
    let key = key.strip_prefix('_').unwrap_or(key);
    key.char_indices()
        .filter(|(at, character)| *at > 0 && character.is_ascii_uppercase())
        .map(|(at, _)| key.split_at(at))
        .find(|(name, suffix)| {
            CHOICES.binary_search(name).is_ok() && SUFFIXES.binary_search(suffix).is_ok()
        })
        .map(|(_, suffix)| suffix)
}

/// Whether a string may be a reference, canonical, uri or url, as far as its key tells.
pub(crate) fn may_be_url(value: Value<'_>) -> bool {
    let is_url = |suffix: &str| matches!(suffix, "Uri" | "Url" | "Canonical");
    of_choice(Some(value), is_url).unwrap_or(true)
}

/// The types in the names of choice elements, by the number of the name's symbol.
static CHOICE_TYPES: LazyLock<Box<[Option<&'static str>]>> =
    LazyLock::new(|| Symbol::list(choice_type));

/// What is asked of the type in the key of a choice element; none of any other element.
fn of_choice(value: Option<Value<'_>>, asks: impl Fn(&str) -> bool) -> Option<bool> {
    let value = value?;
    if value.symbol().is_known() {
        return CHOICE_TYPES[value.symbol().number()].map(asks);
    }
    value.key().as_deref().and_then(choice_type).map(asks)
}
