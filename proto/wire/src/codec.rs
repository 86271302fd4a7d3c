//! How frames are put into bytes and read from them: prost, with buffers that
//! fit a stream that stands by.
//!
//! It limits no frame; that is done where clients and servers are made
//! ([`crate::service`]).

use std::marker::PhantomData;

use prost::Message;
use tonic::codec::{BufferSettings, Codec};
use tonic_prost::ProstCodec;

use crate::limits::{CODEC_BYTES, ENCODED_BYTES_AT_ONCE};

/// The codec of the generated clients and servers.
#[derive(Debug, Clone)]
pub struct FrameCodec<T, U>(PhantomData<(T, U)>);

impl<T, U> Default for FrameCodec<T, U> {
    fn default() -> Self {
        Self(PhantomData)
    }
}

impl<T, U> Codec for FrameCodec<T, U>
where
    T: Message + Send + 'static,
    U: Message + Default + Send + 'static,
{
    type Encode = T;
    type Decode = U;
    type Encoder = <ProstCodec<T, U> as Codec>::Encoder;
    type Decoder = <ProstCodec<T, U> as Codec>::Decoder;

    fn encoder(&mut self) -> Self::Encoder {
        ProstCodec::<T, U>::raw_encoder(buffers())
    }

    fn decoder(&mut self) -> Self::Decoder {
        ProstCodec::<T, U>::raw_decoder(buffers())
    }
}

fn buffers() -> BufferSettings {
    BufferSettings::new(CODEC_BYTES, ENCODED_BYTES_AT_ONCE)
}

#[cfg(test)]
mod tests;
