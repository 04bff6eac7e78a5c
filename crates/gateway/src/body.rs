//! 本文 — receives a request body within limits of size, speed and memory.
//!
//! Units:  bytes are counted after decompression; speed is counted on the wire.
//! Errors: one rule each for too large, too slow, incomplete, wrong type and encoding.
//! Source: design §3 (10,485,760 bytes); reliability A16, A17, A24, A32.

use std::{
    io::{self, Write},
    sync::Arc,
    time::Duration,
};

use bytes::Bytes;
use flate2::write::GzDecoder;
use http_body_util::BodyExt;
use hyper::{
    HeaderMap,
    body::Body,
    header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, HeaderName},
};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::{Instant, timeout_at},
};

use kyoyu_domain::{
    problem::{Issue, Problem},
    rules,
};

mod lines;

pub(crate) use self::lines::Lines;

/// 本文の上限 — how large and how slow a body may be.
#[derive(Debug, Clone, Copy)]
pub struct BodyLimits {
    /// The largest body, decompressed.
    pub bytes: usize,
    /// What all bodies that are in memory at once may hold together; lines of bulk imports may
    /// hold a quarter of that besides, so that neither takes the other's.
    pub memory_bytes: usize,
    /// For how long a body may arrive at any speed.
    pub grace: Duration,
    /// The speed on average after that, in bytes a second.
    pub bytes_per_second: u32,
    /// How long a body may take at most; shorter than the time of a whole request.
    pub time: Duration,
}

impl Default for BodyLimits {
    fn default() -> Self {
        Self {
            bytes: 10_485_760,
            memory_bytes: 192 * 1024 * 1024,
            grace: Duration::from_secs(5),
            bytes_per_second: 1000,
            time: Duration::from_secs(45),
        }
    }
}

/// What kind of body an address takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Accepts {
    /// None; whatever is sent is not read.
    Nothing,
    /// A FHIR resource in JSON.
    Resource,
    /// The parameters of a search.
    Form,
    /// One resource on each line, read as they come.
    Lines,
}

/// The largest form: a search has few and short parameters.
const FORM_BYTES: usize = 64 * 1024;
/// More than this for one byte on the wire is a bomb, not a document: JSON of ours
/// shrinks to a tenth or a thirtieth.
const MAX_RATIO: usize = 200;
/// Below this size the ratio does not matter.
const RATIO_FREE_BYTES: usize = 256 * 1024;
/// Memory is claimed in pieces of this size.
const MEMORY_UNIT: usize = 64 * 1024;

/// 受信器 — receives bodies, and knows how much memory they hold together.
#[derive(Debug)]
pub(crate) struct Receiver {
    limits: BodyLimits,
    memory: Arc<Semaphore>,
    memory_of_lines: Arc<Semaphore>,
}

/// 受信した本文 — a whole body; its memory is given back when it is dropped.
#[derive(Debug)]
pub(crate) struct Received {
    pub bytes: Bytes,
    _memory: Option<OwnedSemaphorePermit>,
}

impl Received {
    /// No body.
    pub(crate) fn nothing() -> Self {
        Self { bytes: Bytes::new(), _memory: None }
    }
}

impl Receiver {
    pub(crate) fn new(limits: BodyLimits) -> Self {
        let units = (limits.memory_bytes / MEMORY_UNIT).clamp(1, Semaphore::MAX_PERMITS);
        let (memory, memory_of_lines) = (Semaphore::new(units), Semaphore::new(units / 4));
        Self { limits, memory: Arc::new(memory), memory_of_lines: Arc::new(memory_of_lines) }
    }

    /// Receives what an address accepts.
    pub(crate) async fn receive<B>(
        &self,
        headers: &HeaderMap,
        body: B,
        accepts: Accepts,
    ) -> Result<Received, Problem>
    where
        B: Body<Data = Bytes> + Unpin,
    {
        if accepts == Accepts::Nothing {
            return Ok(Received::nothing());
        }
        check_media_type(headers, accepts)?;
        let encoding = Encoding::of(headers)?;
        let limit = match accepts {
            Accepts::Form => FORM_BYTES.min(self.limits.bytes),
            Accepts::Nothing | Accepts::Resource | Accepts::Lines => self.limits.bytes,
        };
        check_announced_length(headers, limit)?;
        let sink = Sink { bytes: Vec::new(), limit, wire_bytes: 0, held: None };
        match encoding {
            Encoding::Identity => {
                let mut sink = self.pump(body, sink, |sink| sink).await?;
                Ok(sink.take())
            }
            Encoding::Gzip => {
                let mut decoder = self.pump(body, GzDecoder::new(sink), GzDecoder::get_mut).await?;
                // Gives out the rest, and checks that the stream is complete and its sum right.
                decoder.try_finish().map_err(|error| refusal(&error, limit))?;
                self.claim(decoder.get_mut())?;
                Ok(decoder.get_mut().take())
            }
        }
    }

    /// Moves the body, frame by frame, through `writer` into its sink.
    async fn pump<B, W>(
        &self,
        mut body: B,
        mut writer: W,
        sink: impl Fn(&mut W) -> &mut Sink,
    ) -> Result<W, Problem>
    where
        B: Body<Data = Bytes> + Unpin,
        W: Write,
    {
        let began = Instant::now();
        let mut wire_bytes = 0;
        loop {
            let deadline = began + self.allowed(wire_bytes);
            let Ok(frame) = timeout_at(deadline, body.frame()).await else {
                return Err(Problem::of(&rules::BODY_TOO_SLOW));
            };
            let Some(frame) = frame else { return Ok(writer) };
            let frame = frame.map_err(|_| Problem::of(&rules::BODY_INCOMPLETE))?;
            // Trailers say nothing that we ask for.
            let Ok(data) = frame.into_data() else { continue };
            wire_bytes += data.len();
            sink(&mut writer).wire_bytes = wire_bytes;
            let written = writer.write_all(&data);
            written.map_err(|error| refusal(&error, sink(&mut writer).limit))?;
            self.claim(sink(&mut writer))?;
        }
    }

