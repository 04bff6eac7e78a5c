//! The Bundles that are made of lives conform to the profiles, as the gateway asks.

use kyoyu_profile::{
    Limits,
    package::Package,
    validator::{Guide, Mode, Validator},
};
use kyoyu_tests::{
    lifecycle::{
        Deed, Policy,
        body::Invented,
        generator::{Frame, lifecycle},
    },
    seed::{cases, dice, seed},
};

const FRAME: Frame<'_> = Frame {
    instants: None,
    events: (2, 14),
    purges: false,
    policy: Some(Policy::DEFAULT),
    undated: false,
    letters: false,
};

#[test]
fn every_bundle_of_a_life_conforms_to_the_profiles() {
    let guide = Guide::load(&Package::shipped().clinical());
    let validator = Validator::new(vec![guide], Limits::default());
    let mut checked = 0;
    for case in 0..cases(200) {
        let person = Invented(case as u32 + 1);
        for event in lifecycle(&mut dice(seed(), case), FRAME).events {
            let (Deed::Register(name, resources) | Deed::Change(name, resources)) = event.deed
            else {
                continue;
            };
            let body = person.bundle(name, &resources, event.at);
            let report = validator.validate(body.as_bytes(), Mode::Strict);
            assert!(report.is_valid(), "{case}: {:?}", report.findings);
            checked += 1;
        }
    }
    assert!(checked > 0);
}
