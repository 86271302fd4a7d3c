//! Rows as CSV (RFC 4180), for spreadsheets.
//!
//! A cell never becomes a formula: what a spreadsheet would take for one is
//! marked as text.

use super::text;

/// The rows, each ended by CR LF.
#[must_use]
pub fn render<R: AsRef<[String]>>(titles: &[&str], rows: &[R]) -> String {
    let titles: Vec<String> = titles.iter().map(|&title| title.to_owned()).collect();
    std::iter::once(titles.as_slice()).chain(rows.iter().map(AsRef::as_ref)).map(row).collect()
}

fn row(cells: &[String]) -> String {
    let cells: Vec<String> = cells.iter().map(|cell| self::cell(cell)).collect();
    format!("{}\r\n", cells.join(","))
}

fn cell(raw: &str) -> String {
    let safe = text::safe(raw);
    let begins = |part: &str| part.starts_with(['=', '+', '-', '@', '＝', '＋', '－', '＠']);
    // Some spreadsheets part cells at `;`.
    let marked = if safe.split(';').any(begins) { format!("'{}", safe.replace(';', ",")) } else { safe };
    if marked.contains(['"', ',', ';']) { format!("\"{}\"", marked.replace('"', "\"\"")) } else { marked }
}

#[cfg(test)]
mod tests {
    use super::render;

    #[test]
    fn cells_are_quoted_where_they_must_be_and_are_never_formulas() {
        let rows =
            [vec!["a,b".to_owned(), "say \"hi\"".to_owned()], vec!["=HYPERLINK(1)".to_owned(), "-1\n".to_owned()]];
        let expected = "one,two\r\n\"a,b\",\"say \"\"hi\"\"\"\r\n'=HYPERLINK(1),'-1\\n\r\n";
        assert_eq!(render(&["one", "two"], &rows), expected);
    }
}
