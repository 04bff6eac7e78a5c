//! JSON Patch (RFC 6902), as far as the cases need it: add, remove, replace, move, copy.

use serde_json::Value;

/// Applies all operations; none where one does not apply.
pub(crate) fn apply(document: &mut Value, operations: &Value) -> Option<()> {
    operations.as_array()?.iter().try_for_each(|operation| one(document, operation))
}

fn one(document: &mut Value, operation: &Value) -> Option<()> {
    let path = operation["path"].as_str()?;
    match operation["op"].as_str()? {
        "add" => add(document, path, operation["value"].clone()),
        "remove" => remove(document, path).map(drop),
        "replace" => {
            *document.pointer_mut(path)? = operation["value"].clone();
            Some(())
        }
        "move" => {
            let value = remove(document, operation["from"].as_str()?)?;
            add(document, path, value)
        }
        "copy" => {
            let value = document.pointer(operation["from"].as_str()?)?.clone();
            add(document, path, value)
        }
        _ => None,
    }
}

fn split(path: &str) -> Option<(&str, String)> {
    let (parent, last) = path.rsplit_once('/')?;
    Some((parent, last.replace("~1", "/").replace("~0", "~")))
}

fn add(document: &mut Value, path: &str, value: Value) -> Option<()> {
    if path.is_empty() {
        *document = value;
        return Some(());
    }
    let (parent, last) = split(path)?;
    match document.pointer_mut(parent)? {
        Value::Object(fields) => {
            fields.insert(last, value);
        }
        Value::Array(items) => {
            let at = if last == "-" { items.len() } else { last.parse().ok()? };
            if at > items.len() {
                return None;
            }
            items.insert(at, value);
        }
        _ => return None,
    }
    Some(())
}

fn remove(document: &mut Value, path: &str) -> Option<Value> {
    let (parent, last) = split(path)?;
    match document.pointer_mut(parent)? {
        Value::Object(fields) => fields.remove(&last),
        Value::Array(items) => {
            let at = last.parse().ok().filter(|at| *at < items.len())?;
            Some(items.remove(at))
        }
        _ => None,
    }
}

#[test]
fn operations_change_what_they_name() {
    let mut document = serde_json::json!({"a": [1, 2], "b/c": 3});
    let operations = serde_json::json!([
        {"op": "add", "path": "/a/1", "value": 9},
        {"op": "add", "path": "/a/-", "value": 8},
        {"op": "remove", "path": "/a/0"},
        {"op": "replace", "path": "/b~1c", "value": 4},
        {"op": "copy", "from": "/a/0", "path": "/d"},
        {"op": "move", "from": "/d", "path": "/e"},
    ]);
    assert_eq!(apply(&mut document, &operations), Some(()));
    assert_eq!(document, serde_json::json!({"a": [9, 2, 8], "b/c": 4, "e": 9}));
    let absent = serde_json::json!([{"op": "remove", "path": "/x"}]);
    assert_eq!(apply(&mut document, &absent), None);
}
