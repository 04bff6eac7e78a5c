//! `[documents]`.

use kyoyu_domain::{
    catalogue::{self, Kind},
    letter::ConsentPattern,
};
use kyoyu_service::DocumentOptions;
use serde::Deserialize;

/// What is taken of documents.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Documents {
    consent_patterns: Vec<String>,
    later_discharge_summary: bool,
    checkup_attachments: bool,
    extract: Vec<String>,
}

impl Documents {
    /// The section as the use cases need it.
    ///
    /// # Errors
    /// A pattern or a kind that does not exist, or that is no kind of letters' contents.
    pub fn options(&self) -> anyhow::Result<DocumentOptions> {
        let pattern = |code: &String| {
            ConsentPattern::from_code(code)
                .ok_or_else(|| anyhow::anyhow!("documents.consent_patterns: {code} is unknown"))
        };
        let kind = |code: &String| -> anyhow::Result<&'static Kind> {
            catalogue::find(code)
                .filter(|kind| !kind.is_document())
                .ok_or_else(|| anyhow::anyhow!("documents.extract: {code} cannot be extracted"))
        };
        Ok(DocumentOptions {
            consent_patterns: self
                .consent_patterns
                .iter()
                .map(pattern)
                .collect::<Result<_, _>>()?,
            later_discharge_summary: self.later_discharge_summary,
            checkup_attachments: self.checkup_attachments,
            extracted: self.extract.iter().map(kind).collect::<Result<_, _>>()?,
        })
    }
}
