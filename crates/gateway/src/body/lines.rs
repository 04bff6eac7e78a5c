//! 行ごとの受信 — a body of many lines, of which no more than one is in memory.
//!
//! A line may be as long as a body; a longer one is thrown away while it comes, and only told
//! of. The client's pace is counted while we wait for it, not while it waits for us.
//!
//! Source: design §3 (bulk door); reliability A16, A32, A44.

use std::{
    collections::VecDeque,
    io::{self, Write},
    sync::Arc,
    time::Duration,
};

use bytes::Bytes;
use flate2::write::GzDecoder;
use http_body_util::BodyExt;
use hyper::{HeaderMap, body::Body};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::{Instant, timeout_at},
};
use tokio_util::sync::CancellationToken;

use kyoyu_domain::{problem::Problem, rules};
use kyoyu_service::ImportLine;

use super::{Accepts, Encoding, MAX_RATIO, MEMORY_UNIT, RATIO_FREE_BYTES, Receiver};

/// So much of the wire is unpacked at once: at the highest ratio of gzip it is 4 MB.
const SLICE: usize = 4096;
/// Memory for lines that wait until they are stored together.
const BATCH_BYTES: usize = 1024 * 1024;

/// 行の流れ — the lines of one body, in their order.
pub(crate) struct Lines<B> {
    body: B,
    /// What of the frame that came last is not read yet.
    frame: Bytes,
    reader: Reader,
    wire_bytes: usize,
    /// How long the client was waited for.
    waited: Duration,
    /// When it must have ended.
    deadline: Instant,
    ended: bool,
    memory: Memory,
    pace: super::BodyLimits,
    stopping: CancellationToken,
}

enum Reader {
    Plain(Splitter),
    Gzip(Box<GzDecoder<Splitter>>),
}

/// What an upload holds of the memory for lines.
struct Memory {
    of_all: Arc<Semaphore>,
    held: Option<OwnedSemaphorePermit>,
}

impl Receiver {
    /// Reads a body of lines as it comes, for at most `time`, or until the gateway stops.
    ///
    /// # Errors
    /// Another media type or encoding; no memory now.
    pub(crate) fn lines<B>(
        &self,
        headers: &HeaderMap,
        body: B,
        time: Duration,
        stopping: CancellationToken,
    ) -> Result<Lines<B>, Problem>
    where
        B: Body<Data = Bytes> + Unpin,
    {
        super::check_media_type(headers, Accepts::Lines)?;
        let splitter = Splitter::new(self.limits.bytes);
        let reader = match Encoding::of(headers)? {
            Encoding::Identity => Reader::Plain(splitter),
            Encoding::Gzip => Reader::Gzip(Box::new(GzDecoder::new(splitter))),
        };
        let mut memory = Memory { of_all: Arc::clone(&self.memory_of_lines), held: None };
        memory.hold(BATCH_BYTES)?;
        Ok(Lines {
            body,
            frame: Bytes::new(),
            reader,
            wire_bytes: 0,
            waited: Duration::ZERO,
            deadline: Instant::now() + time,
            ended: false,
            memory,
            pace: self.limits,
            stopping,
        })
    }
}

impl<B> Lines<B>
where
    B: Body<Data = Bytes> + Unpin,
{
    /// The next line; none after the last one of a body that came whole.
    ///
    /// # Errors
    /// The body is cut, too slow, or unpacks to far more than it is; no memory; the gateway
    /// stops. Lines that were given out before stay what they are.
    pub(crate) async fn next(&mut self) -> Result<Option<ImportLine>, Problem> {
        // The line that was given out before is no longer ours.
        self.memory.hold(BATCH_BYTES + self.reader.splitter().held_bytes())?;
        loop {
            if let Some(line) = self.reader.splitter().lines.pop_front() {
                return Ok(Some(line));
            }
            if self.ended {
                return Ok(None);
            }
            if self.frame.is_empty() && !self.receive().await? {
                self.ended = true;
                self.reader.finish()?;
            }
            let slice = self.frame.split_to(self.frame.len().min(SLICE));
            self.reader.splitter().wire_bytes += slice.len();
            self.reader.write(&slice)?;
            self.memory.hold(BATCH_BYTES + self.reader.splitter().held_bytes())?;
        }
    }

    /// Waits for the next frame; false at the end of the body.
    async fn receive(&mut self) -> Result<bool, Problem> {
        let began = Instant::now();
        let speed = f64::from(self.pace.bytes_per_second.max(1));
        let bought = Duration::from_secs_f64(self.wire_bytes as f64 / speed);
        let patience = (self.pace.grace + bought).saturating_sub(self.waited);
        let next = timeout_at(self.deadline.min(began + patience), self.body.frame());
        let next = self.stopping.run_until_cancelled(next).await;
        self.waited += began.elapsed();
        let stopped = || Problem::of(&rules::UNAVAILABLE).because("the gateway stops");
        let next = next.ok_or_else(stopped)?.map_err(|_| Problem::of(&rules::BODY_TOO_SLOW))?;
        let Some(frame) = next else { return Ok(false) };
        let frame = frame.map_err(|_| Problem::of(&rules::BODY_INCOMPLETE))?;
        // Trailers say nothing that we ask for.
        self.frame = frame.into_data().unwrap_or_default();
        self.wire_bytes += self.frame.len();
        Ok(true)
    }
}

