//! 縮小 — makes a failing life as short as it can be, so that a person can read it.

use super::{Deed, Lifecycle, Resource};

/// The shortest life near this one that still fails.
pub fn shrink(lifecycle: &Lifecycle, fails: impl Fn(&Lifecycle) -> bool) -> Lifecycle {
    let mut shortest = lifecycle.clone();
    loop {
        let smaller = smaller_ones(&shortest).into_iter().find(|one| fails(one));
        match smaller {
            Some(smaller) => shortest = smaller,
            None => return shortest,
        }
    }
}

/// Everything that is smaller by one thing.
fn smaller_ones(lifecycle: &Lifecycle) -> Vec<Lifecycle> {
    let with = |change: &dyn Fn(&mut Lifecycle)| {
        let mut changed = lifecycle.clone();
        change(&mut changed);
        changed
    };
    let mut smaller = Vec::new();
    for nth in (0..lifecycle.events.len()).rev() {
        smaller.push(with(&|one| {
            one.events.remove(nth);
        }));
    }
    for nth in 0..lifecycle.events.len() {
        let count = resources(&lifecycle.events[nth].deed).map_or(0, Vec::len);
        for which in (0..count).filter(|_| count > 1) {
            smaller.push(with(&|one| {
                if let Some(resources) = resources_mut(&mut one.events[nth].deed) {
                    resources.remove(which);
                }
            }));
        }
    }
    smaller
}

fn resources(deed: &Deed) -> Option<&Vec<Resource>> {
    match deed {
        Deed::Register(_, resources) | Deed::Change(_, resources) => Some(resources),
        Deed::Cancel(_) | Deed::Undo(_) | Deed::Purge => None,
    }
}

fn resources_mut(deed: &mut Deed) -> Option<&mut Vec<Resource>> {
    match deed {
        Deed::Register(_, resources) | Deed::Change(_, resources) => Some(resources),
        Deed::Cancel(_) | Deed::Undo(_) | Deed::Purge => None,
    }
}
