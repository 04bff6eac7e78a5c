//! 行の結果 — what became of lines, page by page.

use kyoyu_domain::{
    identifiers::SubmissionId,
    import::{ImportId, LineOutcome, LineState},
};

use super::number;
use crate::{
    Store, Tx, body,
    error::{Error, Result},
};

/// A page holds no more findings than this, unless a single line has more.
const PAGE_BYTES: i64 = 4 * 1024 * 1024;

/// 結論 — what became of a line, about to be written.
#[derive(Debug)]
pub struct Conclusion {
    /// What.
    pub state: LineState,
    /// The receipt of what is stored.
    pub receipt: Option<SubmissionId>,
    /// The findings, as JSON.
    pub findings: Option<Vec<u8>>,
}

/// 頁 — which outcomes are asked for.
#[derive(Debug, Clone, Copy)]
pub struct Page {
    /// Only lines after this one.
    pub after: u32,
    /// Only of this state.
    pub state: Option<LineState>,
    /// At most so many.
    pub limit: i64,
}

/// Outcomes of a job by line. While lines wait, it goes as far as the first of them: a page
/// that was read stays as it was, whoever finishes first.
pub async fn page(tx: &mut Tx, job: ImportId, page: Page) -> Result<Vec<LineOutcome>> {
    let rows = sqlx::query!(
        r#"-- import.page
        select line, state, receipt, findings_bytes, findings
        from (
            select line, state, receipt, findings_bytes, findings,
                sum(coalesce(findings_bytes, 0)) over (order by line) as until_here,
                row_number() over (order by line) as position
            from (
                select line, state, receipt, findings_bytes, findings
                from import_outcome
                where job = $1
                    and line > $2
                    and ($3::text is null or state = $3)
                    and line < coalesce(
                        (select min(l.line) from import_line l where l.job = $1), 2147483647)
                order by line
                limit $4
            ) as wanted
        ) as counted
        where position = 1 or until_here <= $5
        order by line"#,
        job.uuid(),
        number(page.after),
        page.state.map(LineState::code),
        page.limit,
        PAGE_BYTES
    )
    .fetch_all(tx.connection())
    .await?;
    let corrupt = |column| Error::Corrupt { table: "import_outcome", column, what: "bad form" };
    let outcomes = rows.into_iter().map(|row| {
        let findings = match (row.findings, row.findings_bytes) {
            (Some(packed), Some(length)) => Some(body::unpack(&packed, length as usize)?),
            _ => None,
        };
        let receipt = row.receipt.map(|receipt| receipt.parse()).transpose();
        Ok(LineOutcome {
            line: row.line.unsigned_abs(),
            state: LineState::from_code(&row.state).ok_or(corrupt("state"))?,
            receipt: receipt.map_err(|_| corrupt("receipt"))?,
            findings,
        })
    });
    outcomes.collect()
}

/// Deletes outcomes of a job; how many.
pub async fn delete_outcomes(store: &Store, job: ImportId, limit: i64) -> Result<u64> {
    let done = sqlx::query!(
        "-- import.delete_outcomes
        delete from import_outcome
        where job = $1 and line in (
            select line
            from import_outcome
            where job = $1
            order by line
            limit $2
        )",
        job.uuid(),
        limit
    )
    .execute(store.pool())
    .await?;
    Ok(done.rows_affected())
}
