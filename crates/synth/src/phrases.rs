//! 自由記載 — remarks as people type them, put together from parts.

use chrono::{DateTime, Datelike, Duration, Utc};

use crate::{seed::Dice, sending::in_japan};

/// Reasons why a result is not there yet.
pub(crate) const AWAITED: &[&str] =
    &["検査中", "結果待ち", "外注検査依頼中", "至急検査依頼済、結果未着", "再検査中"];

/// Reasons why a test was not done.
pub(crate) const NOT_DONE: &[&str] = &[
    "検体量不足のため検査不能",
    "検体凝固のため検査中止",
    "溶血著明のため測定不可",
    "採取容器違いにより検査中止",
    "分析装置障害のため中止、再採取を依頼",
    "患者都合により採取できず",
    "検体未提出",
];

/// A remark of a laboratory.
pub(crate) fn lab(dice: &mut Dice, now: DateTime<Utc>) -> String {
    sentences(dice, now, LAB)
}

/// A remark beside a disease.
pub(crate) fn condition(dice: &mut Dice, now: DateTime<Utc>) -> String {
    sentences(dice, now, CONDITION)
}

/// A remark beside an allergy.
pub(crate) fn allergy(dice: &mut Dice, now: DateTime<Utc>) -> String {
    sentences(dice, now, ALLERGY)
}

/// One to three sentences; `#` becomes a number, `@` a date before `now`.
pub(crate) fn sentences(dice: &mut Dice, now: DateTime<Utc>, choices: &[&str]) -> String {
    let wanted = dice.pick(&[1, 1, 1, 2, 2, 3]);
    let mut text = String::new();
    for nth in 0..wanted {
        if nth > 0 {
            text.push_str(dice.pick(&["。", "。", "、"]));
        }
        for c in dice.pick(choices).chars() {
            match c {
                '#' => text.push_str(&dice.between(1, 9).to_string()),
                '@' => text.push_str(&earlier(dice, now)),
                other => text.push(other),
            }
        }
    }
    text
}

fn earlier(dice: &mut Dice, now: DateTime<Utc>) -> String {
    let day = in_japan(now - Duration::days(dice.between(3, 900)));
    match dice.below(3) {
        0 => format!("{}年{}月", day.year(), day.month()),
        1 => format!("{}/{}/{}", day.year(), day.month(), day.day()),
        _ => format!("R{}.{}.{}", day.year() - 2018, day.month(), day.day()),
    }
}

const LAB: &[&str] = &[
    "溶血(#+)のため参考値",
    "乳び(#+)",
    "黄疸検体",
    "軽度溶血あり、K・LD・ASTへの影響に注意",
    "再検済み",
    "再検同値",
    "希釈再検(×#0)",
    "前回値(@)と乖離あり、主治医へ連絡済",
    "@の結果と比較し上昇傾向",
    "@の結果と比較し低下傾向",
    "食後#時間で採血",
    "透析前採血",
    "透析後採血",
    "輸液中の採血のため参考値",
    "フィブリン析出あり",
    "血小板凝集を認めたためクエン酸採血で再検を推奨",
    "目視確認済",
    "外注(#日後報告)",
    "至急報告済",
    "パニック値のため電話連絡(#:#0)",
    "生理中",
    "早朝尿",
    "随時尿",
    "カテーテル尿",
    "採取後#時間経過検体",
    "抗凝固薬内服中",
    "鉄剤内服中につき便潜血と併せて判断",
    "ビオチン含有サプリメント服用の申告あり",
    "測定下限未満",
    "測定試薬変更(@より)のため過去値との比較に注意",
    "当日#回目の採血",
    "運動負荷後#分",
    "検体到着遅延",
    "ヘマトクリット補正なし",
    "家族歴あり、#か月後に再検予定",
];

const CONDITION: &[&str] = &[
    "@より当科通院中",
    "他院より紹介(@)",
    "@健診で指摘",
    "内服#剤で経過良好",
    "#か月ごとに採血フォロー",
    "@手術施行",
    "術後#年再発なし",
    "@入院加療、現在は外来通院",
    "生活指導のみ",
    "自己注射指導済",
    "在宅酸素療法#L/分",
    "画像上著変なし",
    "MRI予定",
    "CT(@)で確認",
    "上部消化管内視鏡(@)で確認",
    "かかりつけ医と併診",
    "前医の処方を継続",
    "家族への説明済",
    "本人希望により経過観察",
    "増悪時は当科へ連絡",
    "禁煙外来#回目",
    "指定難病申請中",
    "体重#kg減量を目標",
    "増悪と寛解を繰り返している",
    "@ワクチン接種済",
    "ペースメーカ植込み後",
    "ADL自立",
    "要介護#",
    "リハビリ継続中(週#回)",
    "左右差あり、右優位",
    "再燃なければ#か月後終診予定",
    "専門外来へ引継ぎ",
];

const ALLERGY: &[&str] = &[
    "内服後#時間で全身に発疹",
    "内服#日目に発疹出現、中止で消退",
    "@に救急外来受診",
    "投与直後に血圧低下、アドレナリン筋注",
    "口腔内の違和感と咽頭のかゆみ",
    "本人申告のみ、詳細不明",
    "母親からの聴取",
    "家族からの聴取(詳細不明)",
    "幼少期のエピソード、現在は摂取可能か不明",
    "加熱したものは摂取可",
    "特異的IgE class#",
    "皮内反応陽性",
    "プリックテスト陽性",
    "パッチテスト陽性(@)",
    "食物経口負荷試験(@)で陽性",
    "エピペン処方済",
    "同系統薬の使用は避けること",
    "代替薬は使用可",
    "造影検査時は前投薬を要す",
    "使用部位に限局した紅斑と水疱",
    "毎年#月ごろに症状あり",
    "点眼・点鼻で対応",
    "喘息発作の誘因となる",
    "お薬手帳にて確認",
    "重症薬疹の既往、再投与禁忌",
    "嘔気・嘔吐のみでアレルギーではない可能性あり",
];
