//! 出力 — what a command tells its user, on standard output.

use std::io::{self, Write};

/// Writes a line.
///
/// # Errors
/// When standard output is closed.
pub fn line(text: &str) -> io::Result<()> {
    writeln!(io::stdout().lock(), "{text}")
}

/// The texts of a refusal, for people at a terminal.
pub fn problem(problem: &kyoyu_domain::problem::Problem) -> anyhow::Error {
    let lines: Vec<String> = problem
        .issues
        .iter()
        .map(|issue| {
            let place = issue.place.as_ref().map_or(String::new(), |place| {
                format!(" ({} line {} column {})", place.expression, place.line, place.column)
            });
            format!("{}: {} / {}{place}", issue.rule.code, issue.japanese(), issue.english())
        })
        .collect();
    let cause = problem.cause.as_ref().map_or(String::new(), |cause| format!("\n  {cause}"));
    anyhow::anyhow!("{}{cause}", lines.join("\n"))
}
