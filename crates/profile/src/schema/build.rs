//! 組み立て — from complete definitions to the tables.
//!
//! The elements of a definition become nodes with consecutive numbers, so that every root is
//! known before anything is compiled. Base types come first: the tables of profiles take
//! from them which names are arrays and which types a choice has.

use std::{borrow::Borrow, collections::HashMap, ops::Range, sync::OnceLock};

use kyoyu_domain::problem::Severity;

use super::{
    ConstraintId, ElementNode, ExtensionRules, NodeId, Profile, ProfileId, Sample, Schema,
    SchemaFault, SlicingId, Stated, TableId,
    elements::Bound,
    slicing::Slicing,
    tables::{Table, name_range},
};
use crate::{
    definition::{Binding, ContextKind, Definition, Element, ExtensionContext, Max, StructureKind},
    fhirpath::Expression,
    hash::NumberMap,
    invariants::Invariant,
    terminology::Terminology,
};

impl Schema {
    /// Compiles the definitions of one guide, all of them complete (snapshots). Of two with
    /// one canonical the later counts where no version is given.
    pub fn compile<D: Borrow<Definition>>(definitions: &[D], terminology: &Terminology) -> Self {
        let definitions: Vec<&Definition> = definitions
            .iter()
            .map(Borrow::borrow)
            .filter(|definition| definition.kind != StructureKind::Logical)
            .filter(|definition| !definition.elements.is_empty())
            .collect();
        let mut builder = Builder::new(&definitions, terminology);
        builder.add_nodes();
        let count = definitions.len();
        for place in (0..count).filter(|place| !definitions[*place].is_profile) {
            builder.add_tables(place);
        }
        for place in (0..count).filter(|place| definitions[*place].is_profile) {
            builder.add_tables(place);
        }
        for place in 0..count {
            builder.add_slicings(place);
        }
        builder.finish()
    }
}

/// The schema in the making.
pub(super) struct Builder<'d> {
    pub(super) definitions: &'d [&'d Definition],
    terminology: &'d Terminology,
    pub(super) nodes: Vec<ElementNode>,
    pub(super) tables: Vec<Table>,
    pub(super) slicings: Vec<Slicing>,
    pub(super) profiles: Vec<Profile>,
    pub(super) by_canonical: NumberMap<Box<str>, ProfileId>,
    pub(super) types: NumberMap<Box<str>, ProfileId>,
    pub(super) faults: Vec<SchemaFault>,
    constraints: Vec<Stated>,
    /// Constraints by key, expression, severity and source.
    known: HashMap<(String, String, bool, String), ConstraintId>,
    /// The base type's element of each node, once the tables are made.
    pub(super) bases: Vec<Option<NodeId>>,
}

