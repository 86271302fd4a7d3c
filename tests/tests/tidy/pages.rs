//! What the pages say, held against the tree: names of tests, and commands that
//! stand on two pages.
//!
//! It runs none of them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::{read, root, rust_files};

/// The names in backticks of a piece of Markdown.
fn in_backticks(text: &str) -> impl Iterator<Item = &str> {
    text.split('`').skip(1).step_by(2)
}

/// Each row of the tables of tests: the names, and the file they are in.
fn named_tests(page: &str) -> Vec<(Vec<String>, PathBuf)> {
    let rows = page.lines().filter(|line| line.starts_with('|')).filter_map(|line| {
        let cells: Vec<&str> = line.trim_matches('|').split('|').collect();
        let [_, tests, file] = cells[..] else { return None };
        let file = in_backticks(file).find(|file| file.ends_with(".rs"))?;
        Some((in_backticks(tests).map(str::to_owned).collect(), PathBuf::from(file)))
    });
    rows.collect()
}

#[test]
fn every_test_that_the_edge_cases_name_is_there() {
    let rows = named_tests(&read(Path::new("docs/edge-cases.md")));
    assert!(rows.len() > 50, "the tables were not found: {} rows", rows.len());
    let mut wrong = Vec::new();
    for (names, file) in rows {
        let text = if root().join(&file).is_file() { read(&file) } else { String::new() };
        let missing = names.into_iter().filter(|name| !text.contains(&format!("fn {name}(")));
        wrong.extend(missing.map(|name| format!("{}: {name}", file.display())));
    }
    assert!(wrong.is_empty(), "named in docs/edge-cases.md and not in the tree:\n{}", wrong.join("\n"));
}

/// The case that a test is named after: `w3` of `w3_the_way_editors_save`.
fn case_of(name: &str) -> Option<&str> {
    let (case, _) = name.split_once('_')?;
    let (letter, number) = case.split_at_checked(1)?;
    ("wdijf".contains(letter) && number.parse::<u32>().is_ok()).then_some(case)
}

#[test]
fn every_case_of_the_page_has_a_test() {
    let page = read(Path::new("docs/edge-cases.md"));
    let mut tests: BTreeMap<String, usize> = BTreeMap::new();
    for path in rust_files() {
        let text = read(&path);
        let names = text.lines().filter_map(|line| line.trim_start().split("fn ").nth(1));
        for case in names.filter_map(|name| case_of(name.split('(').next()?)) {
            *tests.entry(case.to_owned()).or_default() += 1;
        }
    }
    let rows = page.lines().filter_map(|line| line.strip_prefix("| ")?.split(' ').next());
    let cases = rows.map(str::to_lowercase).filter(|case| case_of(&format!("{case}_")).is_some());
    let without: Vec<String> = cases.filter(|case| !tests.contains_key(case)).collect();
    assert!(without.is_empty(), "no test is named after {without:?}");
}

/// The commands of a page's blocks of shell below a heading, without comments.
fn commands(page: &str, heading: &str) -> Vec<String> {
    let text = read(Path::new(page));
    let (_, below) = text.split_once(&format!("\n## {heading}\n")).unwrap_or_else(|| panic!("{page}: no {heading}"));
    let section = below.split("\n## ").next().unwrap();
    let blocks = section.split("```sh\n").skip(1).filter_map(|rest| rest.split("\n```").next());
    let lines = blocks.flat_map(str::lines).map(|line| line.split(" #").next().unwrap_or(line).trim().to_owned());
    lines.filter(|line| !line.is_empty() && !line.starts_with('#')).collect()
}

#[test]
fn the_readme_installs_as_the_pages_do() {
    let told = commands("README.md", "Install");
    let pages = [commands("docs/collector.md", "Set up"), commands("docs/agent.md", "Install by hand")];
    assert!(pages.iter().all(|page| page.len() > 5), "{pages:?}");
    let others: Vec<_> = pages.concat();
    let only: Vec<_> = told.iter().filter(|command| !others.contains(command)).collect();
    assert!(only.is_empty(), "only README.md says {only:?}");
    for page in pages {
        let page: Vec<_> = page.into_iter().filter(|command| told.contains(command)).collect();
        let mut rest = told.iter();
        assert!(page.iter().all(|command| rest.any(|other| other == command)), "another order in README.md: {page:?}");
    }
}
