//! 統合 — persons whom the eligibility network says to be one.

use bytes::Bytes;
use kyoyu_domain::{
    audit::{Action, AuditEvent},
    identifiers::{Bucket, PersonKey},
    person::Gender,
    phi::Phi,
    problem::Problem,
};
use kyoyu_service::{SearchQuery, SentBy};
use kyoyu_store::{Store, person};
use kyoyu_tests::{
    lifecycle::{
        BundleName, Type,
        body::{BORN_ON, BUNDLE_IDENTIFIER, Invented},
    },
    service::{ehr, insured, network, portal},
};
use tokio::task::JoinSet;
use uuid::Uuid;

use super::{Ward, condition, lab};

const ONE: Invented = Invented(1);
const OTHER: Invented = Invented(2);
const THIRD: Invented = Invented(3);

impl Ward {
    async fn join(&self, several: &[Invented]) -> Result<PersonKey, Problem> {
        let body = Bytes::from(Invented::announced_as_one(several));
        Ok(self.service.announce(&network(), body).await?.key)
    }

    async fn joined(&self, several: &[Invented]) -> PersonKey {
        self.join(several).await.expect("they have one birth date")
    }

    /// The receipts of everybody's Bundle, as their sender would ask for them later.
    async fn one_bundle_each(&self, several: &[Invented]) -> Vec<String> {
        let mut receipts = Vec::new();
        for (nth, person) in several.iter().enumerate() {
            self.admit(*person).await;
            let sent = self.register(*person, 1, &[condition(nth as u8 + 1)]).await;
            receipts.push(sent.expect("it is valid").submission.id.to_string());
        }
        receipts
    }

    /// Rows that still belong to a person: content, ledger, letters, days, identifiers.
    async fn rows_of(&mut self, person: PersonKey) -> i64 {
        let mut rows = 0;
        for table in ["segment", "submission", "letter", "purge_due", "person_identifier"] {
            rows += self.count(&format!("{table} where person = '{}'", person.uuid())).await;
        }
        rows
    }
}

#[tokio::test]
async fn who_is_announced_as_one_is_read_as_one_and_under_no_former_key() {
    let mut ward = Ward::open().await;
    let former = [ward.admit(ONE).await, ward.admit(OTHER).await];
    ward.register(ONE, 1, &[condition(1)]).await.expect("it is valid");
    ward.register(OTHER, 1, &[condition(2)]).await.expect("it is valid");
    let key = ward.joined(&[ONE, OTHER]).await;
    assert!(!former.contains(&key));
    let mut reader = ward.database.store().await.reader().await.expect("a connection");
    assert!(person::is_there(&mut reader, key).await.expect("an answer"));
    for key in former {
        assert!(!person::is_there(&mut reader, key).await.expect("an answer"));
    }
    assert_eq!(ward.search(key, Type::Condition).await.len(), 2);
    for key in former {
        let refused = ward.try_search(key, Type::Condition).await.expect_err("nobody's key");
        assert_eq!(refused.rule().code, "kyoyu-consent-required");
        assert_eq!(ward.rows_of(key).await, 0);
    }
    for person in [ONE, OTHER] {
        let query = SearchQuery { parameters: Vec::new(), by: SentBy::Get };
        let page = ward.service.search(&portal(person), "Condition", query).await;
        assert_eq!(page.expect("the patient's own").entries.len(), 2, "{person:?}");
    }
    assert_eq!(ward.joined(&[ONE, OTHER]).await, key, "announcing it twice changes nothing");
}

#[tokio::test]
async fn what_is_read_under_the_new_key_names_the_new_key() {
    let ward = Ward::open().await;
    ward.admit(ONE).await;
    ward.admit(OTHER).await;
    ward.register(ONE, 1, &[condition(1)]).await.expect("it is valid");
    let key = ward.joined(&[ONE, OTHER]).await;
    let found = ward.search(key, Type::Condition).await;
    let text = String::from_utf8_lossy(&found[0].text).into_owned();
    assert!(text.contains(&format!("Patient/{key}")), "{text}");
    let id = found[0].id.to_string();
    let read = ward.service.read(&portal(ONE), "Condition", &id).await.expect("it is there");
    assert_eq!(read.text, found[0].text);
}

