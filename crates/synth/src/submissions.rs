//! 送信の流れ — Bundles in the mix in which visits bring them forth.

use chrono::{DateTime, Duration, Utc};
use kyoyu_domain::entry::Flags;

use crate::{
    AllergyKind, AllergyList, ConditionList, LabReport, Results, Sending, SynthBundle, World,
    allergies, conditions, labs,
    seed::{Dice, Purpose},
};

/// 送信 — one Bundle, and who sends it when about whom.
#[derive(Debug, Clone)]
pub struct Submission {
    /// When it is sent.
    pub at: DateTime<Utc>,
    /// The index of the institution that sends it.
    pub institution: u64,
    /// The index of the person that it is about.
    pub person: u64,
    /// What it carries.
    pub kind: SubmissionKind,
    /// The Bundle.
    pub bundle: SynthBundle,
}

/// 送信の種類 — what a Bundle carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SubmissionKind {
    /// 検査・感染症
    Labs,
    /// 傷病名
    Conditions,
    /// アレルギー
    Allergies,
}

/// The submissions of a period, in the order of time.
#[derive(Debug, Clone)]
pub struct Submissions {
    world: World,
    stream: u32,
    from: DateTime<Utc>,
    /// The time between two submissions on average.
    every: Duration,
    next: u64,
    count: u64,
}

impl Submissions {
    pub(crate) fn new(
        world: World,
        stream: u32,
        (from, to): (DateTime<Utc>, DateTime<Utc>),
        count: u64,
    ) -> Self {
        let every = (to - from) / i32::try_from(count.max(1)).unwrap_or(i32::MAX);
        Self { world, stream, from, every, next: 0, count }
    }
}

impl Iterator for Submissions {
    type Item = Submission;

    fn next(&mut self) -> Option<Submission> {
        let nth = self.next;
        if nth == self.count {
            return None;
        }
        self.next += 1;
        Some(submission(self, nth))
    }
}

fn submission(stream: &Submissions, nth: u64) -> Submission {
    let world = stream.world;
    let mut dice = world.seed.dice(Purpose::Submission, &[u64::from(stream.stream), nth]);
    let person = dice.below(world.size().persons);
    let institution = if dice.percent(80) {
        world.home_of(person)
    } else {
        dice.below(world.size().institutions)
    };
    // Within its own part of the period, so that the order of time is that of the numbers.
    let within = stream.every.num_milliseconds().max(1).unsigned_abs();
    let at = stream.from
        + stream.every * i32::try_from(nth).unwrap_or(i32::MAX)
        + Duration::milliseconds(dice.below(within) as i64);
    // Streams and the Bundles of `World::bundle` share no serial number.
    let serial = (u64::from(stream.stream) + 1) << 32 | nth;
    let sending = Sending::new(serial, at);
    let (sender, patient) = (world.institution(institution), world.person(person));
    let (kind, bundle) = match dice.below(10) {
        0..=5 => (SubmissionKind::Labs, labs(&sender, &patient, &report(&mut dice, sending))),
        6..=8 => {
            let list = condition_list(&mut dice, sending);
            (SubmissionKind::Conditions, conditions(&sender, &patient, &list))
        }
        _ => {
            let list = allergy_list(&mut dice, sending);
            (SubmissionKind::Allergies, allergies(&sender, &patient, &list))
        }
    };
    Submission { at, institution, person, kind, bundle }
}

fn report(dice: &mut Dice, sending: Sending) -> LabReport {
    let results = dice.pick(&[3, 6, 8, 12, 15, 18, 20, 24, 30, 38]);
    LabReport {
        sending,
        collected_at: sending.sent_at - Duration::minutes(dice.between(20, 2_000)),
        results: Results::AsInLife(results),
    }
}

fn condition_list(dice: &mut Dice, sending: Sending) -> ConditionList {
    let count = dice.between(1, 14) as usize;
    let flags = (0..count)
        .map(|_| Flags {
            long_term: dice.percent(6),
            uninformed: dice.percent(2),
            undelivered: dice.percent(2),
        })
        .collect();
    ConditionList { sending, count, flags }
}

fn allergy_list(dice: &mut Dice, sending: Sending) -> AllergyList {
    const KINDS: &[AllergyKind] =
        &[AllergyKind::Drug, AllergyKind::Drug, AllergyKind::Food, AllergyKind::Other];
    let count = dice.between(1, 4);
    let kinds = (0..count).map(|_| dice.pick(KINDS)).collect();
    let long_term = (0..count).map(|_| dice.percent(20)).collect();
    AllergyList { sending, kinds, long_term }
}
