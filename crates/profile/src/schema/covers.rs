//! 包含 — whether one element demands all that another does.
//!
//! A slice begins as a copy of what it slices, so that an item of the slice need not be
//! checked against both. Where that cannot be told, both are checked.

use super::{NodeId, TableId, TypeRef, build::Builder, elements::Target};

/// Elements within each other that are compared; deeper ones count as different.
const MAX_DEPTH: u32 = 8;

impl Builder<'_> {
    /// Whether whatever fulfils the first fulfils the second.
    pub(super) fn covers(&self, own: NodeId, other: NodeId, depth: u32) -> bool {
        if own == other {
            return true;
        }
        let (one, two) = (&self.nodes[own.index()], &self.nodes[other.index()]);
        let binding = two.binding.as_ref().is_none_or(|two| {
            one.binding.as_ref().is_some_and(|one| one.canonical == two.canonical)
        });
        let types =
            one.types.iter().all(|own| two.types.iter().any(|two| self.covers_type(own, two)));
        depth < MAX_DEPTH
            && binding
            && (two.fixed.is_none() || one.fixed == two.fixed)
            && (two.pattern.is_none() || one.pattern == two.pattern)
            && two.constraints.iter().all(|constraint| one.constraints.contains(constraint))
            && (two.max_length == 0 || one.max_length == two.max_length)
            && (!one.types.is_empty() || two.types.is_empty())
            && types
            && self.covers_table(one.table, two.table, depth)
    }

    fn covers_type(&self, own: &TypeRef, other: &TypeRef) -> bool {
        let profiles = other.profiles.iter().all(|other| {
            own.profiles.iter().any(|own| match (own, other) {
                (Some(own), Some(other)) => self.builds_on(*own, *other),
                _ => own == other,
            })
        });
        let targets = other.targets.is_empty()
            || other.targets.contains(&Target::Any)
            || (!own.targets.is_empty()
                && own.targets.iter().all(|own| {
                    other.targets.iter().any(|other| match (own, other) {
                        (Target::Profile(own), Target::Profile(other)) => {
                            self.builds_on(*own, *other)
                        }
                        _ => own == other,
                    })
                }));
        own.name == other.name && profiles && targets
    }

    fn builds_on(&self, own: super::ProfileId, other: super::ProfileId) -> bool {
        let base = |id: &super::ProfileId| self.profiles[id.index()].base;
        std::iter::successors(Some(own), base).take(64).any(|id| id == other)
    }

    fn covers_table(&self, own: Option<TableId>, other: Option<TableId>, depth: u32) -> bool {
        let Some(other) = other else { return true };
        let Some(own) = own else { return false };
        if own == other {
            return true;
        }
        let (own, other) = (&self.tables[own.index()], &self.tables[other.index()]);
        other.slots.iter().all(|two| {
            let name = self.nodes[two.node.index()].name();
            own.slots.iter().any(|one| {
                let element = &self.nodes[one.node.index()];
                element.name() == name && {
                    let demands = &self.nodes[two.node.index()];
                    element.min >= demands.min
                        && element.max <= demands.max
                        && self.covers(one.node, two.node, depth + 1)
                        && self.covers_slices(one.node, two.node, depth + 1)
                }
            })
        })
    }

    fn covers_slices(&self, own: NodeId, other: NodeId, depth: u32) -> bool {
        let of =
            |node: NodeId| self.nodes[node.index()].slicing.map(|id| &self.slicings[id.index()]);
        let Some(other) = of(other) else { return true };
        let Some(own) = of(own) else { return false };
        own.rules == other.rules
            && own.is_ordered == other.is_ordered
            && other.slices.iter().all(|two| {
                let wanted = &self.nodes[two.index()];
                own.slices.iter().any(|one| {
                    let slice = &self.nodes[one.index()];
                    slice.slice_name == wanted.slice_name
                        && slice.min >= wanted.min
                        && slice.max <= wanted.max
                        && self.covers(*one, *two, depth)
                })
            })
    }
}
