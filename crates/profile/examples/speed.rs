//! Measures loading and checking, one thread, parsing included.
//!
//! `cargo run --release -p kyoyu-profile --example speed -- PACKAGE.tgz… -- FILE.json…`

#![expect(clippy::print_stdout, reason = "a measurement is for the one who runs it")]

use std::{env, error::Error, fs, time::Instant};

use kyoyu_profile::{
    Limits,
    json::Document,
    package::Package,
    validator::{Guide, Mode, Validator},
};

/// Repetitions of which the median is told.
const RUNS: usize = 300;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let mut parts = arguments.split(|argument| argument == "--");
    let (packages, files) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    let before = Instant::now();
    let packages = packages
        .iter()
        .map(|path| Ok(Package::read(&fs::read(path)?)?))
        .collect::<Result<Vec<_>, Box<dyn Error>>>()?;
    let read = before.elapsed();
    let guide = Guide::load(&packages.iter().collect::<Vec<_>>());
    drop(packages);
    println!(
        "load {:.0} ms, of it reading {:.0} ms; {} elements; resident {} kB",
        before.elapsed().as_secs_f64() * 1e3,
        read.as_secs_f64() * 1e3,
        guide.schema().element_count(),
        resident()
    );
    let validator = Validator::new(vec![guide], Limits::default());
    for file in files {
        let bytes = fs::read(file)?;
        let parse = median(|| drop(Document::parse(&bytes, &Limits::default())));
        let mut steps = 0;
        let mut errors = 0;
        let whole = median(|| {
            let report = validator.validate(&bytes, Mode::Reference);
            steps = report.steps;
            errors = report.findings.len();
        });
        println!(
            "{:20} {:7} bytes {:7.3} ms, least {:.3} (parsing {:.3}, {:.3}), {} steps, {} findings",
            file.rsplit('/').next().unwrap_or_default(),
            bytes.len(),
            whole.0,
            whole.1,
            parse.0,
            parse.1,
            steps,
            errors
        );
    }
    println!("resident {} kB", resident());
    Ok(())
}

/// Median and least of some repetitions in milliseconds.
fn median(mut action: impl FnMut()) -> (f64, f64) {
    let mut times: Vec<f64> = (0..RUNS)
        .map(|_| {
            let before = Instant::now();
            action();
            before.elapsed().as_secs_f64() * 1e3
        })
        .collect();
    times.sort_by(f64::total_cmp);
    (times[RUNS / 2], times[0])
}

/// Resident memory in kB, where the system tells it.
fn resident() -> String {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.unwrap_or_default().replace("kB", "").trim().to_owned()
}
