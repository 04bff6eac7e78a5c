//! 遮断器 — leaves a peer alone for a while after it has failed several times in a row, so
//! that readers do not wait for it one after another.
//!
//! Closed: everybody asks. After so many failures in a row: open, nobody asks. After a pause:
//! one question goes through as a probe; it closes the breaker or begins another pause.

use std::{
    sync::{Mutex, MutexGuard},
    time::Duration,
};

use tokio::time::Instant;

/// 遮断の条件
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BreakerOptions {
    /// So many failures in a row open it; at least one.
    pub failures: u32,
    /// How long it stays open before the next probe.
    pub pause: Duration,
}

#[derive(Debug)]
pub(crate) struct Breaker {
    options: BreakerOptions,
    state: Mutex<State>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Closed {
        failures: u32,
    },
    Open {
        until: Instant,
    },
    /// One question is under way.
    Probing,
}

/// 試行 — a question that may be asked; it must be told how it went. One that is given up
/// says nothing of the peer.
#[derive(Debug)]
pub(crate) struct Attempt<'b> {
    breaker: &'b Breaker,
    sort: Sort,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sort {
    Usual,
    /// Admitted at this instant, when the pause was over.
    Probe(Instant),
    Settled,
}

impl Breaker {
    pub(crate) fn new(options: BreakerOptions) -> Self {
        Self { options, state: Mutex::new(State::Closed { failures: 0 }) }
    }

    /// Whether a question may be asked now.
    pub(crate) fn admit(&self, now: Instant) -> Option<Attempt<'_>> {
        let mut state = self.state();
        let sort = match *state {
            State::Closed { .. } => Sort::Usual,
            State::Open { until } if until <= now => {
                *state = State::Probing;
                Sort::Probe(now)
            }
            State::Open { .. } | State::Probing => return None,
        };
        Some(Attempt { breaker: self, sort })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("no holder of the lock panics")
    }
}

impl Attempt<'_> {
    /// The peer answered.
    pub(crate) fn succeeded(mut self) {
        let mut state = self.breaker.state();
        // What was asked before the breaker opened moves it no more: what came later weighs more.
        let is_probe = matches!(self.sort, Sort::Probe(_));
        if is_probe || matches!(*state, State::Closed { .. }) {
            *state = State::Closed { failures: 0 };
        }
        drop(state);
        self.sort = Sort::Settled;
    }

    /// The peer did not answer, or refused.
    pub(crate) fn failed(mut self, now: Instant) {
        let BreakerOptions { failures: most, pause } = self.breaker.options;
        let mut state = self.breaker.state();
        let opened = State::Open { until: now + pause };
        match (*state, self.sort) {
            (_, Sort::Probe(_)) => *state = opened,
            (State::Closed { failures }, _) if failures + 1 >= most => *state = opened,
            (State::Closed { failures }, _) => *state = State::Closed { failures: failures + 1 },
            _ => {}
        }
        drop(state);
        self.sort = Sort::Settled;
    }
}

impl Drop for Attempt<'_> {
    /// A probe that is given up leaves its place to the next question.
    fn drop(&mut self) {
        if let Sort::Probe(admitted_at) = self.sort {
            *self.breaker.state() = State::Open { until: admitted_at };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAUSE: Duration = Duration::from_secs(30);

    fn breaker(failures: u32) -> (Breaker, Instant) {
        (Breaker::new(BreakerOptions { failures, pause: PAUSE }), Instant::now())
    }

    fn fail(breaker: &Breaker, now: Instant) {
        breaker.admit(now).expect("it is admitted").failed(now);
    }

    #[test]
    fn it_opens_after_so_many_failures_in_a_row_and_not_before() {
        let (breaker, now) = breaker(3);
        fail(&breaker, now);
        fail(&breaker, now);
        breaker.admit(now).expect("closed").succeeded();
        fail(&breaker, now);
        fail(&breaker, now);
        assert!(breaker.admit(now).is_some(), "a success begins the count anew");
        fail(&breaker, now);
        assert!(breaker.admit(now).is_none());
    }

    #[test]
    fn after_the_pause_one_probe_goes_through_and_closes_it() {
        let (breaker, now) = breaker(1);
        fail(&breaker, now);
        assert!(breaker.admit(now + PAUSE - Duration::from_nanos(1)).is_none());
        let probe = breaker.admit(now + PAUSE).expect("the pause is over");
        assert!(breaker.admit(now + PAUSE).is_none(), "one at a time");
        probe.succeeded();
        assert!(breaker.admit(now + PAUSE).is_some());
        assert!(breaker.admit(now + PAUSE).is_some());
    }

    #[test]
    fn a_probe_that_fails_begins_another_pause() {
        let (breaker, now) = breaker(5);
        (0..5).for_each(|_| fail(&breaker, now));
        let later = now + PAUSE;
        fail(&breaker, later);
        assert!(breaker.admit(later + PAUSE - Duration::from_nanos(1)).is_none());
        assert!(breaker.admit(later + PAUSE).is_some());
    }

    #[test]
    fn a_probe_that_is_given_up_leaves_its_place_to_the_next() {
        let (breaker, now) = breaker(1);
        fail(&breaker, now);
        drop(breaker.admit(now + PAUSE).expect("the pause is over"));
        let next = breaker.admit(now + PAUSE).expect("its place is free");
        next.succeeded();
        assert!(breaker.admit(now).is_some());
    }

    #[test]
    fn what_was_asked_before_it_opened_moves_nothing_afterwards() {
        let (breaker, now) = breaker(1);
        let (late_success, late_failure) = (breaker.admit(now), breaker.admit(now));
        fail(&breaker, now);
        late_success.expect("it was closed").succeeded();
        assert!(breaker.admit(now).is_none());
        late_failure.expect("it was closed").failed(now + PAUSE);
        assert!(breaker.admit(now + PAUSE).is_some(), "the pause is not made longer");
    }

    #[test]
    fn a_usual_question_that_is_given_up_counts_for_nothing() {
        let (breaker, now) = breaker(1);
        drop(breaker.admit(now));
        assert!(breaker.admit(now).is_some());
    }
}
