//! Evaluation of steps that give items.

use std::borrow::Cow;

use super::{
    Environment,
    chain::{ENOUGH, FAILED, Failed, Flow, MORE, finish},
    compare,
    focus::Focus,
    item::Item,
    node::{Function, Name, Node, Operator},
    strings,
};
use crate::json::{Value, symbol};

/// One evaluation of one expression at one element.
pub(super) struct Evaluation<'s, 'd> {
    pub(super) focus: Focus<'d>,
    pub(super) environment: &'s dyn Environment<'d>,
}

/// What `$this` and `$index` are.
#[derive(Clone, Copy)]
pub(super) struct Scope<'s, 'e, 'd> {
    pub(super) this: &'s Item<'e, 'd>,
    pub(super) index: usize,
}

pub(super) type Sink<'s, 'e, 'd> = &'s mut dyn FnMut(Item<'e, 'd>) -> Flow;

impl<'s, 'd> Evaluation<'s, 'd> {
    pub(super) fn new(focus: Focus<'d>, environment: &'s dyn Environment<'d>) -> Self {
        Self { focus, environment }
    }

    /// The reference semantics of an invariant.
    pub(super) fn holds(&self, root: &Node) -> bool {
        let this = Item::Element(self.focus);
        let scope = Scope { this: &this, index: 0 };
        if let Node::Logic(logic) = root {
            return self.logic(logic, scope) == Ok(Some(true));
        }
        let (mut first, mut count) = (None, 0);
        let flow = self.each(root, scope, &mut |item| {
            first = item.as_bool();
            count += 1;
            if count > 1 { ENOUGH } else { MORE }
        });
        flow != FAILED && if count == 1 { first != Some(false) } else { count > 1 }
    }

