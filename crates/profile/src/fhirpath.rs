//! FHIRPath — expressions of invariants, compiled once and evaluated over the JSON tree.
//!
//! A text is read into a tree whose names, types, functions and regular expressions are
//! resolved; evaluation pushes item after item into the next step and stops as soon as the
//! answer is known, so that a rule such as `x.where(…).exists()` collects nothing.
//!
//! - [`Expression`]: what is compiled; [`Expression::holds`] has the reference semantics:
//!   one boolean is itself, nothing is a failure, anything else is a success, and a fault
//!   of evaluation is a failure.
//! - [`Focus`]: the element under the rule, a primitive with the `_name` beside it.
//! - [`Environment`]: what only the Bundle knows.
//!
//! Recursion follows the expression, whose depth is limited when it is compiled, never the
//! document (the depth of which is limited by the parser). Strings are counted in code points.
//!
//! Source: FHIRPath 2.0 (N1), FHIR R4 "FHIRPath", and what the reference validator does
//! where they leave it open.

mod chain;
mod collections;
mod compare;
mod dates;
mod evaluate;
mod focus;
mod item;
mod lexer;
mod logic;
mod node;
mod parser;
mod pattern;
mod strings;
mod types;

use std::fmt;

use evaluate::Evaluation;
use item::Item;
use node::Node;

pub use focus::Focus;
pub(crate) use node::Name;
pub(crate) use types::may_be_url;

use crate::json::Value;

/// Expressions nested deeper than this are refused; the deepest published one needs 25.
const MAX_DEPTH: usize = 200;

/// 式 — a compiled expression.
#[derive(Debug, Clone)]
pub struct Expression {
    root: Node,
}

/// Why a text is no expression that can be evaluated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CompileError {
    /// The place, in bytes from the start of the text.
    pub offset: usize,
    /// What is wrong.
    pub reason: String,
}

impl fmt::Display for CompileError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{} at offset {}", self.reason, self.offset)
    }
}

impl std::error::Error for CompileError {}

/// What an expression may ask about the surroundings of its element.
pub trait Environment<'d> {
    /// `%resource`: the resource that the element belongs to, a contained one included.
    fn resource(&self) -> Option<Value<'d>>;

    /// `%rootResource`: the resource that contains [`Environment::resource`], or itself.
    fn root_resource(&self) -> Option<Value<'d>>;

    /// Whether the root resource contains one with this id.
    fn contains(&self, id: &str) -> bool {
        let contained = self.root_resource().and_then(|root| root.get("contained"));
        let mut all = contained.into_iter().flat_map(Value::items);
        all.any(|own| own.get("id").is_some_and(|own| own.is(id)))
    }

    /// `%extension`, in an invariant of an extension's context: the extension.
    fn extension(&self) -> Option<Value<'d>> {
        None
    }

    /// The resource that a reference points to, inside the document.
    fn resolve(&self, reference: &str) -> Option<Value<'d>>;

    /// Whether a code, Coding or CodeableConcept is in a value set; none where it cannot
    /// be decided. To the reference validator a Coding with a display that its code does not
    /// have is no member.
    fn member_of(&self, element: Value<'d>, value_set: &str) -> Option<bool>;

    /// Whether an element conforms to a profile; none where the profile is unknown.
    fn conforms_to(&self, element: Value<'d>, profile: &str) -> Option<bool>;
}

impl Expression {
    /// Compiles a text.
    ///
    /// # Errors
    /// The first thing that cannot be read, or is not known: a package with such an
    /// expression must not be loaded.
    pub fn compile(text: &str) -> Result<Self, CompileError> {
        let root = parser::parse(lexer::tokens(text)?)?;
        if root.depth() > MAX_DEPTH {
            return Err(CompileError { offset: 0, reason: "nested too deeply".into() });
        }
        Ok(Self { root })
    }

    /// Whether the invariant holds at an element.
    pub fn holds<'d>(&self, focus: Focus<'d>, environment: &dyn Environment<'d>) -> bool {
        Evaluation::new(focus, environment).holds(&self.root)
    }

    /// The elements that the expression finds, in document order where FHIRPath defines
    /// one; computed values are left out. For discriminators and extension contexts.
    pub fn select<'d>(
        &self,
        focus: Focus<'d>,
        environment: &dyn Environment<'d>,
    ) -> Vec<Focus<'d>> {
        Evaluation::new(focus, environment).select(&self.root)
    }
}

/// `left <= right`; none where it cannot be told.
pub(crate) fn at_most(left: Focus<'_>, right: Focus<'_>) -> Option<bool> {
    let (left, right) = (Item::Element(left), Item::Element(right));
    compare::ordered(node::Comparison::AtMost, &left, &right).ok().flatten()
}

#[cfg(test)]
mod tests;
