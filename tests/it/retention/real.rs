//! Five thousand lives through the real thing: the use cases, Postgres, the purge.
//!
//! All persons live on one timeline, whose clock is set by hand. Each call must be answered
//! as the oracle says, each read must show what the oracle shows, and after each purge the
//! tables must hold what the oracle holds: nothing is deleted that must be kept, and
//! nothing is kept beyond its day.

use std::{
    collections::{BTreeMap, BTreeSet},
    ops::Range,
};

use bytes::Bytes;
use chrono::{DateTime, Utc};
use kyoyu_domain::{
    clock::MockClock,
    identifiers::PersonKey,
    problem::{Issue, Problem},
    retention::FullSetScope,
};
use kyoyu_service::{Caller, Options, RunOutcome, SearchQuery, SentBy, Service};
use kyoyu_store::directory;
use kyoyu_tests::{
    database::TestDatabase,
    lifecycle::{
        Deed, Lifecycle, ListOf, Policy, Type,
        body::{BUNDLE_IDENTIFIER, Invented},
        calendar::{Day, Millis, SECOND, in_japan},
        generator::{Frame, lifecycle},
        oracle::{Answer, Held, Patient, Reader, Version},
    },
    seed::{cases, dice, seed},
    service::{READER, doctor, ehr, insured, network, portal, service_with},
};
use rand::{Rng, rngs::StdRng};
use sqlx::{PgConnection, Row};
use tokio::task::JoinSet;
use uuid::Uuid;

/// How many lives under which policy: five thousand.
const LIVES: [(ListOf, u64); 3] =
    [(ListOf::Nothing, 3_000), (ListOf::Department, 1_000), (ListOf::Institution, 1_000)];
const TASKS: usize = 4;

/// Every so many persons one is under a legal hold until [`RELEASED_ON`].
const HELD_EACH: u64 = 97;
const RELEASED_ON: Day = Day::new(2032, 1, 2);

/// When things happen, in Japan: year, month, day, seconds since midnight, and whether the
/// purge runs then. Year ends, a leap day and the days on which periods that begin on it
/// end, both sides of midnight, leaps of the clock.
const TIMELINE: &[(i32, i32, i32, i64, bool)] = &[
    (2026, 12, 31, LAST, false),
    (2027, 1, 1, 0, false),
    (2027, 1, 7, LAST, true),
    (2027, 1, 8, 0, true),
    (2027, 6, 15, NOON, false),
    (2028, 2, 28, LAST, true),
    (2028, 2, 29, 0, false),
    (2028, 2, 29, NOON, false),
    (2028, 2, 29, LAST, false),
    (2028, 3, 1, 0, true),
    (2028, 3, 6, LAST, false),
    (2028, 3, 7, 0, true),
    (2028, 3, 7, LAST, true),
    (2028, 3, 8, 0, true),
    (2028, 3, 9, 0, true),
    (2028, 12, 31, LAST, false),
    (2029, 1, 1, 0, true),
    (2029, 2, 28, LAST, true),
    (2029, 3, 1, 0, true),
    (2029, 3, 1, LAST, true),
    (2029, 3, 2, 0, true),
    (2029, 3, 8, NOON, false),
    (2029, 3, 10, 0, true),
    (2029, 6, 15, NOON, false),
    (2029, 6, 20, NOON, true),
    (2029, 6, 22, LAST, true),
    (2029, 6, 23, 0, true),
    (2031, 12, 31, LAST, true),
    (2032, 1, 1, 0, true),
    (2032, 1, 2, 0, true),
    (2032, 2, 29, NOON, false),
    (2032, 3, 8, NOON, true),
    (2033, 2, 28, LAST, true),
    (2033, 3, 1, 0, true),
    (2033, 3, 9, NOON, true),
    (2034, 6, 15, NOON, true),
    (2034, 6, 16, 0, true),
    (2037, 3, 1, 0, true),
    (2038, 1, 19, NOON, true),
    (2045, 1, 1, 0, true),
];
const LAST: i64 = 86_399;
const NOON: i64 = 43_200;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn five_thousand_lives_are_read_and_purged_as_the_oracle_says_g6() {
    let mut first = 0;
    for (list_of, count) in LIVES {
        let database = TestDatabase::new().await;
        let policy = Policy { list_of, ..Policy::DEFAULT };
        let lives = first..first + cases(count);
        first = lives.end;
        Lives::begin(&database, seed(), policy, lives).await.go_through().await;
    }
}

