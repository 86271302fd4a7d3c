use zeroize::Zeroizing;

use super::*;
use crate::format::includes::{Files, Included, NoFiles};

/// Keeps the words of every line with its number.
#[derive(Default)]
struct Kept(Vec<(u32, String)>);

impl Records for Kept {
    fn take(&mut self, _: &mut Gather, record: &Record<'_>) -> Result<(), String> {
        let words: Vec<_> = record
            .fields
            .iter()
            .flat_map(|field| field.iter())
            .map(|word| String::from_utf8_lossy(&word.text))
            .collect();
        self.0.push((record.line.number, words.join(" ")));
        Ok(())
    }
}

/// Answers every path with its own name as the only word, and `loop` with a
/// file that names itself.
struct Echo;

impl Files for Echo {
    fn open(&mut self, include: &Include<'_>) -> Result<Vec<Included>, Problem> {
        let text = match include.path {
            b"loop" => b"@loop x".to_vec(),
            b"many" => b"@many @many".to_vec(),
            path => path.to_vec(),
        };
        Ok(vec![Included { name: "f".into(), bytes: Zeroizing::new(text) }])
    }
}

fn kept(text: &str, files: &mut dyn Files) -> (Vec<(u32, String)>, crate::format::Reading) {
    let (mut gather, mut kept) = (Gather::new(), Kept::default());
    read(&mut gather, text.as_bytes(), None, &mut Includes::new(files), &mut kept);
    (kept.0, gather.finish(text.as_bytes()))
}

fn lines_of(text: &str) -> Vec<(u32, String)> {
    kept(text, &mut NoFiles).0
}

#[test]
fn a_backslash_joins_the_next_line_comments_too() {
    assert_eq!(lines_of("a \\\nb\\\nc d\ne"), [(1, "a bc d".to_owned()), (4, "e".to_owned())]);
    assert_eq!(lines_of("# a \\\nb\nc"), [(3, "c".to_owned())]);
    assert_eq!(lines_of("a \\"), [(1, "a".to_owned())]);
    assert_eq!(lines_of("a\\\\\n\nb"), [(1, "a\\".to_owned()), (3, "b".to_owned())]);
}

#[test]
fn words_of_a_file_stand_in_its_place() {
    let (lines, reading) = kept("a b,@two,c \"@no\" d\n", &mut Echo);
    assert_eq!(lines, [(1, "a b two c @no d".to_owned())]);
    assert_eq!(reading.problems, []);
}

#[test]
fn a_file_that_names_itself_ends_as_a_problem() {
    let (lines, reading) = kept("a @loop\n", &mut Echo);
    assert_eq!(lines.len(), 1);
    assert_eq!(reading.problems.len(), 1);
    assert_eq!(reading.problems[0].kind, ProblemKind::Limit);
}

#[test]
fn files_that_double_end_at_the_limit_of_files() {
    let (lines, reading) = kept("a @many\n", &mut Echo);
    assert_eq!(lines.len(), 1);
    assert!(lines[0].1.len() < 100_000, "{}", lines[0].1.len());
    assert!(!reading.problems.is_empty());
}

#[test]
fn without_files_the_name_of_a_file_stays() {
    let (lines, reading) = kept("a @two\n", &mut NoFiles);
    assert_eq!(lines, [(1, "a @two".to_owned())]);
    assert_eq!(reading.problems[0].kind, ProblemKind::Unresolved);
}

#[test]
fn an_include_is_two_fields_of_one_word() {
    assert_eq!(lines_of("include a b\ninclude a,b\n\"x\" include a\nInclude a\n").len(), 4);
    let (lines, _) = kept("include a\n", &mut Echo);
    assert_eq!(lines, [(1, "a".to_owned())]);
}

#[test]
fn a_line_that_is_too_long_is_watched() {
    let text = format!("a {}\nb\n", "x".repeat(crate::limits::LINE_BYTES_MAX));
    let (lines, reading) = kept(&text, &mut NoFiles);
    assert_eq!(lines, [(2, "b".to_owned())]);
    assert_eq!(reading.problems[0].kind, ProblemKind::Limit);
    assert_eq!(reading.settings[0].key.as_str(), crate::ItemKey::CONTENT);
}
