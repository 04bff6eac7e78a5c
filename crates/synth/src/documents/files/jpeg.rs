//! A baseline JPEG (ITU-T T.81) with two tiny Huffman tables, written without a transform:
//! every block has a random brightness and eight small random coefficients.

use crate::seed::Dice;

const SIDE_BLOCKS: usize = 256;

/// A file of exactly this size; comments fill what the picture leaves.
pub(super) fn file(dice: &mut Dice, bytes: usize) -> Vec<u8> {
    let mut file = vec![0xFF, 0xD8];
    segment(&mut file, 0xE0, b"JFIF\0\x01\x01\0\0\x48\0\x48\0\0");
    segment(&mut file, 0xDB, &[[0].as_slice(), &[16; 64]].concat());
    // A block has about 30 bits; now and then a byte is stuffed.
    let block_rows = (bytes / 4 / SIDE_BLOCKS).clamp(1, 8_191);
    frame(&mut file, block_rows);
    huffman_tables(&mut file);
    let image = scan(dice, block_rows, bytes.saturating_sub(file.len() + 20));
    let missing = bytes - file.len() - image.len();
    comments(&mut file, missing);
    file.extend(image);
    file
}

fn segment(file: &mut Vec<u8>, marker: u8, data: &[u8]) {
    file.extend([0xFF, marker]);
    file.extend((data.len() as u16 + 2).to_be_bytes());
    file.extend(data);
}

fn frame(file: &mut Vec<u8>, block_rows: usize) {
    let mut data = vec![8];
    data.extend((block_rows as u16 * 8).to_be_bytes());
    data.extend((SIDE_BLOCKS as u16 * 8).to_be_bytes());
    data.extend([1, 1, 0x11, 0]);
    segment(file, 0xC0, &data);
}

/// Differences of brightness of 0 to 6 bits, each with a code of three bits; for the other
/// coefficients `0` ends the block and `10` is one bit without zeros before it.
fn huffman_tables(file: &mut Vec<u8>) {
    let mut brightness = vec![0x00];
    brightness.extend([0, 0, 7, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    brightness.extend(0..7);
    segment(file, 0xC4, &brightness);
    let mut others = vec![0x10];
    others.extend([1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    others.extend([0x00, 0x01]);
    segment(file, 0xC4, &others);
}

/// Scan header, blocks and end; at most `most` bytes, the last blocks being plain.
fn scan(dice: &mut Dice, block_rows: usize, most: usize) -> Vec<u8> {
    let mut image = Vec::with_capacity(most + 16);
    segment(&mut image, 0xDA, &[1, 1, 0x00, 0, 63, 0]);
    let mut bits = Bits { file: image, held: 0, count: 0 };
    let blocks = block_rows * SIDE_BLOCKS;
    let mut level = 0_i64;
    for nth in 0..blocks {
        // A plain block is half a byte.
        let room = most.saturating_sub(bits.file.len() + 8 + (blocks - nth) / 2);
        level = if room > 8 { noisy(&mut bits, dice, level) } else { plain(&mut bits, level) };
    }
    bits.finish()
}

/// Keeps the brightness within -31 to 31 of the middle.
fn noisy(bits: &mut Bits, dice: &mut Dice, level: i64) -> i64 {
    let next = dice.between(-31, 31);
    let change = next - level;
    let size = 64 - change.unsigned_abs().leading_zeros();
    bits.put(size.into(), 3);
    let value = if change < 0 { change - 1 } else { change };
    bits.put(value as u64 & ((1 << size) - 1), size);
    for _ in 0..8 {
        bits.put(0b100 | dice.below(2), 3);
    }
    bits.put(0, 1);
    next
}

fn plain(bits: &mut Bits, level: i64) -> i64 {
    bits.put(0, 4);
    level
}

/// Bits on their way into a scan, where a byte of ones is followed by an empty one.
struct Bits {
    file: Vec<u8>,
    held: u64,
    count: u32,
}

impl Bits {
    fn put(&mut self, value: u64, count: u32) {
        self.held = self.held << count | value;
        self.count += count;
        while self.count >= 8 {
            self.count -= 8;
            let byte = (self.held >> self.count) as u8;
            self.file.push(byte);
            if byte == 0xFF {
                self.file.push(0);
            }
        }
        self.held &= (1 << self.count) - 1;
    }

    fn finish(mut self) -> Vec<u8> {
        if self.count > 0 {
            let missing = 8 - self.count;
            self.put((1 << missing) - 1, missing);
        }
        self.file.extend([0xFF, 0xD9]);
        self.file
    }
}

/// Comment segments of so many bytes altogether, each at least four.
fn comments(file: &mut Vec<u8>, mut bytes: usize) {
    while bytes > 0 {
        let mut here = bytes.min(60_000);
        if bytes - here < 4 {
            here = if bytes == here { here } else { here - 4 };
        }
        segment(file, 0xFE, &vec![b'.'; here - 4]);
        bytes -= here;
    }
}
