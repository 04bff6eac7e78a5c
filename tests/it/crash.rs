//! 障害 — processes are killed under load: what was acknowledged is there, once.
//!
//! `KYOYU_CRASH_CYCLES` sets how often, `KYOYU_SEED` what and when.

mod checker;
mod load;
mod victim;

use std::time::{Duration, Instant};

use kyoyu_tests::{
    process::{Installation, LIMIT, until},
    seed,
};
use rand::Rng;

use self::{
    checker::check,
    load::{Senders, world},
    victim::Victim,
};

const CYCLES: u64 = 20;

/// Bundles that must come through after a kill before it counts as survived.
const MORE: usize = 8;

/// Participants are looked up often, and nobody is slowed down; the worker never rests.
const SETTINGS: &str = "registry.interval_ms = 50\n\
    limits.requests_per_second = 100000\n\
    limits.burst = 100000\n\
    purge.enabled = false\n\
    purge.interval_s = 1";

#[tokio::test(flavor = "multi_thread")]
async fn what_was_acknowledged_is_there_once_whatever_is_killed() {
    let (seed, cycles) = (seed::seed(), cycles());
    tell(&format!("{cycles} kills, KYOYU_SEED={seed}"));
    let installation = Installation::new(SETTINGS);
    let world = world(seed);
    installation.register_cast(&world);
    let mut site = victim::Site::open(&installation).await;
    installation.announce(&world, site.address).await;
    let senders = Senders::start(&world, site.client());
    let mut slowest = Duration::ZERO;
    for cycle in 0..cycles {
        let mut dice = seed::dice(seed, cycle);
        senders.more_than(senders.acknowledged() + MORE).await;
        // The moment is what is drawn.
        tokio::time::sleep(Duration::from_millis(dice.random_range(0..400))).await;
        let victim = Victim::drawn(cycle, &mut dice);
        let began_at = Instant::now();
        site.kill(victim, &mut dice).await;
        senders.use_client(site.client());
        senders.more_than(senders.acknowledged() + MORE).await;
        let took = began_at.elapsed();
        slowest = slowest.max(took);
        let stored = check(&installation, &senders).await;
        tell(&format!("{cycle:3} {victim:?}: back after {took:.2?}, {stored} stored"));
    }
    senders.finish().await;
    let known = senders.known();
    assert_eq!(known.sent.len(), known.acknowledged.len(), "everything came through in the end");
    senders.ask_again(&site.client(), &known).await;
    let (resent, count) = (senders.resent(), known.sent.len());
    let stored = check(&installation, &senders).await;
    assert_eq!(stored, count);
    tell(&format!(
        "{count} Bundles, {resent} sendings without an answer, slowest return {slowest:.2?}, \
         slowest start {:.2?}",
        site.slowest_start
    ));
    assert!(site.slowest_start < LIMIT);
    site.close().await;
    until("the end of Postgres", || installation.postmaster().is_none().then_some(())).await;
}

#[expect(clippy::disallowed_methods, reason = "how often is the caller's choice")]
fn cycles() -> u64 {
    let chosen = std::env::var("KYOYU_CRASH_CYCLES");
    chosen.map_or(CYCLES, |text| text.parse().expect("KYOYU_CRASH_CYCLES is a number"))
}

#[expect(clippy::print_stderr, reason = "the seed and the progress of a long test")]
fn tell(text: &str) {
    eprintln!("crash: {text}");
}