/// One person, and what the oracle says of it.
struct Person {
    case: u64,
    invented: Invented,
    key: PersonKey,
    life: Lifecycle,
    oracle: Patient,
    /// The next event.
    next: usize,
    held: bool,
    /// Decides when the person is read without a reason.
    dice: StdRng,
}

struct Lives {
    seed: u64,
    service: Service,
    clock: MockClock,
    owner: PgConnection,
    persons: Vec<Person>,
}

impl Lives {
    async fn begin(database: &TestDatabase, seed: u64, policy: Policy, lives: Range<u64>) -> Self {
        let clock = database.clock().clone();
        let instants: Vec<Millis> = TIMELINE.iter().map(instant_of).collect();
        clock.set(instant(instants[0] - 86_400_000));
        let full_set_scope = match policy.list_of {
            ListOf::Nothing => FullSetScope::None,
            ListOf::Department => FullSetScope::Department,
            ListOf::Institution => FullSetScope::Institution,
        };
        let choose = |options: &mut Options| options.retention.full_set_scope = full_set_scope;
        let service = service_with(database.store().await, choose).await;
        let frame = Frame {
            instants: Some(&instants),
            events: (4, 12),
            purges: false,
            policy: Some(policy),
            undated: false,
            letters: false,
        };
        let planned: Vec<(u64, Lifecycle, StdRng)> = lives
            .map(|case| {
                let mut dice = dice(seed, case);
                (case, lifecycle(&mut dice, frame), dice)
            })
            .collect();
        let persons = in_tasks(planned, |(case, life, dice)| {
            let service = service.clone();
            async move { begin_person(&service, case, life, dice).await }
        })
        .await;
        Self { seed, service, clock, owner: database.as_owner().await, persons }
    }

    async fn go_through(mut self) {
        for row in TIMELINE {
            let at = instant_of(row);
            self.clock.set(instant(at));
            if Day::of(at) == RELEASED_ON {
                self.release_holds().await;
            }
            self.live_until(at).await;
            if row.4 {
                self.purge(at).await;
            }
        }
        let left: usize = self.persons.iter().map(|person| person.oracle.held().len()).sum();
        let done: usize = self.persons.iter().map(|person| person.next).sum();
        assert!(done >= 7 * self.persons.len() && left > 0, "{done} events, {left} left");
    }

    /// Lets everything happen that happens at an instant, and reads.
    async fn live_until(&mut self, at: Millis) {
        let (service, seed) = (self.service.clone(), self.seed);
        let persons = std::mem::take(&mut self.persons);
        self.persons = in_tasks(persons, |mut person| {
            let service = service.clone();
            async move {
                if let Err(what) = live(&service, &mut person, at).await {
                    fail(seed, &person, at, &what);
                }
                person
            }
        })
        .await;
    }

    async fn release_holds(&mut self) {
        for person in self.persons.iter_mut().filter(|person| person.held) {
            let released = self.service.release_hold("tests", &insured(person.invented)).await;
            released.expect("there is a hold");
            person.held = false;
        }
    }

    /// Plans and runs, twice: the second finds nothing.
    async fn purge(&mut self, at: Millis) {
        let (mut due, mut held) = (0, 0);
        for person in &self.persons {
            let view = person.oracle.view();
            let all = person.oracle.held().iter().enumerate();
            // What is hidden from everybody is deleted, but not counted.
            let counted = all.filter(|(_, held)| !held.resource.undelivered);
            let deletable = counted.filter(|(which, _)| view.is_deletable(*which, at)).count();
            *(if person.held { &mut held } else { &mut due }) += deletable;
        }
        let when = in_japan(at);
        let plan = self.service.purge_plan("tests").await.expect("a plan");
        let counted = (plan.resources as usize, plan.held as usize);
        let run = self.service.purge_run("tests", Some(plan.plan)).await.expect("a run");
        let RunOutcome::Done { resources, .. } = run else { panic!("{when}: {run:?}") };
        for person in self.persons.iter_mut().filter(|person| !person.held) {
            person.oracle.purge(at);
        }
        // First what is missing or left, which names the person; then the sums.
        self.compare_tables(at).await;
        assert_eq!(counted, (due, held), "{when}: planned and held");
        assert_eq!(resources as usize, due, "{when}: deleted");
        let again = self.service.purge_plan("tests").await.expect("a plan");
        assert_eq!(again.resources, 0, "{when}: a second plan finds {}", again.counts);
    }

