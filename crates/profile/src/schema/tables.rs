//! 子の表 — the children of an element by their JSON names.

use std::{collections::HashMap, ops::Range};

use super::{
    NodeId, ProfileId, Shape, SlicingId, TableId,
    build::Builder,
    elements::{TypeRef, json_name},
};
use crate::{definition::Element, json::Symbol};

/// 子の表 — the children of one element.
#[derive(Debug, Default)]
pub(crate) struct Table {
    /// By symbol.
    pub(crate) rows: Box<[Row]>,
    /// Where to look for a symbol: places of rows from 1, 0 is none. The number is a power of
    /// two, at least twice that of the rows.
    index: Box<[u16]>,
    /// In the order of the definition.
    pub(crate) slots: Box<[Slot]>,
    /// How many counters a walk needs: one for each slot, one for each slice.
    pub(crate) counters: u32,
    /// The counters that have a least number, with the element that demands it.
    pub(crate) required: Box<[(u32, NodeId)]>,
    /// The counters that have a greatest number, with the element that demands it.
    pub(crate) limited: Box<[(u32, NodeId)]>,
}

/// One JSON name.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Row {
    pub(crate) symbol: Symbol,
    pub(crate) slot: u32,
    /// The shape of the type that the name stands for.
    pub(crate) shape: Shape,
    pub(crate) type_index: RowType,
    /// Whether the name is one of those of a choice.
    pub(crate) is_choice: bool,
    /// Whether the name also begins like a choice beside it, which the reference validator
    /// takes for a match with both.
    pub(crate) is_ambiguous: bool,
    /// Whether JSON has an array.
    pub(crate) is_array: bool,
}

/// Which of the types of the element the name stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RowType {
    /// The type with this place in the element's list.
    Allowed(u32),
    /// A type that the base allows and the profile does not.
    Forbidden,
}

/// One element with its slices.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Slot {
    pub(crate) node: NodeId,
    pub(crate) slicing: Option<SlicingId>,
    /// The counter of the first slice.
    pub(crate) first_slice: u32,
}

impl Table {
    /// The row of a name.
    #[inline]
    pub(crate) fn row(&self, symbol: Symbol) -> Option<&Row> {
        let mask = self.index.len().checked_sub(1)?;
        let mut at = symbol.number() & mask;
        loop {
            let row = &self.rows[usize::from(self.index[at]).checked_sub(1)?];
            if row.symbol == symbol {
                return Some(row);
            }
            at = (at + 1) & mask;
        }
    }
}

/// The children of one element while they are gathered: the unsliced one and its slices.
#[derive(Debug, Default)]
struct Child {
    node: u32,
    slices: Vec<u32>,
}

