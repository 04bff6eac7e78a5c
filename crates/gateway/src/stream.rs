//! 接続の速度 — a stream that ends when its client dawdles.
//!
//! Between requests a client may be silent for the idle time; once the first byte of a
//! request has come, its whole head must come within the head time; and what we write
//! must be taken at a floor of speed. Bodies have a floor of their own (`body.rs`).
//!
//! Source: reliability A32.

use std::{
    io,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU32, Ordering},
    },
    task::{Context, Poll},
    time::Duration,
};

use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    time::{Instant, Sleep},
};

/// How long a client may take.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Patience {
    /// Between two requests.
    pub idle: Duration,
    /// For the head of a request.
    pub head: Duration,
    /// For taking an answer at any speed.
    pub write_grace: Duration,
    /// The speed on average after that, in bytes a second.
    pub write_floor: u32,
}

/// 応答中 — whether the connection's request is being answered; shared between the stream
/// and the handler.
#[derive(Debug, Default)]
pub(crate) struct Pace {
    busy: AtomicBool,
    requests: AtomicU32,
}

impl Pace {
    /// A request's head has come; it is answered when the guard is dropped.
    pub(crate) fn begin(self: &Arc<Self>) -> Busy {
        self.requests.fetch_add(1, Ordering::Relaxed);
        self.busy.store(true, Ordering::Relaxed);
        Busy(Arc::clone(self))
    }
}

/// Held while a request is being answered.
#[derive(Debug)]
pub(crate) struct Busy(Arc<Pace>);

impl Drop for Busy {
    fn drop(&mut self) {
        self.0.busy.store(false, Ordering::Relaxed);
    }
}

/// The stream.
#[derive(Debug)]
pub(crate) struct PacedStream<S> {
    inner: S,
    pace: Arc<Pace>,
    patience: Patience,
    /// The count of requests that the reading state belongs to.
    request: u32,
    phase: Phase,
    read_timer: Timer,
    /// Since when the client has not taken everything, and how much it took since.
    stalled: Option<(Instant, usize)>,
    write_timer: Timer,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    Idle,
    Head,
}

impl<S> PacedStream<S> {
    pub(crate) fn new(inner: S, pace: Arc<Pace>, patience: Patience) -> Self {
        Self {
            inner,
            pace,
            patience,
            request: 0,
            phase: Phase::Idle,
            read_timer: Timer::default(),
            stalled: None,
            write_timer: Timer::default(),
        }
    }

    pub(crate) fn into_inner(self) -> S {
        self.inner
    }

    /// Whether the stream is between the end of one request and the head of the next.
    fn awaits_request(&mut self) -> bool {
        let request = self.pace.requests.load(Ordering::Relaxed);
        if self.request != request {
            self.request = request;
            self.phase = Phase::Idle;
            self.read_timer.stop();
        }
        !self.pace.busy.load(Ordering::Relaxed)
    }

    /// Keeps the account of a write; an error when the client takes too little.
    fn wrote(
        &mut self,
        cx: &mut Context<'_>,
        result: Poll<io::Result<usize>>,
    ) -> Poll<io::Result<usize>> {
        match result {
            Poll::Ready(Ok(bytes)) => {
                if let Some((_, taken)) = &mut self.stalled {
                    *taken += bytes;
                    self.write_timer.stop();
                }
            }
            Poll::Pending => {
                let (since, taken) = *self.stalled.get_or_insert_with(|| (Instant::now(), 0));
                let floor = f64::from(self.patience.write_floor.max(1));
                let bought = Duration::from_secs_f64(taken as f64 / floor);
                if self.write_timer.is_over(cx, since + self.patience.write_grace + bought) {
                    return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
                }
            }
            Poll::Ready(Err(_)) => {}
        }
        result
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for PacedStream<S> {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let before = buffer.filled().len();
        let result = Pin::new(&mut this.inner).poll_read(cx, buffer);
        if !this.awaits_request() {
            return result;
        }
        if result.is_pending() {
            let patience = match this.phase {
                Phase::Idle => this.patience.idle,
                Phase::Head => this.patience.head,
            };
            if this.read_timer.is_over_after(cx, patience) {
                return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
            }
        } else if buffer.filled().len() > before && this.phase == Phase::Idle {
            this.phase = Phase::Head;
            this.read_timer.stop();
            // Counts from the first byte, not from the first wait after it.
            this.read_timer.start(Instant::now() + this.patience.head);
        }
        result
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for PacedStream<S> {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        data: &[u8],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let result = Pin::new(&mut this.inner).poll_write(cx, data);
        this.wrote(cx, result)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let result = Pin::new(&mut this.inner).poll_flush(cx).map_ok(|()| 0);
        if result.is_ready() {
            this.stalled = None;
            this.write_timer.stop();
        }
        this.wrote(cx, result).map_ok(|_| ())
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().inner).poll_shutdown(cx)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        data: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let result = Pin::new(&mut this.inner).poll_write_vectored(cx, data);
        this.wrote(cx, result)
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }
}

/// One deadline that is polled.
#[derive(Debug, Default)]
struct Timer(Option<Pin<Box<Sleep>>>);

impl Timer {
    fn stop(&mut self) {
        self.0 = None;
    }