    /// By when so many bytes must have arrived, counted from the beginning.
    fn allowed(&self, wire_bytes: usize) -> Duration {
        let speed = f64::from(self.limits.bytes_per_second.max(1));
        let bought = Duration::from_secs_f64(wire_bytes as f64 / speed);
        (self.limits.grace + bought).min(self.limits.time)
    }

    /// Claims memory for what the sink has grown by.
    fn claim(&self, sink: &mut Sink) -> Result<(), Problem> {
        let held = sink.held.as_ref().map_or(0, OwnedSemaphorePermit::num_permits);
        let missing = sink.bytes.len().div_ceil(MEMORY_UNIT).saturating_sub(held);
        if missing == 0 {
            return Ok(());
        }
        let more = Arc::clone(&self.memory)
            .try_acquire_many_owned(missing as u32)
            .map_err(|_| Problem::of(&rules::UNAVAILABLE).because("no memory for bodies"))?;
        match &mut sink.held {
            Some(held) => held.merge(more),
            none => *none = Some(more),
        }
        Ok(())
    }
}

fn check_announced_length(headers: &HeaderMap, limit: usize) -> Result<(), Problem> {
    let Some(length) = headers.get(CONTENT_LENGTH) else { return Ok(()) };
    let announced = length.to_str().ok().and_then(|length| length.parse::<u64>().ok());
    match announced {
        Some(announced) if announced <= limit as u64 => Ok(()),
        _ => Err(too_large(limit)),
    }
}

fn refusal(error: &io::Error, limit: usize) -> Problem {
    match error.kind() {
        io::ErrorKind::FileTooLarge => too_large(limit),
        _ => Problem::of(&rules::BODY_INCOMPLETE),
    }
}

fn too_large(limit: usize) -> Problem {
    Issue::of(&rules::BODY_TOO_LARGE).with(limit.to_string()).into()
}

/// Where the body is gathered. It refuses to grow beyond the limit, so that a bomb
/// stops while it is being unpacked.
#[derive(Debug)]
struct Sink {
    bytes: Vec<u8>,
    limit: usize,
    wire_bytes: usize,
    held: Option<OwnedSemaphorePermit>,
}

impl Sink {
    fn take(&mut self) -> Received {
        Received { bytes: std::mem::take(&mut self.bytes).into(), _memory: self.held.take() }
    }
}

impl Write for Sink {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        let grown = self.bytes.len() + data.len();
        let bomb = grown > RATIO_FREE_BYTES && grown / MAX_RATIO > self.wire_bytes;
        if grown > self.limit || bomb {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        self.bytes.extend_from_slice(data);
        Ok(data.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Encoding {
    Identity,
    Gzip,
}

impl Encoding {
    fn of(headers: &HeaderMap) -> Result<Self, Problem> {
        match single(headers, &CONTENT_ENCODING) {
            Ok(None) => Ok(Self::Identity),
            Ok(Some(value)) if value.eq_ignore_ascii_case("identity") => Ok(Self::Identity),
            Ok(Some(value)) if value.eq_ignore_ascii_case("gzip") => Ok(Self::Gzip),
            _ => Err(Problem::of(&rules::CONTENT_ENCODING)),
        }
    }
}

fn check_media_type(headers: &HeaderMap, accepts: Accepts) -> Result<(), Problem> {
    let refusal = || match accepts {
        Accepts::Lines => Problem::of(&rules::IMPORT_MEDIA_TYPE),
        _ => Problem::of(&rules::MEDIA_TYPE),
    };
    let value = single(headers, &CONTENT_TYPE).map_err(|()| refusal())?.ok_or_else(refusal)?;
    let mut parts = value.split(';').map(str::trim);
    let media_type = parts.next().unwrap_or_default().to_ascii_lowercase();
    let known = match accepts {
        Accepts::Nothing => true,
        Accepts::Resource => {
            matches!(media_type.as_str(), "application/fhir+json" | "application/json")
        }
        Accepts::Form => media_type == "application/x-www-form-urlencoded",
        Accepts::Lines => matches!(
            media_type.as_str(),
            "application/fhir+ndjson" | "application/ndjson" | "application/x-ndjson"
        ),
    };
    if known && parts.all(is_utf8_or_no_charset) { Ok(()) } else { Err(refusal()) }
}

fn is_utf8_or_no_charset(parameter: &str) -> bool {
    match parameter.split_once('=') {
        Some((name, value)) if name.trim().eq_ignore_ascii_case("charset") => {
            value.trim().trim_matches('"').eq_ignore_ascii_case("utf-8")
        }
        _ => true,
    }
}

/// The value of a header that may stand once.
fn single<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Result<Option<&'a str>, ()> {
    let mut values = headers.get_all(name).iter();
    match (values.next(), values.next()) {
        (None, _) => Ok(None),
        (Some(value), None) => value.to_str().map(|value| Some(value.trim())).map_err(|_| ()),
        (Some(_), Some(_)) => Err(()),
    }
}

#[cfg(test)]
mod tests;
