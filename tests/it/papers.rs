//! The papers say what the program does.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn files_under(folder: &Path, ending: &str, into: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files_under(&path, ending, into);
        } else if path.extension().is_some_and(|extension| extension == ending) {
            into.push(path);
        }
    }
}

/// The codes that stand in the sources where an error is made.
fn codes() -> BTreeSet<String> {
    let mut sources = Vec::new();
    for floor in ["src/web", "src/gateway", "src/channel", "src/crm", "tests/channels"] {
        files_under(&root().join(floor), "rs", &mut sources);
    }
    // The probe is in no release, and what it says is in no paper.
    sources.retain(|source| !source.components().any(|part| part.as_os_str() == "probe"));
    let makers = [
        "refused(\"",
        "Reason::new(\"",
        "Act::Reject(\"",
        "Act::Unreachable(\"",
        "Act::AccessLost(\"",
        "Act::Later(\"",
        "bad_request(\"",
        "forbidden(\"",
        "Problem::try_again(\"",
        "Self::try_again(\"",
        "NotAllowed(\"",
        "error_frame(\"",
        "BAD_FRAME, \"",
        "NOT_LET_IN, \"",
        "FORBIDDEN_ORIGIN, \"",
        "GOING_DOWN, \"",
        "StatusCode::CONFLICT, \"",
        "StatusCode::GONE, \"",
        "StatusCode::UNPROCESSABLE_ENTITY, \"",
        "StatusCode::UNAUTHORIZED, \"",
        "StatusCode::PAYLOAD_TOO_LARGE, \"",
        "StatusCode::REQUEST_TIMEOUT, \"",
        "StatusCode::TOO_MANY_REQUESTS, \"",
        "code: \"",
        // Rows of providers' error tables.
        "Act::Fail(\"",
        "Act::Later(\"",
        "Act::Unreachable(\"",
        "Act::Closed(\"",
        "Act::NewToken(\"",
        "Act::Stale(\"",
        "Act::Split(\"",
        "Act::Degrade(\"",
        "Act::Drop(\"",
        "Act::Sign(\"",
        "Act::Connect(\"",
        "Act::Pause(\"",
    ];
    let mut codes = BTreeSet::new();
    for source in sources {
        let text = fs::read_to_string(&source).unwrap();
        // Tests make up codes of their own.
        let text = text.split("#[cfg(test)]\nmod tests").next().unwrap();
        // What only one channel says is explained by the words in its folder.
        let words = source.parent().unwrap().join("texts/en.json");
        let words = fs::read_to_string(words).unwrap_or_default();
        for maker in makers {
            let made = text.split(maker).skip(1).map(|rest| rest.split('"').next().unwrap().to_owned());
            codes.extend(made.filter(|code| !words.contains(&format!("\"reason.{code}\""))));
        }
        for maker in ["Problem::unknown(\"", "Self::unknown(\"", "Unknown(\""] {
            codes.extend(text.split(maker).skip(1).map(|rest| format!("unknown_{}", rest.split('"').next().unwrap())));
        }
    }
    codes.retain(|code| !code.is_empty() && code.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_'));
    codes
}

#[test]
fn every_error_code_is_explained() {
    let paper = fs::read_to_string(root().join("docs/protocol.md")).unwrap();
    let missing: Vec<String> = codes().into_iter().filter(|code| !paper.contains(&format!("`{code}`"))).collect();
    assert!(missing.is_empty(), "docs/protocol.md does not explain {missing:?}");
}

/// A channel with a table of its provider's errors has a paper of its name, and each reason in the table stands there.
#[test]
fn every_channel_has_its_paper() {
    let papers: Vec<PathBuf> = fs::read_dir(root().join("docs")).unwrap().map(|entry| entry.unwrap().path()).collect();
    let mut tables = Vec::new();
    for floor in ["src/channel", "src/crm", "tests/channels"] {
        files_under(&root().join(floor), "rs", &mut tables);
    }
    tables.retain(|path| path.ends_with("errors.rs"));
    assert!(tables.len() > 2, "the tables are found");
    for table in tables {
        let name = table.parent().unwrap().file_name().unwrap().to_str().unwrap();
        let is_its = |paper: &&PathBuf| paper.file_name().unwrap().to_str().unwrap().split(['-', '.']).next() == Some(name);
        // One of its very name comes before others about it.
        let own = root().join(format!("docs/{name}.md"));
        let paper = papers.iter().find(|paper| **paper == own).or_else(|| papers.iter().find(is_its)).unwrap_or_else(|| panic!("no docs/{name}.md"));
        let (text, paper) = (fs::read_to_string(&table).unwrap(), fs::read_to_string(paper).unwrap());
        let text = text.split("#[cfg(test)]\nmod tests").next().unwrap();
        let reasons = text
            .split("Act::")
            .skip(1)
            .filter_map(|rest| rest.split_once("(\""))
            .filter(|(act, _)| act.bytes().all(|byte| byte.is_ascii_alphabetic()));
        let missing: Vec<&str> =
            reasons.map(|(_, rest)| rest.split('"').next().unwrap()).filter(|code| !paper.contains(&format!("`{code}`"))).collect();
        assert_eq!(missing, Vec::<&str>::new(), "{name}");
    }
}

#[test]
fn links_between_papers_lead_somewhere() {
    let mut papers = vec![root().join("README.md"), root().join("CHANGELOG.md")];
    files_under(&root().join("docs"), "md", &mut papers);
    for paper in papers {
        let text = fs::read_to_string(&paper).unwrap();
        for link in text.split("](").skip(1).map(|rest| rest.split(')').next().unwrap()) {
            let path = link.split('#').next().unwrap();
            if !path.is_empty() && !path.contains("://") {
                assert!(paper.parent().unwrap().join(path).exists(), "{}: {link}", paper.display());
            }
        }
    }
}

/// Every line of the list of capabilities names a browser test that is there.
#[test]
fn every_capability_is_shown_by_a_browser_test() {
    let paper = fs::read_to_string(root().join("docs/capabilities.md")).unwrap();
    let rows: Vec<Vec<&str>> =
        paper.lines().filter(|line| line.starts_with("| ")).skip(1).map(|line| line.split('|').map(str::trim).collect()).collect();
    assert!(rows.len() > 15, "the table is read");
    let mut missing = Vec::new();
    for row in rows {
        let [_, capability, file, test, _] = row[..] else { panic!("a line of {} cells: {row:?}", row.len()) };
        let path = root().join("web-widget/e2e").join(file.trim_matches('`'));
        let tests = fs::read_to_string(&path).unwrap_or_default();
        // A test that is made once per width begins with the same words.
        if ![format!("(\"{test}\""), format!("(`{test} ${{"), format!("(`{test} (${{")].iter().any(|title| tests.contains(title.as_str())) {
            missing.push(format!("{capability}: {file} has no test «{test}»"));
        }
    }
    assert_eq!(missing, Vec::<String>::new());
}

/// The ids of the inventory's area H: those with letters are rows of the table they stand in.
fn area_h() -> BTreeSet<String> {
    let ranges: [std::ops::RangeInclusive<u32>; 10] = [1..=12, 20..=44, 47..=66, 70..=71, 80..=80, 82..=87, 90..=99, 45..=46, 81..=81, 101..=103];
    let whole = ranges.into_iter().flatten().map(|id| format!("H-AMO-{id:02}"));
    let rows = [(45, 'd'), (46, 'c'), (81, 'g'), (100, 'g')];
    let lettered = rows.into_iter().flat_map(|(id, last)| ('a'..=last).map(move |letter| format!("H-AMO-{id}{letter}")));
    whole.chain(lettered).collect()
}

/// Whether a file has a test, or a row of a table of decisions, of this name.
fn has_test(file: &Path, name: &str) -> bool {
    let text = fs::read_to_string(file).unwrap();
    let is_test = ["#[test]", "#[tokio::test", "on_both!", "on_sqlite!", "proptest!", "\nit("].iter().any(|mark| text.contains(mark));
    is_test && [format!("fn {name}("), format!("\"{name}"), format!("it(\"{name}\"")].iter().any(|form| text.contains(form))
}

#[test]
fn every_rule_of_amocrm_is_shown_or_is_amocrms_own() {
    let paper = fs::read_to_string(root().join("docs/amocrm-rules.md")).unwrap();
    let mut files = Vec::new();
    for (folder, ending) in [("tests/it/crm", "rs"), ("src/crm/amocrm", "rs"), ("src/model", "rs"), ("web-widget/e2e", "ts")] {
        files_under(&root().join(folder), ending, &mut files);
    }
    let (mut wrong, mut told) = (Vec::new(), BTreeSet::new());
    for line in paper.lines().filter(|line| line.starts_with("| H-AMO-")) {
        let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
        let [id, rule, shown] = cells[..] else { panic!("{line}") };
        if !told.insert(id.to_owned()) || rule.is_empty() {
            wrong.push(line.to_owned());
            continue;
        }
        let is_shown = match (shown.strip_prefix("amoCRM itself: "), shown.split_once("` ")) {
            (Some(reason), _) => reason.chars().count() > 30,
            (None, Some((file, name))) => {
                let file = file.trim_start_matches('`');
                files.iter().any(|known| known.file_name().is_some_and(|known| known == file) && has_test(known, name))
            }
            (None, None) => false,
        };
        if !is_shown {
            wrong.push(line.to_owned());
        }
    }
    assert_eq!((told, wrong), (area_h(), Vec::new()));
}