impl Builder<'_> {
    /// Makes the tables of one definition; those of the types it uses exist already.
    pub(super) fn add_tables(&mut self, place: usize) {
        let definition = self.definitions[place];
        let root = self.profiles[place].root.0;
        let tree = children(&definition.elements);
        self.bases[root as usize] = self.base_root(ProfileId(place as u32));
        // Parents stand before their children, so that the base of a child can be found.
        for (element, own) in tree.iter().enumerate() {
            if !own.is_empty() {
                let node = NodeId(root + element as u32);
                let id = self.add_table(node, root, own, &definition.elements);
                self.nodes[node.index()].table = Some(id);
            }
        }
        self.follow_content_references(root, &definition.elements);
    }

    fn base_root(&self, profile: ProfileId) -> Option<NodeId> {
        let profile = &self.profiles[profile.index()];
        let base = self.types.get(&profile.type_name)?;
        Some(self.profiles[base.index()].root)
    }

    fn add_table(
        &mut self,
        node: NodeId,
        root: u32,
        own: &[Child],
        elements: &[Element],
    ) -> TableId {
        let base = self.base_table(node);
        let mut table = Gathered::default();
        for child in own {
            let name = last_name(&elements[child.node as usize].path);
            let base_node = base.and_then(|base| self.base_child(base, name));
            self.add_child(&mut table, root, child, name, base_node);
        }
        self.add_missing(&mut table, base, node);
        let table = table.finish(&self.nodes);
        self.new_table(table)
    }

    /// The table of the base type that belongs to a node; none for a node of a base type.
    fn base_table(&self, node: NodeId) -> Option<TableId> {
        let base = self.bases[node.index()];
        if base == Some(node) {
            return None;
        }
        if let Some(table) = base.and_then(|base| self.nodes[base.index()].table) {
            return Some(table);
        }
        // The children of a datatype that a profile unfolds.
        let types = &self.nodes[node.index()].types;
        let root = types.first().and_then(|own| own.root)?;
        self.nodes[root.index()].table
    }

    /// The base's element of a name; `valueQuantity` stands for `value[x]`.
    fn base_child(&self, base: TableId, name: &str) -> Option<NodeId> {
        let table = &self.tables[base.index()];
        let same = table.slots.iter().find(|slot| self.nodes[slot.node.index()].name() == name);
        let spelled = || table.row(Symbol::of(name)).map(|row| &table.slots[row.slot as usize]);
        same.or_else(spelled).map(|slot| slot.node)
    }

    fn add_child(
        &mut self,
        table: &mut Gathered,
        root: u32,
        child: &Child,
        name: &str,
        base: Option<NodeId>,
    ) {
        let node = NodeId(root + child.node);
        for own in std::iter::once(child.node).chain(child.slices.iter().copied()) {
            let own = (root + own) as usize;
            self.bases[own] = base.or(Some(NodeId(own as u32)));
            if let Some(base) = base {
                self.nodes[own].is_array = self.nodes[base.index()].is_array;
            }
        }
        let element = &self.nodes[node.index()];
        let base = base.map_or(element, |base| &self.nodes[base.index()]);
        let base_name = base.name();
        table.add_rows(&element.types, &base.types, base_name, name);
        let slices: Vec<NodeId> = child.slices.iter().map(|own| NodeId(root + own)).collect();
        table.add_slot(node, &slices);
    }

    /// Takes over what the base has and the definition does not list.
    fn add_missing(&self, table: &mut Gathered, base: Option<TableId>, node: NodeId) {
        let Some(base) = base else { return };
        debug_assert!(self.bases[node.index()] != Some(node), "a type has no base");
        for slot in &self.tables[base.index()].slots {
            let element = &self.nodes[slot.node.index()];
            let name = element.name();
            let symbol =
                element.types.first().map_or(Symbol::of(name), |t| json_name(name, &t.name));
            if !table.rows.contains_key(&symbol) {
                table.add_rows(&element.types, &element.types, name, name);
                table.add_slot(slot.node, &[]);
            }
        }
    }

    fn follow_content_references(&mut self, root: u32, elements: &[Element]) {
        for (place, element) in elements.iter().enumerate() {
            let Some(reference) = element.content_reference.as_deref() else { continue };
            let id = reference.rsplit('#').next().unwrap_or_default();
            let target = elements.iter().position(|other| other.id == id);
            let node = root as usize + place;
            if let Some(target) = target.filter(|_| self.nodes[node].table.is_none()) {
                let target = root as usize + target;
                self.nodes[node].table = self.nodes[target].table;
                let mut constraints = self.nodes[node].constraints.to_vec();
                let demanded = self.nodes[target].constraints.iter();
                constraints
                    .extend(demanded.filter(|id| !self.nodes[node].constraints.contains(id)));
                self.nodes[node].constraints = constraints.into();
            }
        }
    }
}

/// A table in the making.
#[derive(Debug, Default)]
struct Gathered {
    rows: HashMap<Symbol, Row>,
    slots: Vec<(NodeId, Vec<NodeId>)>,
}

impl Gathered {
    fn add_rows(&mut self, allowed: &[TypeRef], base: &[TypeRef], base_name: &str, name: &str) {
        let slot = self.slots.len() as u32;
        let is_choice = base_name.ends_with("[x]");
        let mut add = |symbol: Symbol, shape, type_index| {
            if symbol.is_known() {
                self.rows.entry(symbol).or_insert(Row {
                    symbol,
                    slot,
                    shape,
                    type_index,
                    is_choice,
                    is_ambiguous: false,
                    is_array: false,
                });
            }
        };
        if base.is_empty() {
            // The children are those of another element.
            add(Symbol::of(name), Shape::Backbone, RowType::Allowed(0));
        }
        for own in base {
            let place = allowed.iter().position(|other| {
                // `Resource.id` is a string or an id, depending on who says it, and which
                // resource it is stands in the document.
                let is_resource = own.shape == Shape::Resource && other.shape == Shape::Resource;
                other.name == own.name
                    || is_resource
                    || (!is_choice && allowed.len() == 1 && base.len() == 1)
            });
            let index = place.map_or(RowType::Forbidden, |place| RowType::Allowed(place as u32));
            let shape = place.map_or(own.shape, |place| allowed[place].shape);
            add(json_name(base_name, &own.name), shape, index);
        }
    }