    pub(super) fn select(&self, root: &Node) -> Vec<Focus<'d>> {
        let this = Item::Element(self.focus);
        let mut found = Vec::new();
        let flow = self.each(root, Scope { this: &this, index: 0 }, &mut |item| {
            if let Item::Element(focus) = item {
                found.push(focus);
            }
            MORE
        });
        if flow == FAILED { Vec::new() } else { found }
    }

    /// Pushes the items of a step into the sink.
    pub(super) fn each<'e>(
        &self,
        node: &'e Node,
        scope: Scope<'_, 'e, 'd>,
        sink: Sink<'_, 'e, 'd>,
    ) -> Flow {
        match node {
            Node::This => sink(scope.this.clone()),
            Node::Index => sink(Item::Integer(scope.index as i64)),
            Node::Context => sink(Item::Element(self.focus)),
            Node::Resource => resource(self.environment.resource(), sink),
            Node::RootResource => resource(self.environment.root_resource(), sink),
            Node::Extension => resource(self.environment.extension(), sink),
            Node::Nothing => MORE,
            Node::Text(text) => sink(Item::Constant(text)),
            Node::Integer(number) => sink(Item::Integer(*number)),
            Node::Decimal(number) => sink(Item::Decimal(*number)),
            Node::Bool(value) => sink(Item::Bool(*value)),
            Node::Root(name) => match scope.this {
                Item::Element(focus) if focus.resource_type().is_some() && name.fits(*focus) => {
                    sink(Item::Element(*focus))
                }
                _ => MORE,
            },
            Node::Child(input, name) => self.children_of(input, name, scope, sink),
            Node::Call(input, function) => self.call(input, function, scope, sink),
            Node::Binary(operator, sides) => self.binary(*operator, sides, scope, sink),
            Node::Logic(logic) => match self.logic(logic, scope) {
                Ok(Some(value)) => sink(Item::Bool(value)),
                Ok(None) => MORE,
                Err(Failed) => FAILED,
            },
        }
    }

    fn children_of<'e>(
        &self,
        input: &'e Node,
        name: &'e Name,
        scope: Scope<'_, 'e, 'd>,
        sink: Sink<'_, 'e, 'd>,
    ) -> Flow {
        // The commonest beginning of a path, without a detour.
        if let (Node::This, Item::Element(focus)) = (input, scope.this) {
            return focus.each_named(name, &mut |child| sink(Item::Element(child)));
        }
        self.each(input, scope, &mut |item| match item {
            Item::Element(focus) => focus.each_named(name, &mut |child| sink(Item::Element(child))),
            _ => MORE,
        })
    }

    fn call<'e>(
        &self,
        input: &'e Node,
        function: &'e Function,
        scope: Scope<'_, 'e, 'd>,
        sink: Sink<'_, 'e, 'd>,
    ) -> Flow {
        match function {
            Function::Where(criterion) => {
                self.each_in_turn(input, scope, &mut |item, scope| match self
                    .truth(criterion, scope)
                {
                    Ok(Some(true)) => sink(item.clone()),
                    Ok(_) => MORE,
                    Err(Failed) => FAILED,
                })
            }
            Function::Select(projection) => {
                self.each_in_turn(input, scope, &mut |_, scope| self.each(projection, scope, sink))
            }
            Function::Repeat(projection) => self.repeat(input, projection, scope, sink),
            Function::OfType(wanted) => self.each(input, scope, &mut |item| {
                if item.has_type(wanted) { sink(item) } else { MORE }
            }),
            Function::First => self.range(input, (0, 1), scope, sink),
            Function::Tail => self.range(input, (1, usize::MAX), scope, sink),
            Function::Skip(count) => match self.position(count, scope) {
                Ok(count) => self.range(input, (count.unwrap_or(0), usize::MAX), scope, sink),
                Err(Failed) => FAILED,
            },
            Function::Take(count) => match self.position(count, scope) {
                Ok(count) => self.range(input, (0, count.unwrap_or(0)), scope, sink),
                Err(Failed) => FAILED,
            },
            Function::At(index) => match self.position(index, scope) {
                Ok(Some(index)) => self.range(input, (index, index.saturating_add(1)), scope, sink),
                Ok(None) => MORE,
                Err(Failed) => FAILED,
            },
            Function::Last => {
                let mut last = None;
                self.each(input, scope, &mut |item| {
                    last = Some(item);
                    MORE
                })?;
                last.map_or(MORE, sink)
            }
            Function::Single => match self.one(input, scope) {
                Ok(item) => item.map_or(MORE, sink),
                Err(Failed) => FAILED,
            },
            Function::Count => {
                let mut count = 0;
                self.each(input, scope, &mut |_| {
                    count += 1;
                    MORE
                })?;
                sink(Item::Integer(count))
            }
            Function::Children => self.elements(input, scope, &mut |focus| {
                focus.children(&mut |child| sink(Item::Element(child)))
            }),
            Function::Descendants => self.elements(input, scope, &mut |focus| {
                focus.descendants(&mut |below| sink(Item::Element(below)))
            }),
            Function::Distinct => self.distinct([Some(input), None], scope, sink),
            Function::Union(other) => self.distinct([Some(input), Some(other)], scope, sink),
            Function::Combine(other) => {
                self.each(input, scope, sink)?;
                self.each(other, scope, sink)
            }
            Function::Intersect(other) => self.filtered(input, other, true, scope, sink),
            Function::Exclude(other) => self.filtered(input, other, false, scope, sink),
            Function::If(criterion, then, otherwise) => match self.truth(criterion, scope) {
                Ok(Some(true)) => self.each(then, scope, sink),
                Ok(_) => otherwise.as_ref().map_or(MORE, |node| self.each(node, scope, sink)),
                Err(Failed) => FAILED,
            },
            Function::Resolve => self.resolve(input, scope, sink),
            Function::Extension(url) => self.elements(input, scope, &mut |focus| {
                focus.each_child(symbol!("extension"), &mut |child| {
                    let is_it = child
                        .value()
                        .and_then(|v| v.field(symbol!("url")))
                        .is_some_and(|v| v.is(url));
                    if is_it { sink(Item::Element(child)) } else { MORE }
                })
            }),
            Function::GetValue => self.each(input, scope, &mut |item| {
                if item.text().is_some() { sink(item) } else { MORE }
            }),
            Function::Text(function) => match strings::apply(self, function, input, scope) {
                Ok(item) => item.map_or(MORE, sink),
                Err(Failed) => FAILED,
            },
        }
    }

    /// Each item with the scope in which it is `$this`.
    pub(super) fn each_in_turn<'e>(
        &self,
        input: &'e Node,
        scope: Scope<'_, 'e, 'd>,
        step: &mut dyn FnMut(&Item<'e, 'd>, Scope<'_, 'e, 'd>) -> Flow,
    ) -> Flow {
        let mut index = 0;
        self.each(input, scope, &mut |item| {
            let flow = step(&item, Scope { this: &item, index });
            index += 1;
            flow
        })
    }

    pub(super) fn elements<'e>(
        &self,
        input: &'e Node,
        scope: Scope<'_, 'e, 'd>,
        step: &mut dyn FnMut(Focus<'d>) -> Flow,
    ) -> Flow {
        self.each(input, scope, &mut |item| match item {
            Item::Element(focus) => step(focus),
            _ => MORE,
        })
    }

    /// The only item; none where there is nothing. More than one is a fault.
    pub(super) fn one<'e>(
        &self,
        node: &'e Node,
        scope: Scope<'_, 'e, 'd>,
    ) -> Result<Option<Item<'e, 'd>>, Failed> {
        match self.few(node, scope)? {
            Few::None => Ok(None),
            Few::One(item) => Ok(Some(item)),
            Few::Many(_) => Err(Failed),
        }
    }

    /// The items; one alone, which is the commonest, is kept without allocation.
    pub(super) fn few<'e>(
        &self,
        node: &'e Node,
        scope: Scope<'_, 'e, 'd>,
    ) -> Result<Few<'e, 'd>, Failed> {
        let mut items = Few::None;
        finish(self.each(node, scope, &mut |item| {
            items = match std::mem::replace(&mut items, Few::None) {
                Few::None => Few::One(item),
                Few::One(first) => Few::Many(vec![first, item]),
                Few::Many(mut all) => {
                    all.push(item);
                    Few::Many(all)
                }
            };
            MORE
        }))?;
        Ok(items)
    }

    fn resolve<'e>(
        &self,
        input: &'e Node,
        scope: Scope<'_, 'e, 'd>,
        sink: Sink<'_, 'e, 'd>,
    ) -> Flow {
        self.each(input, scope, &mut |item| {
            let reference = match &item {
                Item::Element(focus) if item.text().is_none() => {
                    let reference = focus.value().and_then(|v| v.field(symbol!("reference")));
                    reference.and_then(Value::as_str)
                }
                _ => item.text().map(|text| Cow::Owned(text.into_owned())),
            };
            match reference.and_then(|reference| self.environment.resolve(&reference)) {
                Some(resource) => sink(Item::Element(Focus::of(resource))),
                None => MORE,
            }
        })
    }

    fn binary<'e>(
        &self,
        operator: Operator,
        sides: &'e [Node; 2],
        scope: Scope<'_, 'e, 'd>,
        sink: Sink<'_, 'e, 'd>,
    ) -> Flow {
        let sides = self.one(&sides[0], scope).and_then(|l| Ok((l, self.one(&sides[1], scope)?)));
        match sides {
            Ok((left, right)) => match compare::operate(operator, left.as_ref(), right.as_ref()) {
                Ok(Some(item)) => sink(item),
                Ok(None) => MORE,
                Err(Failed) => FAILED,
            },
            Err(Failed) => FAILED,
        }
    }
}

/// A resource of the surroundings; an expression cannot ask for one that is not there.
fn resource<'d>(resource: Option<Value<'d>>, sink: Sink<'_, '_, 'd>) -> Flow {
    match resource {
        Some(resource) => sink(Item::Element(Focus::of(resource))),
        None => FAILED,
    }
}

/// Items in the number in which they usually come.
pub(super) enum Few<'e, 'd> {
    None,
    One(Item<'e, 'd>),
    Many(Vec<Item<'e, 'd>>),
}

impl<'e, 'd> Few<'e, 'd> {
    pub(super) fn as_slice(&self) -> &[Item<'e, 'd>] {
        match self {
            Self::None => &[],
            Self::One(item) => std::slice::from_ref(item),
            Self::Many(items) => items,
        }
    }
}
