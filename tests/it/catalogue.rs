//! 台帳 — the one table of what is shared, as it was reviewed, and its fixtures.

use std::path::Path;

use kyoyu_domain::catalogue::{CATALOGUE, Kind};

/// Whoever changes the catalogue changes this file too, with a second reviewer.
const CHECKED_IN: &str = include_str!("../fixtures/catalogue.tsv");

fn row(kind: &Kind) -> String {
    let Kind { code, japanese, resource_type, recognised_by, keep, last_n, .. } = kind;
    let readers: Vec<String> = kind.readers.iter().map(|one| format!("{one:?}")).collect();
    [
        (*code).to_owned(),
        (*japanese).to_owned(),
        (*resource_type).to_owned(),
        format!("{recognised_by:?}"),
        format!("{keep:?}"),
        last_n.map_or_else(|| "-".to_owned(), |n| n.to_string()),
        kind.sent_as_list.to_string(),
        kind.may_be_long_term.to_string(),
        kind.may_be_hidden.to_string(),
        if readers.is_empty() { "-".to_owned() } else { readers.join("+") },
        kind.consent.code().to_owned(),
        kind.keep_after_receipt.map_or_else(|| "-".to_owned(), |period| format!("{period:?}")),
        format!("{:?}", kind.one_within),
        format!("{:?}", kind.accept),
        format!("{:?}", kind.show),
        kind.shows_refuted.to_string(),
        kind.versions.join(" "),
        kind.profile.to_owned(),
    ]
    .join("\t")
}

#[test]
fn the_catalogue_is_the_checked_in_table() {
    let head = "# code\tjapanese\ttype\trecognised by\tkept\tlast n\tsent as list\tLTS\thidden flags\t\
        readers\tconsent\tkept after receipt\tone within\taccept\tshow\tshows refuted\tversions\tprofile";
    let rows = CATALOGUE.iter().map(row);
    let table: Vec<String> = [head.to_owned()].into_iter().chain(rows).collect();
    let checked_in: Vec<&str> = CHECKED_IN.lines().collect();
    assert_eq!(table, checked_in);
}

#[test]
fn every_kind_has_its_fixtures() {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures");
    for kind in CATALOGUE {
        for case in ["valid", "invalid"] {
            for file in ["input.json", "expected.json"] {
                let path = fixtures.join(kind.code).join(case).join(file);
                assert!(path.is_file(), "{} is missing", path.display());
            }
        }
    }
}
