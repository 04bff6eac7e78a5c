//! 上限 — how much one caller, and all callers together, may ask for.
//!
//! A caller is a participant and the institution it acts for, both proved by the
//! certificate; never an address, and never what a forwarding header says.
//!
//! Source: reliability A32, A35.

use std::{
    collections::HashMap,
    hash::Hash,
    num::NonZeroU32,
    sync::{Arc, Mutex},
    time::Duration,
};

use governor::{
    Quota, RateLimiter,
    clock::{Clock, DefaultClock},
    state::keyed::DashMapStateStore,
};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::timeout,
};

use kyoyu_domain::{
    audit::Actor, identifiers::InstitutionNumber, participant::Fingerprint, problem::Problem, rules,
};
use kyoyu_service::Traffic;

use crate::body::BodyLimits;

/// 上限の設定 — every limit of the listener.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Connections in all.
    pub connections: usize,
    /// Connections with one certificate.
    pub connections_per_certificate: usize,
    /// Handshakes going on at once; more wait in the queue of the operating system.
    pub handshakes: usize,
    /// The time for one handshake.
    pub handshake_time: Duration,
    /// The time for the head of a request, from its first byte.
    pub head_time: Duration,
    /// How long a connection may be silent between two requests.
    pub idle_time: Duration,
    /// The time for a whole request, its body included.
    pub request_time: Duration,
    /// The time for one request of a bulk import.
    pub upload_time: Duration,
    /// Bytes of one URL.
    pub address_bytes: usize,
    /// Bytes of one head, the URL included.
    pub head_bytes: usize,
    /// Requests a second of one participant for one institution, on average.
    pub requests_per_second: NonZeroU32,
    /// How many of them may come at once.
    pub burst: NonZeroU32,
    /// Requests that are worked on at once.
    pub concurrent: usize,
    /// Requests that may wait for that.
    pub queue: usize,
    /// For how long.
    pub queue_time: Duration,
    /// How long a shutdown waits for requests that have begun.
    pub drain_time: Duration,
    /// Limits of bodies.
    pub body: BodyLimits,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 4096,
            connections_per_certificate: 128,
            handshakes: 128,
            handshake_time: Duration::from_secs(5),
            head_time: Duration::from_secs(5),
            idle_time: Duration::from_secs(30),
            request_time: Duration::from_mins(1),
            upload_time: Duration::from_hours(1),
            address_bytes: 4096,
            head_bytes: 16 * 1024,
            requests_per_second: NonZeroU32::new(200).expect("not zero"),
            burst: NonZeroU32::new(400).expect("not zero"),
            concurrent: 64,
            queue: 512,
            queue_time: Duration::from_secs(2),
            drain_time: Duration::from_secs(30),
            body: BodyLimits::default(),
        }
    }
}

/// 呼出元の鍵 — whose requests are counted together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum CountedAs {
    /// A participant for one institution, or for none in particular.
    Participant(i32, Option<InstitutionNumber>),
    /// A certificate that is nobody's.
    Stranger(Fingerprint),
}

/// 流量制限 — the rate limit, and the tally of whom it has hit.
pub(crate) struct Rates {
    limiter: RateLimiter<CountedAs, DashMapStateStore<CountedAs>, DefaultClock>,
    clock: DefaultClock,
    throttled: Mutex<HashMap<CountedAs, (Actor, u32)>>,
}

impl Rates {
    pub(crate) fn new(limits: &Limits) -> Self {
        let quota = Quota::per_second(limits.requests_per_second).allow_burst(limits.burst);
        let limiter = RateLimiter::dashmap(quota);
        Self { limiter, clock: DefaultClock::default(), throttled: Mutex::default() }
    }

    /// Counts a request; the time to wait when it is one too many.
    pub(crate) fn check(&self, caller: CountedAs, actor: &Actor) -> Result<(), Duration> {
        let Err(too_many) = self.limiter.check_key(&caller) else { return Ok(()) };
        let mut throttled = self.throttled.lock().expect("no holder of the lock panics");
        throttled.entry(caller).or_insert_with(|| (actor.clone(), 0)).1 += 1;
        let wait = too_many.wait_time_from(self.clock.now());
        Err(Duration::from_secs(wait.as_secs() + 1))
    }

    /// Who was throttled since the last question, and how often; forgets callers that
    /// have been quiet.
    pub(crate) fn take_throttled(&self) -> Vec<(Actor, u32)> {
        self.limiter.retain_recent();
        self.limiter.shrink_to_fit();
        let mut throttled = self.throttled.lock().expect("no holder of the lock panics");
        throttled.drain().map(|(_, row)| row).collect()
    }
}

/// 同時処理 — how many requests are worked on at once, and how many may wait.
#[derive(Debug)]
pub(crate) struct Work {
    places: Arc<Semaphore>,
    queue: Semaphore,
    patience: Duration,
    traffic: Traffic,
}

