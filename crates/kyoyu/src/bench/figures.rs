//! 結果の表 — names and numbers, for people and as JSON.

use std::collections::BTreeMap;

/// What was measured; the names are the JSON keys.
#[derive(Debug, Clone, Default)]
pub struct Figures(BTreeMap<String, f64>);

impl Figures {
    pub(super) fn put(&mut self, name: &str, value: f64) {
        self.0.insert(name.to_owned(), value);
    }

    /// One JSON object.
    pub fn json(&self) -> String {
        let pairs: Vec<String> =
            self.0.iter().map(|(name, value)| format!("\"{name}\":{value:.3}")).collect();
        format!("{{{}}}", pairs.join(","))
    }

    /// A table: each figure beside that of the plain design, with the ratio.
    pub fn table(&self) -> String {
        let mut lines =
            vec![format!("{:<34}{:>14}{:>14}{:>10}", "figure", "kyoyu", "plain jsonb", "ratio")];
        for (name, value) in self.0.iter().filter(|(name, _)| !name.starts_with("baseline.")) {
            let plain = self.0.get(&format!("baseline.{name}"));
            let (plain, ratio) = plain.map_or((String::new(), String::new()), |plain| {
                (format!("{plain:.2}"), format!("{:.2}", value / plain))
            });
            lines.push(format!("{name:<34}{value:>14.2}{plain:>14}{ratio:>10}"));
        }
        lines.join("\n")
    }
}
