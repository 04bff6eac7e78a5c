//! The cases, the packages and the guides.

use std::{collections::HashMap, fs, path::PathBuf};

use kyoyu_profile::{
    Limits,
    package::Package,
    validator::{Guide, Mode, Report, Validator},
};
use serde_json::Value;

use crate::patch;

/// One line of a file of verdicts.
pub(crate) struct Case {
    pub(crate) name: String,
    pub(crate) note: String,
    pub(crate) set: String,
    pub(crate) text: Vec<u8>,
    pub(crate) errors: Vec<Error>,
    /// The verdict hangs on a rule that cannot be checked offline, or there is none.
    pub(crate) is_void: bool,
}

/// An error of the reference validator.
#[derive(Debug, Clone)]
pub(crate) struct Error {
    pub(crate) expression: String,
    pub(crate) id: String,
    /// For whoever reads the differences.
    pub(crate) text: String,
}

/// Everything that a comparison needs.
pub(crate) struct Setting {
    pub(crate) cases: Vec<Case>,
    validators: HashMap<(String, Packages), Validator>,
}

/// What a guide was made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Packages {
    Official,
    Shipped,
}

/// A path from the root of the checkout.
pub(crate) fn checkout(path: &str) -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../..")).join(path)
}

fn shared(path: &str) -> PathBuf {
    checkout("../shared").join(path)
}

impl Setting {
    /// The verdicts and the official packages; none where they are absent.
    pub(crate) fn load() -> Option<Self> {
        let mut cases = Vec::new();
        for file in ["examples.jsonl", "mutants.jsonl"] {
            let text = fs::read_to_string(shared("verdicts").join(file)).ok()?;
            cases.extend(text.lines().map(case));
        }
        let package = |file: &str| {
            let bytes = fs::read(shared("packages").join(file)).expect("the package is there");
            Package::read(&bytes).expect("the package can be read")
        };
        let core = package("hl7.fhir.r4.core-4.0.1.tgz");
        let jp_core = package("jp-core.r4-1.1.2-clins.tgz");
        let guides = [
            ("clins", package("jp-eCSCLINS.r4-1.10.0.tgz")),
            ("checkup", package("jp-eCheckupReport.r4-1.5.0.tgz")),
        ];
        let mut validators = HashMap::new();
        for (set, guide) in guides {
            let guide = Guide::load(&[&core, &jp_core, &guide]);
            assert_eq!(guide.faults(), [], "{set}");
            validators.insert((set.to_owned(), Packages::Official), alone(guide));
        }
        let shipped = Package::shipped();
        let guides = [("clins", shipped.clinical()), ("checkup", shipped.checkup())];
        for (set, packages) in guides {
            validators.insert((set.to_owned(), Packages::Shipped), alone(Guide::load(&packages)));
        }
        Some(Self { cases, validators })
    }

    /// What is found in a case.
    pub(crate) fn report(&self, case: &Case, packages: Packages, mode: Mode) -> Report {
        self.validators[&(case.set.clone(), packages)].validate(&case.text, mode)
    }
}

fn alone(guide: Guide) -> Validator {
    Validator::new(vec![guide], Limits::default())
}

fn case(line: &str) -> Case {
    let line: Value = serde_json::from_str(line).expect("a line is JSON");
    let text_of = |key: &str| line[key].as_str().unwrap_or_default().to_owned();
    let file = text_of("file");
    let original = fs::read(shared("examples").join(&file)).expect("the example is there");
    let id = text_of("id");
    let errors = line["errors"].as_array().into_iter().flatten().map(|error| Error {
        expression: error["expression"].as_str().unwrap_or_default().to_owned(),
        id: error["id"].as_str().unwrap_or_default().to_owned(),
        text: error["text"].as_str().unwrap_or_default().to_owned(),
    });
    Case {
        name: if id.is_empty() { file } else { id },
        note: text_of("note"),
        set: text_of("set"),
        text: patch::applied(original, &line),
        errors: errors.collect(),
        is_void: !line["crash"].is_null() || !line["artefact"].is_null(),
    }
}
