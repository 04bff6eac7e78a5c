//! JSON Patch (RFC 6902) on a tree that keeps order and numbers as they are written.

use kyoyu_profile::{
    Limits,
    json::{self, Document, Kind},
};
use serde_json::Value;

/// A JSON value; scalars and keys as their texts.
#[derive(Debug, Clone)]
enum Tree {
    Scalar(String),
    Array(Vec<Tree>),
    Object(Vec<(String, Tree)>),
}

/// The example with the change of a case.
pub(crate) fn applied(original: Vec<u8>, case: &Value) -> Vec<u8> {
    if let Some([old, new]) = case["replace_text"].as_array().map(Vec::as_slice) {
        let text = String::from_utf8(original).expect("an example is UTF-8");
        let texts = (old.as_str().unwrap_or_default(), new.as_str().unwrap_or_default());
        return text.replacen(texts.0, texts.1, 1).into_bytes();
    }
    let Some(operations) = case["patch"].as_array().filter(|patch| !patch.is_empty()) else {
        return original;
    };
    let mut tree = Tree::parse(&original);
    for operation in operations {
        tree.apply(operation);
    }
    let mut text = String::new();
    tree.write(&mut text);
    text.into_bytes()
}

impl Tree {
    fn parse(text: &[u8]) -> Self {
        let document = Document::parse(text, &Limits::default()).expect("an example is JSON");
        Self::of(document.root())
    }

    fn of(value: json::Value<'_>) -> Self {
        match value.kind() {
            Kind::Array => Self::Array(value.items().map(Self::of).collect()),
            Kind::Object => Self::Object(
                value.fields().map(|(key, field)| (key.into_owned(), Self::of(field))).collect(),
            ),
            _ => Self::Scalar(value.source().to_owned()),
        }
    }

    fn write(&self, text: &mut String) {
        match self {
            Self::Scalar(scalar) => text.push_str(scalar),
            Self::Array(items) => {
                text.push('[');
                for (place, item) in items.iter().enumerate() {
                    text.push_str(if place > 0 { "," } else { "" });
                    item.write(text);
                }
                text.push(']');
            }
            Self::Object(fields) => {
                text.push('{');
                for (place, (key, field)) in fields.iter().enumerate() {
                    text.push_str(if place > 0 { "," } else { "" });
                    text.push_str(&serde_json::to_string(key).expect("a text is JSON"));
                    text.push(':');
                    field.write(text);
                }
                text.push('}');
            }
        }
    }

    fn apply(&mut self, operation: &Value) {
        let path = parts(&operation["path"]);
        let from = || parts(&operation["from"]);
        match operation["op"].as_str() {
            Some("remove") => drop(self.remove(&path)),
            Some("add") => self.add(&path, Self::new(&operation["value"])),
            Some("replace") => *self.at(&path) = Self::new(&operation["value"]),
            Some("copy") => {
                let copy = self.at(&from()).clone();
                self.add(&path, copy);
            }
            Some("move") => {
                let moved = self.remove(&from());
                self.add(&path, moved);
            }
            other => panic!("{other:?} is not used"),
        }
    }

    fn new(value: &Value) -> Self {
        Self::parse(value.to_string().as_bytes())
    }

    fn at(&mut self, path: &[String]) -> &mut Self {
        path.iter().fold(self, |tree, part| match tree {
            Self::Array(items) => &mut items[part.parse::<usize>().expect("a place")],
            Self::Object(fields) => {
                let field = fields.iter_mut().find(|(key, _)| key == part);
                &mut field.unwrap_or_else(|| panic!("{part}")).1
            }
            Self::Scalar(_) => panic!("{part}"),
        })
    }

    fn remove(&mut self, path: &[String]) -> Self {
        let (last, before) = path.split_last().expect("not the whole");
        match self.at(before) {
            Self::Array(items) => items.remove(last.parse().expect("a place")),
            Self::Object(fields) => {
                let place = fields.iter().position(|(key, _)| key == last).expect("a field");
                fields.remove(place).1
            }
            Self::Scalar(_) => panic!("{last}"),
        }
    }

    fn add(&mut self, path: &[String], value: Self) {
        let Some((last, before)) = path.split_last() else {
            *self = value;
            return;
        };
        match self.at(before) {
            Self::Array(items) if last == "-" => items.push(value),
            Self::Array(items) => items.insert(last.parse().expect("a place"), value),
            Self::Object(fields) => {
                fields.retain(|(key, _)| key != last);
                fields.push((last.clone(), value));
            }
            Self::Scalar(_) => panic!("{last}"),
        }
    }
}

/// The parts of a JSON Pointer.
fn parts(pointer: &Value) -> Vec<String> {
    let parts = pointer.as_str().unwrap_or_default().split('/').skip(1);
    parts.map(|part| part.replace("~1", "/").replace("~0", "~")).collect()
}
