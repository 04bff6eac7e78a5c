use std::{fs, os::unix::fs::PermissionsExt};

use kyoyu_domain::participant::SignatureAlgorithm;

use super::*;

#[test]
fn a_second_run_finds_the_certificates_of_the_first() {
    let place = tempfile::tempdir().expect("a directory");
    let directory = place.path().join("pki");
    let first = Pki::open(&directory).expect("certificates");
    let hospital = first.client("hospital").expect("a certificate");
    let issuer = first.token_issuer("a", "i", SignatureAlgorithm::Es256).expect("a key");
    let second = Pki::open(&directory).expect("certificates");
    assert_eq!(second.root_pem(), first.root_pem());
    assert_eq!(second.server().fingerprint, first.server().fingerprint);
    assert_eq!(second.client("hospital").expect("it").fingerprint, hospital.fingerprint);
    let again = second.token_issuer("a", "i", SignatureAlgorithm::Es256).expect("a key");
    assert_eq!(again.public_key(), issuer.public_key());
}

#[test]
fn nobody_else_reads_a_key() {
    let place = tempfile::tempdir().expect("a directory");
    let directory = place.path().join("pki");
    let pki = Pki::open(&directory).expect("certificates");
    pki.client("hospital").expect("a certificate");
    pki.token_issuer("a", "i", SignatureAlgorithm::EdDsa).expect("a key");
    let mode = |path: &std::path::Path| {
        fs::metadata(path).expect("it is there").permissions().mode() & 0o777
    };
    assert_eq!(mode(&directory), 0o700);
    for key in ["root.key", "server.key", "hospital.key", "issuer-a.key"] {
        assert_eq!(mode(&directory.join(key)), 0o600, "{key}");
    }
}

#[test]
fn a_root_that_was_lost_is_not_replaced_silently() {
    let place = tempfile::tempdir().expect("a directory");
    Pki::open(place.path()).expect("certificates");
    fs::remove_file(place.path().join("root.pem")).expect("it was there");
    let refusal = Pki::open(place.path()).expect_err("leaves without their root");
    assert!(format!("{refusal:#}").contains("root.pem is missing"), "{refusal:#}");
}

#[test]
fn names_that_lead_elsewhere_are_refused() {
    let pki = Pki::in_memory().expect("certificates");
    for bad in ["", "../root", "a/b", "root", "server", "病院"] {
        assert!(pki.client(bad).is_err(), "{bad}");
    }
}

#[test]
fn what_is_kept_in_memory_is_the_same_for_the_same_name() {
    let pki = Pki::in_memory().expect("certificates");
    let [one, other] = [0, 1].map(|_| pki.client("hospital").expect("a certificate").fingerprint);
    assert_eq!(one, other);
    let [one, other] = [0, 1].map(|_| {
        pki.token_issuer("a", "i", SignatureAlgorithm::Es256).expect("a key").public_key()
    });
    assert_eq!(one, other);
}
