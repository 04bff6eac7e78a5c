//! 添付ファイルの中身 — files of a wished size that programs can open: PNG, JPEG, TIFF, PDF.
//!
//! Source: S9.5. Images are grey and noisy, so that they are as hard to compress as X-ray
//! images are; what is missing to the wished size is a comment of the file.

mod jpeg;
mod pdf;

use crate::seed::Dice;

/// Smaller files are made as large as this.
pub(super) const LEAST_BYTES: usize = 2_048;

/// A PNG image: header, stored pixels, a comment.
pub(super) fn png(dice: &mut Dice, bytes: usize) -> Vec<u8> {
    const WIDTH: usize = 511;
    // Signature, IHDR, IDAT and its zlib frame, tEXt and IEND, with room for the comment.
    const FRAME: usize = 8 + 25 + 12 + 6 + 20 + 12;
    let bytes = bytes.max(LEAST_BYTES);
    let room = bytes - FRAME;
    // A stored block holds 65,535 bytes and costs five.
    let rows = (room - 5 - room / 65_535 * 5) / (WIDTH + 1);
    let mut pixels = Vec::with_capacity(rows * (WIDTH + 1));
    for row in 0..rows {
        pixels.push(0);
        pixels.extend(grey(dice, row, WIDTH));
    }
    let mut file = b"\x89PNG\r\n\x1a\n".to_vec();
    let mut header = Vec::with_capacity(13);
    header.extend((WIDTH as u32).to_be_bytes());
    header.extend((rows as u32).to_be_bytes());
    header.extend([8, 0, 0, 0, 0]);
    chunk(&mut file, b"IHDR", &header);
    chunk(&mut file, b"IDAT", &stored(&pixels));
    let mut comment = b"Comment\0".to_vec();
    comment.resize(bytes - file.len() - 12 - 12, b'.');
    chunk(&mut file, b"tEXt", &comment);
    chunk(&mut file, b"IEND", &[]);
    file
}

/// A row of a picture that is brighter in the middle.
fn grey(dice: &mut Dice, row: usize, width: usize) -> Vec<u8> {
    let mut pixels = dice.bytes(width);
    for (column, pixel) in pixels.iter_mut().enumerate() {
        let from_the_side = column.min(width - column).min(127);
        *pixel = (*pixel & 0x3F) + from_the_side as u8 + (row % 64) as u8;
    }
    pixels
}

fn chunk(file: &mut Vec<u8>, name: &[u8; 4], data: &[u8]) {
    file.extend((data.len() as u32).to_be_bytes());
    let mut sum = flate2::Crc::new();
    for part in [name.as_slice(), data] {
        sum.update(part);
        file.extend(part);
    }
    file.extend(sum.sum().to_be_bytes());
}

/// A zlib stream of stored blocks.
fn stored(data: &[u8]) -> Vec<u8> {
    let mut stream = vec![0x78, 0x01];
    let blocks = data.chunks(65_535);
    let last = blocks.len().saturating_sub(1);
    for (nth, block) in blocks.enumerate() {
        stream.push(u8::from(nth == last));
        let length = block.len() as u16;
        stream.extend(length.to_le_bytes());
        stream.extend((!length).to_le_bytes());
        stream.extend(block);
    }
    stream.extend(adler(data).to_be_bytes());
    stream
}

fn adler(data: &[u8]) -> u32 {
    let (low, high) = data.iter().fold((1_u32, 0_u32), |(low, high), byte| {
        let low = (low + u32::from(*byte)) % 65_521;
        (low, (high + low) % 65_521)
    });
    high << 16 | low
}

/// A TIFF image: little endian, one strip of grey pixels; a reader skips what follows it.
pub(super) fn tiff(dice: &mut Dice, bytes: usize) -> Vec<u8> {
    const WIDTH: usize = 512;
    const FIELDS: usize = 8;
    const PIXELS_AT: usize = 8 + 2 + FIELDS * 12 + 4;
    let bytes = bytes.max(LEAST_BYTES);
    let rows = (bytes - PIXELS_AT) / WIDTH;
    let mut file = b"II*\0\x08\0\0\0".to_vec();
    file.extend((FIELDS as u16).to_le_bytes());
    let fields: [(u16, u32); FIELDS] = [
        (256, WIDTH as u32),
        (257, rows as u32),
        (258, 8),
        (259, 1),
        (262, 1),
        (273, PIXELS_AT as u32),
        (278, rows as u32),
        (279, (rows * WIDTH) as u32),
    ];
    for (tag, value) in fields {
        // Every field is one LONG.
        file.extend(tag.to_le_bytes());
        file.extend(4_u16.to_le_bytes());
        file.extend(1_u32.to_le_bytes());
        file.extend(value.to_le_bytes());
    }
    file.extend([0; 4]);
    for row in 0..rows {
        file.extend(grey(dice, row, WIDTH));
    }
    file.resize(bytes, 0);
    file
}

/// A JPEG image.
pub(super) fn jpeg(dice: &mut Dice, bytes: usize) -> Vec<u8> {
    jpeg::file(dice, bytes.max(LEAST_BYTES))
}

/// A PDF document of one page with this title.
pub(super) fn pdf(title: &str, bytes: usize) -> Vec<u8> {
    pdf::file(title, bytes.max(LEAST_BYTES))
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::*;
    use crate::seed::{Purpose, Seed};

    fn dice() -> Dice {
        Seed(1).dice(Purpose::Attachment, &[])
    }

    #[test]
    fn every_file_has_exactly_the_wished_size() {
        for bytes in [LEAST_BYTES, 2_049, 5_000, 65_535, 70_001, 200_000, 1_000_000] {
            let files = [
                png(&mut dice(), bytes),
                tiff(&mut dice(), bytes),
                jpeg(&mut dice(), bytes),
                pdf("紹介状", bytes),
            ];
            assert_eq!(files.map(|file| file.len()), [bytes; 4]);
        }
    }

    #[test]
    fn the_pixels_of_a_png_unpack_to_its_rows() {
        let file = png(&mut dice(), 300_000);
        let rows = u32::from_be_bytes(file[20..24].try_into().expect("four bytes")) as usize;
        let length = u32::from_be_bytes(file[33..37].try_into().expect("four bytes")) as usize;
        assert_eq!(&file[37..41], b"IDAT");
        let mut pixels = Vec::new();
        let mut decoder = flate2::read::ZlibDecoder::new(&file[41..41 + length]);
        decoder.read_to_end(&mut pixels).expect("the zlib stream is sound");
        assert_eq!(pixels.len(), rows * 512);
    }
}