    fn add_slot(&mut self, node: NodeId, slices: &[NodeId]) {
        self.slots.push((node, slices.to_vec()));
    }

    fn finish(self, nodes: &[super::ElementNode]) -> Table {
        let mut rows: Vec<Row> = self.rows.into_values().collect();
        rows.sort_by_key(|row| row.symbol);
        for row in &mut rows {
            row.is_array = nodes[self.slots[row.slot as usize].0.index()].is_array;
        }
        let name = |(node, _): &(NodeId, Vec<NodeId>)| nodes[node.index()].name();
        for row in rows.iter_mut().filter(|row| !row.is_choice) {
            let behind = self.slots[row.slot as usize..].iter().map(name);
            let mut stems = behind.filter_map(|name| name.strip_suffix("[x]"));
            row.is_ambiguous = stems.any(|stem| row.symbol.name().starts_with(stem));
        }
        let mut counters = self.slots.len() as u32;
        let mut slots = Vec::with_capacity(self.slots.len());
        let mut counted = Vec::new();
        for (place, (node, slices)) in self.slots.iter().enumerate() {
            slots.push(Slot { node: *node, slicing: None, first_slice: counters });
            counted.push((place as u32, *node));
            counted.extend(slices.iter().enumerate().map(|(own, s)| (counters + own as u32, *s)));
            counters += slices.len() as u32;
        }
        let of = |demand: fn(&super::ElementNode) -> bool| {
            counted.iter().filter(|(_, node)| demand(&nodes[node.index()])).copied().collect()
        };
        Table {
            index: index(&rows),
            rows: rows.into(),
            slots: slots.into(),
            counters,
            required: of(|node| node.min > 0),
            limited: of(|node| node.max < u32::MAX),
        }
    }
}

/// Where to look for the symbols of some rows. No table has more of them than FHIR has names.
fn index(rows: &[Row]) -> Box<[u16]> {
    let mut index = vec![0; (2 * rows.len()).next_power_of_two()];
    for (place, row) in rows.iter().enumerate() {
        let mut at = row.symbol.number() & (index.len() - 1);
        while index[at] != 0 {
            at = (at + 1) & (index.len() - 1);
        }
        index[at] = place as u16 + 1;
    }
    index.into()
}

/// The children of each element: the elements one step below it, slices with what they slice.
fn children(elements: &[Element]) -> Vec<Vec<Child>> {
    let mut tree: Vec<Vec<Child>> = Vec::new();
    tree.resize_with(elements.len(), Vec::new);
    // The elements on the way from the root to the last one, with the depth of their paths.
    let mut open: Vec<(usize, usize)> = Vec::new();
    for (place, element) in elements.iter().enumerate() {
        let depth = element.path.matches('.').count();
        while open.last().is_some_and(|(_, own)| *own >= depth) {
            open.pop();
        }
        if let Some((parent, _)) = open.last() {
            let siblings = &mut tree[*parent];
            let sliced = element.slice_name.as_ref().and_then(|_| {
                siblings
                    .iter_mut()
                    .rev()
                    .find(|own| elements[own.node as usize].path == element.path)
            });
            match sliced {
                Some(sliced) => sliced.slices.push(place as u32),
                None => siblings.push(Child { node: place as u32, slices: Vec::new() }),
            }
        }
        open.push((place, depth));
    }
    tree
}

/// `Observation.value[x]:valueQuantity` → `value[x]`.
pub(super) fn last_name(path: &str) -> &str {
    &path[name_range(path)]
}

/// Where the last name of a path stands in it.
pub(super) fn name_range(path: &str) -> Range<usize> {
    // A slice's name may hold a full stop.
    let unsliced =
        path.rfind(':').filter(|at| !path[*at..].contains('.')).map_or(path, |at| &path[..at]);
    let start = unsliced.rfind('.').map_or(0, |at| at + 1);
    let name = unsliced[start..].split(':').next().unwrap_or_default();
    start..start + name.len()
}
