//! From tokens to the compiled tree, by operator precedence.

mod functions;

use super::{
    CompileError,
    lexer::{Placed, Token},
    node::{Comparison, Function, Logic, Name, Node, Operator},
    types::{CHOICES, TypeName},
};

/// Parentheses and arguments within each other.
const MAX_NESTING: usize = 40;

/// `iif` repeats its input in its arguments; this many of them cannot grow a tree.
const MAX_CONDITIONALS: usize = 4;

type Parsed<T> = Result<T, CompileError>;

pub(super) fn parse(tokens: Vec<Placed>) -> Parsed<Node> {
    let mut parser = Parser { tokens, at: 0, start: Node::This, nesting: 0, conditionals: 0 };
    let node = parser.expression(0)?;
    match parser.peek() {
        Token::End => Ok(node),
        _ => Err(parser.error("an operator is missing")),
    }
}

struct Parser {
    tokens: Vec<Placed>,
    at: usize,
    /// Where a path without a beginning begins.
    start: Node,
    nesting: usize,
    conditionals: usize,
}

impl Parser {
    fn peek(&self) -> &Token {
        // The last token is the end, and nothing advances beyond it.
        &self.tokens[self.at].token
    }

    fn advance(&mut self) -> Token {
        let token = self.peek().clone();
        if token != Token::End {
            self.at += 1;
        }
        token
    }

    fn error(&self, reason: impl Into<String>) -> CompileError {
        CompileError { offset: self.tokens[self.at].offset, reason: reason.into() }
    }

    fn next_is(&self, symbol: &str) -> bool {
        matches!(self.peek(), Token::Symbol(found) if *found == symbol)
    }

    fn skip(&mut self, symbol: &str) -> bool {
        let found = self.next_is(symbol);
        self.at += usize::from(found);
        found
    }

    fn expect(&mut self, symbol: &str) -> Parsed<()> {
        if self.skip(symbol) { Ok(()) } else { Err(self.error(format!("`{symbol}` is missing"))) }
    }

    /// An expression whose operators bind at least this strongly.
    fn expression(&mut self, least: u8) -> Parsed<Node> {
        self.nesting += 1;
        if self.nesting > MAX_NESTING {
            return Err(self.error("nested too deeply"));
        }
        let mut left = self.unary()?;
        while let Some((operator, strength)) = self.operator().filter(|(_, s)| *s >= least) {
            self.advance();
            left = match operator {
                "is" => Node::Logic(Box::new(Logic::Is(left, self.type_name()?))),
                "as" => call(left, Function::OfType(self.type_name()?)),
                _ => {
                    let right = self.expression(strength + 1)?;
                    binary(operator, left, right)
                }
            };
        }
        self.nesting -= 1;
        Ok(left)
    }

    /// The binary operator that comes next, and how strongly it binds.
    fn operator(&self) -> Option<(&'static str, u8)> {
        let text = match self.peek() {
            Token::Symbol(symbol) => *symbol,
            Token::Name(name) => name.as_str(),
            _ => return None,
        };
        OPERATORS.iter().find(|(name, _)| *name == text).copied()
    }

    fn unary(&mut self) -> Parsed<Node> {
        if self.skip("-") {
            let operand = self.path()?;
            return Ok(match operand {
                Node::Integer(number) => Node::Integer(-number),
                Node::Decimal(number) => Node::Decimal(-number),
                other => Node::Binary(Operator::Minus, Box::new([Node::Integer(0), other])),
            });
        }
        self.skip("+");
        self.path()
    }

    fn path(&mut self) -> Parsed<Node> {
        let mut node = self.term()?;
        loop {
            if self.skip(".") {
                node = self.step(node)?;
            } else if self.skip("[") {
                let index = self.argument()?;
                self.expect("]")?;
                node = call(node, Function::At(index));
            } else {
                return Ok(node);
            }
        }
    }

    fn step(&mut self, input: Node) -> Parsed<Node> {
        match self.advance() {
            Token::Name(name) if self.next_is("(") => self.function(input, &name),
            Token::Name(name) | Token::Quoted(name) => Ok(child(input, &name)),
            _ => Err(self.error("a name is missing behind the dot")),
        }
    }

    fn term(&mut self) -> Parsed<Node> {
        match self.advance() {
            Token::Text(text) => Ok(Node::Text(text)),
            Token::Number(text) => self.number(&text),
            Token::Variable(name) => self.variable(&name),
            Token::Local(name) => match name.as_str() {
                "this" => Ok(Node::This),
                "index" => Ok(Node::Index),
                _ => Err(self.error(format!("`${name}` is not known"))),
            },
            Token::Name(name) if self.next_is("(") => self.function(self.start.clone(), &name),
            Token::Name(name) => Ok(self.name(&name)),
            Token::Quoted(name) => Ok(child(self.start.clone(), &name)),
            Token::Symbol("(") => {
                let node = self.expression(0)?;
                self.expect(")")?;
                Ok(node)
            }
            Token::Symbol("{") => self.expect("}").map(|()| Node::Nothing),
            _ => Err(self.error("a term is missing")),
        }
    }

