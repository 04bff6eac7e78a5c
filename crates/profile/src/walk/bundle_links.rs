//! つながり — whether everything in a document can be reached from its first resource.
//!
//! Source: FHIR R4, "Documents"; the reference validator, which also takes a link back to
//! something that is reached, with a warning.

use std::borrow::Cow;

use super::{bundle::Entry, object::NAMES, texts, unit::Walk, uris};
use crate::json::{Symbol, Value};

/// The entries by fullUrl and by type and id, sorted.
struct Places<'d> {
    by_url: Vec<(Cow<'d, str>, usize)>,
    by_id: Vec<String>,
}

impl Places<'_> {
    /// The entry of a fullUrl.
    fn of_url(&self, url: &str) -> Target {
        let first = self.by_url.partition_point(|(own, _)| **own < *url);
        let mut same = self.by_url[first..].iter().take_while(|(own, _)| **own == *url);
        match (same.next(), same.next()) {
            (Some((_, only)), None) => Target::One(*only),
            (Some(_), Some(_)) => Target::Several,
            _ => Target::None,
        }
    }

    fn has_id(&self, id: &str) -> bool {
        self.by_id.binary_search_by(|own| own.as_str().cmp(id)).is_ok()
    }
}

/// What a URL names among the entries.
enum Target {
    None,
    One(usize),
    Several,
}

/// One mention of something else.
struct Mention<'d> {
    value: Value<'d>,
    url: Cow<'d, str>,
    /// Whether it is a Reference; URLs may lead anywhere.
    is_reference: bool,
}

impl<'d> Mention<'d> {
    /// Where it is reported: a reference as a whole.
    fn place(&self) -> Value<'d> {
        if self.is_reference { self.value.parent() } else { self.value }
    }
}

