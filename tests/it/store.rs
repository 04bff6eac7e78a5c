//! 格納 — what must hold on a real database: exactly once, the purge and its workers, bytes,
//! rights.

mod certificate;
mod exactly_once;
mod hold;
mod joins;
mod limits;
mod rights;
mod texts;
mod traces;
mod turns;
mod workers;

use bytes::Bytes;
use chrono::{DateTime, TimeDelta, Utc};
use kyoyu_domain::{clock::start_of_japan_day, identifiers::PersonKey, problem::Problem};
use kyoyu_service::{Accepted, Found, Options, RunOutcome, SearchQuery, SentBy, Service};
use kyoyu_tests::{
    database::TestDatabase,
    lifecycle::{BundleName, Dated, Resource, Said, Sort, Type, body::Invented},
    service::{READER, doctor, ehr, network, service_with},
};
use sqlx::{AssertSqlSafe, PgConnection};

/// 病棟 — a service on a database of its own, and a look at the tables.
struct Ward {
    database: TestDatabase,
    service: Service,
    owner: PgConnection,
}

impl Ward {
    async fn open() -> Self {
        Self::open_with(|_| {}).await
    }

    async fn open_with(choose: impl FnOnce(&mut Options)) -> Self {
        let database = TestDatabase::new().await;
        let service = service_with(database.store().await, choose).await;
        let owner = database.as_owner().await;
        Self { database, service, owner }
    }

    /// Announces a person and registers a consent for the doctor.
    async fn admit(&self, person: Invented) -> PersonKey {
        let body = Bytes::from(person.announcement());
        let known = self.service.announce(&network(), body).await.expect("it is well formed");
        let consent = Bytes::from(person.consent(READER, self.now().timestamp_millis()));
        let consented = self.service.put_consent(&network(), None, consent).await;
        consented.expect("it is well formed");
        known.key
    }

    /// Registers one Bundle of a person's, numbered, now.
    async fn register(
        &self,
        person: Invented,
        number: u8,
        resources: &[Resource],
    ) -> Result<Accepted, Problem> {
        let name = BundleName { institution: 0, number };
        let body = person.bundle(name, resources, self.now().timestamp_millis());
        self.service.register(&ehr(), Bytes::from(body)).await
    }

    fn now(&self) -> DateTime<Utc> {
        self.database.clock().get()
    }

    fn go_on(&self, days: i64) {
        self.database.clock().set(self.now() + TimeDelta::days(days));
    }

    /// Sets the clock to 00:00 in Japan.
    fn go_to(&self, day: &str) {
        let day = day.parse().expect("a date");
        self.database.clock().set(start_of_japan_day(day));
    }

    /// Plans and runs; answers how many resources were deleted.
    async fn purge(&self) -> u64 {
        let plan = self.service.purge_plan("tests").await.expect("a plan");
        match self.service.purge_run("tests", Some(plan.plan)).await {
            Ok(RunOutcome::Done { resources, .. }) => resources,
            other => panic!("{other:?}"),
        }
    }

    /// What the doctor is shown.
    async fn search(&self, person: PersonKey, of_type: Type) -> Vec<Found> {
        self.try_search(person, of_type).await.expect("the consent is in force")
    }

    async fn try_search(&self, person: PersonKey, of_type: Type) -> Result<Vec<Found>, Problem> {
        let parameters = vec![("patient".to_owned(), format!("Patient/{person}"))];
        let query = SearchQuery { parameters, by: SentBy::Get };
        let page = self.service.search(&doctor(), of_type.name(), query).await?;
        Ok(page.entries)
    }

    /// A number that SQL answers; the text is the test's own.
    async fn count(&mut self, sql: &str) -> i64 {
        let query = sqlx::query_scalar(AssertSqlSafe(format!("select count(*) from {sql}")));
        query.fetch_one(&mut self.owner).await.expect("the owner may look")
    }
}

/// A laboratory result of a day.
fn lab(identifier: u8, day: &str) -> Resource {
    let day: DateTime<Utc> = format!("{day}T00:00:00Z").parse().expect("a date");
    Resource {
        item: 221,
        dated: Some(Dated::At(day.timestamp_millis())),
        ..plain(identifier, Sort::Lab)
    }
}

/// A disease without flags.
fn condition(identifier: u8) -> Resource {
    plain(identifier, Sort::Condition)
}

fn plain(identifier: u8, sort: Sort) -> Resource {
    Resource {
        identifier,
        sort,
        item: 0,
        department: Some(1),
        dated: Some(Dated::At(1_700_000_000_000)),
        said: Said::Standing,
        long_term: false,
        uninformed: false,
        undelivered: false,
        extracted: false,
    }
}
