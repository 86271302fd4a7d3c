//! Drawings that are read as XML, and bars that never hide a difference.

use super::*;

fn chart(values: &[Option<u32>]) -> Chart {
    let point = |(n, tenths): (usize, &Option<u32>)| Point { label: format!("2026-11-{:02}", n + 1), tenths: *tenths };
    Chart { title: "staging against production".to_owned(), points: values.iter().enumerate().map(point).collect() }
}

#[test]
fn bars_are_as_long_as_their_values() {
    let lines = chart(&[Some(150), Some(20), Some(0), None]).lines();
    assert_eq!(lines[0], "staging against production");
    assert_eq!(lines[1], format!("2026-11-01  {} 15.0 %", "#".repeat(30)));
    assert_eq!(lines[2], format!("2026-11-02  {} 2.0 %", "#".repeat(4)));
    assert_eq!(lines[3], "2026-11-03  0.0 %");
    assert_eq!(lines[4], "2026-11-04  not known");
}

#[test]
fn j10_the_smallest_difference_is_a_bar() {
    assert!(chart(&[Some(1000), Some(1)]).lines()[2].contains("# 0.1 %"));
}

#[test]
fn a_day_without_a_value_parts_the_line() {
    let svg = chart(&[Some(150), Some(120), None, Some(20)]).svg();
    assert_eq!(svg.matches("<polyline").count(), 2);
    assert_eq!(svg.matches("<circle").count(), 3);
    assert!(svg.contains("<title>2026-11-04: 2.0 %</title>"), "{svg}");
}

#[test]
fn the_drawing_stays_inside_its_frame_whatever_the_values() {
    for values in [vec![], vec![Some(0)], vec![Some(1000); 500], vec![None; 3], vec![Some(1), Some(1000)]] {
        let svg = chart(&values).svg();
        for attribute in ["cx=\"", "cy=\""] {
            let limit = if attribute == "cx=\"" { WIDTH } else { HEIGHT };
            for part in svg.split(attribute).skip(1) {
                let number: u32 = part.split('"').next().unwrap().parse().unwrap();
                assert!(number <= limit, "{svg}");
            }
        }
        assert_eq!(svg.matches("<circle").count(), values.iter().flatten().count().min(POINTS_MAX));
    }
}

#[test]
fn a_hostile_title_stays_a_text() {
    let hostile = Chart { title: "</svg><script>".to_owned(), points: chart(&[Some(1)]).points };
    assert!(!hostile.svg().contains("<script"));
}

#[test]
fn percentages_are_read_as_they_are_written() {
    for (text, expected) in [("15.0", Some(150)), ("0.0", Some(0)), ("100.0", Some(1000)), ("0.1", Some(1))] {
        assert_eq!(tenths(text), expected);
    }
    for text in ["", "15", "1.23", "-1.0", "101.0", "a.b"] {
        assert_eq!(tenths(text), None, "{text}");
    }
}
