//! 素の接続 — one connection on which prepared messages go one after another. For load
//! generators, which must cost less than what they measure; everybody else uses
//! [`Client`](crate::Client), which pools, resends and has patience.

use std::{fmt, net::SocketAddr};

use anyhow::{Context, Result, bail, ensure};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};
use tokio_rustls::client::TlsStream;

use crate::{
    Identity,
    client::{ClientOptions, Connector},
};

/// What is read at once: one record of TLS.
const READ_BYTES: usize = 16 * 1024;

/// An answer whose head is longer is none of the service's.
const MOST_HEAD_BYTES: usize = 16 * 1024;

/// 素の接続
pub struct Wire {
    stream: TlsStream<TcpStream>,
    /// The last answer, head and body.
    buffer: Vec<u8>,
}

impl fmt::Debug for Wire {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Wire").finish_non_exhaustive()
    }
}

impl Wire {
    /// Connects over mutual TLS.
    ///
    /// # Errors
    /// When the server does not answer, or one side does not believe the other.
    pub async fn open(
        address: SocketAddr,
        root_pem: &str,
        identity: Option<&Identity>,
    ) -> Result<Self> {
        let connector = Connector::new(address, root_pem, identity, &ClientOptions::default())?;
        Ok(Self { stream: connector.stream().await?, buffer: Vec::new() })
    }

    /// Sends a message of [`Request::message`](crate::Request::message) and reads the whole
    /// answer: its status and its body.
    ///
    /// # Errors
    /// When the connection breaks, or the answer is no HTTP with a length.
    pub async fn exchange(&mut self, message: &[u8]) -> Result<(u16, &[u8])> {
        self.stream.write_all(message).await?;
        self.stream.flush().await?;
        self.buffer.clear();
        let (status, body) = loop {
            self.read_more().await?;
            if let Some(head) = head_of(&self.buffer)? {
                break head;
            }
            ensure!(self.buffer.len() < MOST_HEAD_BYTES, "the head of an answer is too long");
        };
        while self.buffer.len() < body.end {
            self.read_more().await?;
        }
        ensure!(self.buffer.len() == body.end, "more came than was asked for");
        Ok((status, &self.buffer[body]))
    }

    /// 回線断 — sends the beginning of a message and breaks the connection off, as a line does
    /// that fails.
    ///
    /// # Errors
    /// When it breaks before.
    pub async fn break_off(mut self, beginning: &[u8]) -> Result<()> {
        self.stream.write_all(beginning).await?;
        self.stream.flush().await?;
        Ok(self.stream.shutdown().await?)
    }

    async fn read_more(&mut self) -> Result<()> {
        self.buffer.reserve(READ_BYTES);
        let bytes = self.stream.read_buf(&mut self.buffer).await?;
        ensure!(bytes > 0, "the answer broke off");
        Ok(())
    }
}

/// The status and where the body will stand, once the head is complete.
fn head_of(answer: &[u8]) -> Result<Option<(u16, std::ops::Range<usize>)>> {
    let Some(end) = answer.windows(4).position(|four| four == b"\r\n\r\n") else {
        return Ok(None);
    };
    let head = std::str::from_utf8(&answer[..end]).context("the head of an answer is no text")?;
    let mut lines = head.split("\r\n");
    let status = lines.next().and_then(|line| line.strip_prefix("HTTP/1.1 "));
    let status = status.and_then(|rest| rest.get(..3)?.parse().ok());
    let Some(status) = status else { bail!("the answer is no HTTP/1.1") };
    let length = lines.find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse().ok())?
    });
    let length: usize = length.context("the answer has no length")?;
    let start = end + 4;
    Ok(Some((status, start..start + length)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_begins_with_its_head_and_ends_with_its_length() {
        let answer = b"HTTP/1.1 201 Created\r\ncontent-type: a\r\nContent-Length: 2\r\n\r\n{}";
        assert_eq!(head_of(answer).expect("HTTP"), Some((201, 60..62)));
        assert_eq!(head_of(&answer[..59]).expect("HTTP"), None);
        assert!(head_of(b"HTTP/1.0 200 OK\r\n\r\n").is_err());
        assert!(head_of(b"HTTP/1.1 200 OK\r\nx: y\r\n\r\n").is_err());
    }
}
