//! How far a string goes on without a byte that means something: the innermost loop of parsing.

/// The bytes before the next quote, backslash or control character, eight at a time.
#[inline]
pub(super) fn plain_bytes(bytes: &[u8]) -> usize {
    let (chunks, rest) = bytes.as_chunks::<8>();
    for (place, chunk) in chunks.iter().enumerate() {
        let found = ends(u64::from_le_bytes(*chunk));
        if found != 0 {
            return place * 8 + (found.trailing_zeros() / 8) as usize;
        }
        if place == 7 {
            return plain_blocks(bytes);
        }
    }
    chunks.len() * 8 + position(rest)
}

/// The same for narratives and attachments: whole blocks first.
fn plain_blocks(bytes: &[u8]) -> usize {
    let (blocks, _) = bytes.as_chunks::<64>();
    // Without a way out within a block, so that many bytes are compared at once.
    let is_plain =
        |block: &&[u8; 64]| !block.iter().fold(false, |found, byte| found | is_end(*byte));
    let at = 64 * blocks.iter().take_while(is_plain).count();
    at + position(&bytes[at..])
}

fn position(bytes: &[u8]) -> usize {
    bytes.iter().position(|byte| is_end(*byte)).unwrap_or(bytes.len())
}

fn is_end(byte: u8) -> bool {
    matches!(byte, b'"' | b'\\' | 0..b' ')
}

/// Marks quotes, backslashes and control characters in eight bytes. A byte that is zero or
/// below the space borrows from its high bit; the lowest mark is always right.
#[inline]
fn ends(word: u64) -> u64 {
    const ONES: u64 = u64::from_ne_bytes([0x01; 8]);
    const HIGHS: u64 = u64::from_ne_bytes([0x80; 8]);
    const QUOTES: u64 = u64::from_ne_bytes([b'"'; 8]);
    const BACKSLASHES: u64 = u64::from_ne_bytes([b'\\'; 8]);
    const SPACES: u64 = u64::from_ne_bytes([b' '; 8]);

    let zero = |word: u64| word.wrapping_sub(ONES) & !word;
    let below_space = word.wrapping_sub(SPACES) & !word;
    (zero(word ^ QUOTES) | zero(word ^ BACKSLASHES) | below_space) & HIGHS
}
