//! Ours against theirs: the programs that read env files in earnest read the
//! same generated files as `canon`, and where they disagree, they are right.
//!
//! Differences that are meant stand below as data, each with its reason.

#[path = "theirs_env/generate.rs"]
mod generate;
#[path = "theirs_env/programs.rs"]
mod programs;

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use driftline_canon::{EnvDialect, Format, Reading, Setting, Value, format};

    use super::generate::{self, CASES};
    use super::programs::{Answer, Program};

    /// A difference from dotenv for Node.js that is meant: a name, why, and
    /// how to tell that the lines of a setting are of that kind.
    type Difference = (&'static str, &'static str, fn(&str) -> bool);

    const NODE_DIFFERENCES: &[Difference] = &[
        ("interpolation", "dotenv leaves `${NAME}` to dotenv-expand; python-dotenv resolves it", |text| {
            text.contains("${")
        }),
        ("comments", "dotenv ends an unquoted value at any `#`; python-dotenv wants white space before it", |text| {
            text.contains('#')
        }),
        (
            "escapes",
            "dotenv knows `\\n` and `\\r` alone, also where they are escaped; python-dotenv knows C's",
            |text| text.contains('\\'),
        ),
        ("empty value", "dotenv looks for a quoted value on the next line too", |text| {
            text.split_once('=').is_some_and(|(_, value)| value.trim_start_matches([' ', '\t']).starts_with('\n'))
        }),
        ("names", "dotenv knows names of letters, digits, `_`, `.` and `-` only", |text| {
            !text.split(['=', ':']).next().is_some_and(|name| {
                name.trim()
                    .trim_start_matches("export")
                    .trim()
                    .chars()
                    .all(|c| c.is_ascii_alphanumeric() || "_.-".contains(c))
            })
        }),
    ];

    /// Values that are compared at least, or the test tells nothing.
    const COMPARED_MIN: usize = 300;

    /// How ours may differ from one program's.
    struct Rules {
        program: Program,
        dialect: EnvDialect,
        /// Lines of these kinds are read otherwise on purpose.
        differences: &'static [Difference],
    }

    #[test]
    fn python_dotenv_reads_the_same() {
        check(&Rules {
            program: Program::PythonDotenv,
            dialect: EnvDialect::Dotenv,
            differences: &[("backticks", "python-dotenv does not know backticks; dotenv for Node.js does", |text| {
                text.contains('`')
            })],
        });
    }

    #[test]
    fn dotenv_for_node_reads_the_same() {
        check(&Rules { program: Program::NodeDotenv, dialect: EnvDialect::Dotenv, differences: NODE_DIFFERENCES });
    }

    #[test]
    fn sh_reads_the_same() {
        check(&Rules { program: Program::Shell, dialect: EnvDialect::Shell, differences: &[] });
    }

    #[test]
    fn systemd_reads_the_same() {
        check(&Rules { program: Program::Systemd, dialect: EnvDialect::Systemd, differences: &[] });
    }

    fn check(rules: &Rules) {
        let cases: Vec<String> = (0..CASES).map(|seed| generate::case(rules.dialect, seed)).collect();
        let lines: usize = cases.iter().map(|case| case.lines().count()).sum();
        assert!(lines >= 300, "{lines} lines are too few to tell anything");
        let Some(answers) = rules.program.read(&cases) else {
            return;
        };
        let mut wrong = Vec::new();
        let mut compared = 0;
        for (case, answer) in cases.iter().zip(&answers) {
            compared += compare(rules, case, answer, &mut wrong);
        }
        assert!(wrong.is_empty(), "{} of {compared} differ:\n{}", wrong.len(), wrong[..wrong.len().min(12)].join("\n"));
        assert!(compared >= COMPARED_MIN, "only {compared} values were compared");
    }

    /// Holds one case against the other program's answer; how many values were
    /// compared.
    fn compare(rules: &Rules, case: &str, answer: &Answer, wrong: &mut Vec<String>) -> usize {
        let reading = format::read(Format::EnvFile(Some(rules.dialect)), case.as_bytes());
        let Some(theirs) = answer else {
            if reading.problems.is_empty() {
                wrong.push(format!("{case:?}: they refuse the file, ours has no problem"));
            }
            return 1;
        };
        let ours: BTreeMap<&str, &Setting> = reading.settings.iter().map(|one| (one.key.as_str(), one)).collect();
        let mut compared = 0;
        for (key, setting) in &ours {
            let lines = lines_of(case, &reading, setting);
            // A reference hands the difference of what it refers to on.
            let meant_elsewhere = lines.contains("${") && meant(rules, case);
            if key.starts_with('@') || meant(rules, &lines) || meant_elsewhere || has_problem(&reading, setting) {
                continue;
            }
            compared += 1;
            let found = theirs.get(*key);
            let same = match (&setting.value, found) {
                (Value::Text(ours), Some(Some(theirs))) => **ours == **theirs,
                (Value::Inherited, None | Some(None)) | (Value::Template(_), _) => true,
                // One program gives a line up, ours keeps it as the other
                // reads it, and says so.
                (Value::Text(_), None) => !reading.problems.is_empty() || meant(rules, case),
                // A name alone in lower case may be a secret on a line of its
                // own: ours keeps it as content, so that it becomes no key,
                // and says so.
                (Value::Text(_), Some(None)) => !reading.problems.is_empty(),
                _ => false,
            };
            if !same {
                wrong.push(format!(
                    "{case:?}: {key}: ours {:?}, theirs {found:?}",
                    String::from_utf8_lossy(setting.value.bytes())
                ));
            }
        }
        for key in theirs.keys().filter(|key| generate::is_generated(key) && !ours.contains_key(key.as_str())) {
            if reading.problems.is_empty() && !meant(rules, case) {
                wrong.push(format!("{case:?}: {key}: theirs alone"));
            }
        }
        compared
    }

    fn meant(rules: &Rules, lines: &str) -> bool {
        rules.differences.iter().any(|(_, _, applies)| applies(lines))
    }

    fn has_problem(reading: &Reading, setting: &Setting) -> bool {
        reading.problems.iter().any(|problem| problem.place.map(|place| place.line) == setting.line)
    }

    /// The lines of a setting and of what stands before the next one.
    fn lines_of(case: &str, reading: &Reading, setting: &Setting) -> String {
        let start = setting.line.unwrap_or(1);
        let next = reading.settings.iter().filter_map(|one| one.line).filter(|&line| line > start).min();
        let lines = case.split_inclusive('\n').skip(start as usize - 1);
        lines.take(next.map_or(usize::MAX, |next| (next - start) as usize)).collect()
    }
}
