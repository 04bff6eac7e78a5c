//! Writes synthetic Bundles into a folder, for the reference validator.
//!
//! `cargo run -p kyoyu-synth --example write_bundles -- FOLDER [COUNT]`

use std::{env, error::Error, fs, path::PathBuf};

use chrono::{DateTime, Duration};
use kyoyu_domain::entry::Flags;
use kyoyu_synth::{
    AllergyKind, AllergyList, Checkup, ConditionList, DocumentKind, LabReport, Programme, Results,
    Seed, Sending, SynthBundle, World, WorldSize, allergies, checkup, conditions, labs,
};

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = env::args().skip(1);
    let folder = PathBuf::from(arguments.next().ok_or("which folder?")?);
    let count: u64 = arguments.next().map_or(Ok(8), |count| count.parse())?;
    fs::create_dir_all(&folder)?;
    let world = World::new(Seed(20_261_122), WorldSize { institutions: 400, persons: 100_000 });
    for nth in 0..count {
        for (kind, bundle) in bundles(world, nth)?.into_iter().chain(documents(world, nth)?) {
            fs::write(folder.join(format!("{kind}-{nth:03}.json")), bundle.json)?;
        }
    }
    Ok(())
}

/// One of each kind, each `nth` from another institution.
fn bundles(world: World, nth: u64) -> Result<[(&'static str, SynthBundle); 4], Box<dyn Error>> {
    let at = DateTime::parse_from_rfc3339("2026-07-15T10:30:00+09:00")?.to_utc();
    let (institution, person) = (world.institution(nth), world.person(nth * 77));
    let sending = Sending::new(nth + 1, at + Duration::minutes(nth as i64));
    let report = |results| LabReport { sending, collected_at: at - Duration::hours(3), results };
    let list = ConditionList { sending, count: 9, flags: Flags::all().collect() };
    let kinds = vec![AllergyKind::Drug, AllergyKind::Food, AllergyKind::Other, AllergyKind::Drug];
    let long_term = vec![true, false, true, false];
    Ok([
        ("labs-few", labs(&institution, &person, &report(Results::Listed(5)))),
        ("labs-many", labs(&institution, &person, &report(Results::AsInLife(60)))),
        ("conditions", conditions(&institution, &person, &list)),
        ("allergies", allergies(&institution, &person, &AllergyList { sending, kinds, long_term })),
    ])
}

/// One of each kind of document, and a checkup of the n-th programme.
fn documents(world: World, nth: u64) -> Result<[(&'static str, SynthBundle); 4], Box<dyn Error>> {
    let at = DateTime::parse_from_rfc3339("2026-07-15T10:30:00+09:00")?.to_utc();
    let of = |kind| world.document(kind, nth, at).bundle;
    let programme = Programme::ALL[nth as usize % Programme::ALL.len()];
    let examined = Checkup::new(Sending::new(nth, at), programme);
    Ok([
        ("referral", of(DocumentKind::Referral)),
        ("discharge-summary", of(DocumentKind::DischargeSummary)),
        ("patient-summary", of(DocumentKind::PatientSummary)),
        ("checkup", checkup(&world.checkup_centre(nth), &world.person(nth * 77), &examined)),
    ])
}
