//! 認証パス — from a signer's certificate to a configured root: RFC 5280, 6.1, as far as
//! healthcare certificates need it, at the signing time.
//!
//! Not `rustls-webpki`: it refuses critical certificate policies, and tells of a revocation only
//! that it happened, not when (decision record 6).

use chrono::{DateTime, Utc};
use kyoyu_domain::signature::Reason;

use crate::{certificate::Certificate, trust::Trust};

/// The most certificates of a path, root included.
const MOST_IN_PATH: usize = 6;
/// The most signatures of certificates that are calculated for one document.
const MOST_CALCULATIONS: usize = 32;

/// Checks that some path leads to a root, that every certificate below the root was valid at
/// the signing time, and that none was revoked.
///
/// # Errors
/// What the path that went furthest failed by.
pub(crate) fn check(
    signer: &Certificate,
    others: &[Certificate],
    trust: &Trust,
    at: DateTime<Utc>,
) -> Result<(), Reason> {
    let mut failure = Reason::Chain;
    for path in paths(signer, others, trust) {
        match judge(&path, trust, at) {
            Ok(()) => return Ok(()),
            Err(reason) => failure = reason,
        }
    }
    Err(failure)
}

fn judge(path: &[&Certificate], trust: &Trust, at: DateTime<Utc>) -> Result<(), Reason> {
    let below_root = &path[..path.len() - 1];
    if !below_root.iter().all(|one| one.is_valid_at(at)) {
        return Err(Reason::Expired);
    }
    // A revoked certificate is told before one of which nothing is known.
    let states = path.windows(2).map(|pair| trust.revocation(pair[0], pair[1], at));
    let mut states: Vec<_> = states.collect();
    states.sort_by_key(|state| *state != Err(Reason::Revoked));
    states.into_iter().collect()
}

/// Every path whose names, signatures and rights are in order, the signer's certificate first
/// and the root last.
fn paths<'a>(
    signer: &'a Certificate,
    others: &'a [Certificate],
    trust: &'a Trust,
) -> Vec<Vec<&'a Certificate>> {
    let mut calculations = 0;
    let mut is_issued_by = |one: &Certificate, issuer: &Certificate| {
        if one.issuer() != issuer.subject() || calculations == MOST_CALCULATIONS {
            return false;
        }
        calculations += 1;
        one.is_issued_by(issuer)
    };
    let (mut whole, mut open) = (Vec::new(), vec![vec![signer]]);
    while let Some(path) = open.pop() {
        let last = path[path.len() - 1];
        let below = path[1..].iter().filter(|one| !one.is_self_issued()).count();
        for root in trust.roots() {
            if root.may_issue(below) && is_issued_by(last, root) {
                whole.push([&path[..], &[root]].concat());
            }
        }
        if path.len() + 1 >= MOST_IN_PATH {
            continue;
        }
        for issuer in others.iter().filter(|issuer| !path.contains(issuer)) {
            if issuer.may_issue(below) && is_issued_by(last, issuer) {
                open.push([&path[..], &[issuer]].concat());
            }
        }
    }
    whole
}
