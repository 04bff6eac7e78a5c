//! 上限 — how much one body may hold. Each limit has a rule of its own.

/// Limits of one body. The defaults are those of the gateway; a process may lower them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of the whole body: 10 MiB (S1.2, "10 MB per send").
    pub body_bytes: usize,
    /// Objects and arrays within each other: 64. A Bundle of the guide needs 14.
    pub depth: usize,
    /// Values in the body, counting objects, arrays and scalars: 1,000,000. A Bundle of the
    /// guide has one value in 20 bytes, so that 10 MiB hold half of that.
    pub nodes: usize,
    /// Fields of one object: 512. FHIR has no type with half as many elements, and looking
    /// for a field takes as long as there are fields.
    pub fields: usize,
    /// Bytes of one string or key between its quotes: 1 MiB, as FHIR has it. Files as base64
    /// in `data` count towards the body only.
    pub string_bytes: usize,
    /// Entries of one Bundle: 2,000.
    pub entries: usize,
    /// Identifiers of one resource: 50.
    pub identifiers: usize,
    /// Tags of one resource or Bundle: 50.
    pub tags: usize,
    /// Contained resources of one resource: 50.
    pub contained: usize,
    /// Attachments of one document: 100.
    pub attachments: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            body_bytes: 10_485_760,
            depth: 64,
            nodes: 1_000_000,
            fields: 512,
            string_bytes: 1_048_576,
            entries: 2_000,
            identifiers: 50,
            tags: 50,
            contained: 50,
            attachments: 100,
        }
    }
}
