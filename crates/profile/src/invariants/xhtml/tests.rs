//! What a narrative may hold.

use super::{FaultKind, check, has_content, local_images, vocabulary};

fn faults(inner: &str) -> Vec<(FaultKind, String)> {
    let text = format!("<div xmlns=\"http://www.w3.org/1999/xhtml\">{inner}</div>");
    check(&text).into_iter().map(|fault| (fault.kind, fault.subject)).collect()
}

#[test]
fn formatted_text_is_allowed() {
    let text = "<p class='x'>a &amp; &#160;<b>b</b><br/></p><ul><li>c</li></ul><!-- d -->\
        <table border=\"1\"><tbody><tr><td colspan=\"2\">e</td></tr></tbody></table>\
        <a href=\"http://jpfhir.jp/\">f</a><img src=\"#g\" alt=\"g\"/>";
    assert_eq!(faults(text), []);
}

#[test]
fn scripts_frames_and_handlers_are_not() {
    let told = faults("<script>x()</script><p onclick=\"x()\">a</p><iframe src=\"b\"></iframe>");
    let expected = [
        (FaultKind::Element, "script".to_owned()),
        (FaultKind::Attribute, "onclick".to_owned()),
        (FaultKind::Element, "iframe".to_owned()),
        (FaultKind::Attribute, "src".to_owned()),
    ];
    assert_eq!(told, expected);
}

#[test]
fn a_named_entity_that_xml_does_not_have_is_a_fault() {
    assert_eq!(faults("a&nbsp;b"), [(FaultKind::Entity, "nbsp".to_owned())]);
}

#[test]
fn what_is_no_xml_is_a_fault() {
    for broken in ["<p>a", "a & b", "<p></b>", "<p a='<'/>", "<"] {
        let told = faults(broken);
        assert!(told.iter().any(|(kind, _)| *kind == FaultKind::NotWellFormed), "{broken}");
    }
    for broken in ["", "text", "<div"] {
        assert_eq!(
            check(broken).last().map(|f| f.kind),
            Some(FaultKind::NotWellFormed),
            "{broken}"
        );
    }
}

#[test]
fn the_outermost_element_is_a_div_of_xhtml() {
    assert_eq!(check("<div>a</div>")[0].kind, FaultKind::Namespace);
    assert_eq!(check("<p xmlns=\"http://www.w3.org/1999/xhtml\">a</p>")[0].kind, FaultKind::Root);
    assert_eq!(faults("<p xmlns=\"urn:x\">a</p>")[0].0, FaultKind::Namespace);
}

#[test]
fn elements_stand_where_they_belong() {
    for misplaced in [
        "<p><div>a</div></p>",
        "<p><p>a</p></p>",
        "<td>a</td>",
        "<table><p>a</p></table>",
        "<ul>a</ul>",
        "<b><i><b>a</b></i></b>",
        "<br>a</br>",
    ] {
        assert_eq!(faults(misplaced)[0].0, FaultKind::Nesting, "{misplaced}");
    }
}

#[test]
fn a_link_does_not_run_a_script() {
    assert_eq!(faults("<a href=\"javascript:x()\">a</a>")[0].0, FaultKind::Url);
    assert_eq!(faults("<a href=\"\">a</a>")[0].0, FaultKind::Url);
}

#[test]
fn a_narrative_says_something() {
    assert!(!has_content("<div> \n<p/></div>"));
    assert!(has_content("<div> a</div>"));
    assert!(has_content("<div><img src=\"#a\"/></div>"));
}

#[test]
fn images_of_the_resource_itself_are_told() {
    let text = "<div><img src=\"#a\"/><img src=\"https://jpfhir.jp/b.png\"/></div>";
    assert_eq!(local_images(text), ["#a"]);
}

#[test]
fn depth_and_faults_are_limited() {
    let deep = "<div>".repeat(100_000);
    assert_eq!(faults(&deep).last().map(|(kind, _)| *kind), Some(FaultKind::NotWellFormed));
    assert_eq!(faults(&"<x/>".repeat(10_000)).len(), super::MAX_FAULTS);
}

#[test]
fn the_vocabulary_is_sorted() {
    assert!(vocabulary::ELEMENTS.is_sorted() && vocabulary::ATTRIBUTES.is_sorted());
}
