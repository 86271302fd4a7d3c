//! Env files from a seed: mostly sensible, with everything in them that the
//! dialects disagree about.
//!
//! Nothing in them is a command that exists: a shell reads them in earnest.

use driftline_canon::EnvDialect;

/// Files per dialect.
pub const CASES: usize = 1000;

const NAMES: &[&str] = &["ALPHA", "BETA", "GAMMA_2", "delta", "EPSILON", "ZETA_LONG_NAME"];

const WORDS: &[&str] = &[
    "x",
    "two words",
    "  lead",
    "trail  ",
    "a=b",
    "a#b",
    "a #b",
    "#c",
    "$",
    "a$",
    "$5",
    "\\",
    "\\n",
    "\\t",
    "\\\\",
    "\\\"",
    "\\'",
    "\\$",
    "\\q",
    "\"",
    "'",
    "`",
    ";",
    "ü",
    "é b",
    "1.5",
    "a:b",
    "~",
    "a\tb",
    "{}",
    "}",
    "{",
    "&",
    "|",
    "(",
    ")",
    "<",
    ">",
    "*",
    "?",
    "!",
    ",",
    "%",
    "@",
    "^",
    "-",
    "+",
];

/// What a shell would take for an operator or run.
const UNSAFE_FOR_SHELL: &[&str] = &["`", "&", "|", "(", ")", "<", ">", "!"];

/// Whether a name can come from a generated file.
pub fn is_generated(name: &str) -> bool {
    NAMES.contains(&name)
}

/// The file of that number.
pub fn case(dialect: EnvDialect, seed: usize) -> String {
    let mut random = Random(0x9e37_79b9_7f4a_7c15 ^ (seed as u64 + 1).wrapping_mul(0xbf58_476d_1ce4_e5b9));
    let mut text = String::new();
    for _ in 0..random.below(5) + 1 {
        text.push_str(&line(dialect, &mut random));
        let end = if random.below(12) == 0 && dialect != EnvDialect::Shell { "\r\n" } else { "\n" };
        text.push_str(end);
    }
    text
}

fn line(dialect: EnvDialect, random: &mut Random) -> String {
    let name = random.pick(NAMES);
    match random.below(24) {
        0 => return "# comment = 1".to_owned(),
        1 => return String::new(),
        2 if dialect != EnvDialect::Shell => return name.to_owned(),
        3 => return format!("  {name}={}", value(dialect, random)),
        4 if dialect != EnvDialect::Systemd => return format!("export {name}={}", value(dialect, random)),
        5 => return format!("{name} = {}", value(dialect, random)),
        6 if dialect == EnvDialect::Systemd => return "; a comment".to_owned(),
        _ => {}
    }
    format!("{name}={}", value(dialect, random))
}

fn value(dialect: EnvDialect, random: &mut Random) -> String {
    let inner = words(dialect, random);
    let comment = random.pick(&["", "", "", " # comment", "  "]);
    match random.below(10) {
        0..=2 => format!("\"{}\"{comment}", inner.replace('"', "\\\"")),
        3..=4 => format!("'{}'{comment}", inner.replace('\'', "")),
        5 => format!("\"{inner}\n{}\"{comment}", words(dialect, random)).replace("\\\n", "\n"),
        6 if dialect == EnvDialect::Dotenv => format!("`{}`", inner.replace('`', "")),
        6 => format!("{}\\\n{}", random.pick(WORDS_PLAIN), random.pick(WORDS_PLAIN)),
        7 => reference(random),
        8 => random.pick(WORDS_PLAIN).to_owned(),
        _ => format!("{inner}{comment}"),
    }
}

const WORDS_PLAIN: &[&str] = &["one", "2", "three-3", "four_4", "5.5", "six/7", ""];

fn words(dialect: EnvDialect, random: &mut Random) -> String {
    let mut text = String::new();
    for _ in 0..random.below(4) {
        let word = random.pick(WORDS);
        if dialect != EnvDialect::Shell || !UNSAFE_FOR_SHELL.contains(&word) {
            text.push_str(word);
        }
    }
    text
}

fn reference(random: &mut Random) -> String {
    let name = random.pick(NAMES);
    let quote = random.pick(&["", "\"", "'"]);
    let inner = match random.below(6) {
        0 => format!("${{{name}}}"),
        1 => format!("a${{{name}}}b"),
        2 => format!("${{{name}:-fallback}}"),
        3 => format!("${{{name}:+other}}"),
        4 => format!("${name}/x"),
        _ => format!("${{{name}-d}}"),
    };
    format!("{quote}{inner}{quote}")
}

/// SplitMix64 (Steele, Lea, Flood 2014): small, and the same everywhere.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, limit: usize) -> usize {
        usize::try_from(self.next() % limit as u64).unwrap_or(0)
    }

    fn pick<'a>(&mut self, all: &[&'a str]) -> &'a str {
        all[self.below(all.len())]
    }
}
