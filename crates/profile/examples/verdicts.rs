//! Checks files against official packages and prints one JSON line per file, for a
//! comparison with other validators.
//!
//! `cargo run --release -p kyoyu-profile --example verdicts -- OUT LIST PACKAGE…`

use std::{env, error::Error, fmt::Write, fs};

use kyoyu_domain::problem::Severity;
use kyoyu_profile::{
    Limits,
    package::Package,
    validator::{Guide, Mode, Validator},
};

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = env::args().skip(1);
    let (Some(output), Some(list)) = (arguments.next(), arguments.next()) else {
        return Err("OUT LIST PACKAGE…".into());
    };
    let packages = arguments
        .map(|path| Ok(Package::read(&fs::read(path)?)?))
        .collect::<Result<Vec<_>, Box<dyn Error>>>()?;
    let guide = Guide::load(&packages.iter().collect::<Vec<_>>());
    let validator = Validator::new(vec![guide], Limits::default());
    let mut lines = String::new();
    for file in fs::read_to_string(list)?.lines() {
        let report = validator.validate(&fs::read(file)?, Mode::Reference);
        let of = |severity: Severity| {
            let own = report.findings.iter().filter(move |finding| finding.severity == severity);
            own.map(|own| serde_json::json!({ "id": own.rule.code, "expression": own.expression, "text": own.text[1] }))
                .collect::<Vec<_>>()
        };
        let line = serde_json::json!({
            "file": file, "errors": of(Severity::Error), "warnings": of(Severity::Warning), "steps": report.steps,
        });
        writeln!(lines, "{line}")?;
    }
    fs::write(output, lines)?;
    Ok(())
}
