//! 一括送信 — how a vendor's system sends years of data: in pieces, over a connection that
//! may break at any time, without sending anything twice or leaving anything out.
//!
//! The service counts the lines that are durable. Whoever does not know how far it came, asks,
//! and goes on from there.

use std::{io::BufRead, time::Duration};

use anyhow::{Context, Result, bail};
use hyper::{
    Method, StatusCode,
    header::{CONTENT_TYPE, HeaderName, HeaderValue},
};
use serde_json::Value;

use crate::{Client, Reply, Request};

/// What one request holds; a line that is longer goes alone.
const PIECE_BYTES: usize = 4 * 1024 * 1024;
/// How often the same piece is sent before it is given up.
const ATTEMPTS: u32 = 20;
const POLL: Duration = Duration::from_secs(1);
const PREFER: HeaderName = HeaderName::from_static("prefer");
const RESPOND_ASYNC: HeaderValue = HeaderValue::from_static("respond-async");
const NDJSON: HeaderValue = HeaderValue::from_static("application/fhir+ndjson");

/// 一括登録 — a job of the service, as the client that sends it sees it.
#[derive(Debug)]
pub struct BulkImport<'a> {
    client: &'a Client,
    /// From `/fhir` on.
    address: String,
    job: String,
    /// The number of the line that is next.
    next: u64,
}

/// 状況 — how far a job is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct BulkStatus {
    /// Lines that are durable.
    pub received: u64,
    /// Lines that were stored.
    pub registered: u64,
    /// Lines that were stored before.
    pub known: u64,
    /// Lines that were refused.
    pub refused: u64,
    /// Lines that a cancellation threw away.
    pub cancelled: u64,
    /// Where the upload goes on.
    pub next: Option<u64>,
    /// Whether nothing is left to do.
    pub is_done: bool,
}

impl<'a> BulkImport<'a> {
    /// Opens a job, which has no lines yet.
    ///
    /// # Errors
    /// The service refuses it, or does not answer.
    pub async fn open(client: &'a Client) -> Result<Self> {
        let reply = client.send(&upload("/fhir/$import?complete=false", Vec::new())?).await?;
        let told = must_be_taken(&reply)?;
        let job = parameter(&told, "import", "valueId").context("the answer names no job")?;
        let job = job.as_str().context("the id of the job is a text")?.to_owned();
        Ok(Self { client, address: format!("/fhir/$import/{job}"), job, next: 1 })
    }

    /// The job's id.
    pub fn job(&self) -> &str {
        &self.job
    }

    /// Sends every line, and ends the upload.
    ///
    /// # Errors
    /// The lines cannot be read; the service refuses them, or does not answer for long.
    pub async fn send_all(&mut self, mut lines: impl BufRead) -> Result<()> {
        loop {
            let piece = read_piece(&mut lines)?;
            if piece.is_empty() {
                break;
            }
            self.send_piece(piece).await?;
        }
        let path = format!("/fhir/$import?job={}&from={}", self.job, self.next);
        let reply = self.client.send(&upload(&path, Vec::new())?).await?;
        // What ended the upload may have been answered into a broken connection.
        if reply.rule().as_deref() != Some("kyoyu-import-ended") {
            must_be_taken(&reply)?;
        }
        Ok(())
    }

    /// Sends lines until the service has them all.
    async fn send_piece(&mut self, mut piece: Vec<Vec<u8>>) -> Result<()> {
        for _ in 0..ATTEMPTS {
            let path = format!("/fhir/$import?job={}&from={}&complete=false", self.job, self.next);
            let sent = self.client.send(&upload(&path, piece.concat())?).await;
            match &sent {
                Ok(reply) if is_about_the_lines(reply) => {
                    must_be_taken(reply)?;
                }
                // The connection broke, or an earlier attempt has come further than we know.
                Ok(_) | Err(_) => {}
            }
            let next = self.status().await?.next.context("somebody else has ended the upload")?;
            let came = usize::try_from(next.saturating_sub(self.next))?;
            piece.drain(..came.min(piece.len()));
            self.next = next;
            if piece.is_empty() {
                return Ok(());
            }
        }
        bail!("the lines from {} on did not come through", self.next)
    }

