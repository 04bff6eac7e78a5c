//! 後継 — which newer copy takes the place of an older one.
//!
//! Source: S3.2 (the new set replaces the former set of the same scope, it is not a union);
//! design §3, Resources repeat.

use std::{cmp::Reverse, collections::HashMap};

use super::{Copy, Precedence};
use crate::{
    entry::Origin,
    identifiers::{DepartmentHash, IdentifierHash, InstitutionNumber},
};

/// 一覧の範囲 — what a list of one FHIR type is the whole of, so that a newer one takes the
/// place of the older ones; only kinds that are sent as lists have such a scope.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum FullSetScope {
    /// Of nothing: older Bundles stay beside newer ones.
    #[default]
    None,
    /// Of what the resources' department has registered. What names no department belongs to
    /// no list.
    Department,
    /// Of what the institution has registered.
    Institution,
}

/// The newest live copies.
pub(super) struct Newest<'a, 'b> {
    copies: &'a [Copy<'b>],
    scope: FullSetScope,
    resources: HashMap<ResourceKey, usize>,
    lists: HashMap<ListKey, usize>,
}

/// What makes two copies the same resource.
pub(super) type ResourceKey = (Option<InstitutionNumber>, IdentifierHash);
/// Without a department: the list of the whole institution.
type ListKey = (InstitutionNumber, Option<DepartmentHash>);

impl<'a, 'b> Newest<'a, 'b> {
    pub(super) fn of(copies: &'a [Copy<'b>], scope: FullSetScope) -> Self {
        let (mut resources, mut lists) = (HashMap::new(), HashMap::new());
        for (position, copy) in copies.iter().enumerate().filter(|(_, copy)| copy.live()) {
            let keep_newer = |best: &mut usize| {
                if rank(&copies[*best]) < rank(copy) {
                    *best = position;
                }
            };
            resources.entry(copy.resource_key()).and_modify(keep_newer).or_insert(position);
            if let Some(list) = list_key(copy, scope) {
                lists.entry(list).and_modify(keep_newer).or_insert(position);
            }
        }
        Self { copies, scope, resources, lists }
    }

    /// The position of the newest live copy that takes the place of this one: of the same
    /// resource, or of a newer list of the same scope; always of another submission.
    pub(super) fn successor(&self, copy: &Copy<'_>) -> Option<usize> {
        let resource = self.resources.get(&copy.resource_key());
        let list = list_key(copy, self.scope).and_then(|list| self.lists.get(&list));
        let takes_place = |position: &usize| {
            let other = &self.copies[*position];
            other.precedence() > copy.precedence() && other.submission != copy.submission
        };
        let candidates = [resource, list].into_iter().flatten().copied().filter(takes_place);
        candidates.max_by_key(|position| rank(&self.copies[*position]))
    }
}

/// Of copies in one Bundle the one that stands first there.
fn rank(copy: &Copy<'_>) -> (Precedence, Reverse<u16>) {
    (copy.precedence(), Reverse(copy.entry.ordinal))
}

/// The list that a copy stands in, if any; what was extracted of a letter stands in none.
fn list_key(copy: &Copy<'_>, scope: FullSetScope) -> Option<ListKey> {
    if !copy.kind.sent_as_list || copy.entry.origin == Origin::Extracted {
        return None;
    }
    match scope {
        FullSetScope::None => None,
        FullSetScope::Department => Some((copy.institution, Some(copy.entry.department?))),
        FullSetScope::Institution => Some((copy.institution, None)),
    }
}

/// 新たに隠れる数 — how many of the stored copies the coming ones take the place of, that
/// nothing hid before. All copies are of one FHIR type.
pub fn hidden_anew(stored: &[Copy<'_>], coming: &[Copy<'_>], scope: FullSetScope) -> usize {
    let newest = Newest::of(coming, scope);
    let hides = |copy: &&Copy<'_>| copy.live() && newest.successor(copy).is_some();
    let hidden: Vec<&Copy<'_>> = stored.iter().filter(hides).collect();
    if hidden.is_empty() {
        return 0;
    }
    let newest = Newest::of(stored, scope);
    hidden.into_iter().filter(|copy| newest.successor(copy).is_none()).count()
}