    /// What is physically there is what the oracle holds.
    async fn compare_tables(&mut self, at: Millis) {
        let mut stored = stored(&mut self.owner).await;
        for person in &self.persons {
            let expected: BTreeSet<Stored> = person.oracle.held().iter().map(Stored::of).collect();
            let found = stored.remove(&person.key.uuid()).unwrap_or_default();
            if found != expected {
                let lost: Vec<_> = expected.difference(&found).collect();
                let kept: Vec<_> = found.difference(&expected).collect();
                let what = format!("after the purge\nlost: {lost:#?}\nkept: {kept:#?}");
                fail(self.seed, person, at, &what);
            }
        }
        assert!(stored.is_empty(), "persons whom nobody knows");
    }
}

fn fail(seed: u64, person: &Person, at: Millis, what: &str) -> ! {
    panic!(
        "KYOYU_SEED={seed}, life {} (legal hold: {}), {}: {what}\n{}",
        person.case,
        person.held,
        in_japan(at),
        person.life
    );
}

async fn begin_person(service: &Service, case: u64, life: Lifecycle, dice: StdRng) -> Person {
    let invented = Invented(case as u32);
    let body = Bytes::from(invented.announcement());
    let known = service.announce(&network(), body).await.expect("it is well formed");
    let from = instant_of(&TIMELINE[0]) - SECOND;
    let consent = Bytes::from(invented.consent(READER, from));
    service.put_consent(&network(), None, consent).await.expect("it is well formed");
    let held = case.is_multiple_of(HELD_EACH);
    if held {
        service.place_hold("tests", &insured(invented), "a lawsuit").await.expect("it is known");
    }
    let oracle = Patient::new(life.policy);
    Person { case, invented, key: known.key, life, oracle, next: 0, held, dice }
}

/// A person's events of an instant, and reads where something may be different.
async fn live(service: &Service, person: &mut Person, at: Millis) -> Result<(), String> {
    let mut touched = BTreeSet::new();
    while let Some(event) = person.life.events.get(person.next).filter(|event| event.at == at) {
        let deed = event.deed.clone();
        person.next += 1;
        touched.extend(types_of(person));
        act(service, person, &deed, at).await?;
        touched.extend(types_of(person));
    }
    if touched.is_empty() && person.dice.random_ratio(1, 60) {
        touched.extend(Type::ALL);
    }
    for of_type in touched {
        read(service, person, of_type, at).await?;
    }
    Ok(())
}

fn types_of(person: &Person) -> Vec<Type> {
    person.oracle.held().iter().map(|held| held.resource.sort.of_type()).collect()
}

async fn act(
    service: &Service,
    person: &mut Person,
    deed: &Deed,
    at: Millis,
) -> Result<(), String> {
    let expected = person.oracle.answer(deed, at);
    // Each version is written a second after the one before, whatever the clock says.
    let sent_at = at + person.next as i64 * SECOND;
    let invented = person.invented;
    let answered = match deed {
        Deed::Register(name, resources) => {
            let body = Bytes::from(invented.bundle(*name, resources, sent_at));
            service.register(&ehr(), body).await.map(|accepted| accepted.submission)
        }
        Deed::Change(name, resources) => {
            let body = Bytes::from(invented.bundle(*name, resources, sent_at));
            let identifier = format!("{BUNDLE_IDENTIFIER}|{}", invented.bundle_identifier(*name));
            let changed = service.change(&ehr(), &identifier, body).await;
            changed.map(|accepted| accepted.submission)
        }
        Deed::Cancel(name) => service.cancel(&ehr(), Bytes::from(invented.parameters(*name))).await,
        Deed::Undo(name) => service.undo(&ehr(), Bytes::from(invented.parameters(*name))).await,
        Deed::Purge => unreachable!("the timeline says when the purge runs"),
    };
    match (&answered, expected) {
        (Ok(submission), Answer::Done) => {
            let tie = submission.id.uuid.as_u128();
            person.oracle.apply(deed, Version { registered_at: at, tie });
            Ok(())
        }
        (Ok(_), Answer::Repeated) => Ok(()),
        (Err(problem), Answer::Refused(rule)) if problem.rule().code == rule => Ok(()),
        _ => {
            let answered = answered.map(|_| "done").map_err(|problem| causes(&problem));
            Err(format!("{deed:?} was answered {answered:?} instead of {expected:?}"))
        }
    }
}

/// What the doctor and the patient are shown of a type.
async fn read(service: &Service, person: &Person, of_type: Type, at: Millis) -> Result<(), String> {
    let view = person.oracle.view();
    for (reader, caller) in
        [(Reader::Institution, doctor()), (Reader::Patient, portal(person.invented))]
    {
        let of_this_type = |held: &Held| held.resource.sort.of_type() == of_type;
        let expected: BTreeSet<(u128, u16)> = person
            .oracle
            .held()
            .iter()
            .enumerate()
            .filter(|(which, held)| of_this_type(held) && view.is_shown(*which, at, reader))
            .map(|(_, held)| (held.version.tie, held.ordinal))
            .collect();
        let shown = search(service, &caller, person, of_type).await?;
        if shown != expected {
            return Err(format!(
                "{reader:?} is shown of {} {shown:x?} instead of {expected:x?} of {:#?}",
                of_type.name(),
                person.oracle.held()
            ));
        }
    }
    Ok(())
}

