use driftline_daemon::clock;

use super::super::look::{SourceId, Urgency};
use super::*;
use crate::Config;

fn look() -> Look {
    let text = "[[source]]\nkind = \"file\"\nname = \"a\"\npath = \"/srv/a\"\n";
    let config = Config::parse(Path::new("agent.toml"), text).unwrap();
    Look {
        id: SourceId(0),
        dir: Path::new("/srv").into(),
        name: OsStr::new("a").into(),
        spec: Arc::clone(&config.sources[0]),
        urgency: Urgency::Now,
        unobserved_since_ms: None,
        polled: None,
    }
}

#[test]
fn a_file_that_holds_a_worker_is_told_until_it_is_done() {
    let (busy, begun) = (Busy::default(), clock::monotonic());
    busy.begin(1, &look(), begun);
    assert!(busy.told(begun + TELL / 2).is_empty());
    assert_eq!(busy.told(begun + TELL), [(PathBuf::from("/srv/a"), TELL)]);
    busy.end(1);
    assert!(busy.told(begun + 2 * TELL).is_empty());
}
