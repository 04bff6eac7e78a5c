//! Places: real prefectures, municipalities that do not exist.

use crate::seed::Dice;

/// A prefecture; its number is its place in the list, counted from 1.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Prefecture {
    pub(crate) number: u64,
    pub(crate) name: &'static str,
    pub(crate) area_code: &'static str,
}

/// How many prefectures there are.
pub(crate) const PREFECTURES: u64 = 47;

/// The prefecture with a number from 1 to 47.
pub(crate) fn prefecture(number: u64) -> Prefecture {
    let (name, area_code) = NAMES[(number - 1) as usize];
    Prefecture { number, name, area_code }
}

/// A prefecture; where more people live is drawn more often.
pub(crate) fn any_prefecture(dice: &mut Dice) -> Prefecture {
    const CROWDED: &[u64] = &[13, 13, 14, 27, 23, 11, 12, 28, 1, 40];
    if dice.percent(50) {
        return prefecture(dice.pick(CROWDED));
    }
    prefecture(1 + dice.below(PREFECTURES))
}

pub(crate) fn city(dice: &mut Dice) -> &'static str {
    dice.pick(CITIES)
}

pub(crate) fn town(dice: &mut Dice) -> &'static str {
    dice.pick(TOWNS)
}

pub(crate) fn house(dice: &mut Dice) -> &'static str {
    dice.pick(HOUSES)
}

const NAMES: &[(&str, &str)] = &[
    ("北海道", "011"),
    ("青森県", "017"),
    ("岩手県", "019"),
    ("宮城県", "022"),
    ("秋田県", "018"),
    ("山形県", "023"),
    ("福島県", "024"),
    ("茨城県", "029"),
    ("栃木県", "028"),
    ("群馬県", "027"),
    ("埼玉県", "048"),
    ("千葉県", "043"),
    ("東京都", "03"),
    ("神奈川県", "045"),
    ("新潟県", "025"),
    ("富山県", "076"),
    ("石川県", "076"),
    ("福井県", "0776"),
    ("山梨県", "055"),
    ("長野県", "026"),
    ("岐阜県", "058"),
    ("静岡県", "054"),
    ("愛知県", "052"),
    ("三重県", "059"),
    ("滋賀県", "077"),
    ("京都府", "075"),
    ("大阪府", "06"),
    ("兵庫県", "078"),
    ("奈良県", "0742"),
    ("和歌山県", "073"),
    ("鳥取県", "0857"),
    ("島根県", "0852"),
    ("岡山県", "086"),
    ("広島県", "082"),
    ("山口県", "083"),
    ("徳島県", "088"),
    ("香川県", "087"),
    ("愛媛県", "089"),
    ("高知県", "088"),
    ("福岡県", "092"),
    ("佐賀県", "0952"),
    ("長崎県", "095"),
    ("熊本県", "096"),
    ("大分県", "097"),
    ("宮崎県", "0985"),
    ("鹿児島県", "099"),
    ("沖縄県", "098"),
];

const CITIES: &[&str] = &[
    "若葉市",
    "青空市",
    "みどり野市",
    "桜ヶ原市",
    "朝日野市",
    "月見市",
    "南風市",
    "白鷺市",
    "川辺市",
    "三日月市",
    "常盤木市",
    "希望が丘市",
    "花園台市",
    "日向野市",
    "千年市",
    "風早市",
    "東雲市",
    "星見町",
    "霧島野町",
    "湯の里町",
    "鈴虫町",
    "大杉町",
    "清瀬野村",
    "松ヶ崎町",
    "貝塚浜市",
    "中の島市",
    "雪見市",
    "光ヶ浜市",
    "葵野市",
    "梅ヶ谷市",
];

const TOWNS: &[&str] = &[
    "本町",
    "緑町",
    "桜台",
    "旭町",
    "栄町",
    "中央",
    "南町",
    "北町",
    "東町",
    "西町",
    "港町",
    "元町",
    "新町",
    "泉町",
    "松原",
    "竹の台",
    "梅園",
    "富士見台",
    "日の出町",
    "幸町",
    "寿町",
    "末広町",
    "大手町",
    "城山",
    "神明町",
    "八幡町",
    "天神町",
    "宮下",
    "川端",
    "橋詰",
    "大和町",
    "美園",
    "青葉台",
    "若草町",
    "すみれが丘",
    "つつじ野",
    "あやめ台",
    "けやき通り",
    "銀杏坂",
    "柳町",
    "船越",
    "浜田",
    "砂原",
    "石畳",
    "岩井田",
    "谷戸",
    "峰岸",
    "野々宮",
    "牧ノ原",
    "古道",
];

const HOUSES: &[&str] = &[
    "コーポさくら",
    "メゾン若葉",
    "グリーンハイツ",
    "第二青空荘",
    "サンライズ東",
    "県営緑団地3号棟",
    "レジデンス泉",
    "ハイムつばさ",
    "パークサイド寿",
    "ヴィラ朝日",
];
