//! 説明文 — the XHTML of a narrative, and where its images and links lead.

use super::{texts, unit::Walk};
use crate::{
    invariants::xhtml::{self, FaultKind, Reading},
    json::Value,
};

impl<'d> Walk<'_, '_, 'd> {
    /// The text of `Narrative.div`.
    pub(super) fn xhtml(&mut self, text: &str, value: Value<'d>) {
        let reading = xhtml::read(text);
        for fault in &reading.faults {
            if fault.kind == FaultKind::Lax {
                self.overlooked(&texts::XHTML_MALFORMED, value, "");
                continue;
            }
            let rule = match fault.kind {
                FaultKind::NotWellFormed | FaultKind::Lax => &texts::XHTML_MALFORMED,
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
        self.local_targets(&reading, value);
    }

    /// Images and links that lead into the resource lead to an id in it or in the narrative;
    /// a link may also lead to the name of another link, or into the Bundle.
    fn local_targets(&mut self, reading: &Reading<'_>, value: Value<'d>) {
        for image in &reading.local_images {
            let id = image.strip_prefix('#');
            if id.is_some_and(|id| !self.has_id(id) && !reading.ids.contains(id)) {
                self.broken(&texts::XHTML_IMAGE, value);
            }
        }
        let bundle = self.check.resources.bundle_of(self.resource).map(|(bundle, _)| bundle);
        let bundle = bundle.map(|bundle| self.check.resources[bundle].value);
        for link in &reading.local_links {
            let is_here = reading.ids.contains(link) || reading.names.contains(link);
            let is_around = bundle.is_some_and(|bundle| self.check.has_id(bundle, link));
            if !is_here && !is_around && !self.has_id(link) {
                self.broken(&texts::XHTML_LINK, value);
            }
        }
    }

    /// Whether anything in the resource has this id.
    pub(super) fn has_id(&self, id: &str) -> bool {
        let outer = self.check.resources.outer(self.resource);
        self.check.has_id(self.check.resources[outer].value, id)
    }
}
