//! 閲覧履歴 — the patient sees who looked, when, why, and who was turned away.

use anyhow::{Context, Result};
use serde_json::Value;

use crate::story::scene::Scene;

/// How many lines are told.
const TOLD: usize = 8;

pub(super) async fn play(scene: &mut Scene<'_, '_, '_>) -> Result<()> {
    scene.out.sent("GET /fhir/AuditEvent  （本人 — the patient）");
    let reply = scene.desks.patient.get("/fhir/AuditEvent?_count=500").await?;
    scene.expect(&reply, 200, "閲覧履歴 the access log")?;
    let page = reply.json()?;
    let events: Vec<&Value> = page["entry"]
        .as_array()
        .context("a page with events")?
        .iter()
        .map(|entry| &entry["resource"])
        .collect();
    tell(scene, &events);
    let clinic = scene.cast.clinic.institution.context("the clinic has a number")?.to_string();
    let is_search = |event: &&&Value| event["subtype"][0]["code"] == "search";
    let of_clinic =
        |event: &&&Value| event["agent"][0]["who"]["identifier"]["value"] == clinic.as_str();
    let done = |event: &&&Value| event["outcome"] == "0";
    let searches = events.iter().filter(is_search).filter(of_clinic);
    let reads = searches.clone().filter(done).count();
    let refused = searches.filter(|event| !done(event)).count();
    let expected = scene.known.doctors_searches;
    let japanese = format!("診療所の閲覧 {expected} 回が一回ずつ載っている");
    scene.must(reads == expected, &japanese, "each of the clinic's searches, once")?;
    scene.must(
        refused > 0,
        "認められなかった閲覧も載っている",
        "those turned away are there too",
    )?;
    from_the_operator(scene).await
}

fn tell(scene: &mut Scene<'_, '_, '_>, events: &[&Value]) {
    for event in events.iter().take(TOLD) {
        let sentence = event["text"]["div"].as_str().unwrap_or_default();
        scene.out.detail(&without_tags(sentence));
    }
    if events.len() > TOLD {
        scene.out.detail(&format!("ほか{}件 — and {0} more", events.len() - TOLD));
    }
}

async fn from_the_operator(scene: &mut Scene<'_, '_, '_>) -> Result<()> {
    let lines = scene.stage.audit_of(&scene.script.patient.identifier).await?;
    scene.out.aside("運用者の kyoyu audit でも同じ", "the same for the operator: kyoyu audit");
    for line in lines.iter().take(3) {
        scene.out.detail(line);
    }
    scene.must(!lines.is_empty(), "監査記録に残っている", "the audit records are there")
}

/// The text of a narrative.
fn without_tags(narrative: &str) -> String {
    let mut text = String::new();
    let mut inside = false;
    for character in narrative.chars() {
        match character {
            '<' => inside = true,
            '>' => inside = false,
            _ if !inside => text.push(character),
            _ => {}
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::without_tags;

    #[test]
    fn a_narrative_is_told_without_its_tags() {
        let narrative =
            r#"<div xmlns="http://www.w3.org/1999/xhtml" lang="ja">10時02分、閲覧。</div>"#;
        assert_eq!(without_tags(narrative), "10時02分、閲覧。");
    }
}
