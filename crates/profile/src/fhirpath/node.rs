//! The compiled form: a tree of steps, each with the steps that give its input.

use super::{
    pattern::Pattern,
    types::{self, TypeName},
};
use crate::json::Symbol;

/// A step that gives items.
#[derive(Debug, Clone)]
pub(super) enum Node {
    /// `$this`, and where a path begins.
    This,
    /// `$index`
    Index,
    /// `%context`
    Context,
    /// `%resource`
    Resource,
    /// `%rootResource`
    RootResource,
    /// `%extension`
    Extension,
    /// `{}`
    Nothing,
    Text(String),
    Integer(i64),
    Decimal(f64),
    Bool(bool),
    /// The focus, if it has this type: `Patient` at the beginning of `Patient.name`.
    Root(TypeName),
    Child(Box<Node>, Name),
    Call(Box<Node>, Box<Function>),
    Binary(Operator, Box<[Node; 2]>),
    Logic(Box<Logic>),
}

/// The name of a child, with what JSON writes beside it.
#[derive(Debug, Clone)]
pub(crate) struct Name {
    pub(super) text: Box<str>,
    pub(super) symbol: Symbol,
    /// The keys that the name stands for where it is a choice, such as `valueString` for
    /// `value`; sorted.
    pub(super) choices: Box<[Symbol]>,
}

impl Name {
    pub(crate) fn new(text: &str, is_choice: bool) -> Self {
        let suffixes = types::SUFFIXES.iter().filter(|_| is_choice);
        let mut choices: Vec<Symbol> = suffixes
            .map(|suffix| Symbol::of(&format!("{text}{suffix}")))
            .filter(|symbol| symbol.is_known())
            .collect();
        choices.sort_unstable();
        Self { text: text.into(), symbol: Symbol::of(text), choices: choices.into() }
    }
}

/// A function that gives items.
#[derive(Debug, Clone)]
pub(super) enum Function {
    Where(Node),
    Select(Node),
    Repeat(Node),
    OfType(TypeName),
    /// `first()`
    First,
    Last,
    Tail,
    Single,
    Skip(Node),
    Take(Node),
    /// `[0]`
    At(Node),
    Count,
    Children,
    Descendants,
    Distinct,
    Union(Node),
    Combine(Node),
    Intersect(Node),
    Exclude(Node),
    /// `iif`: criterion, then, otherwise; the input is written into the arguments.
    If(Node, Node, Option<Node>),
    Resolve,
    /// `extension('url')`
    Extension(String),
    /// `getValue()`: the item, if it has a value.
    GetValue,
    Text(TextFunction),
}

/// A function of one string, number or boolean.
#[derive(Debug, Clone)]
pub(super) enum TextFunction {
    Length,
    Substring(Node, Option<Node>),
    IndexOf(Node),
    ReplaceMatches(Pattern, String),
    Replace(String, String),
    Upper,
    Lower,
    Trim,
    ToText,
    ToInteger,
    ToDecimal,
    ToBoolean,
}

/// An operator that gives items.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Operator {
    Plus,
    Minus,
    Concatenate,
    Times,
    Divide,
    WholeDivide,
    Remainder,
}

/// A step that gives true, false or nothing.
#[derive(Debug, Clone)]
pub(super) enum Logic {
    And(Node, Node),
    Or(Node, Node),
    Xor(Node, Node),
    Implies(Node, Node),
    Not(Node),
    Exists(Node),
    /// `exists(criterion)`
    Any(Node, Node),
    Empty(Node),
    All(Node, Node),
    /// `allTrue()`, `allFalse()`, `anyTrue()`, `anyFalse()`
    Each(Node, Quantifier, bool),
    Equal(Node, Node),
    NotEqual(Node, Node),
    Equivalent(Node, Node),
    NotEquivalent(Node, Node),
    Compare(Comparison, Node, Node),
    /// `in`, and `contains` with its sides exchanged.
    In(Node, Node),
    Is(Node, TypeName),
    HasValue(Node),
    IsDistinct(Node),
    SubsetOf(Node, Node),
    Matches(Node, Pattern),
    StartsWith(Node, Node),
    EndsWith(Node, Node),
    ContainsText(Node, Node),
    MemberOf(Node, Node),
    ConformsTo(Node, Node),
    /// `htmlChecks()`: the narrative has only what is allowed.
    Html(Node),
    /// `htmlChecks2()`: the narrative says something.
    HtmlContent(Node),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Quantifier {
    All,
    Any,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Comparison {
    Less,
    AtMost,
    Greater,
    AtLeast,
}

impl Node {
    /// How deep evaluation recurses, found without recursion.
    pub(super) fn depth(&self) -> usize {
        let mut deepest = 0;
        let mut open = vec![(self, 1)];
        while let Some((node, depth)) = open.pop() {
            deepest = deepest.max(depth);
            node.operands(&mut |operand| open.push((operand, depth + 1)));
        }
        deepest
    }

    fn operands<'n>(&'n self, sink: &mut dyn FnMut(&'n Node)) {
        match self {
            Self::Child(input, _) => sink(input),
            Self::Call(input, function) => {
                sink(input);
                function.operands(sink);
            }
            Self::Binary(_, sides) => sides.iter().for_each(sink),
            Self::Logic(logic) => logic.operands(sink),
            _ => {}
        }
    }
}

impl Function {
    fn operands<'n>(&'n self, sink: &mut dyn FnMut(&'n Node)) {
        match self {
            Self::Where(node)
            | Self::Select(node)
            | Self::Repeat(node)
            | Self::Skip(node)
            | Self::Take(node)
            | Self::At(node)
            | Self::Union(node)
            | Self::Combine(node)
            | Self::Intersect(node)
            | Self::Exclude(node)
            | Self::Text(TextFunction::IndexOf(node) | TextFunction::Substring(node, None)) => {
                sink(node);
            }
            Self::Text(TextFunction::Substring(start, Some(length))) => {
                sink(start);
                sink(length);
            }
            Self::If(criterion, then, otherwise) => {
                sink(criterion);
                sink(then);
                otherwise.iter().for_each(sink);
            }
            _ => {}
        }
    }
}

impl Logic {
    fn operands<'n>(&'n self, sink: &mut dyn FnMut(&'n Node)) {
        match self {
            Self::And(left, right)
            | Self::Or(left, right)
            | Self::Xor(left, right)
            | Self::Implies(left, right)
            | Self::Any(left, right)
            | Self::All(left, right)
            | Self::Equal(left, right)
            | Self::NotEqual(left, right)
            | Self::Equivalent(left, right)
            | Self::NotEquivalent(left, right)
            | Self::Compare(_, left, right)
            | Self::In(left, right)
            | Self::SubsetOf(left, right)
            | Self::StartsWith(left, right)
            | Self::EndsWith(left, right)
            | Self::ContainsText(left, right)
            | Self::MemberOf(left, right)
            | Self::ConformsTo(left, right) => {
                sink(left);
                sink(right);
            }
            Self::Not(node)
            | Self::Exists(node)
            | Self::Empty(node)
            | Self::Each(node, ..)
            | Self::Is(node, _)
            | Self::HasValue(node)
            | Self::IsDistinct(node)
            | Self::Matches(node, _)
            | Self::Html(node)
            | Self::HtmlContent(node) => sink(node),
        }
    }
}
