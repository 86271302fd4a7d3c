//! Generated documents of the generic formats: well formed in many ways of
//! writing, the same in every run.

/// A linear congruential generator.
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(crate) fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % sides
    }

    pub(crate) fn pick<'a>(&mut self, from: &[&'a str]) -> &'a str {
        from[self.roll(from.len())]
    }
}

const JSON_SCALARS: &[&str] = &[
    "0",
    "-0",
    "1",
    "-12",
    "1.5",
    "1.0",
    "1e2",
    "1E-2",
    "0.1",
    "123456789012345678901234567890",
    "1.7976931348623157e308",
    "4.9e-324",
    "0.30000000000000004",
    "100000000000000000000.0",
    "true",
    "false",
    "null",
    "\"\"",
    "\"a\"",
    "\"1\"",
    "\"true\"",
    "\"null\"",
    "\"\\u00e9\\n\\t\"",
    "\"\\ud83d\\ude00\"",
    "\"\\\"\\\\\\/\"",
    "\"é 😀\"",
    "\"2020-01-01\"",
    "\"\\b\\f\\r\"",
    "\" a \"",
    "\"[]\"",
    "\"{}\"",
    "\"nan\"",
    "\"\\u0041\"",
    "\"-inf\"",
    "\"\\\"q\"",
];
const JSON_NAMES: &[&str] =
    &["\"a\"", "\"b\"", "\"\\u0061\"", "\"a.b\"", "\"c d\"", "\"\"", "\"[0]\"", "\"é\"", "\"q\\\"\"", "\"@x\""];
const JSON_SPACE: &[&str] = &["", "", " ", "\n", "\t", "\r\n  "];

/// A JSON text.
pub(crate) fn json(dice: &mut Dice) -> String {
    let begin = dice.pick(JSON_SPACE);
    format!("{begin}{}{}", json_value(dice, 4), dice.pick(JSON_SPACE))
}

fn json_value(dice: &mut Dice, depth: usize) -> String {
    let space = dice.pick(JSON_SPACE);
    let is_map = dice.roll(2) == 0;
    if depth == 0 || dice.roll(4) == 0 {
        return dice.pick(JSON_SCALARS).to_owned();
    }
    let member = |dice: &mut Dice| match is_map {
        true => format!("{}{space}:{space}{}", dice.pick(JSON_NAMES), json_value(dice, depth - 1)),
        false => json_value(dice, depth - 1),
    };
    let members: Vec<String> = (0..dice.roll(4)).map(|_| member(dice)).collect();
    let (open, close) = if is_map { ('{', '}') } else { ('[', ']') };
    format!("{open}{space}{}{space}{close}", members.join(&format!("{space},{space}")))
}

const TOML_SCALARS: &[&str] = &[
    "0",
    "+1",
    "-17",
    "1_000",
    "0xDEAD_beef",
    "0o755",
    "0b1101",
    "1.5",
    "-0.01",
    "5e+22",
    "1e06",
    "6.626e-34",
    "1_0.2_5",
    "inf",
    "-inf",
    "nan",
    "true",
    "false",
    "\"a\"",
    "'a\\b'",
    "\"\\u00e9\\t\"",
    "\"\\U0001F600\"",
    "\"\"",
    "\"1\"",
    "\"true\"",
    "\"\"\"\na\n  b\"\"\"",
    "'''\nc'd'''",
    "\"\"\"a \\\n   b\"\"\"",
    "1979-05-27",
    "07:32:00",
    "07:32:00.500",
    "1979-05-27T07:32:00",
    "1979-05-27 07:32:00Z",
    "1979-05-27T00:32:00-07:00",
    "1979-05-27T00:32:00.999999+01:30",
    "1979-05-27T07:32:00+00:00",
    "\"1979-05-27\"",
    "9007199254740993",
    "1.0",
    "-0",
    "-0.0",
    "\"\\\"\\\\\"",
];
const TOML_NAMES: &[&str] = &["a", "b", "c-d", "1", "\"e.f\"", "'g h'", "\"\\u0061\"", "a . b", "x.y.z", "\"\"", "é_"];

