//! The functions by name.

use super::{MAX_CONDITIONALS, Parsed, Parser, call};
use crate::fhirpath::{
    lexer::Token,
    node::{Function, Logic, Node, Quantifier, TextFunction},
    pattern::Pattern,
};

impl Parser {
    /// A function behind its name: the arguments, and what they make of the input.
    pub(super) fn function(&mut self, input: Node, name: &str) -> Parsed<Node> {
        self.expect("(")?;
        let node = match name {
            "where" => call(input, Function::Where(self.criterion()?)),
            "select" => call(input, Function::Select(self.criterion()?)),
            "repeat" => call(input, Function::Repeat(self.criterion()?)),
            "all" => logic(Logic::All(input, self.criterion()?)),
            "exists" if !self.next_is(")") => logic(Logic::Any(input, self.criterion()?)),
            "ofType" | "as" => call(input, Function::OfType(self.type_name()?)),
            "is" => logic(Logic::Is(input, self.type_name()?)),
            "iif" => self.conditional(input)?,
            "trace" => self.trace(input)?,
            _ => match self.logic_of(input, name)? {
                Ok(node) => logic(node),
                Err(input) => call(input, self.items_of(name)?),
            },
        };
        self.expect(")")?;
        Ok(node)
    }

    /// The functions that give true, false or nothing; the input back for all others.
    fn logic_of(&mut self, input: Node, name: &str) -> Parsed<Result<Logic, Node>> {
        Ok(Ok(match name {
            "exists" => Logic::Exists(input),
            "empty" => Logic::Empty(input),
            "not" => Logic::Not(input),
            "allTrue" => Logic::Each(input, Quantifier::All, true),
            "allFalse" => Logic::Each(input, Quantifier::All, false),
            "anyTrue" => Logic::Each(input, Quantifier::Any, true),
            "anyFalse" => Logic::Each(input, Quantifier::Any, false),
            "hasValue" => Logic::HasValue(input),
            "isDistinct" => Logic::IsDistinct(input),
            "subsetOf" => Logic::SubsetOf(input, self.argument()?),
            "supersetOf" => Logic::SubsetOf(self.argument()?, input),
            "matches" => Logic::Matches(input, self.pattern()?),
            "startsWith" => Logic::StartsWith(input, self.argument()?),
            "endsWith" => Logic::EndsWith(input, self.argument()?),
            "contains" => Logic::ContainsText(input, self.argument()?),
            "memberOf" => Logic::MemberOf(input, self.argument()?),
            "conformsTo" => Logic::ConformsTo(input, self.argument()?),
            "htmlChecks" | "htmlChecks1" => Logic::Html(input),
            "htmlChecks2" => Logic::HtmlContent(input),
            _ => return Ok(Err(input)),
        }))
    }

    fn items_of(&mut self, name: &str) -> Parsed<Function> {
        Ok(match name {
            "first" => Function::First,
            "last" => Function::Last,
            "tail" => Function::Tail,
            "single" => Function::Single,
            "skip" => Function::Skip(self.argument()?),
            "take" => Function::Take(self.argument()?),
            "item" => Function::At(self.argument()?),
            "count" => Function::Count,
            "children" => Function::Children,
            "descendants" => Function::Descendants,
            "distinct" => Function::Distinct,
            "union" => Function::Union(self.argument()?),
            "combine" => Function::Combine(self.argument()?),
            "intersect" => Function::Intersect(self.argument()?),
            "exclude" => Function::Exclude(self.argument()?),
            "resolve" => Function::Resolve,
            "extension" => Function::Extension(self.text()?),
            "getValue" => Function::GetValue,
            _ => Function::Text(self.text_function(name)?),
        })
    }

    fn text_function(&mut self, name: &str) -> Parsed<TextFunction> {
        Ok(match name {
            "length" => TextFunction::Length,
            "upper" => TextFunction::Upper,
            "lower" => TextFunction::Lower,
            "trim" => TextFunction::Trim,
            "toString" => TextFunction::ToText,
            "toInteger" => TextFunction::ToInteger,
            "toDecimal" => TextFunction::ToDecimal,
            "toBoolean" => TextFunction::ToBoolean,
            "indexOf" => TextFunction::IndexOf(self.argument()?),
            "substring" => {
                let start = self.argument()?;
                let length = if self.skip(",") { Some(self.argument()?) } else { None };
                TextFunction::Substring(start, length)
            }
            "replaceMatches" => {
                let pattern = self.pattern()?;
                self.expect(",")?;
                TextFunction::ReplaceMatches(pattern, self.text()?)
            }
            "replace" => {
                let old = self.text()?;
                self.expect(",")?;
                TextFunction::Replace(old, self.text()?)
            }
            _ => return Err(self.error(format!("the function `{name}` is not known"))),
        })
    }

    /// `iif`: what a path in the arguments begins with is the input.
    fn conditional(&mut self, input: Node) -> Parsed<Node> {
        self.conditionals += 1;
        if self.conditionals > MAX_CONDITIONALS {
            return Err(self.error("too many conditions"));
        }
        let criterion = self.argument_from(input.clone())?;
        self.expect(",")?;
        let then = self.argument_from(input.clone())?;
        let otherwise =
            if self.skip(",") { Some(self.argument_from(input.clone())?) } else { None };
        Ok(call(input, Function::If(criterion, then, otherwise)))
    }

    /// `trace` tells a debugger and gives its input.
    fn trace(&mut self, input: Node) -> Parsed<Node> {
        self.text()?;
        if self.skip(",") {
            self.criterion()?;
        }
        Ok(input)
    }

    /// A string that stands in the expression.
    fn text(&mut self) -> Parsed<String> {
        match self.advance() {
            Token::Text(text) => Ok(text),
            _ => Err(self.error("a string is missing")),
        }
    }

    fn pattern(&mut self) -> Parsed<Pattern> {
        let text = self.text()?;
        Pattern::read(&text).map_err(|error| self.error(format!("a pattern: {error}")))
    }
}

fn logic(logic: Logic) -> Node {
    Node::Logic(Box::new(logic))
}