#[tokio::test]
async fn the_last_three_are_those_of_the_one_person() {
    let ward = Ward::open().await;
    ward.admit(ONE).await;
    ward.admit(OTHER).await;
    let results = [lab(1, "2026-01-01"), lab(2, "2026-02-01")];
    ward.register(ONE, 1, &results).await.expect("it is valid");
    let results = [lab(3, "2026-03-01"), lab(4, "2026-03-20")];
    ward.register(OTHER, 1, &results).await.expect("it is valid");
    ward.go_to("2027-06-01");
    let key = ward.joined(&[ONE, OTHER]).await;
    assert_eq!(ward.search(key, Type::Observation).await.len(), 3);
    assert_eq!(ward.purge().await, 1, "each by itself would have kept both");
    assert_eq!(ward.search(key, Type::Observation).await.len(), 3);
}

#[tokio::test]
async fn senders_go_on_with_their_bundles_and_receipts() {
    let ward = Ward::open().await;
    let receipts = ward.one_bundle_each(&[ONE, OTHER]).await;
    ward.joined(&[ONE, OTHER]).await;
    for receipt in &receipts {
        let query = [("receipt".to_owned(), receipt.clone())];
        let known = ward.service.submissions(&ehr(), &query).await.expect("its own");
        assert_eq!(known.submissions.len(), 1);
    }
    let name = BundleName { institution: 0, number: 1 };
    // The other's Bundle, named with the one's insured number: they are one person now.
    let wanted = OTHER.parameters(name).replace(&OTHER.insured(), &ONE.insured());
    ward.service.cancel(&ehr(), Bytes::from(wanted.clone())).await.expect("it is theirs");
    ward.service.undo(&ehr(), Bytes::from(wanted)).await.expect("it is theirs");
    ward.go_on(1);
    let body = ONE.bundle(name, &[condition(7)], ward.now().timestamp_millis());
    let identifier = format!("{BUNDLE_IDENTIFIER}|{}", ONE.bundle_identifier(name));
    let changed = ward.service.change(&ehr(), &identifier, Bytes::from(body)).await;
    assert_eq!(changed.expect("it is newer").submission.version, 2);
    ward.register(ONE, 2, &[condition(8)]).await.expect("new Bundles come as ever");
}

#[tokio::test]
async fn a_hold_on_one_covers_what_was_the_others() {
    let mut ward = Ward::open().await;
    ward.one_bundle_each(&[ONE, OTHER]).await;
    let held = insured(ONE);
    ward.service.place_hold("tests", &held, "a lawsuit").await.expect("it is known");
    ward.joined(&[ONE, OTHER]).await;
    ward.go_to("2031-04-02");
    assert_eq!(ward.purge().await, 0);
    ward.service.release_hold("tests", &insured(OTHER)).await.expect("there is one");
    assert_eq!(ward.purge().await, 2);
    assert_eq!(ward.count("segment").await, 0);
    assert_eq!(ward.count("submission").await, 0);
}

#[tokio::test]
async fn the_access_log_goes_on_over_every_join_and_so_do_receipts() {
    let mut ward = Ward::open().await;
    let receipts = ward.one_bundle_each(&[ONE, OTHER, THIRD]).await;
    ward.joined(&[ONE, OTHER]).await;
    let key = ward.joined(&[OTHER, THIRD]).await;
    let query = SearchQuery { parameters: Vec::new(), by: SentBy::Get };
    let log = ward.service.access_log(&portal(THIRD), query).await.expect("the patient's own");
    let registered = log.accesses.iter().filter(|one| one.action.code() == "register").count();
    assert_eq!(registered, 3, "of every former key");
    for receipt in receipts {
        let query = [("receipt".to_owned(), receipt)];
        assert!(ward.service.submissions(&ehr(), &query).await.is_ok());
    }
    let pointing = format!("person where joined_person = '{}'", key.uuid());
    assert_eq!(ward.count(&pointing).await, 4, "three announced and one joined");
}

/// Moves one person's data under a chosen key, as no announcement could.
async fn move_to(store: &Store, former: PersonKey, into: PersonKey) {
    let mut tx = store.begin().await.expect("a transaction");
    let birth_on = Phi::new(BORN_ON.parse().expect("a date"));
    person::insert(&mut tx, into, &birth_on, Gender::Female).await.expect("a new key");
    person::Join::new(&[former], into).run(&mut tx).await.expect("it moves");
    let event = AuditEvent::done(&network().actor(), Action::Announce, 1).about(into);
    tx.commit(event).await.expect("it commits");
}

