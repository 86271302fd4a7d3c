//! Parts of records in every wrong order.

use super::*;

/// The parts of a record of several frames.
fn parts_of(record: &Record) -> Vec<RecordPart> {
    let frames = encode_record(record).unwrap();
    assert!(frames.len() > 2, "{} frames", frames.len());
    let part = |frame| match decode_agent_frame(frame) {
        Ok(AgentMessage::RecordPart(part)) => part,
        other => panic!("{other:?}"),
    };
    frames.into_iter().map(part).collect()
}

fn large(seq: u64) -> Record {
    let items: Vec<_> = (0..50_000_u32).map(|n| (format!("KEY_{n:05}"), 1)).collect();
    Record { seq, ..record(snapshot(observation(&items))) }
}

fn small(seq: u64) -> RecordPart {
    let frame = encode_record(&Record { seq, ..record(RecordBody::Retired) }).unwrap().pop().unwrap();
    match decode_agent_frame(frame) {
        Ok(AgentMessage::RecordPart(part)) => part,
        other => panic!("{other:?}"),
    }
}

const MIXED: &str = "record: a part of another record came in between";

#[test]
fn a_record_after_a_record_comes_out_in_order() {
    let mut assembler = RecordAssembler::new();
    let whole = large(7);
    let mut out = Vec::new();
    for part in [vec![small(6)], parts_of(&whole), vec![small(8)]].concat() {
        out.extend(assembler.push(part).unwrap());
    }
    assert_eq!(out.iter().map(|record| record.seq).collect::<Vec<_>>(), [6, 7, 8]);
    assert_eq!(out[1], whole);
    assert!(!assembler.is_open());
}

#[test]
fn two_records_cannot_be_interleaved() {
    let (one, other) = (parts_of(&large(7)), parts_of(&large(8)));
    let mut assembler = RecordAssembler::new();
    assert_eq!(assembler.push(one[0].clone()), Ok(None));
    assert_eq!(assembler.push(other[0].clone()).unwrap_err().what, MIXED);
}

#[test]
fn a_whole_record_cannot_come_in_between() {
    let parts = parts_of(&large(7));
    let mut assembler = RecordAssembler::new();
    assert_eq!(assembler.push(parts[0].clone()), Ok(None));
    assert_eq!(assembler.push(small(7)).unwrap_err().what, MIXED, "not even of the same number");
}

#[test]
fn what_was_open_is_gone_after_an_error() {
    let parts = parts_of(&large(7));
    let mut assembler = RecordAssembler::new();
    assert_eq!(assembler.push(parts[0].clone()), Ok(None));
    assert!(assembler.is_open());
    assert!(assembler.push(small(8)).is_err());
    assert!(!assembler.is_open());
    let last = parts.last().unwrap().clone();
    let error = assembler.push(last).unwrap_err();
    assert_eq!(error.what, "snapshot.root: not the root of its items", "the end alone is not the record");
    assert!(assembler.push(small(9)).unwrap().is_some(), "the next record is taken");
}

#[test]
fn parts_that_are_dropped_repeated_or_swapped_make_no_record() {
    let parts = parts_of(&large(7));
    let assembled = |parts: &[RecordPart]| {
        let mut assembler = RecordAssembler::new();
        let mut whole = None;
        for part in parts {
            whole = assembler.push(part.clone())?;
        }
        Ok::<_, WireError>(whole)
    };
    assert!(matches!(assembled(&parts), Ok(Some(_))));
    let (first, rest) = parts.split_first().unwrap();
    let dropped = assembled(rest).unwrap_err();
    assert_eq!(dropped.what, "snapshot.root: not the root of its items");
    let repeated = assembled(&[std::slice::from_ref(first), &parts].concat()).unwrap_err();
    assert_eq!(repeated.what, "snapshot.items: not sorted, or one of them twice");
    let mut swapped = parts.clone();
    swapped.swap(0, 1);
    assert_eq!(assembled(&swapped).unwrap_err().what, "snapshot.items: not sorted, or one of them twice");
}

#[test]
fn every_part_repeats_the_head_of_its_record() {
    for part in parts_of(&large(7)) {
        assert_eq!(part.seq(), 7);
        assert!(part.wire_bytes() <= FRAME_BYTES_MAX);
    }
    let parts = parts_of(&large(7));
    type Change = fn(&mut v1::Record);
    let changes: [(&str, Change); 7] = [
        ("another number", |part| part.seq = 8),
        ("another source", |part| part.source.as_mut().unwrap().name = "other".into()),
        ("another path", |part| part.source.as_mut().unwrap().path = "/other".into()),
        ("no source", |part| part.source = None),
        ("another time", |part| part.observed_ms += 1),
        ("another reason", |part| snapshot_of(part).reason = 2),
        ("nothing in it", |part| part.body = None),
    ];
    for (what, change) in changes {
        let mut second = parts[1].clone();
        change(&mut second.0);
        let mut assembler = RecordAssembler::new();
        assert_eq!(assembler.push(parts[0].clone()), Ok(None));
        assert_eq!(assembler.push(second).unwrap_err().what, MIXED, "{what}");
    }
}

#[test]
fn bodies_that_are_never_sent_in_parts_cannot_be_continued() {
    let problems = RecordBody::Problems(vec![Problem::whole(ProblemKind::Host, "x")]);
    let gap = RecordBody::Gap(Gap { from_ms: 1, to_ms: 2, reason: "x".into() });
    for body in [problems, gap, RecordBody::Retired] {
        let mut frames = encode_record(&record(body.clone())).unwrap();
        let Some(agent_frame::Frame::Record(part)) = &mut frames[0].frame else { panic!("not a record") };
        part.more = true;
        let twice = [frames[0].clone(), frames[0].clone()];
        assert_eq!(carried(&twice).unwrap_err().what, MIXED, "{body:?}");
    }
}