impl<'d> Builder<'d> {
    fn new(definitions: &'d [&'d Definition], terminology: &'d Terminology) -> Self {
        let mut builder = Self {
            definitions,
            terminology,
            nodes: Vec::new(),
            tables: Vec::new(),
            slicings: Vec::new(),
            profiles: Vec::new(),
            by_canonical: NumberMap::default(),
            types: NumberMap::default(),
            faults: Vec::new(),
            constraints: Vec::new(),
            known: HashMap::new(),
            bases: Vec::new(),
        };
        builder.add_profiles();
        builder
    }

    fn add_profiles(&mut self) {
        let mut root = 0;
        for definition in self.definitions {
            let id = ProfileId(self.profiles.len() as u32);
            let url = &definition.url;
            self.by_canonical.insert(url.as_str().into(), id);
            self.by_canonical.insert(format!("{url}|{}", definition.version).into(), id);
            if !definition.is_profile {
                self.types.insert(definition.type_name.as_str().into(), id);
            }
            self.profiles.push(Profile {
                url: url.as_str().into(),
                type_name: definition.type_name.as_str().into(),
                kind: definition.kind,
                constrains: definition.is_profile,
                is_abstract: definition.is_abstract,
                base: None,
                root: NodeId(root),
                type_id: None,
                extension: None,
            });
            root += definition.elements.len() as u32;
        }
        for (place, definition) in self.definitions.iter().enumerate() {
            let base = definition.base.as_deref().and_then(|url| self.by_canonical.get(url));
            // A definition that names itself as its base has none.
            self.profiles[place].base = base.copied().filter(|base| base.index() != place);
            self.profiles[place].type_id = self.types.get(&*definition.type_name).copied();
        }
    }

    fn add_nodes(&mut self) {
        for (place, definition) in self.definitions.iter().enumerate() {
            for element in &definition.elements {
                let node = self.node(ProfileId(place as u32), definition, element);
                self.nodes.push(node);
            }
            self.profiles[place].extension = self.extension_rules(definition).map(Box::new);
        }
        self.bases = vec![None; self.nodes.len()];
        self.add_type_constraints();
    }

    fn node(
        &mut self,
        profile: ProfileId,
        definition: &Definition,
        element: &Element,
    ) -> ElementNode {
        let constraints = element
            .constraints
            .iter()
            .filter_map(|constraint| self.constraint(constraint, definition, element))
            .collect();
        ElementNode {
            id: element.id.as_str().into(),
            name: short(name_range(&element.id)),
            slice_name: element.slice_name.as_deref().map(Into::into),
            profile,
            min: element.min.unwrap_or(0),
            max: element.max.map_or(u32::MAX, greatest),
            is_array: element.base_max.or(element.max).is_some_and(|max| greatest(max) > 1),
            types: self.type_refs(element),
            fixed: element.fixed.as_ref().and_then(Sample::read).map(Box::new),
            pattern: element.pattern.as_ref().and_then(Sample::read).map(Box::new),
            least: element.min_value.clone().map(Box::new),
            greatest: element.max_value.clone().map(Box::new),
            max_length: element.max_length.unwrap_or(0),
            binding: element.binding.as_ref().map(|own| Box::new(self.bound(own))),
            constraints,
            table: None,
            slicing: None,
            is_in_concept: element.path.ends_with(".coding"),
            adds_to_slices: false,
        }
    }

    fn bound(&self, own: &Binding) -> Bound {
        let find = |canonical: &str| {
            // A version that the packages do not have is taken for the one they have.
            let bare = canonical.split('|').next().unwrap_or_default();
            self.terminology.value_set(canonical).or_else(|| self.terminology.value_set(bare))
        };
        Bound {
            strength: own.strength,
            value_set: find(&own.value_set),
            canonical: own.value_set.as_str().into(),
            max_value_set: own.max_value_set.as_deref().and_then(find),
        }
    }

    fn constraint(
        &mut self,
        constraint: &crate::definition::Constraint,
        definition: &Definition,
        element: &Element,
    ) -> Option<ConstraintId> {
        let expression = constraint.expression.clone()?;
        let source = constraint.source.clone().unwrap_or_else(|| definition.url.clone());
        let known = (constraint.key.clone(), expression, constraint.is_error, source);
        // What the walk itself looks at: ele-1 at every element, dom-3 at every resource, the
        // others where it reads the narrative.
        if matches!(constraint.key.as_str(), "ele-1" | "dom-3" | "txt-1" | "txt-2") {
            return None;
        }
        // R4 marks one invariant as best practice only: a narrative in every resource.
        if constraint.key == "dom-6" {
            return None;
        }
        if let Some(id) = self.known.get(&known) {
            return Some(*id);
        }
        let id = ConstraintId(self.constraints.len() as u32);
        match Invariant::bind(constraint) {
            Ok(Some(invariant)) => self.constraints.push(Stated {
                invariant,
                key: constraint.key.as_str().into(),
                source: known.3.as_str().into(),
                severity: if constraint.is_error { Severity::Error } else { Severity::Warning },
                human: constraint.human.as_str().into(),
                rule: OnceLock::new(),
            }),
            Ok(None) => return None,
            Err(reason) => {
                self.fault(&definition.url, &element.id, format!("{}: {reason}", constraint.key));
                return None;
            }
        }
        self.known.insert(known, id);
        Some(id)
    }

    pub(super) fn fault(&mut self, definition: &str, element: &str, reason: String) {
        let (definition, element) = (definition.to_owned(), element.to_owned());
        self.faults.push(SchemaFault { definition, element, reason });
    }

    fn extension_rules(&mut self, definition: &Definition) -> Option<ExtensionRules> {
        if definition.type_name != "Extension" {
            return None;
        }
        let value = definition.elements.iter().find(|e| e.path.starts_with("Extension.value"));
        let allowed = value.filter(|value| value.max != Some(Max::Count(0)));
        let inner = definition.elements.iter().filter(|e| e.path == "Extension.extension.url");
        let mut compile = |text: &String| {
            let compiled = Expression::compile(text);
            compiled
                .map_err(|reason| self.fault(&definition.url, "Extension", reason.to_string()))
                .ok()
        };
        let contexts = corrected_contexts(definition);
        let context_paths = contexts.iter().map(|context| {
            let is_path = context.kind == ContextKind::FhirPath;
            is_path.then(|| compile(&context.expression)).flatten()
        });
        let context_paths = context_paths.collect();
        let context_invariants = definition.context_invariants.iter().filter_map(compile).collect();
        Some(ExtensionRules {
            contexts,
            context_paths,
            context_invariants,
            is_modifier: definition.elements[0].is_modifier,
            value_types: allowed
                .map(|value| value.types.iter().map(|t| t.code.as_str().into()).collect())
                .unwrap_or_default(),
            needs_value: value.is_some_and(|value| value.min.unwrap_or(0) > 0),
            inner_urls: inner
                .filter_map(|url| url.fixed.as_ref().and_then(Sample::read))
                .filter_map(|sample| sample.text().map(Into::into))
                .collect(),
        })
    }

    pub(super) fn new_table(&mut self, table: Table) -> TableId {
        self.tables.push(table);
        TableId(self.tables.len() as u32 - 1)
    }

    pub(super) fn new_slicing(&mut self, slicing: Slicing) -> SlicingId {
        self.slicings.push(slicing);
        SlicingId(self.slicings.len() as u32 - 1)
    }

    fn finish(self) -> Schema {
        Schema {
            nodes: self.nodes,
            tables: self.tables,
            slicings: self.slicings,
            profiles: self.profiles,
            constraints: self.constraints,
            by_canonical: self.by_canonical,
            types: self.types,
            faults: self.faults,
        }
    }
}

/// Where an extension may stand. Of some extensions of R4 the published contexts are too
/// narrow for how R4 itself uses them; what they are taken for is what the reference
/// validator takes them for.
fn corrected_contexts(definition: &Definition) -> Vec<ExtensionContext> {
    let element = |expression: &str| ExtensionContext {
        kind: ContextKind::Element,
        expression: expression.to_owned(),
    };
    let mut contexts = definition.contexts.clone();
    match definition.url.strip_prefix("http://hl7.org/fhir/StructureDefinition/") {
        Some("structuredefinition-fhir-type" | "regex") => {
            contexts.push(element("ElementDefinition.type"));
        }
        Some(
            "structuredefinition-normative-version"
            | "capabilitystatement-expectation"
            | "capabilitystatement-prohibited",
        ) => contexts.push(element("Element")),
        _ => {}
    }
    contexts
}

/// Nothing of an id stands behind 65,535 bytes.
fn short(range: Range<usize>) -> Range<u16> {
    let short = |at: usize| u16::try_from(at).unwrap_or(0);
    short(range.start)..short(range.end)
}

pub(super) fn greatest(max: Max) -> u32 {
    match max {
        Max::Count(count) => count,
        Max::Unbounded => u32::MAX,
    }
}
