//! 子要素 — the fields of one object against one table.

use std::sync::LazyLock;

use super::{texts, unit::Walk};
use crate::{
    fhirpath::Focus,
    json::{Kind, Symbol, Value},
    schema::{NodeId, ProfileId, Row, Shape, Table},
    validator::Mode,
};

/// Names that the walk treats by themselves.
pub(super) struct Names {
    pub(super) resource_type: Symbol,
    pub(super) value: Symbol,
    pub(super) id: Symbol,
    pub(super) url: Symbol,
    pub(super) extension: Symbol,
    pub(super) modifier_extension: Symbol,
    pub(super) system: Symbol,
    pub(super) code: Symbol,
    pub(super) display: Symbol,
    pub(super) coding: Symbol,
    pub(super) reference: Symbol,
    pub(super) identifier: Symbol,
    pub(super) type_: Symbol,
    pub(super) contained: Symbol,
    pub(super) meta: Symbol,
    pub(super) profile: Symbol,
    pub(super) security: Symbol,
    pub(super) entry: Symbol,
    pub(super) full_url: Symbol,
    pub(super) resource: Symbol,
    pub(super) link: Symbol,
    pub(super) relation: Symbol,
    pub(super) search: Symbol,
    pub(super) mode: Symbol,
    pub(super) data: Symbol,
    pub(super) size: Symbol,
    pub(super) hash: Symbol,
    pub(super) div: Symbol,
}

pub(super) static NAMES: LazyLock<Names> = LazyLock::new(|| Names {
    resource_type: Symbol::of("resourceType"),
    value: Symbol::of("value"),
    id: Symbol::of("id"),
    url: Symbol::of("url"),
    extension: Symbol::of("extension"),
    modifier_extension: Symbol::of("modifierExtension"),
    system: Symbol::of("system"),
    code: Symbol::of("code"),
    display: Symbol::of("display"),
    coding: Symbol::of("coding"),
    reference: Symbol::of("reference"),
    identifier: Symbol::of("identifier"),
    type_: Symbol::of("type"),
    contained: Symbol::of("contained"),
    meta: Symbol::of("meta"),
    profile: Symbol::of("profile"),
    security: Symbol::of("security"),
    entry: Symbol::of("entry"),
    full_url: Symbol::of("fullUrl"),
    resource: Symbol::of("resource"),
    link: Symbol::of("link"),
    relation: Symbol::of("relation"),
    search: Symbol::of("search"),
    mode: Symbol::of("mode"),
    data: Symbol::of("data"),
    size: Symbol::of("size"),
    hash: Symbol::of("hash"),
    div: Symbol::of("div"),
});

/// What is around the fields.
#[derive(Debug, Clone, Copy)]
pub(super) struct Around {
    /// Whether `resourceType` may stand here.
    pub(super) is_resource: bool,
    /// Whether this is the object beside a primitive, which has no `value`.
    pub(super) is_beside: bool,
    /// The extension whose definition is being walked.
    pub(super) extension: Option<ProfileId>,
}

impl Around {
    pub(super) fn resource() -> Self {
        Self { is_resource: true, is_beside: false, extension: None }
    }

    pub(super) fn datatype() -> Self {
        Self { is_resource: false, is_beside: false, extension: None }
    }

    pub(super) fn beside() -> Self {
        Self { is_resource: false, is_beside: true, extension: None }
    }

    pub(super) fn extension(profile: Option<ProfileId>) -> Self {
        Self { is_resource: false, is_beside: false, extension: profile }
    }
}

/// One field, or what stands beside it, under way.
#[derive(Clone, Copy)]
pub(super) struct Field<'t, 'd> {
    /// The object that it is in.
    pub(super) holder: Value<'d>,
    pub(super) table: &'t Table,
    pub(super) row: Row,
    /// Where the counters of the table begin.
    pub(super) counters: usize,
    pub(super) around: Around,
}

impl<'d> Walk<'_, '_, 'd> {
    /// Walks the fields of an object.
    pub(super) fn object(&mut self, holder: Value<'d>, table: &Table, around: Around) {
        let names = &*NAMES;
        let counters = self.counters.len();
        self.counters.resize(counters + table.counters as usize, 0);
        let outer = std::mem::replace(&mut self.is_over, false);
        self.steps += 1;
        for field in holder.symbol_fields() {
            let symbol = field.symbol();
            if around.is_resource && symbol == names.resource_type && !field.has_underscore() {
                continue;
            }
            let row = table.row(symbol).filter(|_| !(around.is_beside && symbol == names.value));
            let is_again =
                |row: &&Row| row.is_choice && self.counters[counters + row.slot as usize] > 0;
            let is_repeated = row
                .filter(is_again)
                .is_some_and(|row| is_repeated_choice(holder, field, row, table));
            let Some(row) = row.filter(|_| !is_repeated) else {
                self.unknown(field, holder);
                continue;
            };
            if row.is_ambiguous {
                self.mirrored(&texts::NAME_AMBIGUOUS, field);
            }
            let own = Field { holder, table, row: *row, counters, around };
            self.field(own, field);
        }
        self.cardinalities(holder, table, counters);
        self.counters.truncate(counters);
        self.is_over = outer;
    }

    /// Counts an element; limits are looked at again only where one was passed.
    pub(super) fn count(&mut self, counter: usize, node: NodeId) {
        self.counters[counter] += 1;
        self.is_over |= self.counters[counter] > self.node(node).max;
    }

