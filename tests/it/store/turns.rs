//! What an addressee is shown comes into sight in the order of its instants.

use kyoyu_domain::identifiers::InstitutionNumber;
use kyoyu_store::letter;
use kyoyu_tests::service::READER;

use super::Ward;

const WAITING: &str = "pg_locks where locktype = 'advisory' and not granted and database = \
                       (select oid from pg_database where datname = current_database())";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_shows_an_addressee_a_letter_waits_for_the_one_before() {
    let mut ward = Ward::open().await;
    let store = ward.database.store().await;
    let addressee: InstitutionNumber = READER.parse().expect("ten digits");
    let mut first = store.begin().await.expect("a transaction");
    letter::turn(&mut first, addressee).await.expect("nobody is before it");
    let other: InstitutionNumber = "1310000009".parse().expect("ten digits");
    let mut elsewhere = store.begin().await.expect("a transaction");
    letter::turn(&mut elsewhere, other).await.expect("another addressee waits for nobody");
    let behind = store.clone();
    let second = tokio::spawn(async move {
        let mut tx = behind.begin().await?;
        letter::turn(&mut tx, addressee).await
    });
    while ward.count(WAITING).await == 0 && !second.is_finished() {
        tokio::task::yield_now().await;
    }
    assert!(!second.is_finished(), "it has to wait");
    drop(first);
    second.await.expect("no panic").expect("its turn has come");
}