async fn search(
    service: &Service,
    caller: &Caller,
    person: &Person,
    of_type: Type,
) -> Result<BTreeSet<(u128, u16)>, String> {
    let patient = ("patient".to_owned(), format!("Patient/{}", person.key));
    let count = ("_count".to_owned(), "500".to_owned());
    let query = SearchQuery { parameters: vec![patient, count], by: SentBy::Get };
    let page = service.search(caller, of_type.name(), query).await;
    let page = page.map_err(|problem| format!("a search was refused: {}", causes(&problem)))?;
    if page.next.is_some() || !page.withheld.is_empty() {
        return Err("a search was cut".to_owned());
    }
    Ok(page.entries.iter().map(|one| (one.id.submission.uuid.as_u128(), one.id.ordinal)).collect())
}

fn causes(problem: &Problem) -> String {
    let mut text = problem.to_string();
    let mut cause = std::error::Error::source(problem);
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    let findings = problem.issues.iter().map(Issue::english);
    format!("{text} ({})", findings.collect::<Vec<_>>().join("; "))
}

/// One resource as the tables have it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Stored {
    version: u128,
    ordinal: u16,
    kind: String,
    long_term: bool,
    registered_at: Millis,
    cancelled_at: Option<Millis>,
}

impl Stored {
    fn of(held: &Held) -> Self {
        Self {
            version: held.version.tie,
            ordinal: held.ordinal,
            kind: held.resource.sort.code().to_owned(),
            long_term: held.resource.long_term,
            registered_at: held.version.registered_at,
            cancelled_at: held.cancelled_at,
        }
    }
}

async fn stored(owner: &mut PgConnection) -> BTreeMap<Uuid, BTreeSet<Stored>> {
    let rows = sqlx::query(
        "select person, submission, kind, long_term, registered_at, cancelled_at, directory
        from segment",
    )
    .fetch_all(owner)
    .await
    .expect("the owner may look");
    let mut stored: BTreeMap<Uuid, BTreeSet<Stored>> = BTreeMap::new();
    for row in rows {
        let registered_at: DateTime<Utc> = row.get("registered_at");
        let cancelled_at: Option<DateTime<Utc>> = row.get("cancelled_at");
        let entries = directory::decode(row.get("directory"), registered_at).expect("a directory");
        let of_person = stored.entry(row.get("person")).or_default();
        of_person.extend(entries.into_iter().map(|entry| Stored {
            version: row.get::<Uuid, _>("submission").as_u128(),
            ordinal: entry.ordinal,
            kind: row.get("kind"),
            long_term: row.get("long_term"),
            registered_at: registered_at.timestamp_millis(),
            cancelled_at: cancelled_at.map(|at| at.timestamp_millis()),
        }));
    }
    stored
}

/// Does something with each of many, in a few tasks; the order of the answer is that of
/// the tasks.
async fn in_tasks<T, R, F>(all: Vec<T>, work: impl Fn(T) -> F) -> Vec<R>
where
    T: Send + 'static,
    R: Send + 'static,
    F: Future<Output = R> + Send + 'static,
{
    let mut parts: Vec<Vec<F>> = (0..TASKS).map(|_| Vec::new()).collect();
    for (nth, one) in all.into_iter().enumerate() {
        parts[nth % TASKS].push(work(one));
    }
    let mut tasks = JoinSet::new();
    for part in parts {
        tasks.spawn(async move {
            let mut done = Vec::with_capacity(part.len());
            for one in part {
                done.push(one.await);
            }
            done
        });
    }
    let mut done = Vec::new();
    while let Some(part) = tasks.join_next().await {
        match part {
            Ok(part) => done.extend(part),
            Err(failed) => std::panic::resume_unwind(failed.into_panic()),
        }
    }
    done
}

fn instant_of(row: &(i32, i32, i32, i64, bool)) -> Millis {
    let (year, month, day, seconds, _) = *row;
    Day::new(year, month, day).starts_at() + seconds * SECOND
}

fn instant(at: Millis) -> DateTime<Utc> {
    DateTime::from_timestamp_millis(at).expect("the timeline ends in this century")
}
