//! 説明文 — the XHTML of a narrative.
//!
//! One pass over the text, without a tree: the open elements are a stack of names. What is
//! allowed are the formatting elements and attributes of HTML 4 that FHIR lists, no
//! document type, no processing instruction, and of the named entities only those of XML.
//!
//! Source: FHIR R4, Narrative, txt-1 and txt-2; the nesting rules of the reference
//! validator (paragraphs hold no blocks, rows only cells, and so on).

mod scanner;
mod structure;
mod vocabulary;

use std::collections::BTreeSet;

use scanner::{Attribute, Event, Scanner};
use structure::Open;

/// The namespace that the outermost element declares.
const NAMESPACE: &str = "http://www.w3.org/1999/xhtml";

/// Faults beyond this many say nothing new.
const MAX_FAULTS: usize = 20;

/// Elements within each other; deeper ones are no text for people.
const MAX_DEPTH: usize = 200;

/// One thing that is wrong in a narrative.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// What is wrong.
    pub kind: FaultKind,
    /// What it is about: the name of an element, attribute or entity, or a URL. It is part
    /// of the document, so it is shown to nobody but its sender.
    pub subject: String,
}

/// The kinds of [`Fault`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FaultKind {
    /// Not well-formed XML; nothing behind it was read.
    NotWellFormed,
    /// Not well-formed XML either, but some readers, the reference validator among them, read
    /// over it: attributes without quotes, something around the outermost element, its end
    /// missing or its name in capitals, an instruction.
    Lax,
    /// An entity that XML does not have, such as `&nbsp;`.
    Entity,
    /// The outermost element is no `div`.
    Root,
    /// The namespace is missing or another one.
    Namespace,
    /// A document type.
    Instruction,
    /// An element that is not allowed.
    Element,
    /// An attribute that is not allowed there.
    Attribute,
    /// A link or image whose URL is empty, malformed, would run a script or leads nowhere.
    Url,
    /// An element where it must not stand: a block in a paragraph, a cell outside a row.
    Nesting,
}

/// What one pass over a narrative tells.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reading<'t> {
    /// Everything that is wrong, in the order of the text.
    pub faults: Vec<Fault>,
    /// Whether it says something: a text that is not blank, or an image (txt-2). One that
    /// cannot be read is another rule's.
    pub has_content: bool,
    /// The sources of images that are not on the web.
    pub local_images: Vec<&'t str>,
    /// The links into the resource itself: what stands behind `#`.
    pub local_links: Vec<&'t str>,
    /// The ids of elements.
    pub ids: BTreeSet<&'t str>,
    /// The names of links.
    pub names: BTreeSet<&'t str>,
}

/// Everything that is wrong in the `div` of a narrative, in the order of the text.
pub fn check(text: &str) -> Vec<Fault> {
    read(text).faults
}

/// Reads a narrative once.
pub fn read(text: &str) -> Reading<'_> {
    let mut checker = Checker { reading: Reading::default(), open: Vec::new(), has_root: false };
    let mut scanner = Scanner::new(text);
    let end = checker.events(&mut scanner);
    if scanner.is_lax() {
        checker.fault(FaultKind::Lax, "");
    }
    let mut reading = checker.reading;
    // What was not read to its end may say something behind.
    reading.has_content |= end != End::Whole;
    if let End::Broken(what) = end {
        let subject = what.to_owned();
        reading.faults.push(Fault { kind: FaultKind::NotWellFormed, subject });
    }
    reading
}

/// How the reading of a narrative ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End<'t> {
    Whole,
    /// There were too many faults.
    Enough,
    /// It is not well-formed.
    Broken(&'t str),
}

/// Whether a narrative has only what is allowed (txt-1); an entity that XML does not have
/// is a fault of the text, not of what is allowed.
pub fn is_allowed(text: &str) -> bool {
    check(text).iter().all(|fault| matches!(fault.kind, FaultKind::Entity | FaultKind::Lax))
}

/// Whether a narrative says something: a text that is not blank, or an image (txt-2). One
/// that cannot be read is another rule's.
pub fn has_content(text: &str) -> bool {
    Scanner::new(text).any(|event| match event {
        Ok(Event::Text(text)) => !is_blank(text),
        Ok(Event::Start { name, .. }) => name == "img",
        Ok(Event::Entity(_)) | Err(_) => true,
        Ok(_) => false,
    })
}

/// Whether there are only blanks and control characters.
fn is_blank(text: &str) -> bool {
    text.bytes().all(|byte| byte <= b' ')
}

/// The sources of images that are not on the web, such as `#picture`: they have to be
/// found inside the resource.
pub fn local_images(text: &str) -> Vec<&str> {
    read(text).local_images
}

struct Checker<'t> {
    reading: Reading<'t>,
    open: Vec<Open<'t>>,
    has_root: bool,
}

impl<'t> Checker<'t> {
    fn fault(&mut self, kind: FaultKind, subject: &str) {
        self.reading.faults.push(Fault { kind, subject: subject.to_owned() });
    }

