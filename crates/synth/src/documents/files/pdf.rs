//! A PDF document (ISO 32000) of one A4 page; the text uses a Japanese font that readers bring.

use std::fmt::Write as _;

/// A file of exactly this size; a comment fills what the page leaves.
pub(super) fn file(title: &str, bytes: usize) -> Vec<u8> {
    let page = page(title);
    let objects = [
        "<< /Type /Catalog /Pages 2 0 R >>".to_owned(),
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>".to_owned(),
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R \
         /Resources << /Font << /F1 5 0 R >> >> >>"
            .to_owned(),
        format!("<< /Length {} >>\nstream\n{page}\nendstream", page.len()),
        "<< /Type /Font /Subtype /Type0 /BaseFont /HeiseiKakuGo-W5 \
         /Encoding /UniJIS-UTF16-H /DescendantFonts [6 0 R] >>"
            .to_owned(),
        "<< /Type /Font /Subtype /CIDFontType0 /BaseFont /HeiseiKakuGo-W5 /CIDSystemInfo \
         << /Registry (Adobe) /Ordering (Japan1) /Supplement 2 >> /FontDescriptor 7 0 R >>"
            .to_owned(),
        "<< /Type /FontDescriptor /FontName /HeiseiKakuGo-W5 /Flags 4 /FontBBox [-92 -250 1010 \
         922] /ItalicAngle 0 /Ascent 752 /Descent -221 /CapHeight 737 /StemV 114 >>"
            .to_owned(),
    ];
    let mut text = String::from("%PDF-1.4\n");
    let mut places = Vec::with_capacity(objects.len());
    for (nth, object) in objects.iter().enumerate() {
        places.push(text.len());
        text.push_str(&format!("{} 0 obj\n{object}\nendobj\n", nth + 1));
    }
    // The end tells where the table is, so its length depends on the comment's a little.
    let end = end(&places, bytes);
    let missing = bytes.saturating_sub(text.len() + end.len());
    text.push_str(&comment(missing));
    let table_at = text.len();
    let end = self::end(&places, table_at);
    text.push_str(&end);
    let mut file = text.into_bytes();
    file.resize(bytes.max(file.len()), b'\n');
    file
}

fn page(title: &str) -> String {
    let mut hexadecimal = String::new();
    for unit in title.encode_utf16() {
        write!(hexadecimal, "{unit:04X}").expect("a String takes everything");
    }
    format!("BT /F1 18 Tf 60 760 Td <{hexadecimal}> Tj ET")
}

/// Lines of at most a hundred characters that a reader skips.
fn comment(bytes: usize) -> String {
    let line = format!("%{}\n", ".".repeat(98));
    let mut text = line.repeat(bytes / 100);
    match bytes % 100 {
        0 => {}
        rest => text.push_str(&format!("{}\n", "%".repeat(rest - 1))),
    }
    text
}

fn end(places: &[usize], table_at: usize) -> String {
    let mut end = format!("xref\n0 {}\n0000000000 65535 f \n", places.len() + 1);
    for place in places {
        writeln!(end, "{place:010} 00000 n ").expect("a String takes everything");
    }
    let count = places.len() + 1;
    write!(end, "trailer\n<< /Size {count} /Root 1 0 R >>\nstartxref\n{table_at}\n%%EOF\n")
        .expect("a String takes everything");
    end
}
