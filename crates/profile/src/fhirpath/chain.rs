//! How items flow from step to step.

use std::ops::ControlFlow;

/// Whether more items are wanted.
pub(super) type Flow = ControlFlow<Stop>;

/// Why no more items are wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stop {
    /// The answer is known.
    Enough,
    /// The expression cannot be evaluated here.
    Failed,
}

/// An evaluation that cannot be finished: the invariant fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Failed;

pub(super) const MORE: Flow = ControlFlow::Continue(());
pub(super) const ENOUGH: Flow = ControlFlow::Break(Stop::Enough);
pub(super) const FAILED: Flow = ControlFlow::Break(Stop::Failed);

/// Ends a flow whose consumer may have had enough.
pub(super) fn finish(flow: Flow) -> Result<(), Failed> {
    if flow == FAILED { Err(Failed) } else { Ok(()) }
}