impl Reader {
    fn splitter(&mut self) -> &mut Splitter {
        match self {
            Self::Plain(splitter) => splitter,
            Self::Gzip(decoder) => decoder.get_mut(),
        }
    }

    fn write(&mut self, data: &[u8]) -> Result<(), Problem> {
        let written = match self {
            Self::Plain(splitter) => splitter.write_all(data),
            Self::Gzip(decoder) => decoder.write_all(data),
        };
        written.map_err(|error| self.refusal(&error))
    }

    /// The body came whole: what stands after its last line break is a line too.
    fn finish(&mut self) -> Result<(), Problem> {
        if let Self::Gzip(decoder) = self {
            // Checks that the stream is complete and its sum right. An empty body is fine.
            let is_empty = decoder.get_ref().wire_bytes == 0;
            let finished = if is_empty { Ok(()) } else { decoder.try_finish() };
            finished.map_err(|error| self.refusal(&error))?;
        }
        self.splitter().end_line();
        Ok(())
    }

    fn refusal(&mut self, error: &io::Error) -> Problem {
        let limit = self.splitter().limit;
        super::refusal(error, limit)
    }
}

impl Memory {
    /// Holds so many bytes, no more and no less.
    fn hold(&mut self, bytes: usize) -> Result<(), Problem> {
        let wanted = bytes.div_ceil(MEMORY_UNIT);
        let held = self.held.as_ref().map_or(0, OwnedSemaphorePermit::num_permits);
        if wanted < held {
            drop(self.held.as_mut().and_then(|permit| permit.split(held - wanted)));
            return Ok(());
        }
        if wanted == held {
            return Ok(());
        }
        let more = Arc::clone(&self.of_all)
            .try_acquire_many_owned((wanted - held) as u32)
            .map_err(|_| Problem::of(&rules::UNAVAILABLE).because("no memory for bodies"))?;
        match &mut self.held {
            Some(held) => held.merge(more),
            none => *none = Some(more),
        }
        Ok(())
    }
}

/// 行の区切り — where unpacked bytes become lines.
struct Splitter {
    limit: usize,
    wire_bytes: usize,
    text_bytes: usize,
    lines: VecDeque<ImportLine>,
    /// The line that has not ended yet.
    open: Vec<u8>,
    /// It is too long, and thrown away.
    is_too_long: bool,
}

impl Splitter {
    fn new(limit: usize) -> Self {
        Self {
            limit,
            wire_bytes: 0,
            text_bytes: 0,
            lines: VecDeque::new(),
            open: Vec::new(),
            is_too_long: false,
        }
    }

    fn held_bytes(&self) -> usize {
        let lines = self.lines.iter().map(|line| match line {
            ImportLine::Text(text) => text.len(),
            ImportLine::TooLong => 0,
        });
        self.open.len() + lines.sum::<usize>()
    }

    fn push(&mut self, part: &[u8]) {
        if self.open.len() + part.len() > self.limit {
            self.is_too_long = true;
            self.open = Vec::new();
        }
        if !self.is_too_long {
            self.open.extend_from_slice(part);
        }
    }

    /// A line break: an empty line is a line as well, so that numbers are those of the file.
    fn break_line(&mut self) {
        let mut text = std::mem::take(&mut self.open);
        if std::mem::take(&mut self.is_too_long) {
            return self.lines.push_back(ImportLine::TooLong);
        }
        if text.last() == Some(&b'\r') {
            text.pop();
        }
        self.lines.push_back(ImportLine::Text(text.into()));
    }

    /// The end of the body.
    fn end_line(&mut self) {
        if !self.open.is_empty() || self.is_too_long {
            self.break_line();
        }
    }
}

impl Write for Splitter {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        self.text_bytes += data.len();
        let is_bomb =
            self.text_bytes > RATIO_FREE_BYTES && self.text_bytes / MAX_RATIO > self.wire_bytes;
        if is_bomb {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        let mut parts = data.split(|byte| *byte == b'\n');
        let last = parts.next_back().unwrap_or_default();
        for part in parts {
            self.push(part);
            self.break_line();
        }
        self.push(last);
        Ok(data.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests;