    fn unknown(&mut self, field: Value<'d>, holder: Value<'d>) {
        let name = field.key().unwrap_or_default();
        self.broken_with(&texts::UNKNOWN_ELEMENT, holder, super::place::printable(&name));
    }

    fn field(&mut self, own: Field<'_, 'd>, field: Value<'d>) {
        let is_primitive = matches!(own.row.shape, Shape::Primitive(_));
        if field.has_underscore() {
            if !is_primitive {
                self.unknown(field, own.holder);
            } else if own.holder.field(own.row.symbol).is_none() {
                self.primitives(own, None, Some(field));
            }
        } else if is_primitive {
            let beside = own.holder.extra(own.row.symbol);
            self.primitives(own, Some(field), beside);
        } else {
            self.complexes(own, field);
        }
    }

    fn is_array(&self, own: Field<'_, 'd>) -> bool {
        self.node(own.table.slots[own.row.slot as usize].node).is_array
    }

    /// A primitive element: one value or an array, and what stands beside it.
    fn primitives(
        &mut self,
        own: Field<'_, 'd>,
        value: Option<Value<'d>>,
        beside: Option<Value<'d>>,
    ) {
        if !self.is_array(own) {
            self.primitive_item(own, value, beside, value.or(beside));
            return;
        }
        for whole in [value, beside].into_iter().flatten() {
            if !whole.is_array() {
                self.broken(&texts::NOT_AN_ARRAY, whole);
                return;
            }
        }
        let count = value.map_or(0, Value::len).max(beside.map_or(0, Value::len));
        let mut values = value.into_iter().flat_map(Value::items);
        let mut besides = beside.into_iter().flat_map(Value::items);
        for _ in 0..count {
            self.primitive_item(own, values.next(), besides.next(), value.or(beside));
        }
    }

    fn primitive_item(
        &mut self,
        own: Field<'_, 'd>,
        value: Option<Value<'d>>,
        beside: Option<Value<'d>>,
        whole: Option<Value<'d>>,
    ) {
        let single = !self.is_array(own);
        let present = |value: &Value<'_>| single || value.kind() != Kind::Null;
        let (value, beside) = (value.filter(present), beside.filter(present));
        if let Some(value) =
            value.filter(|v| matches!(v.kind(), Kind::Null | Kind::Array | Kind::Object))
        {
            self.broken(&texts::NOT_A_PRIMITIVE, value);
        } else if let Some(beside) = beside.filter(|beside| !beside.is_object()) {
            self.broken(&texts::NOT_AN_OBJECT, beside);
        } else if value.is_none() && beside.is_none() {
            if let Some(whole) = whole {
                self.broken(&texts::NULL_IN_ARRAY, whole);
            }
        } else {
            if let Some(beside) = beside.filter(|beside| beside.is_empty()) {
                self.broken(&texts::EMPTY_OBJECT, beside);
            }
            self.item(own, Focus::primitive(value, beside));
        }
    }

    /// An element that is an object or an array of objects.
    fn complexes(&mut self, own: Field<'_, 'd>, field: Value<'d>) {
        match (self.is_array(own), field.kind()) {
            (true, Kind::Array) => {
                if field.is_empty() {
                    self.broken(&texts::EMPTY_ARRAY, field);
                }
                for item in field.items() {
                    self.complex(own, item);
                }
            }
            (true, _) => {
                self.broken(&texts::NOT_AN_ARRAY, field);
                self.complex(own, field);
            }
            (false, _) => self.complex(own, field),
        }
    }

    fn complex(&mut self, own: Field<'_, 'd>, value: Value<'d>) {
        if !value.is_object() {
            self.broken(&texts::NOT_AN_OBJECT, value);
            return;
        }
        if value.is_empty() {
            self.broken(&texts::EMPTY_OBJECT, value);
        }
        // The reference validator takes an id for content.
        let is_asked = self.check.mode == Mode::Strict && own.row.shape != Shape::Resource;
        if is_asked && !value.is_empty() && says_nothing(value) {
            self.broken(&texts::NO_CONTENT, value);
        }
        self.item(own, Focus::of(value));
    }

    /// Compares the counters with what the definitions demand.
    fn cardinalities(&mut self, holder: Value<'d>, table: &Table, counters: usize) {
        for (counter, node) in &table.required {
            if self.counters[counters + *counter as usize] < self.node(*node).min {
                self.too_few(holder, *node);
            }
        }
        if !self.is_over {
            return;
        }
        for (counter, node) in &table.limited {
            if self.counters[counters + *counter as usize] > self.node(*node).max {
                self.broken_with(&texts::TOO_MANY, holder, &self.node(*node).id);
            }
        }
    }

    fn too_few(&mut self, holder: Value<'d>, node: NodeId) {
        let element = self.node(node);
        let is_slice = element.slice_name.is_some();
        let rule = if is_slice { &texts::SLICE_MISSING } else { &texts::TOO_FEW };
        self.broken_with(rule, holder, &element.id);
    }
}

/// Whether an object holds nothing but an id.
fn says_nothing(value: Value<'_>) -> bool {
    value.symbol_fields().all(|field| field.symbol() == NAMES.id)
}

/// Whether another name of the same choice stands before this one.
fn is_repeated_choice(holder: Value<'_>, field: Value<'_>, row: &Row, table: &Table) -> bool {
    row.is_choice
        && holder.symbol_fields().take_while(|earlier| earlier.id() != field.id()).any(|earlier| {
            earlier.symbol() != row.symbol
                && table.row(earlier.symbol()).is_some_and(|own| own.slot == row.slot)
        })
}
