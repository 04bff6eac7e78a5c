//! SIGHUP — whose signatures are believed is read again while the service runs, by each process
//! that verifies any.

use std::{fs, io::Write};

use chrono::{DateTime, Days, Utc};
use kyoyu_devkit::{
    BulkImport, Client,
    hpki::{
        CardKey, CardPlan, Container, Hpki, MemberPlace, RevocationDates, Signing, SigningCard,
        sign_document,
    },
};
use kyoyu_synth::{Referral, Seed, Sending, World, WorldSize, referral};
use kyoyu_tests::{
    app::Answer,
    database::START,
    process::{Installation, LIMIT, LOOK_EVERY, Running, until},
};
use serde_json::Value;

const SETTINGS: &str = "registry.interval_ms = 50\npurge.enabled = false";

const VERIFIED: &str = "kyoyu-signature-verified";
/// No path to a root that is believed.
const CHAIN: &str = "kyoyu-signature-chain";

fn start() -> DateTime<Utc> {
    START.parse().expect("an RFC 3339 instant")
}

/// An installation whose files name whom to believe, a doctor of a healthcare PKI, and another
/// PKI that knows nothing of the doctor.
struct Place {
    installation: Installation,
    world: World,
    own: Hpki,
    other: Hpki,
    doctor: SigningCard,
}

impl Place {
    fn new(settings: &str) -> Self {
        let installation = Installation::new(&format!("{SETTINGS}\n{settings}"));
        let (roots, lists) = (installation.file("roots.pem"), installation.file("lists.pem"));
        installation.configure(|text| {
            format!(
                "{text}signatures.roots_file = \"{roots}\"\n\
                 signatures.revocation_file = \"{lists}\"\n"
            )
        });
        let [own, other] = [(); 2].map(|()| Hpki::create().expect("keys"));
        let doctor = own.card(&CardPlan {
            name: "Kyoyu Hanako",
            role: Some("Medical Doctor"),
            key: CardKey::P256,
            from: start() - Days::new(30),
            until: start() + Days::new(7_000),
        });
        let world = World::new(Seed(11), WorldSize { institutions: 3, persons: 10 });
        let place = Self { installation, world, own, other, doctor: doctor.expect("a card") };
        place.believe(&place.own);
        place.installation.register_cast(&world);
        place
    }

    /// Writes the files, which nobody reads before SIGHUP.
    fn believe(&self, hpki: &Hpki) {
        let dates = RevocationDates { made_at: start(), until: start() + Days::new(7_000) };
        let lists = hpki.revocation_pem(dates, &[]).expect("lists");
        self.write("roots.pem", hpki.root_pem());
        self.write("lists.pem", &lists);
    }

    fn write(&self, name: &str, text: &str) {
        fs::write(self.installation.file(name), text).expect("a file can be written");
    }

    /// A letter that the doctor has signed.
    fn letter(&self) -> String {
        let letter = Referral::new(Sending::new(1, start()));
        let [from, to] = [0, 1].map(|index| self.world.institution(index));
        let letter = referral(&from, &to, &self.world.person(0), &letter);
        let signing = Signing {
            card: &self.doctor,
            container: Container::Cms,
            when: start(),
            place: MemberPlace::Last,
        };
        sign_document(&letter.json, &signing).expect("it can be signed")
    }
}

/// What a check says of the letter's signature.
async fn verdict(client: &Client, letter: &str) -> String {
    let reply = client.post_json("/fhir/Bundle/$validate", None, letter.to_owned()).await;
    let reply = reply.expect("the gateway answers");
    about_signature(&reply.must_be(200).json().expect("JSON"))
}

fn about_signature(outcome: &Value) -> String {
    let issues = outcome["issue"].as_array().expect("issues").iter();
    let mut codes = issues.filter_map(|issue| issue["details"]["coding"][0]["code"].as_str());
    let code = codes.find(|code| code.starts_with("kyoyu-signature-"));
    code.expect("a word on the signature").to_owned()
}

/// How often a process has told something.
fn times(running: &Running, message: &str) -> usize {
    running.log().lines().filter(|line| line.contains(message)).count()
}

/// Sends SIGHUP and waits until both sorts of certificates were looked at.
async fn hang_up(running: &Running, message: &str) {
    let before = times(running, message);
    running.hang_up();
    until("a word about it", || (times(running, message) > before).then_some(())).await;
}

const LOADED: &str = r#""what":"signatures""#;

#[tokio::test(flavor = "multi_thread")]
async fn serve_believes_what_the_files_say_at_sighup_and_keeps_it_when_they_say_nothing() {
    let place = Place::new("");
    let mut gateway = place.installation.start(&["serve"]);
    let address = gateway.ready().await;
    let client = place.installation.client("ehr", address, 1);
    let letter = place.letter();
    assert_eq!(verdict(&client, &letter).await, VERIFIED);

    place.believe(&place.other);
    assert_eq!(verdict(&client, &letter).await, VERIFIED, "not before it is told to");
    hang_up(&gateway, LOADED).await;
    assert_eq!(verdict(&client, &letter).await, CHAIN);
    assert_eq!(times(&gateway, r#""what":"callers""#), 1, "those of callers too");

    place.write("roots.pem", "-----BEGIN CERTIFICATE-----\nbm8=\n-----END CERTIFICATE-----\n");
    hang_up(&gateway, "the former ones stay").await;
    assert_eq!(verdict(&client, &letter).await, CHAIN);

    place.believe(&place.own);
    hang_up(&gateway, LOADED).await;
    assert_eq!(verdict(&client, &letter).await, VERIFIED);
    gateway.terminate();
    assert!(gateway.ended().await.success(), "{}", gateway.log());
}

/// Lines of bulk imports are verified where they are registered.
#[tokio::test(flavor = "multi_thread")]
async fn a_process_that_only_works_believes_what_the_files_say_at_sighup() {
    const NONE: &str = "import.workers = 0";
    let place = Place::new(NONE);
    let mut gateway = place.installation.start(&["serve"]);
    let address = gateway.ready().await;
    place.installation.announce(&place.world, address).await;
    place.installation.configure(|text| text.replace(NONE, "import.workers = 1"));
    let mut worker = place.installation.start(&["work"]);
    until("a worker", || (times(&worker, r#""message":"ready""#) > 0).then_some(())).await;

    place.believe(&place.other);
    hang_up(&worker, LOADED).await;
    let (client, letter) = (place.installation.client("ehr", address, 1), place.letter());
    let mut import = BulkImport::open(&client).await.expect("a job");
    let mut line = letter.clone().into_bytes();
    line.write_all(b"\n").expect("memory");
    import.send_all(&*line).await.expect("all lines");
    let ended = tokio::time::timeout(LIMIT, async {
        while !import.status().await.expect("an answer").is_done {
            tokio::time::sleep(LOOK_EVERY).await;
        }
    });
    ended.await.expect("an end in time");
    let address = format!("/fhir/$import/{}/outcomes", import.job());
    let reply = client.get(&address, None).await.expect("an answer");
    let outcome = reply.must_be(200).json().expect("one line");
    let parameters = outcome["parameter"].as_array().expect("parameters");
    let findings = parameters.iter().find(|one| one["name"] == "findings").expect("findings");
    assert_eq!(about_signature(&findings["resource"]), CHAIN);
    assert_eq!(verdict(&client, &letter).await, VERIFIED, "the gateway was not told");
    for running in [&mut worker, &mut gateway] {
        running.terminate();
        assert!(running.ended().await.success(), "{}", running.log());
    }
}
