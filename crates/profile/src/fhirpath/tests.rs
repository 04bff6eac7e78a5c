//! The language, on small documents.

use super::{
    CompileError, Environment, Expression, Focus,
    types::{CHOICES, SUFFIXES},
};
use crate::{
    json::{Document, Value},
    limits::Limits,
};

struct Alone<'d>(Value<'d>);

impl<'d> Environment<'d> for Alone<'d> {
    fn resource(&self) -> Option<Value<'d>> {
        Some(self.0)
    }

    fn root_resource(&self) -> Option<Value<'d>> {
        Some(self.0)
    }

    fn resolve(&self, reference: &str) -> Option<Value<'d>> {
        self.0.list("contained").find(|c| c.text_of("id").as_deref() == reference.strip_prefix('#'))
    }

    fn member_of(&self, element: Value<'d>, value_set: &str) -> Option<bool> {
        (value_set == "urn:known").then(|| element.text_of("code").as_deref() == Some("1"))
    }

    fn conforms_to(&self, _element: Value<'d>, profile: &str) -> Option<bool> {
        (profile == "urn:known").then_some(true)
    }
}

const PATIENT: &str = r##"{"resourceType": "Patient", "id": "a", "active": true,
    "name": [{"text": "共有　花子😀", "given": ["花", null, "子"],
              "_given": [null, {"extension": [{"url": "u", "valueCode": "x"}]}, null]},
             {"family": "", "use": "old"}],
    "multipleBirthInteger": 2, "birthDate": "2026-02", "_gender": {"id": "g"},
    "deceasedDateTime": "2026-02-03T10:00:00+09:00",
    "contained": [{"resourceType": "Practitioner", "id": "p"}],
    "generalPractitioner": [{"reference": "#p"}],
    "extension": [{"url": "q", "valueQuantity": {"value": 1.50, "unit": "g"}},
                  {"url": "c", "valueCodeableConcept": {"coding": [{"code": "1"}, {"code": "2"}]}}]}"##;

fn holds(expression: &str) -> bool {
    let document = Document::parse(PATIENT.as_bytes(), &Limits::default()).expect("it is JSON");
    let compiled = Expression::compile(expression);
    let compiled = compiled.unwrap_or_else(|error| panic!("{expression}: {error}"));
    compiled.holds(Focus::of(document.root()), &Alone(document.root()))
}

/// Holds all of the first and none of the second.
fn check(hold: &[&str], fail: &[&str]) {
    for expression in hold {
        assert!(holds(expression), "{expression}");
    }
    for expression in fail {
        assert!(!holds(expression), "{expression}");
    }
}

#[test]
fn one_boolean_is_itself_nothing_fails_and_anything_else_holds() {
    check(
        &["true", "active", "name", "id", "name.text"],
        &["false", "{}", "telecom", "active.not()", "telecom = 'x'", "name and true"],
    );
}

#[test]
fn members_look_through_arrays_and_choices() {
    check(
        &[
            "name.given.count() = 3",
            "name.given.extension.value = 'x'",
            "name.given[1].hasValue().not()",
            "multipleBirth = 2",
            "deceased is dateTime",
            "deceased.ofType(boolean).empty()",
            "extension.value.ofType(Quantity).value = 1.5",
            "extension.value.ofType(CodeableConcept).coding.count() = 2",
            "Patient.active",
            "gender.id = 'g'",
            "gender.hasValue().not()",
            "name.family.empty() and name.family.count() = 1",
        ],
        &["Observation.active", "name.given.children().empty()", "multiple.exists()"],
    );
}

#[test]
fn logic_has_three_values() {
    check(
        &[
            "{} or true",
            "true or {}",
            "({} and false) = false",
            "false implies {}",
            "{} implies true",
            "true xor false",
            "name.exists() implies active",
            "telecom.where(use = 'x').empty()",
        ],
        &[
            "{} or false",
            "{} and true",
            "{} xor true",
            "{} implies false",
            "true implies {}",
            "{} = {}",
        ],
    );
}

#[test]
fn text_is_counted_in_code_points() {
    check(
        &[
            "name.text.length() = 6",
            "name.text.indexOf('　') = 2",
            "name.text.indexOf('x') = -1",
            "name.text.substring(3, 2) = '花子'",
            "name.text.substring(5) = '😀'",
            "name.text.substring(6).empty()",
            "name.text.substring(0, 0).empty()",
            "name.text.startsWith('共')",
            "name.text.endsWith('😀')",
            "name.text.contains('　')",
            "'a-b'.replaceMatches('-.*', '') = 'a'",
            "'a' & {} & 'b' = 'ab'",
            "'12'.toInteger() + 1 = 13",
            "(1.50).toString() = '1.5'",
        ],
        &["name.given.substring(0)", "'x'.toInteger()", "'a' + {}"],
    );
}

#[test]
fn a_pattern_is_found_anywhere_and_means_ascii() {
    check(
        &[
            r"'xx123'.matches('\\d{3}')",
            r"'a\nb'.matches('a.b')",
            r"'１'.matches('\\d').not()",
            r"'　'.matches('^[^\\s]$')",
        ],
        &[r"'xx123'.matches('^\\d{3}$')", "name.given.matches('.')", "telecom.matches('.')"],
    );
}

