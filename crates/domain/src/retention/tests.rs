use chrono::TimeDelta;
use uuid::Uuid;

use super::*;
use crate::{
    catalogue,
    clock::start_of_japan_day,
    entry::{ClinicalStatus, Flags},
    identifiers::{Bucket, DepartmentHash, IdentifierHash, PersonKey},
};

fn day(text: &str) -> NaiveDate {
    text.parse().expect("the test gives a date")
}

fn entry(identifier: &str, dated_on: &str) -> Entry {
    Entry {
        ordinal: 1,
        text_bytes: 1,
        item: 11,
        identifier: IdentifierHash::of(identifier),
        department: None,
        dated_at: Some(start_of_japan_day(day(dated_on))),
        standing: Standing::Standing,
        clinical: ClinicalStatus::Active,
        flags: Flags::default(),
        origin: Origin::Sent,
        listed: None,
        first_registered_at: DateTime::UNIX_EPOCH,
        flagged_at: None,
    }
}

fn copy<'a>(kind: &str, registered_on: &str, entry: &'a Entry) -> Copy<'a> {
    let registered_at = start_of_japan_day(day(registered_on));
    let bucket: Bucket = PersonKey::new(Uuid::nil()).bucket();
    let uuid = Uuid::from_u128(registered_at.timestamp() as u128);
    Copy {
        kind: catalogue::find(kind).expect("a kind"),
        institution: "1310000001".parse().expect("a number"),
        submission: SubmissionId { bucket, uuid },
        registered_at,
        cancelled_at: None,
        received_at: None,
        entry,
    }
}

