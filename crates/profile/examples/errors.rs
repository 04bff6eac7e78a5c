//! Writes `docs/errors.md` and `docs/errors.csv` from the rules; the tests compare them.

use std::{fs, io, path::Path};

use kyoyu_profile::rules::{as_csv, as_markdown};

fn main() -> io::Result<()> {
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs");
    fs::write(docs.join("errors.md"), as_markdown())?;
    fs::write(docs.join("errors.csv"), as_csv())
}
