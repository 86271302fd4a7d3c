//! Texts that a runner of GitHub would take for its commands, made harmless.
//!
//! The runner reads what a step prints: `::…::` at the beginning of a line and
//! `##[…]` anywhere in one are commands to it. Keys and values of hosts must
//! not give any.

use std::borrow::Cow;

use super::Output;

/// Whether a runner reads what is printed.
#[must_use]
pub fn is_read() -> bool {
    std::env::var_os("GITHUB_ACTIONS").is_some_and(|value| value == "true")
}

/// The text without commands. What is JSON stays the same document.
#[must_use]
pub fn tamed(text: &str, output: Output) -> Cow<'_, str> {
    if !text.contains("##[") && !text.contains("::") {
        return Cow::Borrowed(text);
    }
    match output {
        Output::Json | Output::Ndjson | Output::Sarif => Cow::Owned(text.replace("##[", "#\\u0023[")),
        Output::Html | Output::Junit => Cow::Owned(lines(&text.replace("##[", "#&#35;["))),
        Output::Table | Output::Markdown | Output::Csv => Cow::Owned(lines(&text.replace("##[", "# #["))),
    }
}

fn lines(text: &str) -> String {
    let line = |line: &str| match line.trim_start().starts_with("::") {
        true => line.replacen("::", ": :", 1),
        false => line.to_owned(),
    };
    text.split('\n').map(line).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_line_of_a_table_is_a_command() {
        let text = "A  ##[set-output name=deploy;]yes\n   ::stop-commands::x\nb ::c\n###[x]\n";
        let expected = "A  # #[set-output name=deploy;]yes\n   : :stop-commands::x\nb ::c\n## #[x]\n";
        assert_eq!(tamed(text, Output::Table), expected);
        for output in [Output::Markdown, Output::Csv, Output::Html, Output::Junit] {
            let tame = tamed(text, output);
            assert!(!tame.contains("##[") && !tame.lines().any(|line| line.trim_start().starts_with("::")), "{tame}");
        }
    }

    #[test]
    fn json_stays_the_same_document() {
        let text = "{\"key\": \"##[add-mask]x ::y\"}";
        let tame = tamed(text, Output::Json);
        assert!(!tame.contains("##["));
        let read = |text: &str| serde_json::from_str::<serde_json::Value>(text).unwrap();
        assert_eq!(read(&tame), read(text));
    }
}
