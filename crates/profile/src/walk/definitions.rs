//! 定義の資源 — what no profile states about resources that define something.
//!
//! Source: FHIR R4, Measure, ImplementationGuide, ConceptMap, StructureMap and
//! StructureDefinition; the reference validator's rules.

use super::{texts, unit::Walk};
use crate::{
    json::{Symbol, Value},
    terminology::Knowledge,
};

impl<'d> Walk<'_, '_, 'd> {
    /// Criteria in CQL are names in a library, and no library is ever at hand.
    pub(super) fn measure(&mut self, value: Value<'d>) {
        let mut all: Vec<Value<'d>> = value.list("supplementalData").collect();
        for group in value.list("group") {
            all.extend(group.list("population"));
            for stratifier in group.list("stratifier") {
                all.push(stratifier);
                all.extend(stratifier.list("component"));
            }
        }
        for criteria in all.into_iter().filter_map(|own| own.get("criteria")) {
            let language = criteria.text_of("language").unwrap_or_default();
            let is_name =
                language.starts_with("text/cql") && !language.starts_with("text/cql-expression");
            if is_name {
                self.mirrored(&texts::MEASURE_LIBRARY, criteria);
            }
        }
    }

    /// What a guide depends on is named by the guide and by a package.
    pub(super) fn implementation_guide(&mut self, value: Value<'d>) {
        for dependency in value.list("dependsOn").filter(|own| own.is_object()) {
            let uri = dependency.text_of("uri");
            let names_other = uri.is_some_and(|uri| !uri.contains("/ImplementationGuide/"));
            let package = dependency.text_of("packageId");
            let is_malformed = package.is_some_and(|package| !is_package_id(&package));
            self.broken_if(names_other || is_malformed, &texts::GUIDE_DEPENDENCY, dependency);
        }
    }

    /// The codes of a map exist in the systems that it maps between.
    pub(super) fn concept_map(&mut self, value: Value<'d>) {
        for group in value.list("group") {
            let (source, target) = (group.text_of("source"), group.text_of("target"));
            for element in group.list("element") {
                self.mapped_code(source.as_deref(), element);
                for own in element.list("target") {
                    self.mapped_code(target.as_deref(), own);
                }
            }
        }
    }

    fn mapped_code(&mut self, system: Option<&str>, holder: Value<'d>) {
        let code = holder.get("code").filter(|own| own.is_string());
        let (Some(system), Some(code)) = (system, code) else { return };
        let terminology = self.check.guide.terminology();
        let text = code.as_str().unwrap_or_default();
        let is_unknown = !terminology.knows_form_alone(system)
            && terminology.look_up(system, &text).0 == Knowledge::Unknown;
        self.broken_if(is_unknown, &texts::MAPPED_CODE, code);
    }

    /// The names of a StructureMap are names in the mapping language, too.
    pub(super) fn structure_map(&mut self, value: Value<'d>) {
        let mut waiting: Vec<Value<'d>> = value.list("group").collect();
        while let Some(own) = waiting.pop() {
            self.map_names(own, &["name"]);
            own.list("input").for_each(|input| self.map_names(input, &["name"]));
            let ends = own.list("source").chain(own.list("target"));
            ends.for_each(|end| self.map_names(end, &["context", "variable"]));
            waiting.extend(own.list("rule"));
        }
    }

    fn map_names(&mut self, holder: Value<'d>, names: &[&str]) {
        let is_name = |text: &str| {
            text.starts_with(|first: char| first.is_ascii_alphabetic())
                && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
        };
        let mut texts = names.iter().filter_map(|name| holder.text_of(name));
        let is_wrong = texts.any(|text| !is_name(&text));
        self.broken_if(is_wrong, &texts::MAP_NAME, holder);
    }

    /// The definition of an extension fixes the url under which it is known.
    pub(super) fn structure_definition(&mut self, value: Value<'d>) {
        static FIXED: Symbol = Symbol::named("fixedUri");
        let base = value.text_of("baseDefinition");
        let is_extension = value.get("type").is_some_and(|own| own.is("Extension"))
            && base.is_some_and(|own| own == "http://hl7.org/fhir/StructureDefinition/Extension");
        let Some(url) = value.text_of("url").filter(|_| is_extension) else { return };
        let elements = value.find(&["differential", "element"]);
        let of_url = elements
            .into_iter()
            .flat_map(Value::items)
            .find(|own| own.get("path").is_some_and(|path| path.is("Extension.url")));
        let is_fixed = of_url.and_then(|own| own.field(FIXED)).is_some_and(|own| own.is(&url));
        self.broken_if(!is_fixed, &texts::EXTENSION_URL_FIXED, value);
    }
}

/// Names of letters, digits, `_` and `-` with dots between, at least two; a letter first.
fn is_package_id(text: &str) -> bool {
    let is_name = |name: &str| {
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
        !name.is_empty() && name.bytes().all(is_plain)
    };
    text.starts_with(|first: char| first.is_ascii_alphabetic())
        && text.contains('.')
        && text.split('.').all(is_name)
}