    fn events(&mut self, scanner: &mut Scanner<'t>) -> End<'t> {
        loop {
            if self.reading.faults.len() >= MAX_FAULTS {
                return End::Enough;
            }
            match scanner.next() {
                Some(Ok(event)) => {
                    if self.is_behind(event) {
                        self.fault(FaultKind::Lax, "");
                        return End::Whole;
                    }
                    if let Err(subject) = self.event(event, scanner.attributes()) {
                        return End::Broken(subject);
                    }
                }
                Some(Err(subject)) => {
                    self.reading.has_content = true;
                    return End::Broken(subject);
                }
                None if !self.has_root => return End::Broken(""),
                None => {
                    if !self.open.is_empty() {
                        self.fault(FaultKind::Lax, "");
                    }
                    return End::Whole;
                }
            }
        }
    }

    /// Whether an event says something behind the end of the outermost element.
    fn is_behind(&self, event: Event<'t>) -> bool {
        let says = match event {
            Event::Text(text) => !is_blank(text),
            Event::Comment => false,
            _ => true,
        };
        self.has_root && self.open.is_empty() && says
    }

    /// Takes one event; the fault behind which nothing can be read.
    fn event(&mut self, event: Event<'t>, attributes: &[Attribute<'t>]) -> Result<(), &'t str> {
        match event {
            Event::Text(text) if is_blank(text) => {}
            Event::Text(_) => {
                self.reading.has_content = true;
                let Some(parent) = self.open.last() else { return Err("") };
                if !structure::may_hold_text(parent.name) {
                    let name = parent.name;
                    self.fault(FaultKind::Nesting, name);
                }
            }
            Event::Entity(name) => {
                self.reading.has_content = true;
                if !scanner::is_entity(name) {
                    self.fault(FaultKind::Entity, name);
                }
            }
            Event::Comment => {}
            Event::DocumentType if self.has_root => self.fault(FaultKind::Instruction, ""),
            Event::Instruction | Event::DocumentType => self.fault(FaultKind::Lax, ""),
            Event::Start { mut name, is_closed } => {
                self.reading.has_content |= name == "img";
                if self.open.len() >= MAX_DEPTH {
                    return Err(name);
                }
                if !self.has_root && name != "div" && name.eq_ignore_ascii_case("div") {
                    self.fault(FaultKind::Lax, name);
                    name = "div";
                }
                self.start(name, attributes);
                match name {
                    "img" => self.image(attributes),
                    "a" => self.link(attributes),
                    _ => {}
                }
                if !is_closed {
                    self.open.push(structure::opened(self.open.last(), name));
                }
                self.has_root = true;
            }
            Event::End(name) => {
                if self.open.pop().is_none_or(|open| open.name != name) {
                    return Err(name);
                }
            }
        }
        Ok(())
    }

    fn image(&mut self, attributes: &[Attribute<'t>]) {
        let source = attributes.iter().find(|attribute| attribute.name == "src");
        let is_local =
            |url: &&str| !["http:", "https:", "data:"].iter().any(|s| url.starts_with(s));
        self.reading.local_images.extend(source.map(|source| source.value).filter(is_local));
    }

    /// A link: its name, or where it leads.
    fn link(&mut self, attributes: &[Attribute<'t>]) {
        let name = attributes.iter().find(|attribute| attribute.name == "name");
        self.reading.names.extend(name.map(|name| name.value));
        let target = attributes.iter().find(|attribute| attribute.name == "href");
        let Some(url) = target.map(|target| target.value) else { return };
        if let Some(id) = url.strip_prefix('#').filter(|id| !id.is_empty()) {
            self.reading.local_links.push(id);
        }
        if ["urn:", "cid:"].iter().any(|scheme| url.starts_with(scheme)) {
            self.fault(FaultKind::Url, url);
        }
    }

    fn start(&mut self, name: &'t str, attributes: &[Attribute<'t>]) {
        let ids = attributes.iter().filter(|attribute| attribute.name == "id");
        self.reading.ids.extend(ids.map(|attribute| attribute.value));
        let declared = attributes.iter().find(|attribute| attribute.name == "xmlns");
        if declared.map_or(!self.open.is_empty(), |attribute| attribute.value == NAMESPACE) {
            // The namespace is declared at the root, and repeated at will.
        } else {
            self.fault(FaultKind::Namespace, declared.map_or("", |attribute| attribute.value));
        }
        if self.open.is_empty() {
            if name != "div" {
                self.fault(FaultKind::Root, name);
            }
            return;
        }
        if !vocabulary::is_element(name) {
            self.fault(FaultKind::Element, name);
        }
        for attribute in attributes {
            if !vocabulary::is_attribute(name, attribute.name) {
                self.fault(FaultKind::Attribute, attribute.name);
            }
            let is_url = matches!((name, attribute.name), ("a", "href") | ("img", "src"));
            if is_url && !vocabulary::is_url(attribute.value) {
                self.fault(FaultKind::Url, attribute.value);
            }
        }
        if !structure::may_stand_in(name, &self.open) {
            self.fault(FaultKind::Nesting, name);
        }
    }
}

#[cfg(test)]
mod tests;
