//! 健診結果の記載 — the entries of a report, section by section.
//!
//! Source: S2.20, S9.4, S11.8.

use super::{
    Checkup, Programme, coverage,
    items::{self, Where},
    judgement,
    observations::{self, Finding, head, item},
    values::{self, Examinee},
};
use crate::{
    documents::{
        composition::period,
        draft::{Draft, Link},
        parties,
    },
    institution::{Doctor, Institution},
    parts,
    seed::Dice,
};

/// 胸部エックス線の所見
const LUNGS: &[&str] = &["右上肺野に陳旧性陰影", "心拡大(CTR 54%)", "左肺尖部胸膜肥厚"];
/// 心電図の所見
const RHYTHMS: &[&str] = &["完全右脚ブロック", "心室性期外収縮", "左室肥大", "洞性徐脈"];

/// A report that is being written.
pub(super) struct Writing<'a> {
    pub(super) checkup: &'a Checkup,
    pub(super) examinee: Examinee<'a>,
    pub(super) draft: Draft<'a>,
    pub(super) dice: Dice,
    /// The day of the checkup.
    pub(super) on: String,
}

impl Writing<'_> {
    pub(super) fn practitioner(&mut self, institution: &Institution, doctor: &Doctor) -> Link {
        let id = self.draft.next_id("pra");
        self.draft.add("Practitioner", |w, case| {
            head(w, case, &id, "JP_Practitioner_eCheckupGeneral");
            parties::names(w, institution, doctor);
        })
    }

    pub(super) fn organization(&mut self, institution: &Institution) -> Link {
        let id = self.draft.next_id("org");
        self.draft.add("Organization", |w, case| {
            head(w, case, &id, "JP_Organization_eCheckupGeneral");
            parties::numbered(w, institution);
            w.array("type", |w| {
                let system = "http://jpfhir.jp/fhir/eCheckup/CodeSystem/report-organization-code";
                for (code, display) in [("exec-org", "実施機関"), ("doc-org", "報告作成機関")]
                {
                    w.item(|w| w.array("coding", |w| parts::coding(w, system, code, display)));
                }
            });
            w.text("name", &institution.name);
            parties::contact(w, institution);
        })
    }

    pub(super) fn encounter(&mut self, place: &Link) -> Link {
        let id = self.draft.next_id("enc");
        let kinds = [("1", "個別受診"), ("2", "集団受診")];
        let (code, display) = self.dice.pick(&kinds);
        self.draft.add("Encounter", |w, case| {
            head(w, case, &id, "JP_Encounter_eCheckupGeneral");
            w.text("status", "finished");
            w.object("class", |w| {
                w.text("system", "http://jpfhir.jp/fhir/eCheckup/CodeSystem/encounter-category");
                w.text("code", "checkup");
                w.text("display", "健診");
            });
            let system = "http://jpfhir.jp/fhir/eCheckup/CodeSystem/checkup-encounter-type";
            parts::concept(w, "serviceType", system, code, display);
            w.object("period", |w| period(w, &self.on, &self.on));
            place.member(w, "serviceProvider");
        })
    }

    /// Everything that was found, who judged it and who pays.
    pub(super) fn results(&mut self, doctor: &Doctor) -> Vec<Link> {
        let programme = self.checkup.programme;
        let mut links = self.history();
        let measured = self.examinee.measured();
        for one in measured.iter().filter(|one| programme.has(one.measure.item.place)) {
            links.push(self.or_not_done(one));
        }
        links.extend(self.choices(|place| place != Where::Ask && place != Where::Elder));
        if programme.has(Where::Work) {
            links.extend(self.chest());
        }
        links.extend(self.heart());
        links.extend(self.judged(&measured, doctor));
        let (insurer, insurance) = coverage::insurance(&mut self.draft);
        links.push(insurance);
        if programme == Programme::Specific {
            links.push(coverage::voucher(&mut self.draft, &insurer, self.checkup.examined_on));
        }
        links
    }

    /// One or two of a hundred additional values could not be taken.
    fn or_not_done(&mut self, one: &values::Measured) -> Link {
        let place = one.measure.item.place;
        if place != Where::All && self.dice.percent(3) {
            let reason = self.dice.pick(&["測定不能", "検体量不足", "本人の希望により未実施"]);
            let finding = Finding::Absent(reason);
            return observations::told(&mut self.draft, &self.on, &one.measure.item, &finding);
        }
        observations::measured(&mut self.draft, &self.on, one)
    }

    fn choices(&mut self, fits: impl Fn(Where) -> bool) -> Vec<Link> {
        let programme = self.checkup.programme;
        let chosen = self.examinee.chosen();
        let mut links = Vec::with_capacity(chosen.len());
        for one in chosen {
            let place = one.choice.item.place;
            if fits(place) && programme.has(place) {
                links.push(observations::chosen(&mut self.draft, &self.on, &one));
            }
        }
        links
    }

    /// 質問票
    pub(super) fn questions(&mut self) -> Vec<Link> {
        self.choices(|place| matches!(place, Where::Ask | Where::Elder))
    }

    /// 任意追加項目
    pub(super) fn additional(&mut self) -> Vec<Link> {
        let mut links = Vec::new();
        for one in self.examinee.measured() {
            if one.measure.item.place == Where::More {
                links.push(self.or_not_done(&one));
            }
        }
        links
    }

    /// 診察 — what the person tells and what the doctor sees.
    fn history(&mut self) -> Vec<Link> {
        const PAST: &[&str] =
            &["高血圧症", "虫垂炎手術", "胃潰瘍", "腰椎椎間板ヘルニア", "気管支喘息"];
        const FELT: &[&str] = &["肩こり", "腰痛", "めまい", "胃部不快感", "倦怠感"];
        const SEEN: &[&str] = &["心雑音", "下腿浮腫", "甲状腺腫大", "結膜貧血様"];
        let told = [
            ("9N056000000000011", "既往歴", ("9N056160400000049", "具体的な既往歴"), PAST, 40),
            ("9N061000000000011", "自覚症状", ("9N061160800000049", "自覚症状(所見)"), FELT, 25),
            ("9N066000000000011", "他覚症状", ("9N066160800000049", "他覚症状(所見)"), SEEN, 8),
        ];
        let mut links = Vec::new();
        if self.checkup.programme == Programme::Occupational {
            let work =
                self.dice.pick(&["事務作業", "製造ライン作業", "運転業務", "看護業務", "営業"]);
            let item = item("9N051000000000049", "業務歴", "social-history");
            links.push(observations::told(&mut self.draft, &self.on, &item, &Finding::Words(work)));
        }
        for (code, display, detail, words, share) in told {
            let finding = if self.dice.percent(share) {
                let words = self.dice.pick(words);
                Finding::Explained(["2001", "1", "特記すべきことあり"], detail, words)
            } else {
                Finding::Coded("2001", "2", "特記すべきことなし")
            };
            let item = item(code, display, "exam");
            links.push(observations::told(&mut self.draft, &self.on, &item, &finding));
        }
        links
    }

    /// 胸部エックス線 — a group: whether there is something, and what.
    fn chest(&mut self) -> Vec<Link> {
        let mut found =
            item("9N206160700000011", "胸部Ｘ線検査(一般:直接撮影)(所見の有無)", "exam");
        found.method = Some(("9N20610000", "直接撮影"));
        let words = item("9N206160800000049", "胸部Ｘ線検査(一般:直接撮影)(所見)", "exam");
        self.image(("9N206", "胸部X線直接・一般健診"), [found, words], (LUNGS, 8))
    }

    /// 心電図
    fn heart(&mut self) -> Vec<Link> {
        let found = item("9A110160700000011", "心電図(所見の有無)", "exam");
        let words = item("9A110160800000049", "心電図(所見)", "exam");
        self.image(("9A110", "心電図検査"), [found, words], (RHYTHMS, 14))
    }

    fn image(
        &mut self,
        group: (&str, &str),
        [found, words]: [items::Item; 2],
        (seen, share): (&[&str], u64),
    ) -> Vec<Link> {
        let abnormal = self.dice.percent(share);
        let (code, display) = if abnormal { ("1", "所見あり") } else { ("2", "所見なし") };
        let finding = Finding::Coded("2002", code, display);
        let mut links = vec![observations::told(&mut self.draft, &self.on, &found, &finding)];
        if abnormal {
            let finding = Finding::Words(self.dice.pick(seen));
            links.push(observations::told(&mut self.draft, &self.on, &words, &finding));
        }
        let group = observations::group(&mut self.draft, &self.on, group, &links);
        links.push(group);
        links
    }

    /// 医師の判断
    fn judged(&mut self, measured: &[values::Measured], doctor: &Doctor) -> Vec<Link> {
        let risks = self.examinee.risks();
        let told = |writing: &mut Self, item: &items::Item, finding: &Finding<'_>| {
            observations::told(&mut writing.draft, &writing.on, item, finding)
        };
        let mut links = Vec::new();
        if self.checkup.programme != Programme::RegionalUnion {
            let (code, display) = judgement::metabolic(risks);
            let item = item("9N501000000000011", "メタボリックシンドローム判定", "survey");
            links.push(told(self, &item, &Finding::Coded("1008", code, display)));
        }
        if self.checkup.programme == Programme::Specific {
            let (code, display) = judgement::guidance(risks, self.examinee.age());
            let item = item("9N506000000000011", "保健指導レベル", "survey");
            links.push(told(self, &item, &Finding::Coded("3001", code, display)));
        }
        let programme = self.checkup.programme;
        let told_of = measured.iter().filter(|one| programme.has(one.measure.item.place));
        let words = judgement::words(told_of);
        let item_words = item("9N511000000000049", "医師の診断(判定)", "exam");
        links.push(told(self, &item_words, &Finding::Words(&words)));
        let name = format!("{} {}", doctor.family_name.kanji, doctor.given_name.kanji);
        let item_name = item("9N516000000000049", "健康診断を実施した医師の氏名", "exam");
        links.push(told(self, &item_name, &Finding::Words(&name)));
        links
    }
}
