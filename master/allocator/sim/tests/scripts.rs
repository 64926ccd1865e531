//! Scripts give what they gave before. `MESOS_SIM_WRITE=1` writes what they give now.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::path::Path;

use mesos_allocator_sim::Session;

fn play(script: &str) -> (String, Vec<(String, String)>) {
    let mut session = Session::default();
    let (mut said, mut pictures) = (String::new(), Vec::new());
    for line in script.lines() {
        said += &session.line(line).unwrap();
        pictures.extend(session.take_pictures());
    }
    (said, pictures)
}

#[test]
fn scripts_give_what_they_gave() {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scripts");
    let documents = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../docs");
    let write = std::env::var_os("MESOS_SIM_WRITE").is_some();
    let mut played = 0;
    for entry in std::fs::read_dir(&directory).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "sim") {
            continue;
        }
        let (said, pictures) = play(&std::fs::read_to_string(&path).unwrap());
        let golden = path.with_extension("out");
        if write {
            std::fs::write(&golden, &said).unwrap();
        }
        assert_eq!(
            said,
            std::fs::read_to_string(&golden).unwrap(),
            "{}",
            path.display()
        );
        for (file, picture) in pictures {
            let file = documents.join(file);
            if write {
                std::fs::write(&file, &picture).unwrap();
            }
            let drawn = std::fs::read_to_string(&file).unwrap();
            assert_eq!(picture, drawn, "{}", file.display());
        }
        played += 1;
    }
    assert!(played >= 6);
}

#[test]
fn mistakes_are_said_and_change_nothing() {
    let mut session = Session::default();
    for (line, wrong) in [
        ("agent a", "agent needs resources"),
        ("framework f", "framework needs role=ROLE"),
        ("tick soon", "'soon' is no number"),
        ("nonsense", "there is no command nonsense; try help"),
        ("finish f", "there is no framework f"),
    ] {
        assert_eq!(session.line(line), Err(wrong.to_owned()));
    }
    assert_eq!(session.line("# a comment"), Ok(String::new()));
    assert!(session.line("help").unwrap().contains("quota ROLE"));
    session.line("quit").unwrap();
    assert!(session.has_ended());
}
