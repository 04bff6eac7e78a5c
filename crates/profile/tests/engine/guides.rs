//! The clinical guide and its examples.

use std::{fs, path::PathBuf, sync::LazyLock};

use kyoyu_profile::{
    Generation, Limits,
    package::Package,
    validator::{Guide, Validator},
};

fn shared(path: &str) -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared")).join(path)
}

/// The validator with the clinical guide; none where the packages are absent.
pub(crate) fn validator() -> Option<&'static Validator> {
    static VALIDATOR: LazyLock<Option<Validator>> = LazyLock::new(|| {
        let files = [
            "hl7.fhir.r4.core-4.0.1.tgz",
            "jp-core.r4-1.1.2-clins.tgz",
            "jp-eCSCLINS.r4-1.10.0.tgz",
        ];
        let packages: Option<Vec<Package>> = files
            .iter()
            .map(|file| Package::read(&fs::read(shared("packages").join(file)).ok()?).ok())
            .collect();
        let packages = packages?;
        let guide = Guide::load(&packages.iter().collect::<Vec<_>>());
        Some(Validator::new(vec![guide], Limits::default()))
    });
    if VALIDATOR.is_none() {
        println!("../shared/packages is absent: nothing was checked");
    }
    VALIDATOR.as_ref()
}

/// The validator with what the product ships.
pub(crate) static SHIPPED: LazyLock<Validator> =
    LazyLock::new(|| Validator::shipped(Limits::default(), Generation::default()));

/// An official example.
pub(crate) fn example(file: &str) -> Vec<u8> {
    fs::read(shared("examples").join(file)).expect("the example is there with the packages")
}

/// The official Bundles of the clinical guide.
pub(crate) const BUNDLES: [&str; 3] = [
    "clins-1.10.0/Bundle-Bundle-CLINS-Observations-Example-01.json",
    "clins-1.10.0/Bundle-Bundle-CLINS-PCS-Example-01.json",
    "clins-1.10.0/Bundle-Bundle-CLINS-Referral-Example-01.json",
];
