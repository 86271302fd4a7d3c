//! What a change of a firewall means, on its way.
//!
//! A word that this version does not know is read as the one that asks for
//! most care. How much a meaning matters is not known here.

use driftline_canon::meaning::{MEANING_TEXT_BYTES_MAX, MeaningText};
use driftline_canon::{Effect, Meaning, Reach};

use super::{WireError, field};
use crate::v1;

/// A meaning as it travels, cut at every limit.
pub(super) fn encode(meaning: &Meaning) -> v1::Meaning {
    let text = |text: &MeaningText| field::printable(text.as_str(), MEANING_TEXT_BYTES_MAX);
    v1::Meaning {
        effect: effect(meaning.effect).into(),
        reach: reach(meaning.reach).into(),
        machine: meaning.machine.as_ref().map(text).unwrap_or_default(),
        text: text(&meaning.text),
    }
}

fn effect(effect: Effect) -> v1::Effect {
    match effect {
        Effect::Neutral => v1::Effect::Neutral,
        Effect::Closes => v1::Effect::Closes,
        Effect::Unclear => v1::Effect::Unclear,
        Effect::Opens => v1::Effect::Opens,
    }
}

fn reach(reach: Reach) -> v1::Reach {
    match reach {
        Reach::Local => v1::Reach::Local,
        Reach::Bounded => v1::Reach::Bounded,
        Reach::Any => v1::Reach::Any,
    }
}

/// A meaning as it came.
pub(super) fn decode(meaning: v1::Meaning) -> Result<Meaning, WireError> {
    let told = |one: &Effect| i32::from(effect(*one)) == meaning.effect;
    let from = |one: &Reach| i32::from(reach(*one)) == meaning.reach;
    let (effect, reach) = (Effect::ALL.into_iter().find(told), Reach::ALL.into_iter().find(from));
    let machine = field::text("meaning.machine", meaning.machine, MEANING_TEXT_BYTES_MAX)?;
    let text = field::text("meaning.text", meaning.text, MEANING_TEXT_BYTES_MAX)?;
    Ok(Meaning {
        effect: effect.unwrap_or(Effect::Unclear),
        reach: reach.unwrap_or(Reach::Any),
        machine: (!machine.is_empty()).then(|| MeaningText::new(&machine)),
        text: MeaningText::new(&text),
    })
}
