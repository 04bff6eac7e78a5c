//! 子要素 — the fields of one object against one table.

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
    pub(super) language: Symbol,
    pub(super) div: Symbol,
}

pub(super) static NAMES: Names = Names {
    resource_type: Symbol::named("resourceType"),
    value: Symbol::named("value"),
    id: Symbol::named("id"),
    url: Symbol::named("url"),
    extension: Symbol::named("extension"),
    modifier_extension: Symbol::named("modifierExtension"),
    system: Symbol::named("system"),
    code: Symbol::named("code"),
    display: Symbol::named("display"),
    coding: Symbol::named("coding"),
    reference: Symbol::named("reference"),
    identifier: Symbol::named("identifier"),
    type_: Symbol::named("type"),
    contained: Symbol::named("contained"),
    meta: Symbol::named("meta"),
    profile: Symbol::named("profile"),
    security: Symbol::named("security"),
    entry: Symbol::named("entry"),
    full_url: Symbol::named("fullUrl"),
    resource: Symbol::named("resource"),
    link: Symbol::named("link"),
    relation: Symbol::named("relation"),
    search: Symbol::named("search"),
    mode: Symbol::named("mode"),
    data: Symbol::named("data"),
    size: Symbol::named("size"),
    hash: Symbol::named("hash"),
    language: Symbol::named("language"),
    div: Symbol::named("div"),
};

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

/// One object under way.
#[derive(Clone, Copy)]
pub(super) struct Object<'t, 'd> {
    pub(super) holder: Value<'d>,
    pub(super) table: &'t Table,
    /// Where the counters of the table begin.
    pub(super) counters: usize,
    pub(super) around: Around,
}

/// One field, or what stands beside it, under way.
#[derive(Clone, Copy)]
pub(super) struct Field<'t, 'd> {
    /// What it is in.
    pub(super) object: &'t Object<'t, 'd>,
    pub(super) row: &'t Row,
}

impl<'d> Walk<'_, '_, 'd> {
    /// Walks the fields of an object.
    pub(super) fn object(&mut self, holder: Value<'d>, table: &Table, around: Around) {
        let names = &NAMES;
        let counters = self.counters.len();
        self.counters.resize(counters + table.counters as usize, 0);
        let outer = std::mem::replace(&mut self.is_over, false);
        self.steps += 1;
        let object = Object { holder, table, counters, around };
        for field in holder.symbol_fields() {
            let symbol = field.symbol();
            if around.is_resource && symbol == names.resource_type && !field.has_underscore() {
                continue;
            }
            let Some(row) = self.known_row(&object, field) else {
                self.unknown(field, holder);
                continue;
            };
            if row.is_ambiguous {
                self.mirrored(&texts::NAME_AMBIGUOUS, field);
            }
            self.field(Field { object: &object, row }, field);
        }
        self.cardinalities(holder, table, counters);
        self.counters.truncate(counters);
        self.is_over = outer;
    }

    /// The row of a field, if it may stand here beside those before it.
    fn known_row<'t>(&self, object: &Object<'t, 'd>, field: Value<'d>) -> Option<&'t Row> {
        let row = object.table.row(field.symbol())?;
        if object.around.is_beside && field.symbol() == NAMES.value {
            return None;
        }
        let is_again = row.is_choice && self.counters[object.counters + row.slot as usize] > 0;
        let is_repeated = is_again && is_repeated_choice(object.holder, field, row, object.table);
        (!is_repeated).then_some(row)
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
                self.unknown(field, own.object.holder);
            } else if own.object.holder.field(own.row.symbol).is_none() {
                self.primitives(own, None, Some(field));
            }
        } else if is_primitive {
            let beside = own.object.holder.extra(own.row.symbol);
            self.primitives(own, Some(field), beside);
        } else {
            self.complexes(own, field);
        }
    }

    /// A primitive element: one value or an array, and what stands beside it.
    fn primitives(
        &mut self,
        own: Field<'_, 'd>,
        value: Option<Value<'d>>,
        beside: Option<Value<'d>>,
    ) {
        if !own.row.is_array {
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
        let present = |value: &Value<'_>| !own.row.is_array || value.kind() != Kind::Null;
        let (value, beside) = (value.filter(present), beside.filter(present));
        match (value, beside) {
            (Some(value), _) if matches!(value.kind(), Kind::Null | Kind::Array | Kind::Object) => {
                self.broken(&texts::NOT_A_PRIMITIVE, value);
            }
            (Some(value), None) => self.item(own, Focus::of(value)),
            (_, Some(beside)) if !beside.is_object() => self.broken(&texts::NOT_AN_OBJECT, beside),
            (value, Some(beside)) => {
                if beside.is_empty() {
                    self.broken(&texts::EMPTY_OBJECT, beside);
                }
                self.item(own, Focus::primitive(value, Some(beside)));
            }
            (None, None) => {
                if let Some(whole) = whole {
                    self.broken(&texts::NULL_IN_ARRAY, whole);
                }
            }
        }
    }

    /// An element that is an object or an array of objects.
    fn complexes(&mut self, own: Field<'_, 'd>, field: Value<'d>) {
        match (own.row.is_array, field.kind()) {
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
