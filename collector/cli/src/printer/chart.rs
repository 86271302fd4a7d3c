//! A trend, drawn: as an SVG that stands in a page, and as bars of text.
//!
//! Percentages are tenths, so that nothing is rounded away: one difference in
//! ten thousand is a bar, never none.

use super::html::escaped;
use super::text;

/// How values change over time.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Chart {
    /// What is drawn.
    pub title: String,
    /// Oldest first.
    pub points: Vec<Point>,
}

/// One value at one time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Point {
    /// When, as it is shown.
    pub label: String,
    /// Tenths of a percent, 0 to 1000; none: there was no value.
    pub tenths: Option<u32>,
}

/// Points that are drawn. More would be closer than the eye parts them.
const POINTS_MAX: usize = 200;

/// Width and height of the drawing, and the room around the lines.
const WIDTH: u32 = 720;
const HEIGHT: u32 = 220;
const LEFT: u32 = 52;
const TOP: u32 = 12;
const BOTTOM: u32 = 40;
const RIGHT: u32 = 12;

/// Columns of the longest bar.
const BAR: u32 = 40;

impl Chart {
    /// The latest points, at most [`POINTS_MAX`].
    fn shown(&self) -> &[Point] {
        &self.points[self.points.len().saturating_sub(POINTS_MAX)..]
    }

    /// The top of the scale: the next round number above the largest value.
    fn scale(&self) -> u32 {
        let most = self.shown().iter().filter_map(|point| point.tenths).max().unwrap_or(0);
        [10, 20, 50, 100, 200, 500, 1000].into_iter().find(|top| *top >= most).unwrap_or(1000)
    }

    /// The chart as lines of text.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        let scale = self.scale();
        let wide = self.shown().iter().map(|point| text::width(&point.label)).max().unwrap_or(0);
        let line = |point: &Point| {
            let label = text::pad(&text::safe(&point.label), wide);
            match point.tenths {
                None => format!("{label}  not known"),
                Some(tenths) => {
                    let bar = tenths.saturating_mul(BAR).div_ceil(scale).min(BAR);
                    format!("{label}  {}{}", "#".repeat(usize::try_from(bar).unwrap_or(0)), value(tenths, bar > 0))
                }
            }
        };
        std::iter::once(text::safe(&self.title)).chain(self.shown().iter().map(line)).collect()
    }

    /// The chart as a drawing.
    #[must_use]
    pub fn svg(&self) -> String {
        let points = self.shown();
        let (scale, last) = (self.scale(), u32::try_from(points.len().saturating_sub(1)).unwrap_or(0).max(1));
        let (inner_width, inner_height) = (WIDTH - LEFT - RIGHT, HEIGHT - TOP - BOTTOM);
        let x = |at: usize| LEFT + u32::try_from(at).unwrap_or(0) * inner_width / last;
        let y = |tenths: u32| TOP + inner_height - tenths * inner_height / scale;
        let mut out = format!(
            "<figure><svg viewBox=\"0 0 {WIDTH} {HEIGHT}\" width=\"{WIDTH}\" height=\"{HEIGHT}\" role=\"img\">\n<title>{}</title>\n",
            escaped(&self.title)
        );
        for tenths in [0, scale / 2, scale] {
            let (at, end) = (y(tenths), WIDTH - RIGHT);
            out.push_str(&format!(
                "<line x1=\"{LEFT}\" y1=\"{at}\" x2=\"{end}\" y2=\"{at}\" stroke=\"currentColor\" stroke-opacity=\".2\"/>\n\
                 <text x=\"{}\" y=\"{}\" text-anchor=\"end\">{}</text>\n",
                LEFT - 8,
                at + 4,
                percent(tenths)
            ));
        }
        // A time without a value parts the line.
        for run in points.iter().enumerate().collect::<Vec<_>>().split(|(_, point)| point.tenths.is_none()) {
            let places = run.iter().filter_map(|(at, point)| Some(format!("{},{}", x(*at), y(point.tenths?))));
            let places: Vec<String> = places.collect();
            out.push_str(&format!(
                "<polyline points=\"{}\" fill=\"none\" stroke=\"#0969da\" stroke-width=\"2\"/>\n",
                places.join(" ")
            ));
        }
        for (at, point) in points.iter().enumerate() {
            let Some(tenths) = point.tenths else { continue };
            let (label, percent) = (escaped(&point.label), percent(tenths));
            out.push_str(&format!(
                "<circle cx=\"{}\" cy=\"{}\" r=\"3\" fill=\"#0969da\"><title>{label}: {percent}</title></circle>\n",
                x(at),
                y(tenths)
            ));
        }
        for (at, anchor) in [(0, "start"), (points.len().saturating_sub(1), "end")] {
            if let Some(point) = points.get(at).filter(|_| at > 0 || anchor == "start") {
                let (label, place) = (escaped(&point.label), HEIGHT - BOTTOM + 24);
                out.push_str(&format!("<text x=\"{}\" y=\"{place}\" text-anchor=\"{anchor}\">{label}</text>\n", x(at)));
            }
        }
        out + &format!("</svg><figcaption>{}</figcaption></figure>\n", escaped(&self.title))
    }
}

fn value(tenths: u32, after_bar: bool) -> String {
    format!("{}{}", if after_bar { " " } else { "" }, percent(tenths))
}

/// Tenths as a percentage.
#[must_use]
pub fn percent(tenths: u32) -> String {
    format!("{}.{} %", tenths / 10, tenths % 10)
}

/// `15.0` as tenths.
#[must_use]
pub fn tenths(percent: &str) -> Option<u32> {
    let (whole, tenth) = percent.split_once('.')?;
    let (whole, tenth): (u32, u32) = (whole.parse().ok()?, tenth.parse().ok()?);
    (whole <= 100 && tenth < 10).then(|| whole * 10 + tenth)
}

#[cfg(test)]
mod tests;
