//! 判別 — from discriminators to tests.
//!
//! For each discriminator the element that it names is looked up below the slice, in the
//! profiles of the slice's type too; the first that gives a test counts, as in the reference
//! validator: forbidden, type, profile, existence, fixed value, pattern, required binding.

use super::{
    ElementNode, MatchOn, NodeId, ProfileId, SliceTest, Slicing, Step, Table, build::Builder,
    elements::Target,
};
use crate::{
    definition::{self, Discriminator, DiscriminatorKind, Strength},
    json::Symbol,
};

/// An element that a discriminator names, and the way to its values.
struct Criterion {
    node: NodeId,
    path: Vec<Step>,
}

impl Builder<'_> {
    /// Compiles the slicings of one definition.
    pub(super) fn add_slicings(&mut self, place: usize) {
        let definition = self.definitions[place];
        let root = self.profiles[place].root.0;
        for (offset, element) in definition.elements.iter().enumerate() {
            let node = NodeId(root + offset as u32);
            let Some(published) = &element.slicing else { continue };
            let slices = slices_of(&definition.elements, offset, root);
            if slices.is_empty() {
                continue;
            }
            let slicing = self.slicing(published, slices, node);
            let id = self.new_slicing(slicing);
            self.nodes[node.index()].slicing = Some(id);
        }
        self.attach_slicings(root, definition.elements.len() as u32);
    }

    /// Tells the slots of the definition's tables their slicings.
    fn attach_slicings(&mut self, root: u32, elements: u32) {
        for node in root..root + elements {
            let Some(table) = self.nodes[node as usize].table else { continue };
            for slot in &mut self.tables[table.index()].slots {
                slot.slicing = self.nodes[slot.node.index()].slicing;
            }
        }
    }

    fn slicing(
        &mut self,
        published: &definition::Slicing,
        slices: Vec<NodeId>,
        sliced: NodeId,
    ) -> Slicing {
        let tests = slices.iter().map(|slice| self.tests(published, *slice)).collect();
        let is_default =
            |slice: &NodeId| self.nodes[slice.index()].slice_name.as_deref() == Some("@default");
        let default = slices.iter().position(is_default).map(|place| place as u32);
        let adds = slices.iter().any(|slice| !self.covers(*slice, sliced, 0));
        self.nodes[sliced.index()].adds_to_slices = adds;
        let mut slicing = Slicing {
            rules: published.rules,
            is_ordered: published.is_ordered,
            slices,
            tests,
            keyed: Vec::new(),
            tried: Vec::new(),
            default,
        };
        slicing.index();
        slicing
    }

    /// The tests of a slice; none where no discriminator gives one.
    fn tests(&self, published: &definition::Slicing, slice: NodeId) -> Option<Vec<SliceTest>> {
        let tests: Vec<SliceTest> = published
            .discriminators
            .iter()
            .filter_map(|discriminator| self.test(discriminator, slice))
            .collect();
        (!tests.is_empty()).then_some(tests)
    }

    fn test(&self, discriminator: &Discriminator, slice: NodeId) -> Option<SliceTest> {
        let parts = parts(&discriminator.path);
        let is_profile = discriminator.kind == DiscriminatorKind::Profile;
        let resolves = is_profile && parts.last() == Some(&"resolve()");
        let followed = if resolves { &parts[..parts.len() - 1] } else { &parts[..] };
        self.starts(slice).into_iter().find_map(|start| {
            let (on, mut path) = self.follow(start, followed).into_iter().find_map(|found| {
                let node = &self.nodes[found.node.index()];
                Some((self.match_on(discriminator.kind, node, resolves)?, found.path))
            })?;
            if resolves {
                path.push(Step::Resolve);
            }
            Some(SliceTest { path: path.into(), on })
        })
    }

    /// Where a path may begin: the slice, then the profiles of its types.
    fn starts(&self, slice: NodeId) -> Vec<NodeId> {
        let profiles = self.nodes[slice.index()].types.iter().flat_map(|own| own.profiles.iter());
        let roots = profiles.flatten().map(|id| self.profiles[id.index()].root);
        std::iter::once(slice).chain(roots).collect()
    }

    /// The elements that a path leads to: those without slice first, then the slices that have
    /// to be there, which may say what the sliced element does not.
    fn follow(&self, start: NodeId, parts: &[&str]) -> Vec<Criterion> {
        let mut found = vec![Criterion { node: start, path: Vec::new() }];
        for part in parts.iter().filter(|part| **part != "$this") {
            let mut next = Vec::new();
            for Criterion { node, path } in found {
                let Some((child, step)) = self.step(node, part) else { continue };
                for node in std::iter::once(child).chain(self.required_slices(child)) {
                    next.push(Criterion {
                        node,
                        path: [&path[..], std::slice::from_ref(&step)].concat(),
                    });
                }
            }
            found = next;
        }
        found
    }

    /// The slices of an element of which there has to be one.
    fn required_slices(&self, node: NodeId) -> Vec<NodeId> {
        let profile = self.nodes[node.index()].profile.index();
        let (elements, root) = (&self.definitions[profile].elements, self.profiles[profile].root);
        let offset = (node.0 - root.0) as usize;
        if elements[offset].slicing.is_none() {
            return Vec::new();
        }
        let mut slices = slices_of(elements, offset, root.0);
        slices.retain(|slice| self.nodes[slice.index()].min >= 1);
        slices
    }

    fn step(&self, node: NodeId, part: &str) -> Option<(NodeId, Step)> {
        if part == "resolve()" {
            let types = &self.nodes[node.index()].types;
            let target =
                types.iter().flat_map(|own| own.targets.iter()).find_map(
                    |target| match target {
                        Target::Profile(id) => Some(self.profiles[id.index()].root),
                        Target::Any | Target::Unknown => None,
                    },
                )?;
            return Some((target, Step::Resolve));
        }
        if let Some(name) = argument(part, "ofType") {
            let root = self.types.get(name).map(|id| self.profiles[id.index()].root)?;
            return Some((root, Step::OfType(name.into())));
        }
        if let Some(url) = argument(part, "extension") {
            return Some((self.extension(node, url)?, Step::Extension(url.into())));
        }
        self.child(node, part)
    }

    fn child(&self, node: NodeId, name: &str) -> Option<(NodeId, Step)> {
        let table = self.effective_table(node)?;
        let slot = table.slots.iter().position(|slot| {
            let own = self.nodes[slot.node.index()].name();
            own == name || own.strip_suffix("[x]") == Some(name)
        })?;
        let symbols: Vec<Symbol> = table
            .rows
            .iter()
            .filter(|row| row.slot as usize == slot)
            .map(|row| row.symbol)
            .collect();
        Some((table.slots[slot].node, Step::Child(symbols.into())))
    }

    /// The table of an element, of the profile of its type, or of its type.
    fn effective_table(&self, node: NodeId) -> Option<&Table> {
        let element = &self.nodes[node.index()];
        let own = element.types.first();
        let profile = own.and_then(|own| own.profiles.first().copied().flatten());
        let root =
            profile.map(|id| self.profiles[id.index()].root).or(own.and_then(|own| own.root));
        let table = element.table.or_else(|| self.nodes[root?.index()].table)?;
        Some(&self.tables[table.index()])
    }

    fn extension(&self, node: NodeId, url: &str) -> Option<NodeId> {
        let table = self.effective_table(node)?;
        let own =
            table.slots.iter().find(|slot| self.nodes[slot.node.index()].name() == "extension")?;
        let defined = self.by_canonical.get(url);
        let slices =
            self.nodes[own.node.index()].slicing.map(|id| &self.slicings[id.index()].slices);
        let slice = slices.into_iter().flatten().copied().find(|slice| {
            let types = &self.nodes[slice.index()].types;
            types.iter().any(|own| own.profiles.iter().flatten().any(|id| Some(id) == defined))
        });
        slice.or_else(|| defined.map(|id| self.profiles[id.index()].root))
    }

    fn match_on(
        &self,
        kind: DiscriminatorKind,
        node: &ElementNode,
        resolves: bool,
    ) -> Option<MatchOn> {
        if node.max == 0 {
            return Some(MatchOn::Absent);
        }
        match kind {
            DiscriminatorKind::Type => Some(MatchOn::Type(self.type_names(node))),
            DiscriminatorKind::Profile => {
                let profiles = Self::profiles_of(node, resolves);
                (!profiles.is_empty()).then_some(MatchOn::Profile(profiles))
            }
            DiscriminatorKind::Exists if node.min >= 1 => Some(MatchOn::Present),
            DiscriminatorKind::Exists => None,
            DiscriminatorKind::Value | DiscriminatorKind::Pattern => Self::value_of(node),
        }
    }

    fn type_names(&self, node: &ElementNode) -> Vec<Box<str>> {
        if node.types.is_empty() {
            return vec![self.profiles[node.profile.index()].type_name.clone()];
        }
        node.types.iter().map(|own| own.name.clone()).collect()
    }

    fn profiles_of(node: &ElementNode, resolves: bool) -> Vec<ProfileId> {
        let types = node.types.iter();
        if resolves {
            let targets = types.flat_map(|own| own.targets.iter());
            return targets
                .filter_map(|target| match target {
                    Target::Profile(id) => Some(*id),
                    Target::Any | Target::Unknown => None,
                })
                .collect();
        }
        types.flat_map(|own| own.profiles.iter().copied().flatten()).collect()
    }

    fn value_of(node: &ElementNode) -> Option<MatchOn> {
        if let Some(sample) = node.fixed.as_deref().or(node.pattern.as_deref()) {
            return Some(match sample.text() {
                Some(text) => MatchOn::Text(text.into()),
                None => MatchOn::Sample(sample.clone()),
            });
        }
        let binding = node.binding.as_ref().filter(|own| own.strength == Strength::Required)?;
        binding.value_set.map(MatchOn::ValueSet)
    }
}

/// The slices behind a sliced element: the same path, until the parent ends.
fn slices_of(elements: &[definition::Element], sliced: usize, root: u32) -> Vec<NodeId> {
    let path = &elements[sliced].path;
    let depth = path.matches('.').count();
    elements[sliced + 1..]
        .iter()
        .enumerate()
        .take_while(|(_, own)| {
            let own_depth = own.path.matches('.').count();
            own_depth > depth || own.path == *path
        })
        .filter(|(_, own)| own.path == *path && own.slice_name.is_some())
        .map(|(offset, _)| NodeId(root + (sliced + 1 + offset) as u32))
        .collect()
}

/// The steps of a discriminator's path.
fn parts(path: &str) -> Vec<&str> {
    let mut depth = 0;
    path.split(|letter| {
        match letter {
            '(' => depth += 1,
            ')' => depth -= 1,
            _ => {}
        }
        letter == '.' && depth == 0
    })
    .collect()
}

/// `extension('url')` → `url`.
fn argument<'p>(part: &'p str, function: &str) -> Option<&'p str> {
    let inner = part.strip_prefix(function)?.strip_prefix('(')?.strip_suffix(')')?;
    Some(inner.trim_matches(['\'', '"']))
}