impl<'d> Walk<'_, '_, 'd> {
    pub(super) fn interlinked(
        &mut self,
        bundle: Value<'d>,
        entries: &[Entry<'d>],
        is_document: bool,
    ) {
        let places = places(entries);
        let mut targets: Vec<Vec<usize>> = Vec::with_capacity(entries.len());
        for (place, entry) in entries.iter().enumerate() {
            let mut own = Vec::new();
            for mention in entry.resource.map(mentions).unwrap_or_default() {
                own.extend(self.target_entry(entries, &places, place, &mention));
            }
            targets.push(own);
        }
        if !entries.is_empty() {
            self.report_unreached(bundle, entries, &targets, is_document);
        }
    }

    /// The entry that a mention means; what leads nowhere is reported.
    fn target_entry(
        &mut self,
        entries: &[Entry<'d>],
        places: &Places<'d>,
        from: usize,
        mention: &Mention<'d>,
    ) -> Option<usize> {
        let url = mention.url.split('#').next().unwrap_or_default();
        let found = if uris::is_absolute(url) {
            places.of_url(url)
        } else {
            let full_url = entries[from].value.field(NAMES.full_url).and_then(Value::as_str);
            let absolute = full_url
                .as_deref()
                .and_then(uris::restful)
                .filter(|(_, named, _)| self.schema.resource_type(named).is_some())
                .map(|(base, ..)| format!("{base}{url}"));
            absolute.map_or(Target::None, |url| places.of_url(&url))
        };
        match found {
            Target::One(only) => return Some(only),
            Target::Several => self.broken(&texts::TARGET_REPEATED, mention.place()),
            Target::None => self.unresolved(entries, places, from, mention, url),
        }
        None
    }

    /// Only what the first resource refers to as its own parts has to be there.
    fn unresolved(
        &mut self,
        entries: &[Entry<'d>],
        places: &Places<'d>,
        from: usize,
        mention: &Mention<'d>,
        url: &str,
    ) {
        if places.has_id(url) {
            self.broken(&texts::TARGET_BY_ID_ONLY, mention.place());
        } else if from == 0
            && mention.is_reference
            && entries[0].resource.is_some_and(|resource| is_part(resource, mention.place()))
            && !self.check.guide.knows_url(url)
            && !Self::is_canonical(url)
        {
            self.broken(&texts::TARGET_MISSING, mention.place());
        }
    }

    fn is_canonical(url: &str) -> bool {
        const CANONICAL: &[&str] = &[
            "ActivityDefinition",
            "CapabilityStatement",
            "ChargeItemDefinition",
            "CodeSystem",
            "CompartmentDefinition",
            "ConceptMap",
            "EffectEvidenceSynthesis",
            "EventDefinition",
            "Evidence",
            "EvidenceVariable",
            "ExampleScenario",
            "GraphDefinition",
            "ImplementationGuide",
            "Library",
            "Measure",
            "MessageDefinition",
            "NamingSystem",
            "OperationDefinition",
            "PlanDefinition",
            "Questionnaire",
            "ResearchDefinition",
            "ResearchElementDefinition",
            "RiskEvidenceSynthesis",
            "SearchParameter",
            "StructureDefinition",
            "StructureMap",
            "TerminologyCapabilities",
            "TestScript",
            "ValueSet",
        ];
        uris::is_absolute(url)
            && uris::restful(url).is_some_and(|(_, type_name, _)| CANONICAL.contains(&type_name))
    }

    fn report_unreached(
        &mut self,
        bundle: Value<'d>,
        entries: &[Entry<'d>],
        targets: &[Vec<usize>],
        is_document: bool,
    ) {
        let mut reached = vec![false; entries.len()];
        visit(0, targets, &mut reached);
        for style in stylesheets(bundle, entries) {
            reached[style] = true;
        }
        let backwards = reach_backwards(targets, &mut reached);
        for (place, entry) in
            entries.iter().enumerate().filter(|(_, entry)| entry.resource.is_some())
        {
            if !reached[place] {
                let rule = if is_document {
                    &texts::ENTRY_UNREACHED
                } else {
                    &texts::ENTRY_UNREACHED_MESSAGE
                };
                self.broken(rule, entry.value);
            } else if backwards.contains(&place) && is_document {
                self.broken(&texts::ENTRY_BACKWARDS, entry.value);
            }
        }
    }
}

/// Whether a reference of a Composition or MessageHeader names a part of the whole.
fn is_part(resource: Value<'_>, reference: Value<'_>) -> bool {
    let target = reference.span().start;
    let mut names = Vec::new();
    let mut at = resource;
    while let Some((_, child)) = at.child_holding(target).filter(|_| at != reference) {
        if at.is_object() {
            names.push(child.symbol().name());
        }
        at = child;
    }
    match &*names {
        ["subject" | "author" | "encounter" | "custodian" | "focus"]
        | ["attester", "party"]
        | ["event", "detail"] => true,
        [sections @ .., "author" | "focus" | "entry"] => {
            !sections.is_empty() && sections.iter().all(|name| *name == "section")
        }
        _ => false,
    }
}

fn places<'d>(entries: &[Entry<'d>]) -> Places<'d> {
    let mut places = Places { by_url: Vec::with_capacity(entries.len()), by_id: Vec::new() };
    for (place, entry) in entries.iter().enumerate() {
        if let Some(url) = entry.value.field(NAMES.full_url).and_then(Value::as_str) {
            places.by_url.push((url, place));
        }
        let Some(resource) = entry.resource else { continue };
        let type_name = resource.field(NAMES.resource_type).and_then(Value::as_str);
        if let Some(id) = resource.field(NAMES.id).and_then(Value::as_str) {
            let type_name = type_name.unwrap_or_default();
            places.by_id.push([&*type_name, "/", &*id].concat());
        }
    }
    places.by_url.sort_unstable();
    places.by_id.sort_unstable();
    places
}

/// Every reference and URL in a resource, each once; what is local is left out.
fn mentions(resource: Value<'_>) -> Vec<Mention<'_>> {
    let mut found: Vec<Mention<'_>> = resource
        .descendants()
        .filter(|value| value.is_string() && !value.begins_with_hash())
        .filter_map(|value| {
            let is_reference = value.symbol() == NAMES.reference;
            if !is_reference && !URLS.contains(&value.symbol()) {
                return None;
            }
            let url = value.as_str()?;
            (!url.is_empty()).then_some(Mention { value, url, is_reference })
        })
        .collect();
    // Stable, so that of equals the first stays.
    found.sort_by(|one, other| one.url.cmp(&other.url));
    found.dedup_by(|later, earlier| later.url == earlier.url);
    found.sort_unstable_by_key(|mention| mention.value.id());
    found
}

/// The elements whose URLs may name an entry.
static URLS: [Symbol; 6] = [
    Symbol::named("url"),
    Symbol::named("valueUri"),
    Symbol::named("valueUrl"),
    Symbol::named("instantiatesUri"),
    Symbol::named("source"),
    Symbol::named("uri"),
];

/// Reaches everything from one entry on; answers what is new.
fn visit(from: usize, targets: &[Vec<usize>], reached: &mut [bool]) -> Vec<usize> {
    let mut found = Vec::new();
    let mut waiting = vec![from];
    while let Some(place) = waiting.pop() {
        if !std::mem::replace(&mut reached[place], true) {
            found.push(place);
            waiting.extend(targets[place].iter().copied().filter(|own| !reached[*own]));
        }
    }
    found
}

/// Goes on to what links to something reached; answers those.
fn reach_backwards(targets: &[Vec<usize>], reached: &mut [bool]) -> Vec<usize> {
    let mut sources: Vec<Vec<usize>> = vec![Vec::new(); targets.len()];
    for (from, own) in targets.iter().enumerate() {
        for to in own {
            sources[*to].push(from);
        }
    }
    let mut backwards = Vec::new();
    let mut waiting: Vec<usize> = (0..targets.len()).filter(|place| reached[*place]).collect();
    while let Some(place) = waiting.pop() {
        for from in &sources[place] {
            if !reached[*from] {
                backwards.push(*from);
                waiting.extend(visit(*from, targets, reached));
            }
        }
    }
    backwards
}

fn stylesheets(bundle: Value<'_>, entries: &[Entry<'_>]) -> Vec<usize> {
    let links = bundle.field(NAMES.link).into_iter().flat_map(Value::items);
    let sheets =
        links.filter(|link| link.field(NAMES.relation).is_some_and(|own| own.is("stylesheet")));
    let urls: Vec<_> =
        sheets.filter_map(|link| link.field(NAMES.url).and_then(Value::as_str)).collect();
    let is_sheet = |entry: &Entry<'_>| {
        let own = entry.resource.and_then(|resource| {
            let id = resource.field(NAMES.id).and_then(Value::as_str)?;
            Some(format!("{}/{id}", resource.text_of("resourceType")?))
        });
        own.is_some_and(|own| urls.iter().any(|url| **url == *own))
    };
    (0..entries.len()).filter(|place| is_sheet(&entries[*place])).collect()
}
