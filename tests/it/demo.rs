//! 実演 — `kyoyu demo --once` tells whether everything held.

use kyoyu_devkit::story::Step;
use kyoyu_tests::process::{Directory, kyoyu, said};

/// Plays the story for few persons; the exit code and what was told.
fn play(directory: &Directory, sabotage: Option<Step>) -> (Option<i32>, String) {
    let data_dir = directory.path().display().to_string();
    let mut command = kyoyu(&["demo", "--once", "--persons", "20", "--data-dir", &data_dir]);
    if let Some(step) = sabotage {
        command.args(["--sabotage", step.code()]);
    }
    let output = command.output().expect("the program runs");
    (output.status.code(), said(&output))
}

#[test]
fn the_demonstration_ends_well_when_every_step_held() {
    let (code, told) = play(&Directory::new(), None);
    assert_eq!(code, Some(0), "{told}");
    for step in Step::ALL {
        assert!(told.contains(step.title().1), "{} is missing: {told}", step.code());
    }
}

#[test]
fn the_demonstration_fails_and_names_the_step_that_did_not_hold() {
    // One directory for all: the data of a demonstration does not disturb the next.
    let directory = Directory::new();
    for step in Step::ALL {
        let (code, told) = play(&directory, Some(*step));
        assert_eq!(code, Some(1), "{}: {told}", step.code());
        let end: Vec<&str> = told.lines().rev().take(12).collect();
        let named =
            end.iter().any(|line| line.contains(step.title().1) || line.contains(step.code()));
        assert!(named, "{} is not named: {told}", step.code());
        let later = Step::ALL.iter().skip(*step as usize + 1);
        for later in later {
            assert!(!told.contains(later.title().1), "{} went on: {told}", step.code());
        }
    }
}
