//! 待ち合わせ — how many calls that somebody waits for have to wait themselves.
//!
//! Work in bulk goes on only while nobody waits: for a place of the gateway or for a thread
//! that checks. It is not told how to be fast, only when to stand back.

use std::{sync::Arc, time::Duration};

use tokio::{sync::watch, time::timeout};

/// 混み具合 — shared by all who may have to wait.
#[derive(Debug, Clone)]
pub struct Traffic(Arc<watch::Sender<usize>>);

/// Somebody waits, until this is dropped.
#[derive(Debug)]
pub struct Waiting(Traffic);

impl Default for Traffic {
    fn default() -> Self {
        Self(Arc::new(watch::Sender::new(0)))
    }
}

impl Traffic {
    /// From now on somebody waits.
    pub fn wait(&self) -> Waiting {
        self.0.send_modify(|waiting| *waiting += 1);
        Waiting(self.clone())
    }

    /// Returns when nobody waits, or after `patience`: what stands back is not forgotten.
    pub(crate) async fn calm(&self, patience: Duration) {
        let mut waiting = self.0.subscribe();
        let calm = waiting.wait_for(|waiting| *waiting == 0);
        if timeout(patience, calm).await.is_err() {
            tracing::debug!("work in bulk has stood back for long enough");
        }
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        self.0.0.send_modify(|waiting| *waiting -= 1);
    }
}

#[cfg(test)]
mod tests {
    use std::pin::pin;

    use super::*;

    const LONG: Duration = Duration::from_hours(1);

    #[tokio::test]
    async fn work_in_bulk_goes_on_when_the_last_one_who_waited_has_gone() {
        let traffic = Traffic::default();
        traffic.calm(LONG).await;
        let (first, second) = (traffic.wait(), traffic.wait());
        let mut calm = pin!(traffic.calm(LONG));
        assert!(!is_ready(calm.as_mut()).await);
        drop(first);
        assert!(!is_ready(calm.as_mut()).await);
        drop(second);
        calm.await;
    }

    #[tokio::test]
    async fn it_does_not_stand_back_for_ever() {
        let traffic = Traffic::default();
        let _waiting = traffic.wait();
        traffic.calm(Duration::from_millis(1)).await;
    }

    /// Whether it is done, asked once.
    async fn is_ready(mut future: std::pin::Pin<&mut impl Future<Output = ()>>) -> bool {
        std::future::poll_fn(|cx| std::task::Poll::Ready(future.as_mut().poll(cx).is_ready())).await
    }
}
