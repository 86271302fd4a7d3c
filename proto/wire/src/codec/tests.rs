use tonic::codec::{Decoder as _, Encoder as _};

use super::*;
use crate::v1::{AgentFrame, CollectorFrame};

#[test]
fn a_stream_begins_with_small_buffers() {
    let mut codec = FrameCodec::<CollectorFrame, AgentFrame>::default();
    for settings in [codec.encoder().buffer_settings(), codec.decoder().buffer_settings()] {
        assert_eq!(format!("{settings:?}"), format!("{:?}", BufferSettings::new(1024, 32 * 1024)));
    }
}
