//! `kyoyu validate`

use std::{
    io::{self, Read},
    path::PathBuf,
    process::ExitCode,
};

use chrono::{DateTime, Utc};
use clap::{Args, ValueEnum};
use kyoyu_domain::{
    catalogue,
    problem::{Issue, Severity},
};
use kyoyu_profile::{
    collection,
    json::{self, Document},
    rules::BUNDLE_PROFILE_URL,
    signature_of,
    validator::{Finding, Mode, Report, Validator},
};
use kyoyu_service::verify_now;
use kyoyu_signature::Trust;
use serde_json::Value;

use crate::{config::Config, output, profiles};

/// Checks resources against the profiles that they claim, without a database.
///
/// Exit code: 0 all conform, 1 an error was found, 2 a file or the packages could not be read.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// One JSON object per file instead of text.
    #[arg(long)]
    json: bool,
    /// As the service checks, or the verdict of the reference validator.
    #[arg(long, value_enum, default_value = "strict")]
    mode: Manner,
    /// A directory with the official packages (*.tgz), instead of the configured ones.
    #[arg(long, value_name = "DIR")]
    packages: Option<PathBuf>,
    /// Resources as JSON; `-` is standard input.
    #[arg(required = true, value_name = "FILE")]
    files: Vec<String>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Manner {
    Strict,
    Reference,
}

pub(super) fn run(config: &Config, arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let packages = arguments.packages.as_deref().or(config.profiles.packages());
    let unnamed = config.profiles.generation();
    let loaded = profiles::validator(packages, unnamed, config.limits.of_bodies());
    // Of files that were never looked at must not be said that an error was found.
    let validator = match loaded {
        Ok(validator) => validator.waiving(config.submit.waived()),
        Err(error) => {
            complain(&format!("{error:#}"));
            return Ok(ExitCode::from(2));
        }
    };
    let checker = Checker { config, validator, trust: config.signatures.trust()? };
    let (mut invalid, mut unreadable) = (false, false);
    for file in &arguments.files {
        match read(file) {
            Ok(bytes) => {
                let report = checker.check(arguments.mode, &bytes);
                invalid |= !report.is_valid();
                let text = if arguments.json { line(file, &report) } else { text(file, &report) };
                output::line(&text)?;
            }
            Err(error) => {
                unreadable = true;
                complain(&format!("{file} cannot be read: {error}"));
            }
        }
    }
    Ok(ExitCode::from(if unreadable { 2 } else { u8::from(invalid) }))
}

fn read(file: &str) -> io::Result<Vec<u8>> {
    if file != "-" {
        return std::fs::read(file);
    }
    let mut bytes = Vec::new();
    io::stdin().lock().read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// What every file is checked with.
struct Checker<'a> {
    config: &'a Config,
    validator: Validator,
    trust: Trust,
}

impl Checker<'_> {
    /// In strict mode a Bundle that claims to be shared is held to the rules of such Bundles
    /// too, and its electronic signature is verified, as the service does.
    fn check(&self, mode: Manner, bytes: &[u8]) -> Report {
        let Manner::Strict = mode else {
            return self.validator.validate(bytes, Mode::Reference);
        };
        let mut report = self.validator.validate(bytes, Mode::Strict);
        let limits = self.config.limits.of_bodies();
        let Ok(document) = Document::parse(bytes, &limits) else { return report };
        if is_sent(&document) {
            let unnamed = self.validator.unnamed();
            let mut issues = collection::check_as(bytes, &limits, unnamed).issues;
            issues.retain(|issue| !self.validator.waives(issue.rule));
            issues.extend(self.signature(&document, bytes));
            report.join(&issues);
        }
        report
    }

    fn signature(&self, document: &Document<'_>, bytes: &[u8]) -> Option<Issue> {
        let facts = signature_of(document)?;
        let verification = verify_now(bytes, &facts, &self.trust, now());
        Some(verification.finding().at(facts.place))
    }
}

#[expect(clippy::disallowed_methods, reason = "a command without a database has no other clock")]
fn now() -> DateTime<Utc> {
    Utc::now()
}

/// Whether a document claims the profile of a Bundle that institutions send.
fn is_sent(document: &Document<'_>) -> bool {
    let of_documents = catalogue::CATALOGUE.iter().filter(|kind| kind.is_document());
    let known: Vec<&str> =
        of_documents.map(|kind| kind.profile).chain([BUNDLE_PROFILE_URL]).collect();
    let profiles = document.root().find(&["meta", "profile"]);
    let mut claimed =
        profiles.into_iter().flat_map(json::Value::items).filter_map(json::Value::as_str);
    claimed.any(|own| own.split('|').next().is_some_and(|own| known.contains(&own)))
}

fn line(file: &str, report: &Report) -> String {
    let issues: Vec<Value> = report.findings.iter().map(issue).collect();
    serde_json::json!({ "file": file, "valid": report.is_valid(), "issues": issues }).to_string()
}

fn issue(finding: &Finding) -> Value {
    let patch = finding.patch.as_deref().and_then(|patch| serde_json::from_str(patch).ok());
    serde_json::json!({
        "severity": severity(finding.severity),
        "rule": finding.rule.code,
        "number": finding.rule.number,
        "code": finding.issue_type,
        "expression": finding.expression,
        "line": finding.line,
        "column": finding.column,
        "text": finding.text[0],
        "text_en": finding.text[1],
        "repair": patch.unwrap_or(Value::Null),
    })
}

fn text(file: &str, report: &Report) -> String {
    let verdict =
        if report.is_valid() { "適合 / conforms" } else { "不適合 / does not conform" };
    let mut lines = vec![format!("{file}: {verdict}")];
    for finding in &report.findings {
        let [japanese, english] = &finding.text;
        let [repair_ja, repair_en] = &finding.repair;
        lines.push(format!(
            "  {}:{} {} {} {}\n    {japanese} / {english}\n    → {repair_ja} / {repair_en}",
            finding.line,
            finding.column,
            severity(finding.severity),
            finding.rule.code,
            finding.expression
        ));
    }
    if report.beyond > 0 {
        lines.push(format!("  … {} more", report.beyond));
    }
    lines.join("\n")
}

fn severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Information => "information",
    }
}

#[expect(clippy::print_stderr, reason = "what cannot be read is told beside the verdicts")]
fn complain(what: &str) {
    eprintln!("kyoyu: {what}");
}