#[test]
fn dates_compare_as_far_as_they_are_given() {
    check(
        &[
            "birthDate < '2026-03'",
            "birthDate <= '2026-02'",
            "'2026-02-03' <= '2026-02-03'",
            "deceased > '2026-02-02'",
            "@2026-02-03T01:00:00Z <= deceased",
            "deceased <= @2026-02-03T01:00:00Z",
        ],
        &["birthDate <= '2026-02-03'", "'2026-02-03' <= deceased", "deceased <= '2026-02-03'"],
    );
}

#[test]
fn numbers_compare_by_value() {
    check(
        &[
            "extension.value.value = 1.5",
            "extension.value.value >= 1.50",
            "2 * 3 + 1 = 7",
            "7 div 2 = 3 and 7 mod 2 = 1",
            "-1 < 0",
            "multipleBirth > 1",
        ],
        &["1 / 0", "1 div 0", "multipleBirth > 'x'"],
    );
}

#[test]
fn collections_have_their_functions() {
    check(
        &[
            "name.given.first() = '花'",
            "name.given.last() = '子'",
            "name.given.tail().count() = 2",
            "name.given.skip(2).single() = '子'",
            "name.given.take(1).count() = 1",
            "('a' | 'b' | 'a').count() = 2",
            "'a' in ('a' | 'b')",
            "('a' | 'b') contains 'b'",
            "('a' | 'b').intersect('b' | 'c') = 'b'",
            "('a' | 'b').exclude('b') = 'a'",
            "'a'.combine('a').isDistinct().not()",
            "('a' | 'b').isDistinct()",
            "('a').subsetOf('a' | 'b')",
            "name.select(use).count() = 1",
            "name.all(text.exists() or use = 'old')",
            "name.exists(use = 'old')",
            "name.select(use.exists()).anyFalse()",
            "descendants().where(code = '2').count() = 1",
            "repeat(extension.value.coding).count() = 2",
            "children().count() = 12",
            "iif(name.empty(), false, name.first().text.exists())",
            "name.iif(empty(), false, text.exists())",
            "extension('q').value.exists()",
            "(name.given | name.given).count() = 3",
        ],
        &["name.single()", "name.given.skip(3)", "'c' in ('a' | 'b')", "{} in ('a')"],
    );
}

#[test]
fn the_environment_answers_what_it_knows() {
    check(
        &[
            "%resource.id = 'a'",
            "%rootResource.contained.id = 'p'",
            "name.all(%context.id = 'a')",
            "%ucum = 'http://unitsofmeasure.org'",
            "generalPractitioner.resolve() is Practitioner",
            "extension.value.coding.exists(memberOf('urn:known'))",
            "extension.value.coding.all(memberOf('urn:undecidable'))",
            "conformsTo('urn:known')",
        ],
        &["extension.value.coding.all(memberOf('urn:known'))", "conformsTo('urn:unknown')"],
    );
}

#[test]
fn a_fault_of_evaluation_fails_unless_it_is_never_reached() {
    check(
        &["true or (name and true)", "name.first().exists() or name.single()"],
        &["(name and true) or true"],
    );
}

#[test]
fn operators_bind_as_the_specification_says() {
    check(
        &[
            "true or false and false",
            "1 + 2 * 3 = 7",
            "false implies false or false",
            "1 | 2 in (1 | 2)",
            "name.first().text is string and true",
            "'a' & 'b' = 'ab'",
        ],
        &[],
    );
}

#[test]
fn names_in_backticks_and_comments_are_read() {
    check(&["`id` = 'a' // the end", "/* first */ name.`text`.exists()"], &[]);
}

#[test]
fn what_cannot_be_compiled_is_refused() {
    for text in [
        "",
        "name.",
        "name where",
        "foo()",
        "%unknown",
        "'open",
        "name.matches('(')",
        "1 'mg'",
        "name.matches(text)",
        "a b",
        "(a",
        "a[",
        "$that",
        "@",
        "name.ofType(1)",
        "!",
    ] {
        let error = Expression::compile(text).map(|_| ());
        assert!(error.is_err(), "{text}");
    }
}

#[test]
fn depth_and_length_are_limited_when_compiling() {
    let deep = format!("{}a{}", "(".repeat(1_000), ")".repeat(1_000));
    let chain = "a.".repeat(5_000) + "a";
    let long = " ".repeat(100_000) + "a";
    let conditions = "iif(true, true, ".repeat(8) + "true" + &")".repeat(8);
    for text in [deep, chain, long, conditions] {
        let refused: Result<Expression, CompileError> = Expression::compile(&text);
        assert!(refused.is_err(), "{}", &text[..20]);
    }
}

#[test]
fn elements_can_be_selected() {
    let document = Document::parse(PATIENT.as_bytes(), &Limits::default()).expect("it is JSON");
    let expression = Expression::compile("name.given").expect("it compiles");
    let found = expression.select(Focus::of(document.root()), &Alone(document.root()));
    let texts: Vec<_> = found.iter().map(|focus| focus.text()).collect();
    assert_eq!(
        texts.iter().map(Option::as_deref).collect::<Vec<_>>(),
        [Some("花"), None, Some("子")]
    );
}

#[test]
fn the_tables_of_choices_are_sorted() {
    assert!(CHOICES.is_sorted() && SUFFIXES.is_sorted());
}
