//! Measures loading and checking, one thread, parsing included; the shipped profiles unless
//! packages are named.
//!
//! `cargo run --release -p kyoyu-profile --example speed -- RUNS PACKAGE.tgz… -- FILE.json…`
//!
//! What a check costs, whatever else the machine does, tells an instruction counter:
//! `valgrind --tool=callgrind --collect-atstart=no --toggle-collect=speed::check …`.

#![expect(clippy::print_stdout, reason = "a measurement is for the one who runs it")]

use std::{env, error::Error, fs, time::Instant};

use kyoyu_profile::{
    Generation, Limits,
    json::Document,
    package::Package,
    validator::{Guide, Mode, Report, Validator},
};

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let (runs, rest) = arguments.split_first().ok_or("how many repetitions?")?;
    let runs: usize = runs.parse()?;
    let mut parts = rest.split(|argument| argument == "--");
    let (packages, files) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    let before = Instant::now();
    let validator = validator(packages)?;
    println!(
        "load {:.0} ms; {} elements; resident {} kB",
        before.elapsed().as_secs_f64() * 1e3,
        validator.guides().map(|guide| guide.schema().element_count()).sum::<usize>(),
        resident()
    );
    for file in files {
        measure(&validator, runs, file)?;
    }
    println!("resident {} kB", resident());
    Ok(())
}

fn validator(packages: &[String]) -> Result<Validator, Box<dyn Error>> {
    if packages.is_empty() {
        return Ok(Validator::shipped(Limits::default(), Generation::default()));
    }
    let packages = packages
        .iter()
        .map(|path| Ok(Package::read(&fs::read(path)?)?))
        .collect::<Result<Vec<_>, Box<dyn Error>>>()?;
    let guide = Guide::load(&packages.iter().collect::<Vec<_>>());
    Ok(Validator::new(vec![guide], Limits::default()))
}

fn measure(validator: &Validator, runs: usize, file: &str) -> Result<(), Box<dyn Error>> {
    let bytes = fs::read(file)?;
    let broken = String::from_utf8(bytes.clone())?
        .replace("\"resourceType\"", "\"kyoyuUnknown\":1,\"resourceType\"");
    let parse = median(runs, || drop(Document::parse(&bytes, &Limits::default())));
    let (mut steps, mut found) = (0, 0);
    let whole = median(runs, || {
        let report = check(validator, &bytes);
        (steps, found) = (report.steps, report.findings.len());
    });
    let wrong = median(runs, || drop(validator.validate(broken.as_bytes(), Mode::Strict)));
    println!(
        "{:16} {:7} bytes {:6.3} ms, least {:.3} (parsing {:.3}, {:.3}; broken {:.3}, {:.3}), \
         {steps} steps, {found} findings",
        file.rsplit('/').next().unwrap_or_default(),
        bytes.len(),
        whole.0,
        whole.1,
        parse.0,
        parse.1,
        wrong.0,
        wrong.1,
    );
    Ok(())
}

/// A function of its own, so that an instruction counter finds it.
#[inline(never)]
fn check(validator: &Validator, bytes: &[u8]) -> Report {
    validator.validate(bytes, Mode::Strict)
}

/// Median and least of some repetitions in milliseconds.
fn median(runs: usize, mut action: impl FnMut()) -> (f64, f64) {
    let mut times: Vec<f64> = (0..runs)
        .map(|_| {
            let before = Instant::now();
            action();
            before.elapsed().as_secs_f64() * 1e3
        })
        .collect();
    times.sort_by(f64::total_cmp);
    (times.get(runs / 2).copied().unwrap_or_default(), times.first().copied().unwrap_or_default())
}

/// Resident memory in kB, where the system tells it.
fn resident() -> String {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.unwrap_or_default().replace("kB", "").trim().to_owned()
}
