//! 不変条件 — the rules that definitions state as FHIRPath, ready to be asked.
//!
//! [`Invariant::bind`] takes a [`Constraint`], rewrites the few published expressions that
//! cannot mean what they say, and chooses a native function where there is one: for the
//! rules of R4 that run at nearly every element. All others are compiled. Which of the two
//! answers makes no difference but time; the tests hold them against each other.
//!
//! Source: FHIR R4, the constraints of the base definitions (CC0); the reference
//! validator's rewriting of them.

pub mod table;
pub mod xhtml;

mod bundles;
mod choices;
mod datatypes;
mod elements;
mod resources;
mod rewrites;

pub use resources::unused_contained;

use crate::{
    definition::Constraint,
    fhirpath::{CompileError, Environment, Expression, Focus},
};

/// A rule in Rust.
type Native = for<'d> fn(Focus<'d>, &dyn Environment<'d>) -> bool;

/// A native rule: its key, the expression that it stands for, and the function.
struct Entry {
    key: &'static str,
    expression: &'static str,
    holds: Native,
}

/// 不変条件 — a rule that can be asked.
#[derive(Debug, Clone)]
pub struct Invariant {
    form: Form,
}

#[derive(Debug, Clone)]
enum Form {
    Native(Native),
    Compiled(Box<Expression>),
}

impl Invariant {
    /// Makes a constraint ready; none where only prose states it.
    ///
    /// # Errors
    /// The expression cannot be compiled: the definition must not be loaded.
    pub fn bind(constraint: &Constraint) -> Result<Option<Self>, CompileError> {
        let Some(expression) = &constraint.expression else { return Ok(None) };
        if let Some(native) = native(&constraint.key, expression) {
            return Ok(Some(Self { form: Form::Native(native) }));
        }
        Self::compiled(&constraint.key, expression).map(Some)
    }

    /// The rule as an expression, also where a native function is faster.
    ///
    /// # Errors
    /// The expression cannot be compiled.
    pub fn compiled(key: &str, expression: &str) -> Result<Self, CompileError> {
        let expression = Expression::compile(&rewrites::rewritten(key, expression))?;
        Ok(Self { form: Form::Compiled(Box::new(expression)) })
    }

    /// Whether a native function answers.
    pub fn is_native(&self) -> bool {
        matches!(self.form, Form::Native(_))
    }

    /// Whether the rule holds at an element. An expression that gives nothing, or cannot be
    /// evaluated there, does not hold.
    pub fn holds<'d>(&self, focus: Focus<'d>, environment: &dyn Environment<'d>) -> bool {
        match &self.form {
            Form::Native(holds) => holds(focus, environment),
            Form::Compiled(expression) => expression.holds(focus, environment),
        }
    }
}

/// Keys and expressions that are answered natively.
pub fn natives() -> impl Iterator<Item = (&'static str, &'static str)> {
    entries().map(|entry| (entry.key, entry.expression))
}

fn entries() -> impl Iterator<Item = &'static Entry> {
    let tables = [elements::ENTRIES, resources::ENTRIES, bundles::ENTRIES, datatypes::ENTRIES];
    tables.into_iter().flatten()
}

/// The native function of a rule: the key alone is not enough, since guides reuse keys.
fn native(key: &str, expression: &str) -> Option<Native> {
    entries().find(|entry| entry.key == key && entry.expression == expression).map(|e| e.holds)
}