/// A key in a bucket, or in any other.
fn key_where(is_wanted: impl Fn(Bucket) -> bool) -> PersonKey {
    let keys = (1..).map(|number| PersonKey::new(Uuid::from_u128(number)));
    keys.into_iter().find(|key| is_wanted(key.bucket())).expect("every bucket has keys")
}

#[tokio::test]
async fn receipts_are_found_when_a_bucket_comes_back_after_several_joins() {
    let ward = Ward::open().await;
    let receipts = ward.one_bundle_each(&[ONE]).await;
    let store = ward.database.store().await;
    let first = ward.joined(&[ONE]).await;
    let second = key_where(|bucket| bucket != first.bucket());
    let third = key_where(|bucket| bucket == first.bucket());
    let last = key_where(|bucket| bucket != first.bucket() && bucket != second.bucket());
    for (former, into) in [(first, second), (second, third), (third, last)] {
        move_to(&store, former, into).await;
        let query = [("receipt".to_owned(), receipts[0].clone())];
        let known = ward.service.submissions(&ehr(), &query).await.expect("its own");
        assert_eq!(known.submissions.len(), 1, "under {into}");
        assert_eq!(ward.search(into, Type::Condition).await.len(), 1);
    }
}

#[tokio::test]
async fn another_birth_date_joins_nobody() {
    let mut ward = Ward::open().await;
    ward.one_bundle_each(&[ONE, OTHER]).await;
    let announced = Invented::announced_as_one(&[ONE, OTHER]).replace(BORN_ON, "1958-03-01");
    let refused = ward.service.announce(&network(), Bytes::from(announced)).await;
    assert_eq!(refused.expect_err("not hers").rule().code, "kyoyu-person-conflict");
    let younger = OTHER.announcement().replace(BORN_ON, "1988-03-01");
    let moved = younger.replace(&OTHER.insured(), &THIRD.insured());
    ward.service.announce(&network(), Bytes::from(moved)).await.expect("somebody new");
    let refused = ward.join(&[ONE, THIRD]).await.expect_err("two birth dates");
    assert_eq!(refused.rule().code, "kyoyu-person-conflict");
    assert_eq!(ward.count("person where joined_person is not null").await, 0);
    assert_eq!(ward.count("submission_move").await, 0);
}

#[tokio::test]
async fn a_closed_access_log_stays_closed() {
    let ward = Ward::open().await;
    ward.admit(ONE).await;
    let closing = r#""extension":[{"url":"https://kyoyu.invalid/fhir/StructureDefinition/access-log-closed","valueBoolean":true}],"gender""#;
    let closed = OTHER.announcement().replace(r#""gender""#, closing);
    ward.service.announce(&network(), Bytes::from(closed)).await.expect("it is well formed");
    ward.joined(&[ONE, OTHER]).await;
    let query = SearchQuery { parameters: Vec::new(), by: SentBy::Get };
    let log = ward.service.access_log(&portal(ONE), query).await;
    assert_eq!(log.expect_err("it is closed").rule().code, "kyoyu-log-closed");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_registered_while_persons_are_joined_is_the_one_persons() {
    let mut ward = Ward::open().await;
    for pair in 0..6 {
        let (one, other) = (Invented(10 + 2 * pair), Invented(11 + 2 * pair));
        ward.admit(one).await;
        ward.admit(other).await;
        let now = ward.now().timestamp_millis();
        let mut calls = JoinSet::new();
        for (nth, person) in [one, other, one, other].into_iter().enumerate() {
            let name = BundleName { institution: 0, number: nth as u8 };
            let body = Bytes::from(person.bundle(name, &[condition(nth as u8)], now));
            let service = ward.service.clone();
            calls.spawn(async move { service.register(&ehr(), body).await.map(|_| ()) });
        }
        let (service, body) = (ward.service.clone(), Invented::announced_as_one(&[one, other]));
        calls.spawn(
            async move { service.announce(&network(), Bytes::from(body)).await.map(|_| ()) },
        );
        for answer in calls.join_all().await {
            answer.expect("each comes before or after the join");
        }
    }
    assert_eq!(ward.count("segment").await, 24);
    let astray = "segment g where not exists (select from person p where p.bucket = g.bucket \
                  and p.person = g.person and p.joined_person is null)";
    assert_eq!(ward.count(astray).await, 0);
    assert_eq!(ward.count(&astray.replace("segment g", "submission g")).await, 0);
}
