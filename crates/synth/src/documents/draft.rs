//! 下書き — a document while its entries are being written.

use crate::{
    bundle::{Case, SynthBundle, entry},
    json::{Writer, document},
};

/// A reference to an entry, as sections need it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Link {
    pub(super) url: String,
    /// The type of the resource.
    pub(super) resource_type: &'static str,
}

impl Link {
    /// An item of an array of references.
    pub(super) fn item(&self, w: &mut Writer) {
        w.item(|w| self.fields(w));
    }

    /// A reference of its own.
    pub(super) fn member(&self, w: &mut Writer, key: &str) {
        w.object(key, |w| self.fields(w));
    }

    fn fields(&self, w: &mut Writer) {
        w.text("reference", &self.url);
        w.text("type", self.resource_type);
    }
}

/// Composition and Patient come first; the other entries as they are added.
#[derive(Debug)]
pub(super) struct Draft<'a> {
    pub(super) case: Case<'a>,
    entries: Vec<(String, String)>,
}

impl<'a> Draft<'a> {
    pub(super) fn new(case: Case<'a>) -> Self {
        Self { case, entries: Vec::with_capacity(32) }
    }

    /// Adds an entry; `fill` writes what follows the type.
    pub(super) fn add(
        &mut self,
        resource_type: &'static str,
        fill: impl FnOnce(&mut Writer, &Case<'a>),
    ) -> Link {
        self.add_resource(resource_type, |w, case| {
            w.text("resourceType", resource_type);
            fill(w, case);
        })
    }

    /// Adds an entry; `fill` writes all of it.
    pub(super) fn add_resource(
        &mut self,
        resource_type: &'static str,
        fill: impl FnOnce(&mut Writer, &Case<'a>),
    ) -> Link {
        let json = document(2_048, |w| fill(w, &self.case));
        self.add_written(resource_type, json)
    }

    /// Adds an entry with a resource that is there as text.
    pub(super) fn add_written(&mut self, resource_type: &'static str, json: String) -> Link {
        let url = self.case.next_url();
        self.entries.push((url.clone(), json));
        Link { url, resource_type }
    }

    /// The number of entries so far, as a place for ids.
    pub(super) fn next_id(&self, prefix: &str) -> String {
        format!("{prefix}-{}", self.entries.len() + 1)
    }

    /// The Bundle; `composition` writes what follows the type.
    pub(super) fn bundle(
        mut self,
        composition: impl FnOnce(&mut Writer, &Case<'a>),
    ) -> SynthBundle {
        let identifier = self.case.identifier();
        let composition_url = self.case.next_url();
        let bytes: usize = self.entries.iter().map(|(url, json)| url.len() + json.len() + 32).sum();
        let Self { case, entries } = &self;
        let json = document(bytes + 12_000, |w| {
            case.head(w, &identifier);
            w.array("entry", |w| {
                entry(w, &composition_url, |w| {
                    w.text("resourceType", "Composition");
                    composition(w, case);
                });
                entry(w, &case.patient_url, |w| case.patient(w));
                for (url, json) in entries {
                    w.item(|w| {
                        w.text("fullUrl", url);
                        w.embedded("resource", json);
                    });
                }
            });
        });
        let resources = self.entries.len() + 1;
        SynthBundle { identifier, json, resources }
    }
}
