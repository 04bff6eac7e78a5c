//! Definitions as tables.

use kyoyu_profile::definition::{
    Binding, ContextKind, Definition, DiscriminatorKind, Element, ElementType, Max, Slicing,
    SlicingRules, Strength, StructureKind, TypedJson,
};

const R4_URL: &str = "http://hl7.org/fhir/StructureDefinition/";

/// The header and the lines of a definition, in its own order.
pub(crate) fn table(definition: &Definition) -> String {
    let mut table = header(definition);
    for element in &definition.elements {
        table.push_str(&line(definition, element));
    }
    table
}

/// The same, sorted by path; only the slices of an ordered slicing keep their order.
pub(crate) fn sorted_table(definition: &Definition) -> String {
    let mut table = header(definition);
    table.push_str("# path\tnumber\ttypes\tvalue\tbinding\tslicing\tinvariants\tnotes\n");
    let ordered: Vec<&str> = definition
        .elements
        .iter()
        .filter(|own| own.slicing.as_ref().is_some_and(|slicing| slicing.is_ordered))
        .map(|own| own.id.as_str())
        .collect();
    let mut elements: Vec<(usize, &Element)> = definition.elements.iter().enumerate().collect();
    let key =
        |(place, element): &(usize, &Element)| sort_key(definition, &ordered, *place, element);
    elements.sort_by_cached_key(key);
    for (_, element) in elements {
        table.push_str(&line(definition, element));
    }
    table
}

/// Part by part the name, then for ordered slices the place of the slice, then the slice.
fn sort_key(
    definition: &Definition,
    ordered: &[&str],
    place: usize,
    element: &Element,
) -> Vec<(String, usize, String)> {
    let mut id = String::new();
    let mut key = Vec::new();
    for part in element.id.split('.') {
        let (name, slice) = part.split_once(':').unwrap_or((part, ""));
        let sliced = if id.is_empty() { name.to_owned() } else { format!("{id}.{name}") };
        id = if id.is_empty() { part.to_owned() } else { format!("{id}.{part}") };
        let is_ordered = !slice.is_empty() && ordered.contains(&sliced.as_str());
        // All lines of a slice stand where its first one does.
        let first = definition.elements.iter().position(|own| {
            own.id == id || own.id.strip_prefix(&id).is_some_and(|rest| rest.starts_with('.'))
        });
        let order = if is_ordered { first.unwrap_or(place) + 1 } else { 0 };
        key.push((name.to_owned(), order, slice.to_owned()));
    }
    key
}

fn header(definition: &Definition) -> String {
    let mut header = String::new();
    let mut say = |what: &str, value: &str| header.push_str(&format!("@{what}\t{value}\n"));
    say("canonical", &short(&definition.url));
    if !definition.version.is_empty() {
        say("version", &definition.version);
    }
    say("name", &definition.name);
    let kind = match definition.kind {
        StructureKind::Primitive => "primitive",
        StructureKind::Complex => "datatype",
        StructureKind::Resource | StructureKind::Logical => "resource",
    };
    let prefix = if definition.is_abstract { "abstract " } else { "" };
    say("defines", &format!("{prefix}{kind} {}", definition.type_name));
    if let Some(base) = &definition.base {
        say(if definition.is_profile { "constrains" } else { "extends" }, &short(base));
    }
    for context in &definition.contexts {
        let kind = match context.kind {
            ContextKind::FhirPath => "fhirpath",
            ContextKind::Element => "element",
            ContextKind::Extension => "extension",
        };
        say("context", &format!("{kind} {}", context.expression));
    }
    for invariant in &definition.context_invariants {
        say("context-invariant", invariant);
    }
    header
}

fn line(definition: &Definition, element: &Element) -> String {
    let keys = element.constraints.iter();
    let keys = keys.map(|own| format!("{}{}", own.key, if own.is_error { "" } else { "?" }));
    let columns = [
        path(definition, &element.id).to_owned(),
        number(element),
        types(element),
        value(element),
        element.binding.as_ref().map(binding).unwrap_or_default(),
        element.slicing.as_ref().map(slicing).unwrap_or_default(),
        keys.collect::<Vec<_>>().join(" "),
        notes(element),
    ];
    format!("{}\n", columns.join("\t").trim_end_matches('\t'))
}

fn path<'e>(definition: &Definition, id: &'e str) -> &'e str {
    let below = id.strip_prefix(&definition.type_name).and_then(|rest| rest.strip_prefix('.'));
    below.unwrap_or(".")
}

