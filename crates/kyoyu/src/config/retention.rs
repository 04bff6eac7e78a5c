//! `[retention]`.

use kyoyu_domain::retention::{FullSetScope, LastNScope, RetentionPolicy};
use serde::Deserialize;

/// How long things are kept, as far as the catalogue leaves it open.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Retention {
    /// Raised with every change of this section.
    pub version: u32,
    /// Days for which a cancelled Bundle can be restored.
    pub undo_days: u16,
    last_n: LastN,
    full_set_scope: FullSet,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
enum LastN {
    Patient,
    Item,
    Institution,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
enum FullSet {
    None,
    Department,
    Institution,
}

impl Retention {
    /// The section as the use cases need it.
    pub fn policy(&self) -> RetentionPolicy {
        RetentionPolicy {
            version: self.version,
            undo_days: self.undo_days,
            last_n_scope: match self.last_n {
                LastN::Patient => LastNScope::Patient,
                LastN::Item => LastNScope::Item,
                LastN::Institution => LastNScope::Institution,
            },
            full_set_scope: match self.full_set_scope {
                FullSet::None => FullSetScope::None,
                FullSet::Department => FullSetScope::Department,
                FullSet::Institution => FullSetScope::Institution,
            },
        }
    }
}
