//! 完成 — turns what differs from a base into the whole: differential to snapshot.
//!
//! A differential is laid over the tree of its base's snapshot, element by element:
//! elements that are reached for the first time are unfolded from their datatype or the
//! element that they repeat, slices begin as a copy of what the base says of the sliced
//! element, and every fact that is stated replaces the one below it; invariants add up.
//!
//! Source: FHIR R4, profiling; the reference implementation's snapshots of the Japanese
//! packages, with which the tests compare.

mod difference;
mod merge;
mod overlay;
mod tree;

use std::{borrow::Cow, collections::HashMap, rc::Rc};

use super::{Package, scope::Scope};
use crate::definition::{Definition, Element, Form};

/// How many definitions may wait for each other; the Japanese ones need 6.
const MAX_DEPTH: usize = 64;

/// 完成した定義 — every definition of a guide as a snapshot.
#[derive(Debug)]
pub struct Snapshots<'p> {
    /// In the order of the packages; those published as snapshots are borrowed.
    pub definitions: Vec<Cow<'p, Definition>>,
    /// What could not be completed, and why.
    pub faults: Vec<Fault>,
}

/// Why a part of a differential has no place in its base.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// The canonical of the definition.
    pub definition: String,
    /// The id of the element.
    pub element: String,
    /// What is wrong.
    pub reason: Reason,
}

/// The reasons of a [`Fault`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reason {
    /// The base with this canonical is not in the packages.
    NoBase(String),
    /// Definitions build on each other in a circle, or too deep.
    Circle,
    /// The base has no such element.
    NoElement,
    /// The profile of the element's type with this canonical is not in the packages.
    NoTypeProfile(String),
}

/// Completes every definition that the packages of one guide hold.
pub fn complete<'p>(packages: &[&'p Package]) -> Snapshots<'p> {
    let scope = Scope::new(packages);
    let mut completer = Completer::new(&scope);
    let definitions: Vec<_> =
        scope.definitions().map(|definition| completer.completed(definition)).collect();
    let Completer { mut done, faults, .. } = completer;
    let definitions = definitions.into_iter().map(|definition| match definition.form {
        Form::Snapshot => Cow::Borrowed(definition),
        Form::Differential => match done.remove(&address(definition)) {
            Some(snapshot) => Cow::Owned(snapshot),
            None => Cow::Borrowed(definition),
        },
    });
    Snapshots { definitions: definitions.collect(), faults }
}

/// What each snapshot says beyond its base: the smallest differential that completes to it.
///
/// Slices are begun, and what is only unfolded from a datatype is left out.
pub fn differences<'d>(
    packages: &[&Package],
    snapshots: impl IntoIterator<Item = &'d Definition>,
) -> Vec<Definition> {
    let scope = Scope::new(packages);
    let mut completer = Completer::new(&scope);
    snapshots.into_iter().map(|snapshot| difference::of(&mut completer, snapshot)).collect()
}

/// Completes the definitions of one package over those that it depends on, so that every
/// guide above them finds them done.
pub(super) fn complete_package(package: &mut Package, below: &[&Package]) {
    let own = &*package;
    let packages: Vec<&Package> = below.iter().copied().chain([own]).collect();
    let scope = Scope::new(&packages);
    let mut completer = Completer::new(&scope);
    for definition in &own.definitions {
        completer.completed(definition);
    }
    let mut done = completer.done;
    let addresses: Vec<_> = own.definitions.iter().map(address).collect();
    for (definition, address) in package.definitions.iter_mut().zip(addresses) {
        if let Some(snapshot) = done.remove(&address) {
            *definition = snapshot;
        }
    }
}

/// What tells two definitions of one canonical apart.
fn address(definition: &Definition) -> *const Definition {
    definition
}

/// Completes definitions on demand, each once.
struct Completer<'s, 'p> {
    scope: &'s Scope<'p>,
    done: HashMap<*const Definition, Definition>,
    /// The elements of definitions that others build on, shared by their trees.
    shared: HashMap<*const Definition, Rc<[Rc<Element>]>>,
    /// The definitions that wait for another one.
    waiting: Vec<*const Definition>,
    faults: Vec<Fault>,
}

impl<'s, 'p> Completer<'s, 'p> {
    fn new(scope: &'s Scope<'p>) -> Self {
        Self {
            scope,
            done: HashMap::new(),
            shared: HashMap::new(),
            waiting: Vec::new(),
            faults: Vec::new(),
        }
    }

    /// Completes a definition where that is still to be done, and hands it back.
    fn completed(&mut self, definition: &'p Definition) -> &'p Definition {
        let key = address(definition);
        if definition.form == Form::Snapshot || self.done.contains_key(&key) {
            return definition;
        }
        if self.waiting.contains(&key) || self.waiting.len() == MAX_DEPTH {
            self.fault(definition, "", Reason::Circle);
            return definition;
        }
        self.waiting.push(key);
        let snapshot = overlay::lay(self, definition);
        self.waiting.pop();
        self.done.insert(key, snapshot);
        definition
    }

    /// The snapshot of the definition with this canonical.
    fn snapshot(&mut self, canonical: &str) -> Option<&Definition> {
        let definition = self.scope.definition(canonical)?;
        let definition = self.completed(definition);
        match definition.form {
            Form::Snapshot => Some(definition),
            Form::Differential => self.done.get(&address(definition)),
        }
    }

    /// The elements of that snapshot, to be planted.
    fn elements(&mut self, canonical: &str) -> Option<Rc<[Rc<Element>]>> {
        let key = address(self.scope.definition(canonical)?);
        if let Some(elements) = self.shared.get(&key) {
            return Some(Rc::clone(elements));
        }
        let snapshot = self.snapshot(canonical)?;
        let elements: Rc<[_]> = snapshot.elements.iter().cloned().map(Rc::new).collect();
        self.shared.insert(key, Rc::clone(&elements));
        Some(elements)
    }

    fn fault(&mut self, definition: &Definition, element: &str, reason: Reason) {
        let definition = definition.url.clone();
        self.faults.push(Fault { definition, element: element.to_owned(), reason });
    }
}

#[cfg(test)]
pub(crate) mod facts;
#[cfg(test)]
mod tests;
