use driftline_canon::{Delta, Observation};
use driftline_wire::convert::{AgentMessage, RecordAssembler, RecordBody, decode_agent_frame};
use driftline_wire::v1::agent_frame::Frame;

use super::*;

/// What a collector makes of a record.
fn decoded(record: v1::Record) -> (u64, RecordBody) {
    let frame = v1::AgentFrame { frame: Some(Frame::Record(record)) };
    let AgentMessage::RecordPart(part) = decode_agent_frame(frame).unwrap() else { panic!("not a record") };
    let record = RecordAssembler::new().push(part).unwrap().expect("whole");
    (record.seq, record.body)
}

fn delta_of(record: v1::Record) -> Delta {
    match decoded(record).1 {
        RecordBody::Delta(delta) => delta,
        other => panic!("not a delta: {other:?}"),
    }
}

#[test]
fn records_follow_each_other_as_a_collector_wants() {
    let mut source = MadeUp::new("app", 100, 7);
    let (seq, RecordBody::Snapshot(snapshot)) = decoded(source.snapshot()) else { panic!("not a snapshot") };
    assert_eq!((seq, snapshot.observation.items().len()), (1, 100));
    let mut state: Observation = snapshot.observation;
    for count in [1, 100, 3] {
        let delta = delta_of(source.delta(count));
        assert_eq!(delta.changes.len(), count);
        state = delta.apply(&state).unwrap();
    }
    assert_eq!(source.seq(), 4);
    assert_eq!(source.now().root, state.root().0.to_vec());
}

#[test]
fn seeds_make_different_values() {
    assert_ne!(MadeUp::new("a", 5, 1).now().root, MadeUp::new("a", 5, 2).now().root);
    assert_eq!(MadeUp::new("a", 5, 1).sources_root(), MadeUp::new("a", 5, 1).sources_root());
    assert_ne!(MadeUp::new("a", 5, 1).start().root, MadeUp::new("a", 5, 1).now().root);
}
