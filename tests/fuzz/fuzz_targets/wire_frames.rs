//! Frames of both directions: any bytes are refused or become a message that is
//! encoded again as the same one. The first byte says which message is meant.
#![no_main]

use driftline_wire::convert::{
    AgentMessage, EnrolRequest, Enrolled, RecordAssembler, RenewRequest, decode_agent_frame, decode_collector_frame,
    encode_agent, encode_collector, encode_record,
};
use driftline_wire::v1;
use libfuzzer_sys::fuzz_target;
use prost::Message as _;

fuzz_target!(|data: &[u8]| {
    let Some((which, bytes)) = data.split_first() else { return };
    match which % 5 {
        0 => agent(bytes),
        1 => collector(bytes),
        2 => _ = v1::EnrollRequest::decode(bytes).map(EnrolRequest::decode),
        3 => _ = v1::RenewRequest::decode(bytes).map(RenewRequest::decode),
        _ => _ = v1::EnrollResponse::decode(bytes).map(Enrolled::decode),
    }
});

fn agent(bytes: &[u8]) {
    let Ok(frame) = v1::AgentFrame::decode(bytes) else { return };
    match decode_agent_frame(frame) {
        Ok(AgentMessage::RecordPart(part)) => {
            let Ok(Some(record)) = RecordAssembler::new().push(part) else { return };
            let mut again = RecordAssembler::new();
            let mut back = None;
            for frame in encode_record(&record).expect("what was received can be sent") {
                let Ok(AgentMessage::RecordPart(part)) = decode_agent_frame(frame) else {
                    panic!("a sent part is not received")
                };
                back = again.push(part).expect("sent parts fit together");
            }
            assert_eq!(back, Some(record));
        }
        Ok(message) => {
            let frame = encode_agent(&message).expect("what was received can be sent");
            assert_eq!(decode_agent_frame(frame).expect("what was sent is received"), message);
        }
        Err(_) => {}
    }
}

fn collector(bytes: &[u8]) {
    let Ok(frame) = v1::CollectorFrame::decode(bytes) else { return };
    if let Ok(message) = decode_collector_frame(frame) {
        assert_eq!(decode_collector_frame(encode_collector(&message)).expect("what was sent is received"), message);
    }
}