impl Work {
    pub(crate) fn new(limits: &Limits, traffic: Traffic) -> Self {
        Self {
            traffic,
            places: Arc::new(Semaphore::new(limits.concurrent)),
            queue: Semaphore::new(limits.queue),
            patience: limits.queue_time,
        }
    }

    /// A place to work in; held until the answer is made.
    pub(crate) async fn enter(&self) -> Result<OwnedSemaphorePermit, Problem> {
        if let Ok(place) = Arc::clone(&self.places).try_acquire_owned() {
            return Ok(place);
        }
        let busy = || Problem::of(&rules::UNAVAILABLE).because("too many requests at once");
        let _waiting = self.queue.try_acquire().map_err(|_| busy())?;
        let _counted = self.traffic.wait();
        match timeout(self.patience, Arc::clone(&self.places).acquire_owned()).await {
            Ok(Ok(place)) => Ok(place),
            Ok(Err(_)) | Err(_) => Err(busy()),
        }
    }

    /// A place for a step of work in bulk, which nobody waits for: it has all the time.
    pub(crate) async fn enter_in_bulk(&self) -> Result<OwnedSemaphorePermit, Problem> {
        let place = Arc::clone(&self.places).acquire_owned().await;
        place.map_err(|_| Problem::of(&rules::UNAVAILABLE))
    }
}

/// 接続数 — how many connections each certificate has.
#[derive(Debug)]
pub(crate) struct PerCertificate {
    limit: usize,
    open: Mutex<HashMap<Fingerprint, usize>>,
}

/// One connection of a certificate; counts until it is dropped.
#[derive(Debug)]
pub(crate) struct Counted {
    counts: Arc<PerCertificate>,
    certificate: Fingerprint,
}

impl PerCertificate {
    pub(crate) fn new(limit: usize) -> Arc<Self> {
        Arc::new(Self { limit, open: Mutex::default() })
    }

    /// Counts a connection; none when the certificate has enough.
    pub(crate) fn enter(self: &Arc<Self>, certificate: Fingerprint) -> Option<Counted> {
        let mut open = self.open.lock().expect("no holder of the lock panics");
        let count = open.entry(certificate).or_insert(0);
        if *count >= self.limit {
            return None;
        }
        *count += 1;
        Some(Counted { counts: Arc::clone(self), certificate })
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        let mut open = self.counts.open.lock().expect("no holder of the lock panics");
        if let Some(count) = open.get_mut(&self.certificate) {
            *count -= 1;
            if *count == 0 {
                open.remove(&self.certificate);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limits() -> Limits {
        Limits {
            requests_per_second: NonZeroU32::MIN,
            burst: NonZeroU32::new(3).expect("not zero"),
            concurrent: 1,
            queue: 1,
            queue_time: Duration::from_millis(5),
            ..Limits::default()
        }
    }

    #[test]
    fn one_caller_that_floods_does_not_slow_another_a35() {
        let rates = Rates::new(&limits());
        let actor = Actor { participant: Some(1), ..Actor::default() };
        let flooding = CountedAs::Participant(1, "1310000001".parse().ok());
        let quiet = CountedAs::Participant(1, "1310000002".parse().ok());
        let refused = (0..10).filter(|_| rates.check(flooding, &actor).is_err()).count();
        assert_eq!(refused, 7);
        assert!(rates.check(quiet, &actor).is_ok());
        assert!(rates.check(flooding, &actor).expect_err("too many") >= Duration::from_secs(1));
    }

    #[test]
    fn throttled_calls_become_one_tally_per_caller() {
        let rates = Rates::new(&limits());
        let actor = Actor { participant: Some(1), ..Actor::default() };
        let caller = CountedAs::Participant(1, None);
        let refused = (0..10).filter(|_| rates.check(caller, &actor).is_err()).count();
        assert_eq!(rates.take_throttled(), [(actor, refused as u32)]);
        assert!(rates.take_throttled().is_empty());
    }

    #[tokio::test]
    async fn beyond_the_queue_a_request_is_told_to_come_back() {
        let work = Work::new(&limits(), Traffic::default());
        let place = work.enter().await.expect("a free place");
        let refusal = work.enter().await.expect_err("no place in time");
        assert_eq!(refusal.rule().code, "kyoyu-unavailable");
        let (waiting, refused) = tokio::join!(work.enter(), work.enter());
        assert!(waiting.is_err() && refused.is_err());
        drop(place);
        assert!(work.enter().await.is_ok());
    }

    #[test]
    fn a_certificate_has_so_many_connections_and_no_more_a32() {
        let counts = PerCertificate::new(2);
        let (one, other) = (Fingerprint([1; 32]), Fingerprint([2; 32]));
        let held: Vec<_> = (0..3).map(|_| counts.enter(one)).collect();
        assert_eq!(held.iter().flatten().count(), 2);
        assert!(counts.enter(other).is_some());
        drop(held);
        assert!(counts.enter(one).is_some());
        assert!(counts.open.lock().expect("unpoisoned").is_empty() || counts.enter(one).is_some());
    }
}