fn number(element: &Element) -> String {
    let min = element.min.map(|min| min.to_string()).unwrap_or_default();
    let max = match element.max {
        None => String::new(),
        Some(Max::Count(count)) => count.to_string(),
        Some(Max::Unbounded) => "*".to_owned(),
    };
    if min.is_empty() && max.is_empty() { String::new() } else { format!("{min}..{max}") }
}

fn types(element: &Element) -> String {
    if let Some(reference) = &element.content_reference {
        return reference.clone();
    }
    element.types.iter().map(element_type).collect::<Vec<_>>().join(" ")
}

fn element_type(own: &ElementType) -> String {
    let list = |urls: &[String]| urls.iter().map(|url| short(url)).collect::<Vec<_>>().join(",");
    let mut text = own.code.clone();
    if !own.profiles.is_empty() {
        text.push_str(&format!("{{{}}}", list(&own.profiles)));
    }
    if !own.targets.is_empty() {
        text.push_str(&format!("({})", list(&own.targets)));
    }
    text
}

fn value(element: &Element) -> String {
    match (&element.fixed, &element.pattern) {
        (Some(fixed), _) => format!("={}", typed(fixed)),
        (None, Some(pattern)) => format!("~{}", typed(pattern)),
        (None, None) => String::new(),
    }
}

/// On one line; the fields of objects in alphabetical order.
fn typed(value: &TypedJson) -> String {
    let json = if value.text.starts_with(['{', '[']) {
        let parsed: serde_json::Value =
            serde_json::from_str(&value.text).expect("the package was read, so it is JSON");
        parsed.to_string()
    } else {
        value.text.clone()
    };
    format!("{} {json}", value.type_name)
}

fn binding(binding: &Binding) -> String {
    let strength = match binding.strength {
        Strength::Required => "required",
        Strength::Extensible => "extensible",
        Strength::Preferred => "preferred",
        Strength::Example => "example",
    };
    let max = binding.max_value_set.as_ref().map(|set| format!(" max {set}"));
    format!("{strength} {}{}", binding.value_set, max.unwrap_or_default())
}

fn slicing(slicing: &Slicing) -> String {
    let rules = match slicing.rules {
        SlicingRules::Closed => "closed",
        SlicingRules::Open => "open",
        SlicingRules::OpenAtEnd => "open-at-end",
    };
    let mut words = vec![rules.to_owned()];
    words.extend(slicing.is_ordered.then(|| "ordered".to_owned()));
    words.extend(slicing.discriminators.iter().map(|own| {
        let kind = match own.kind {
            DiscriminatorKind::Value => "value",
            DiscriminatorKind::Exists => "exists",
            DiscriminatorKind::Pattern => "pattern",
            DiscriminatorKind::Type => "type",
            DiscriminatorKind::Profile => "profile",
        };
        format!("{kind}:{}", own.path)
    }));
    words.join(" ")
}

fn notes(element: &Element) -> String {
    let mut notes = Vec::new();
    notes.extend(element.is_modifier.then(|| "modifier".to_owned()));
    notes.extend(element.max_length.map(|count| format!("length {count}")));
    notes.extend(element.min_value.as_ref().map(|least| format!("from {}", typed(least))));
    notes.extend(element.max_value.as_ref().map(|most| format!("to {}", typed(most))));
    notes.join("; ")
}

/// The invariants that these definitions state, with their expressions and texts.
pub(crate) fn invariants(definitions: &[Definition]) -> String {
    let mut table = String::from(
        "# definitions\tpath\tkey\tnumber\tseverity\texpression\tja\ten\trepair-ja\trepair-en\n",
    );
    for definition in definitions {
        for element in &definition.elements {
            for own in &element.constraints {
                let severity = if own.is_error { "error" } else { "warning" };
                let expression = one_line(own.expression.as_deref().unwrap_or_default());
                let human = one_line(&own.human);
                let url = short(&definition.url);
                let (id, key) = (&element.id, &own.key);
                table.push_str(&format!(
                    "{url}\t{id}\t{key}\t-\t{severity}\t{expression}\t\t{human}\t\t\n"
                ));
            }
        }
    }
    table
}

pub(crate) fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The canonicals of R4 by name.
fn short(url: &str) -> String {
    match url.strip_prefix(R4_URL) {
        Some(name) if !name.contains(':') => name.to_owned(),
        _ => url.to_owned(),
    }
}
