//! Work against size, for Bundles as large as a body may be.

use std::fmt::Write;

use kyoyu_profile::{
    Generation, Limits,
    validator::{Mode, Validator},
};

/// A Bundle whose entries refer to the first one and to what they contain.
fn bundle(bundle_type: &str, entries: usize) -> String {
    let mut text = format!(
        r#"{{"resourceType":"Bundle","meta":{{"profile":["http://jpfhir.jp/fhir/clins/StructureDefinition/JP_Bundle_CLINS"]}},"type":"{bundle_type}","entry":[{{"fullUrl":"urn:uuid:00000000-0000-4000-8000-000000000000","resource":{{"resourceType":"Patient","id":"p"}}}}"#
    );
    for place in 1..entries {
        write!(
            text,
            r##",{{"fullUrl":"urn:uuid:00000000-0000-4000-8000-{place:012}","resource":{{"resourceType":"Observation","contained":[{{"resourceType":"Specimen","id":"s"}}],"status":"final","code":{{"text":"x"}},"specimen":{{"reference":"#s"}},"subject":{{"reference":"urn:uuid:00000000-0000-4000-8000-000000000000"}}}}}}"##
        )
        .expect("a String takes everything");
    }
    text.push_str("]}");
    text
}

#[test]
fn twenty_five_thousand_entries_take_ten_times_the_work_of_a_tenth_of_them() {
    let validator = Validator::shipped(Limits::default(), Generation::default());
    for bundle_type in ["collection", "document"] {
        let steps = [2_500, 25_000].map(|entries| {
            let body = bundle(bundle_type, entries);
            let report = validator.validate(body.as_bytes(), Mode::Strict);
            assert!(report.steps > 5 * entries as u64, "{bundle_type}: the body was not walked");
            report.steps
        });
        // The first entry is lighter than the others.
        assert!(steps[1] <= 10 * steps[0] + 1_000, "{bundle_type}: {steps:?}");
    }
}