    /// A name at the beginning of a path: a constant, a type or an element.
    fn name(&self, name: &str) -> Node {
        match name {
            "true" => Node::Bool(true),
            "false" => Node::Bool(false),
            _ if name.starts_with(|c: char| c.is_ascii_uppercase()) => {
                Node::Root(TypeName::of(name))
            }
            _ => child(self.start.clone(), name),
        }
    }

    fn number(&self, text: &str) -> Parsed<Node> {
        if matches!(self.peek(), Token::Text(_)) {
            return Err(self.error("quantities are not supported"));
        }
        let whole = text.parse().map(Node::Integer).ok();
        whole
            .or_else(|| text.parse().map(Node::Decimal).ok())
            .ok_or_else(|| self.error("a number out of range"))
    }

    fn variable(&self, name: &str) -> Parsed<Node> {
        let text = |text: &str| Ok(Node::Text(text.into()));
        match name {
            "context" => Ok(Node::Context),
            "resource" => Ok(Node::Resource),
            "rootResource" => Ok(Node::RootResource),
            "extension" => Ok(Node::Extension),
            "ucum" => text("http://unitsofmeasure.org"),
            "sct" => text("http://snomed.info/sct"),
            "loinc" => text("http://loinc.org"),
            _ => match name.split_once('-') {
                Some(("vs", id)) => text(&format!("http://hl7.org/fhir/ValueSet/{id}")),
                Some(("ext", id)) => text(&format!("http://hl7.org/fhir/StructureDefinition/{id}")),
                _ => Err(self.error(format!("`%{name}` is not known"))),
            },
        }
    }

    /// A type, with or without its namespace.
    fn type_name(&mut self) -> Parsed<TypeName> {
        let mut name = self.any_name()?;
        if matches!(name.as_str(), "FHIR" | "System") && self.skip(".") {
            name = self.any_name()?;
        }
        Ok(TypeName::of(&name))
    }

    fn any_name(&mut self) -> Parsed<String> {
        match self.advance() {
            Token::Name(name) | Token::Quoted(name) => Ok(name),
            _ => Err(self.error("the name of a type is missing")),
        }
    }

    /// An argument that is evaluated beside its input, not on each item of it.
    fn argument(&mut self) -> Parsed<Node> {
        self.expression(0)
    }

    /// An argument that is evaluated on each item of the input, which is `$this` there.
    fn criterion(&mut self) -> Parsed<Node> {
        self.argument_from(Node::This)
    }

    fn argument_from(&mut self, start: Node) -> Parsed<Node> {
        let outer = std::mem::replace(&mut self.start, start);
        let node = self.expression(0);
        self.start = outer;
        node
    }
}

/// The operators, the weakest first.
const OPERATORS: [(&str, u8); 24] = [
    ("implies", 1),
    ("or", 2),
    ("xor", 2),
    ("and", 3),
    ("in", 4),
    ("contains", 4),
    ("=", 5),
    ("!=", 5),
    ("~", 5),
    ("!~", 5),
    ("<", 6),
    ("<=", 6),
    (">", 6),
    (">=", 6),
    ("|", 7),
    ("is", 8),
    ("as", 8),
    ("+", 9),
    ("-", 9),
    ("&", 9),
    ("*", 10),
    ("/", 10),
    ("div", 10),
    ("mod", 10),
];

fn child(input: Node, name: &str) -> Node {
    let is_choice = CHOICES.binary_search(&name).is_ok();
    Node::Child(Box::new(input), Name::new(name, is_choice))
}

fn call(input: Node, function: Function) -> Node {
    Node::Call(Box::new(input), Box::new(function))
}

fn binary(operator: &str, left: Node, right: Node) -> Node {
    let logic = match operator {
        "implies" => Logic::Implies(left, right),
        "or" => Logic::Or(left, right),
        "xor" => Logic::Xor(left, right),
        "and" => Logic::And(left, right),
        "in" => Logic::In(left, right),
        "contains" => Logic::In(right, left),
        "=" => Logic::Equal(left, right),
        "!=" => Logic::NotEqual(left, right),
        "~" => Logic::Equivalent(left, right),
        "!~" => Logic::NotEquivalent(left, right),
        "<" => Logic::Compare(Comparison::Less, left, right),
        "<=" => Logic::Compare(Comparison::AtMost, left, right),
        ">" => Logic::Compare(Comparison::Greater, left, right),
        ">=" => Logic::Compare(Comparison::AtLeast, left, right),
        "|" => return call(left, Function::Union(right)),
        _ => {
            let operator = match operator {
                "-" => Operator::Minus,
                "&" => Operator::Concatenate,
                "*" => Operator::Times,
                "/" => Operator::Divide,
                "div" => Operator::WholeDivide,
                "mod" => Operator::Remainder,
                _ => Operator::Plus,
            };
            return Node::Binary(operator, Box::new([left, right]));
        }
    };
    Node::Logic(Box::new(logic))
}