    fn start(&mut self, deadline: Instant) {
        self.0 = Some(Box::pin(tokio::time::sleep_until(deadline)));
    }

    /// Whether a deadline that stays the same is over.
    fn is_over(&mut self, cx: &mut Context<'_>, deadline: Instant) -> bool {
        if self.0.as_ref().is_none_or(|sleep| sleep.deadline() != deadline) {
            self.start(deadline);
        }
        self.poll(cx)
    }

    /// Whether a time that begins with the first question is over.
    fn is_over_after(&mut self, cx: &mut Context<'_>, patience: Duration) -> bool {
        if self.0.is_none() {
            self.start(Instant::now() + patience);
        }
        self.poll(cx)
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> bool {
        self.0.as_mut().is_some_and(|sleep| sleep.as_mut().poll(cx).is_ready())
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};

    use super::*;

    const SHORT: Duration = Duration::from_millis(5);
    const LONG: Duration = Duration::from_hours(1);

    fn patience() -> Patience {
        Patience { idle: LONG, head: LONG, write_grace: LONG, write_floor: 1000 }
    }

    #[tokio::test]
    async fn a_silent_client_is_left_after_the_idle_time() {
        let (near, _far) = duplex(64);
        let patience = Patience { idle: SHORT, ..patience() };
        let mut stream = PacedStream::new(near, Arc::default(), patience);
        let error = stream.read_u8().await.expect_err("silence");
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
    }

    #[tokio::test]
    async fn a_head_that_drips_in_is_left_however_often_it_drips() {
        let (near, mut far) = duplex(64);
        let patience = Patience { head: SHORT, ..patience() };
        let mut stream = PacedStream::new(near, Arc::default(), patience);
        far.write_all(b"GET").await.expect("memory");
        let mut head = [0; 64];
        assert_eq!(stream.read(&mut head).await.expect("three bytes"), 3);
        let error = stream.read(&mut head).await.expect_err("a drip");
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
    }

    #[tokio::test]
    async fn while_a_request_is_answered_the_client_may_wait() {
        let (near, mut far) = duplex(64);
        let pace = Arc::new(Pace::default());
        let patience = Patience { head: SHORT, idle: SHORT, ..patience() };
        let mut stream = PacedStream::new(near, Arc::clone(&pace), patience);
        let busy = pace.begin();
        let waited = tokio::time::timeout(SHORT * 4, stream.read_u8()).await;
        assert!(waited.is_err(), "the stream waits");
        drop(busy);
        far.write_all(b"x").await.expect("memory");
        assert_eq!(stream.read_u8().await.expect("a byte"), b'x');
    }

    #[tokio::test]
    async fn each_request_has_the_head_time_for_itself() {
        let (near, mut far) = duplex(64);
        let pace = Arc::new(Pace::default());
        let patience = Patience { head: SHORT, ..patience() };
        let mut stream = PacedStream::new(near, Arc::clone(&pace), patience);
        far.write_all(b"a").await.expect("memory");
        assert_eq!(stream.read_u8().await.expect("a byte"), b'a');
        drop(pace.begin());
        let waited = tokio::time::timeout(SHORT * 4, stream.read_u8()).await;
        assert!(waited.is_err(), "idle again, with the long patience");
    }

    #[tokio::test]
    async fn a_client_that_takes_nothing_is_left() {
        let (near, _far) = duplex(8);
        let patience = Patience { write_grace: SHORT, ..patience() };
        let mut stream = PacedStream::new(near, Arc::default(), patience);
        let error = stream.write_all(&[0; 64]).await.expect_err("a full pipe");
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
    }
}
