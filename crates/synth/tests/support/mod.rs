//! The validators that every Bundle of this crate must please.

use std::{collections::BTreeMap, fs, path::PathBuf, sync::LazyLock};

use kyoyu_domain::problem::Severity;
use kyoyu_profile::{
    Limits,
    package::Package,
    validator::{Finding, Guide, Mode, Validator},
};
use kyoyu_synth::SynthBundle;

/// Both guides as the product ships them.
pub(crate) static SHIPPED: LazyLock<Validator> = LazyLock::new(|| {
    let shipped = Package::shipped();
    let guides = vec![Guide::load(&shipped.clinical()), Guide::load(&shipped.checkup())];
    Validator::new(guides, limits())
});

/// Both guides as they are published; none where the packages are not there.
static OFFICIAL: LazyLock<Option<Validator>> = LazyLock::new(official);

/// Letters with files are larger than what the tests of single rules allow.
fn limits() -> Limits {
    Limits::default()
}

#[expect(clippy::print_stderr, reason = "a test says what it left out")]
fn official() -> Option<Validator> {
    let folder = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/packages"));
    let names = [
        "hl7.fhir.r4.core-4.0.1.tgz",
        "jp-core.r4-1.1.2-clins.tgz",
        "jp-eCSCLINS.r4-1.10.0.tgz",
        "jp-eCheckupReport.r4-1.5.0.tgz",
    ];
    let read = |name| fs::read(folder.join(name)).ok();
    let Some(archives) = names.into_iter().map(read).collect::<Option<Vec<_>>>() else {
        eprintln!("left out: the official packages are not there ({})", folder.display());
        return None;
    };
    let packages = archives.iter().map(|bytes| Package::read(bytes).expect("a package is sound"));
    let packages: Vec<_> = packages.collect();
    let [base, core, clinical, checkup] = packages.as_slice() else {
        unreachable!("four packages were read");
    };
    let guides = [clinical, checkup].map(|guide| Guide::load(&[base, core, guide]));
    Some(Validator::new(guides.into(), limits()))
}

/// Fails with each different finding once, with how often it was and the first place.
pub(crate) fn assert_clean(bundles: impl IntoIterator<Item = SynthBundle>) {
    assert_told(bundles, &[]);
}

/// The same, but warnings of these rules are expected.
pub(crate) fn assert_told(bundles: impl IntoIterator<Item = SynthBundle>, expected: &[&str]) {
    let mut told: BTreeMap<String, (usize, String)> = BTreeMap::new();
    for bundle in bundles {
        for (set, validator) in std::iter::once(&*SHIPPED).chain(&*OFFICIAL).enumerate() {
            for mode in [Mode::Strict, Mode::Reference] {
                let report = validator.validate(bundle.json.as_bytes(), mode);
                let avoidable = report.findings.iter().filter(|finding| is_avoidable(finding));
                for finding in avoidable.filter(|one| !expected.contains(&&*one.rule.code)) {
                    let place = || format!("{} {}", bundle.identifier.value(), finding.expression);
                    let set = ["shipped", "official"][set];
                    let (severity, code) = (finding.severity, &finding.rule.code);
                    let kind = format!("{set} {mode:?} {severity:?} {code} {}", finding.text[1]);
                    told.entry(kind).or_insert_with(|| (0, place())).0 += 1;
                }
            }
        }
    }
    let told: Vec<String> = told
        .into_iter()
        .map(|(kind, (count, first))| format!("{kind}: {count} times, first {first}"))
        .collect();
    assert!(told.is_empty(), "{}", told.join("\n"));
}

/// Whether a careful system never brings this forth: anything but hints, the wish for
/// narratives (laboratories send none) and lists of codes that nobody publishes as a package.
pub(crate) fn is_avoidable(finding: &Finding) -> bool {
    finding.severity <= Severity::Warning
        && !["dom-6", "kyoyu-code-undecidable"].contains(&&*finding.rule.code)
}
