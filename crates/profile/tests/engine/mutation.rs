//! Random changes of a JSON tree.

use serde_json::{Value, json};

/// A small seeded generator (xorshift64*).
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed.max(1))
    }

    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D)
    }

    pub(crate) fn below(&mut self, end: usize) -> usize {
        (self.next() % end.max(1) as u64) as usize
    }
}

/// The pointers of all values below the root.
fn pointers(value: &Value, here: &str, found: &mut Vec<String>) {
    let mut child = |key: &str, value: &Value| {
        let pointer = format!("{here}/{}", key.replace('~', "~0").replace('/', "~1"));
        pointers(value, &pointer, found);
        found.push(pointer);
    };
    match value {
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(place, item)| child(&place.to_string(), item));
        }
        Value::Object(fields) => fields.iter().for_each(|(key, field)| child(key, field)),
        _ => {}
    }
}

/// Drops, duplicates, swaps, retypes, renames, puts out of range or reorders something.
pub(crate) fn mutate(root: &mut Value, random: &mut Random) {
    let mut all = Vec::new();
    pointers(root, "", &mut all);
    let pointer = all[random.below(all.len())].clone();
    let other = all[random.below(all.len())].clone();
    let (parent, key) = pointer.rsplit_once('/').expect("a pointer begins with a slash");
    let key = key.replace("~1", "/").replace("~0", "~");
    let change = random.below(7);
    if let Some(parent) = root.pointer_mut(parent).filter(|_| change < 3) {
        match change {
            0 => remove(parent, &key),
            1 => duplicate(parent, &key),
            _ => rename(parent, &key),
        }
        return;
    }
    match change {
        3 => {
            let copy = root.pointer(&other).cloned().unwrap_or(Value::Null);
            replace(root, &pointer, copy);
        }
        4 => {
            let values = [json!(null), json!(1.5), json!("x"), json!(true), json!({}), json!([])];
            replace(root, &pointer, values[random.below(values.len())].clone());
        }
        5 => {
            let values = [json!(1e300), json!(-1), json!("9".repeat(5000)), json!("2020-13-45")];
            replace(root, &pointer, values[random.below(values.len())].clone());
        }
        _ => {
            if let Some(Value::Array(items)) = root.pointer_mut(&pointer) {
                items.reverse();
            }
        }
    }
}

fn replace(root: &mut Value, pointer: &str, value: Value) {
    if let Some(place) = root.pointer_mut(pointer) {
        *place = value;
    }
}

fn remove(parent: &mut Value, key: &str) {
    match parent {
        Value::Array(items) => drop(items.remove(key.parse().expect("a place"))),
        Value::Object(fields) => drop(fields.remove(key)),
        _ => {}
    }
}

fn duplicate(parent: &mut Value, key: &str) {
    if let Value::Array(items) = parent {
        let item = items[key.parse::<usize>().expect("a place")].clone();
        items.push(item);
    }
}

fn rename(parent: &mut Value, key: &str) {
    if let Value::Object(fields) = parent
        && let Some(value) = fields.remove(key)
    {
        fields.insert(format!("{key}X"), value);
    }
}