    /// Asks how far the job is.
    ///
    /// # Errors
    /// The service does not answer, or does not know the job.
    pub async fn status(&self) -> Result<BulkStatus> {
        let reply = self.client.get(&self.address, None).await?;
        let told = must_be_taken(&reply)?;
        let count = |name| parameter(&told, name, "valueUnsignedInt").and_then(Value::as_u64);
        Ok(BulkStatus {
            received: count("received").unwrap_or_default(),
            registered: count("registered").unwrap_or_default(),
            known: count("known").unwrap_or_default(),
            refused: count("refused").unwrap_or_default(),
            cancelled: count("cancelled").unwrap_or_default(),
            next: count("next"),
            is_done: reply.status == StatusCode::OK,
        })
    }

    /// Waits until nothing is left to do, and tells of every change.
    ///
    /// # Errors
    /// The service does not answer.
    pub async fn follow(
        &self,
        mut tell: impl FnMut(BulkStatus) -> Result<()>,
    ) -> Result<BulkStatus> {
        let mut told = None;
        loop {
            let status = self.status().await?;
            if told != Some(status) {
                tell(status)?;
                told = Some(status);
            }
            if status.is_done {
                return Ok(status);
            }
            tokio::time::sleep(POLL).await;
        }
    }

    /// What became of lines that were refused, as NDJSON, page by page.
    ///
    /// # Errors
    /// The service does not answer.
    pub async fn refused(&self, mut take: impl FnMut(&str) -> Result<()>) -> Result<()> {
        let mut path = Some(format!("{}/outcomes?status=refused", self.address));
        while let Some(asked) = path {
            let reply = self.client.get(&asked, None).await?;
            if reply.status != StatusCode::OK {
                bail!("{}: {}", reply.status, String::from_utf8_lossy(&reply.body));
            }
            take(std::str::from_utf8(&reply.body).context("outcomes are text")?)?;
            path = next_page(&reply).filter(|_| !reply.body.is_empty());
        }
        Ok(())
    }
}

/// A request of an upload.
pub(crate) fn upload(path: &str, body: Vec<u8>) -> Result<Request> {
    let request = Request::new(Method::POST, path, body)?;
    Ok(request.header(CONTENT_TYPE, NDJSON).header(PREFER, RESPOND_ASYNC))
}

/// Whole lines of about a piece; none at the end.
fn read_piece(lines: &mut impl BufRead) -> Result<Vec<Vec<u8>>> {
    let (mut piece, mut bytes) = (Vec::new(), 0);
    while bytes < PIECE_BYTES {
        let mut line = Vec::new();
        if lines.read_until(b'\n', &mut line).context("the lines cannot be read")? == 0 {
            break;
        }
        // The last line of a piece must end, or the next one would go on with it.
        if line.last() != Some(&b'\n') {
            line.push(b'\n');
        }
        bytes += line.len();
        piece.push(line);
    }
    Ok(piece)
}

/// Whether an answer says something of the lines, and not of how far the upload is.
fn is_about_the_lines(reply: &Reply) -> bool {
    let is_later = reply.status.is_server_error();
    !is_later && reply.rule().as_deref() != Some("kyoyu-import-position")
}

fn must_be_taken(reply: &Reply) -> Result<Value> {
    if !reply.status.is_success() {
        bail!("{}: {}", reply.status, String::from_utf8_lossy(&reply.body));
    }
    reply.json()
}

fn parameter<'v>(told: &'v Value, name: &str, kind: &str) -> Option<&'v Value> {
    let parameters = told["parameter"].as_array()?;
    parameters.iter().find(|one| one["name"] == name).map(|one| &one[kind])
}

/// The next page, from `/fhir` on.
fn next_page(reply: &Reply) -> Option<String> {
    let link = reply.headers.get("link")?.to_str().ok()?;
    let address = link.strip_prefix('<')?.split_once('>')?.0;
    Some(address[address.find("/fhir/")?..].to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_are_whole_lines_and_leave_nothing_out() {
        let long = "x".repeat(PIECE_BYTES);
        let text = format!("one\n\n{long}\ntwo\nlast");
        let mut lines = text.as_bytes();
        let first = read_piece(&mut lines).expect("memory");
        assert_eq!(first.iter().map(Vec::len).collect::<Vec<_>>(), [4, 1, PIECE_BYTES + 1]);
        let second = read_piece(&mut lines).expect("memory");
        assert_eq!(second, [b"two\n".to_vec(), b"last\n".to_vec()]);
        assert!(read_piece(&mut lines).expect("memory").is_empty());
    }
}