fn fate_of(copies: &[Copy<'_>], position: usize) -> Fate {
    fates(copies, &RetentionPolicy::default())[position]
}

#[test]
fn five_years_from_a_leap_day_end_on_the_28th_of_february() {
    assert_eq!(Period::Years(5).last_day(day("2028-02-29")), day("2033-02-28"));
    assert_eq!(Period::Years(5).last_day(day("2026-04-01")), day("2031-04-01"));
    assert_eq!(Period::Days(180).last_day(day("2026-01-01")), day("2026-06-30"));
}

#[test]
fn a_condition_is_readable_through_its_last_day_and_gone_the_next() {
    let entry = entry("a", "2020-01-01");
    let fate = fate_of(&[copy("condition", "2026-04-01", &entry)], 0);
    let midnight = start_of_japan_day(day("2031-04-02"));
    assert!(fate.readable(midnight - TimeDelta::seconds(1)));
    assert!(!fate.deletable(japan_day(midnight - TimeDelta::seconds(1))));
    assert!(!fate.readable(midnight));
    assert!(fate.deletable(japan_day(midnight)));
}

#[test]
fn the_long_term_flag_exempts_from_age() {
    let mut flagged = entry("a", "2020-01-01");
    flagged.flags.long_term = true;
    let fate = fate_of(&[copy("condition", "2026-04-01", &flagged)], 0);
    assert_eq!((fate.gone_on, fate.deletable_on), (None, None));
}

#[test]
fn a_newer_copy_without_the_flag_takes_the_exemption_away() {
    let mut flagged = entry("a", "2020-01-01");
    flagged.flags.long_term = true;
    let plain = entry("a", "2020-01-01");
    let copies =
        [copy("condition", "2026-04-01", &flagged), copy("condition", "2027-04-01", &plain)];
    let fate = fate_of(&copies, 0);
    assert!(!fate.current);
    assert_eq!(fate.deletable_on, Some(day("2031-04-02")));
    assert_eq!(fate.reason, Reason::Superseded);
}

#[test]
fn the_same_identifier_twice_in_one_bundle_hides_neither() {
    let entries = [entry("a", "2026-01-01"), entry("a", "2026-01-02")];
    let copies = [copy("lab", "2026-04-01", &entries[0]), copy("lab", "2026-04-01", &entries[1])];
    assert!(fates(&copies, &RetentionPolicy::default()).iter().all(|fate| fate.current));
}

#[test]
fn the_three_newest_collection_times_outlive_the_year() {
    let entries: Vec<Entry> = ["2026-01-01", "2026-02-01", "2026-03-01", "2026-04-01"]
        .iter()
        .map(|d| entry(d, d))
        .collect();
    let copies: Vec<Copy<'_>> =
        entries.iter().map(|entry| copy("lab", "2026-05-01", entry)).collect();
    let fates = fates(&copies, &RetentionPolicy::default());
    assert_eq!(fates[0].gone_on, Some(day("2027-05-02")));
    assert!(fates[1..].iter().all(|fate| fate.gone_on.is_none() && fate.deletable_on.is_none()));
}

#[test]
fn what_a_new_result_pushes_out_is_hidden_at_once_and_deleted_after_its_undo_window() {
    let entries: Vec<Entry> = ["2026-01-01", "2026-02-01", "2026-03-01", "2028-01-01"]
        .iter()
        .map(|d| entry(d, d))
        .collect();
    let mut copies: Vec<Copy<'_>> =
        entries.iter().map(|entry| copy("lab", "2026-04-01", entry)).collect();
    copies[3] = copy("lab", "2028-01-02", &entries[3]);
    let fate = fate_of(&copies, 0);
    assert!(!fate.readable(start_of_japan_day(day("2028-01-02"))));
    assert_eq!(fate.deletable_on, Some(day("2028-01-10")));
}

#[test]
fn results_without_a_value_neither_count_nor_outlive_the_year() {
    let mut entries: Vec<Entry> = ["2026-01-01", "2026-02-01", "2026-03-01", "2026-04-01"]
        .iter()
        .map(|d| entry(d, d))
        .collect();
    entries[3].standing = Standing::Cancelled;
    let copies: Vec<Copy<'_>> =
        entries.iter().map(|entry| copy("lab", "2026-05-01", entry)).collect();
    let fates = fates(&copies, &RetentionPolicy::default());
    assert!(fates[..3].iter().all(|fate| fate.gone_on.is_none()));
    assert_eq!(fates[3].gone_on, Some(day("2027-05-02")));
}

#[test]
fn a_cancelled_submission_may_go_when_its_undo_window_is_over() {
    let entry = entry("a", "2026-01-01");
    let mut cancelled = copy("condition", "2026-04-01", &entry);
    cancelled.cancelled_at = Some(start_of_japan_day(day("2026-04-10")) + TimeDelta::hours(23));
    let fate = fate_of(&[cancelled], 0);
    assert!(!fate.readable(cancelled.registered_at));
    assert_eq!(fate.deletable_on, Some(day("2026-04-18")));
    assert_eq!(fate.reason, Reason::Cancelled);
}

#[test]
fn an_older_copy_does_not_come_back_when_a_newer_one_of_a_shorter_period_expires() {
    let (older, newer) = (entry("a", "2026-01-01"), entry("a", "2026-01-01"));
    let mut awaited = newer.clone();
    awaited.standing = Standing::Awaited;
    let copies = [copy("infection", "2026-04-01", &older), copy("lab", "2026-04-02", &awaited)];
    assert_eq!(fate_of(&copies, 0).deletable_on, Some(day("2027-04-03")));
    assert_eq!(fate_of(&copies, 1).deletable_on, Some(day("2027-04-03")));
}

#[test]
fn a_result_without_a_value_ages_while_its_submission_is_cancelled() {
    let mut awaited = entry("a", "2026-01-01");
    awaited.standing = Standing::Awaited;
    let counted = entry("b", "2026-01-01");
    let mut copies = [copy("lab", "2026-04-01", &awaited), copy("lab", "2026-04-01", &counted)];
    for copy in &mut copies {
        copy.cancelled_at = Some(start_of_japan_day(day("2027-03-30")));
    }
    assert_eq!(fate_of(&copies, 0).deletable_on, Some(day("2027-04-02")));
    assert_eq!(fate_of(&copies, 1).deletable_on, Some(day("2027-04-07")));
}

#[test]
fn what_a_cancelled_correction_had_kept_waits_for_the_undo_of_the_cancellation() {
    let days = ["2026-01-01", "2026-02-01", "2026-03-01", "2026-04-01"];
    let mut entries: Vec<Entry> = days.iter().map(|day| entry(day, day)).collect();
    entries.push(entry(days[3], days[3]));
    entries[4].standing = Standing::EnteredInError;
    let mut copies: Vec<Copy<'_>> =
        entries.iter().map(|entry| copy("lab", "2026-05-01", entry)).collect();
    copies[4] = copy("lab", "2028-01-01", &entries[4]);
    assert!(fate_of(&copies, 0).readable(start_of_japan_day(day("2028-01-02"))));
    copies[4].cancelled_at = Some(start_of_japan_day(day("2028-01-02")));
    assert_eq!(fate_of(&copies, 0).gone_on, Some(day("2027-05-02")));
    assert_eq!(fate_of(&copies, 0).deletable_on, Some(day("2028-01-10")));
}

#[test]
fn the_order_of_the_copies_does_not_matter_when_a_bundle_repeats_an_identifier() {
    let (older, mut awaited, mut valued) =
        (entry("a", "2026-01-01"), entry("a", "2026-01-01"), entry("a", "2026-01-01"));
    (awaited.standing, awaited.ordinal, valued.ordinal) = (Standing::Awaited, 1, 2);
    let mut copies = [
        copy("infection", "2026-04-01", &older),
        copy("lab", "2026-04-02", &awaited),
        copy("infection", "2026-04-02", &valued),
    ];
    assert_eq!(fate_of(&copies, 0).deletable_on, Some(day("2027-04-03")));
    copies.swap(1, 2);
    assert_eq!(fate_of(&copies, 0).deletable_on, Some(day("2027-04-03")));
}

#[test]
fn a_letter_lasts_180_days_and_seven_days_once_it_is_received() {
    let entry = entry("a", "2026-04-01");
    let letter = copy("referral", "2026-04-01", &entry);
    assert_eq!(fate_of(&[letter], 0).gone_on, Some(day("2026-09-29")));
    let received = |on: &str| Copy { received_at: Some(start_of_japan_day(day(on))), ..letter };
    assert_eq!(fate_of(&[received("2026-05-01")], 0).gone_on, Some(day("2026-05-09")));
    assert_eq!(fate_of(&[received("2026-09-28")], 0).gone_on, Some(day("2026-09-29")));
    let checkup = Copy { received_at: None, ..copy("checkup", "2026-04-01", &entry) };
    assert_eq!(fate_of(&[checkup], 0).gone_on, Some(day("2031-04-02")));
}

#[test]
fn what_was_sent_hides_what_was_extracted_whichever_is_newer() {
    let sent = entry("a", "2026-01-01");
    let extracted = Entry { origin: Origin::Extracted, ..entry("a", "2026-01-01") };
    let older = copy("condition", "2026-04-01", &sent);
    let newer = copy("condition", "2026-05-01", &extracted);
    assert!(fate_of(&[older, newer], 0).current);
    assert!(!fate_of(&[older, newer], 1).current);
    let cancelled = Copy { cancelled_at: Some(start_of_japan_day(day("2026-05-02"))), ..older };
    assert!(fate_of(&[cancelled, newer], 1).current);
}

#[test]
fn one_checkup_from_two_institutions_shows_the_newest() {
    let entry = entry("checkup|2026-04-01|010", "2026-04-01");
    let older = copy("checkup", "2026-05-01", &entry);
    let other = "2730000003".parse().expect("a number");
    let newer = Copy { institution: other, ..copy("checkup", "2026-06-01", &entry) };
    assert!(!fate_of(&[older, newer], 0).current);
    assert!(fate_of(&[older, newer], 1).current);
    let letters = [
        copy("referral", "2026-05-01", &entry),
        Copy { institution: other, ..copy("referral", "2026-06-01", &entry) },
    ];
    assert!(fate_of(&letters, 0).current && fate_of(&letters, 1).current);
}

fn of_department(identifier: &str, department: &str) -> Entry {
    let department = Some(DepartmentHash::of_name(department));
    Entry { department, ..entry(identifier, "2026-01-01") }
}

fn current(copies: &[Copy<'_>], scope: FullSetScope) -> Vec<bool> {
    let policy = RetentionPolicy { full_set_scope: scope, ..RetentionPolicy::default() };
    fates(copies, &policy).iter().map(|fate| fate.current).collect()
}

#[test]
fn a_new_list_hides_the_older_ones_of_its_scope_and_no_others_s3_2() {
    let entries =
        [of_department("a", "内科"), of_department("b", "外科"), of_department("c", "内科")];
    let copies = [
        copy("condition", "2026-04-01", &entries[0]),
        copy("condition", "2026-04-01", &entries[1]),
        copy("condition", "2026-04-02", &entries[2]),
    ];
    assert_eq!(current(&copies, FullSetScope::None), [true, true, true]);
    assert_eq!(current(&copies, FullSetScope::Department), [false, true, true]);
    assert_eq!(current(&copies, FullSetScope::Institution), [false, false, true]);
    let [stored, coming] = [&copies[..2], &copies[2..]];
    assert_eq!(hidden_anew(stored, coming, FullSetScope::None), 0);
    assert_eq!(hidden_anew(stored, coming, FullSetScope::Department), 1);
    assert_eq!(hidden_anew(stored, coming, FullSetScope::Institution), 2);
}

#[test]
fn what_a_new_list_leaves_out_comes_back_when_the_list_is_cancelled() {
    let (older, newer) = (of_department("a", "内科"), of_department("b", "内科"));
    let mut copies =
        [copy("condition", "2026-04-01", &older), copy("condition", "2026-04-02", &newer)];
    assert_eq!(current(&copies, FullSetScope::Department), [false, true]);
    copies[1].cancelled_at = Some(start_of_japan_day(day("2026-04-05")));
    assert_eq!(current(&copies, FullSetScope::Department), [true, false]);
}

#[test]
fn what_names_no_department_is_in_no_list_of_one() {
    let (older, newer) = (entry("a", "2026-01-01"), of_department("b", "内科"));
    let copies =
        [copy("drug-allergy", "2026-04-01", &older), copy("drug-allergy", "2026-04-02", &newer)];
    assert_eq!(current(&copies, FullSetScope::Department), [true, true]);
    assert_eq!(current(&copies, FullSetScope::Institution), [false, true]);
}

#[test]
fn reports_of_results_are_no_lists() {
    let (older, newer) = (entry("a", "2026-01-01"), entry("b", "2026-01-02"));
    let copies = [copy("lab", "2026-04-01", &older), copy("infection", "2026-04-02", &newer)];
    assert_eq!(current(&copies, FullSetScope::Institution), [true, true]);
}

#[test]
fn what_an_earlier_list_hid_already_is_not_hidden_anew() {
    let entries =
        [of_department("a", "内科"), of_department("b", "内科"), entry("c", "2026-01-01")];
    let copies = [
        copy("condition", "2026-04-01", &entries[0]),
        copy("condition", "2026-04-02", &entries[1]),
        copy("condition", "2026-04-03", &entries[2]),
    ];
    assert_eq!(hidden_anew(&copies[..2], &copies[2..], FullSetScope::Institution), 1);
}