/// A TOML text; some have a name twice, or a table that is none.
pub(crate) fn toml(dice: &mut Dice) -> String {
    let mut text = String::new();
    for number in 0..dice.roll(7) {
        match dice.roll(6) {
            0 => text.push_str(&format!("[t{}]\n", dice.roll(4))),
            1 => text.push_str(&format!("[ u.\"v w\" . n{number} ] # c\n")),
            2 => text.push_str("[[list]]\n"),
            _ => {}
        }
        let name = dice.pick(TOML_NAMES).replace('1', &number.to_string()).replace('é', "e");
        let name = if dice.roll(3) == 0 { name } else { format!("n{number}") };
        text.push_str(&format!("{name} = {}{}", toml_value(dice, 2), dice.pick(&["\n", " # c\n", "\r\n", "\n\n"])));
    }
    text
}

fn toml_value(dice: &mut Dice, depth: usize) -> String {
    match dice.roll(6) {
        0 if depth > 0 => {
            let elements: Vec<String> = (0..dice.roll(4)).map(|_| toml_value(dice, depth - 1)).collect();
            format!("[{}]", elements.join(dice.pick(&[", ", ",", ",\n  ", " , # c\n"])))
        }
        1 if depth > 0 => {
            let member = |(at, dice): (usize, &mut Dice)| format!("m{at} = {}", toml_value(dice, depth - 1));
            let mut members = Vec::new();
            for at in 0..dice.roll(3) {
                members.push(member((at, &mut *dice)));
            }
            format!("{{ {} }}", members.join(", "))
        }
        _ => dice.pick(TOML_SCALARS).to_owned(),
    }
}

/// Sections with names of their own.
pub(crate) fn ini(dice: &mut Dice) -> String {
    let values = ["1", "x = y", "a:b", "", "\"q\"", "a ; b", "a # b", "é", "%(x)s", "[z]", "  two  words", "${a}"];
    let more = ["  more", "\tmore = 1", "  [x]", "    ; not said", "", "  é", "   # c", "  a\n\n   b"];
    let mut text = dice.pick(&["", "# c\n", "; c\n\n", "\n"]).to_owned();
    for section in 0..=dice.roll(3) {
        text.push_str(&format!("{}[s{section}{}]\n", dice.pick(&["", "", " "]), dice.pick(&["", " t", ".u", "-v"])));
        for name in 0..dice.roll(5) {
            let indent = dice.pick(&["", "", "", " "]);
            let sign = dice.pick(&["=", " = ", ": ", ":", " =", "\t=\t"]);
            text.push_str(&format!("{indent}n{section}{name}{sign}{}\n", dice.pick(&values)));
            if dice.roll(3) == 0 {
                text.push_str(&format!("{}\n", dice.pick(&more)));
            }
            text.push_str(dice.pick(&["", "", "\n", "# c\n", ";c\n"]));
        }
    }
    text
}

const YAML_SCALARS: &[&str] = &[
    "1",
    "-1",
    "0x1F",
    "0",
    "1.5",
    "1.50",
    "-0.5",
    "1.0e+3",
    ".inf",
    "-.inf",
    ".nan",
    "true",
    "True",
    "FALSE",
    "null",
    "~",
    "",
    "a",
    "a b",
    "a#b",
    "a:b",
    "'1'",
    "\"1\"",
    "'it''s'",
    "\"a\\n\\u00e9\\x41\"",
    "'true'",
    "\"\"",
    "é",
    "http://x/y?z=1",
    "1.2.3",
    "0x",
    "1-2",
    "-a",
    "'yes'",
    "\"on\"",
    "'12:30'",
    "!!str 1",
    "!!str yes",
    "'a\n  b'",
    "\"a \\\n  b\"",
    "+1",
    "08x",
    "a, b",
    "1e",
];

/// A YAML text of block and flow nodes, anchors and merges.
pub(crate) fn yaml(dice: &mut Dice, disputed: &[&str]) -> String {
    let mut text = dice.pick(&["", "", "---\n", "# c\n", "--- # c\n"]).to_owned();
    text.push_str("base: &base\n  k1: 1\n  k2: two\n");
    for number in 0..=dice.roll(5) {
        let node = yaml_block(dice, disputed, 3, 1);
        text.push_str(&format!("{}:{node}", yaml_name(dice, number)));
    }
    match dice.roll(5) {
        0 => text.push_str("merged:\n  <<: *base\n  k2: own\n"),
        1 => text.push_str("merged:\n  k3: 3\n  <<: [*base, {k1: x, k4: 4}]\n"),
        2 => text.push_str("same: *base\nthen: [*base, *base]\n"),
        3 => text.push_str("---\nsecond: document\n...\n"),
        _ => {}
    }
    text
}

