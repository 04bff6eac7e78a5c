//! 閲覧方針の表 — the whole policy, as a table that people review.

use kyoyu_domain::policy;

/// Whoever changes the policy changes this file too, with a second reviewer.
const CHECKED_IN: &str = include_str!("../fixtures/policy_matrix.tsv");

#[test]
fn the_policy_is_the_checked_in_table() {
    let now = policy::matrix();
    let differing = now.lines().zip(CHECKED_IN.lines()).position(|(one, other)| one != other);
    let place = differing.map(|line| {
        let of = |table: &str| table.lines().nth(line).unwrap_or_default().to_owned();
        format!("line {}: now {:?}, checked in {:?}", line + 1, of(&now), of(CHECKED_IN))
    });
    assert_eq!(place, None);
    assert_eq!(now.lines().count(), CHECKED_IN.lines().count());
}

#[test]
fn no_line_shows_what_must_stay_hidden() {
    for line in policy::matrix().lines().filter(|line| line.ends_with("\tShown")) {
        let columns: Vec<&str> = line.split('\t').collect();
        let [role, purpose, consent, kind, flags, _] = columns[..] else { panic!("{line}") };
        assert!(!flags.contains("UNDELIVERED"), "{line}");
        assert!(role != "patient-portal" || !flags.contains("UNINFORMED"), "{line}");
        assert!(role != "institution" || matches!(consent, "own" | "all"), "{line}");
        assert!(role != "insurer" || kind == "checkup", "an insurer sees checkups only: {line}");
        assert!(kind != "patient-summary" || role == "patient-portal", "the patient's: {line}");
        assert!(!matches!(kind, "referral" | "discharge-summary"), "one addressee's: {line}");
        assert!(kind != "lab-unlisted" && purpose != "ETREAT", "{line}");
    }
}
