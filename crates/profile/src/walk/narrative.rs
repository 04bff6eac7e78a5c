//! 説明文 — the XHTML of a narrative, and where its images lead.

use super::{object::NAMES, texts, unit::Walk};
use crate::{
    invariants::xhtml::{self, FaultKind},
    json::Value,
};

impl<'d> Walk<'_, '_, 'd> {
    /// The text of `Narrative.div`.
    pub(super) fn xhtml(&mut self, text: &str, value: Value<'d>) {
        let reading = xhtml::read(text);
        for fault in &reading.faults {
            let rule = match fault.kind {
                FaultKind::NotWellFormed => &texts::XHTML_MALFORMED,
                FaultKind::Entity => &texts::XHTML_ENTITY,
                FaultKind::Root | FaultKind::Namespace => &texts::XHTML_ROOT,
                FaultKind::Instruction => &texts::XHTML_INSTRUCTION,
                FaultKind::Element => &texts::XHTML_ELEMENT,
                FaultKind::Attribute => &texts::XHTML_ATTRIBUTE,
                FaultKind::Url => &texts::XHTML_URL,
                FaultKind::Nesting => &texts::XHTML_NESTING,
            };
            self.broken_with(rule, value, super::place::printable(&fault.subject));
        }
        if !reading.has_content {
            self.broken(&texts::NARRATIVE_EMPTY, value);
        }
        for image in reading.local_images {
            let id = image.strip_prefix('#');
            if id.is_some_and(|id| !self.has_id(id, text)) {
                self.broken(&texts::XHTML_IMAGE, value);
            }
        }
    }

    /// Whether anything in the resource, or an element of the narrative, has this id.
    pub(super) fn has_id(&self, id: &str, text: &str) -> bool {
        let outer = self.check.resources.outer(self.resource);
        let resource = self.check.resources[outer].value;
        let is_here = |own: Value<'_>| own.symbol() == NAMES.id && own.is(id);
        std::iter::once(resource).chain(resource.descendants()).any(is_here)
            || [format!("id=\"{id}\""), format!("id='{id}'"), format!("name=\"{id}\"")]
                .iter()
                .any(|attribute| text.contains(attribute.as_str()))
    }
}