fn yaml_name(dice: &mut Dice, number: usize) -> String {
    match dice.roll(8) {
        0 => format!("\"q{number}\""),
        1 => format!("'a.{number}'"),
        2 => format!("n{number} m"),
        3 => format!("{number}{number}"),
        _ => format!("n{number}"),
    }
}

fn yaml_scalar(dice: &mut Dice, disputed: &[&str]) -> String {
    let from = if dice.roll(6) == 0 { disputed } else { YAML_SCALARS };
    dice.pick(from).to_owned()
}

/// What stands behind the colon or dash, with its line feed.
fn yaml_block(dice: &mut Dice, disputed: &[&str], depth: usize, indent: usize) -> String {
    let pad = "  ".repeat(indent);
    let mut text = String::from("\n");
    match dice.roll(if depth > 0 { 8 } else { 3 }) {
        3 => {
            for number in 0..=dice.roll(3) {
                let node = yaml_block(dice, disputed, depth - 1, indent + 1);
                text.push_str(&format!("{pad}{}:{node}", yaml_name(dice, number)));
            }
            text
        }
        4 => {
            for _ in 0..=dice.roll(3) {
                text.push_str(&format!("{pad}-{}", yaml_block(dice, disputed, depth - 1, indent + 1)));
            }
            text
        }
        5 => format!(" {}\n", yaml_flow(dice, disputed, depth)),
        6 => {
            let style = dice.pick(&["|", ">", "|-", ">-", "|+", ">+", "|2"]);
            let style = if style == "|2" { format!("|{}", 2) } else { style.to_owned() };
            let inner = if style == "|2" { format!("{}  ", "  ".repeat(indent - 1)) } else { format!("{pad}  ") };
            format!(" {style}\n{inner}one\n{inner}  two\n\n{inner}three # no comment\n{}", dice.pick(&["", "\n"]))
        }
        _ => {
            let scalar = yaml_scalar(dice, disputed);
            let space = if scalar.is_empty() { "" } else { " " };
            // A quoted text of two lines goes on deeper than its name.
            let scalar = scalar.replace("\n  ", &format!("\n{pad}  "));
            format!("{space}{scalar}{}\n", dice.pick(&["", "", " # c"]))
        }
    }
}

fn yaml_flow(dice: &mut Dice, disputed: &[&str], depth: usize) -> String {
    let is_map = dice.roll(2) == 0;
    let mut parts = Vec::new();
    for number in 0..dice.roll(4) {
        let value = match dice.roll(4) {
            0 if depth > 0 => yaml_flow(dice, disputed, depth - 1),
            _ => yaml_scalar(dice, disputed).replace('\n', " ").replace(", ", "-").replace("\\ ", ""),
        };
        let value = if value.is_empty() { "~".to_owned() } else { value };
        parts.push(if is_map { format!("f{number}: {value}") } else { value });
    }
    let inner = parts.join(dice.pick(&[", ", ",\n        ", " , "]));
    if is_map { format!("{{{inner}}}") } else { format!("[{inner}]") }
}

/// Properties in all of their ways of writing.
pub(crate) fn properties(dice: &mut Dice) -> String {
    let names =
        ["a", "b", "a.b", "c\\ d", "e\\=f", "g\\:h", "\\u0061", "i\\\nj", "\\#k", "é", "l!", "m#n", "\\o", "p\\\\"];
    let values = [
        "1",
        "x y",
        "x=y",
        "",
        "a\\\n  b",
        "a\\\\",
        "\\ a",
        "a ",
        "\\t\\n\\r\\f",
        "\\u00e9",
        "\\ud83d\\ude00",
        "\\ud83d",
        "é",
        "\\q\\\"",
        "a\\\r\n\tb",
        "# x",
    ];
    let mut text = String::new();
    for number in 0..=dice.roll(7) {
        text.push_str(dice.pick(&["", "", "", " ", "\t", "# c\n", "! c\\\n", "\n", "\u{c}"]));
        let sign = dice.pick(&["=", ":", " ", " = ", "\t", " :", "= ", "\u{c}"]);
        let end = dice.pick(&["\n", "\n", "\n", "\r\n", "\r"]);
        let number = if dice.roll(4) == 0 { String::new() } else { number.to_string() };
        text.push_str(&format!("{}{number}{sign}{}{end}", dice.pick(&names), dice.pick(&values)));
    }
    text
}
