use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use super::notifier::Losses;
use super::*;
use crate::Config;
use crate::observe::SourceId;
use crate::observe::stamp::Signature;
use crate::observe::trail::Trail;

const PATIENCE: Duration = Duration::from_secs(20);

/// A watch stage that hears of one directory without a pause, more than it can
/// take, and loses some all the time.
struct Flood {
    _dir: tempfile::TempDir,
    runtime: tokio::runtime::Runtime,
    wishes: mpsc::Receiver<Wish>,
    stop: CancellationToken,
    over: Arc<AtomicBool>,
    trails: Trails,
    included: PathBuf,
}

impl Flood {
    fn new(loses: bool) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().canonicalize().unwrap();
        let text = format!("[[source]]\nkind = \"file\"\nname = \"a\"\npath = \"{}\"\n", path.join("a").display());
        let sources = Config::parse(Path::new("x"), &text).unwrap().sources;
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let (wish, wishes) = mpsc::channel(1);
        let (stop, trails) = (CancellationToken::new(), Trails::default());
        let settings = WatchSettings {
            sources,
            reconcile: Duration::from_secs(3600),
            vanished: Vec::new(),
            elsewhere: Vec::new(),
            trails: trails.clone(),
            places: Places::default(),
            last_alive_ms: None,
            clock: Clock::system(),
        };
        let mut watch = {
            let _entered = runtime.enter();
            Watch::new(settings, wish, stop.clone())
        };
        let (sender, heard) = mpsc::channel(notifier::HEARD_MAX);
        let losses = Arc::new(Losses::default());
        watch.ear = Ear { heard, losses: Arc::clone(&losses) };
        let over = Arc::new(AtomicBool::new(false));
        let ended = Arc::clone(&over);
        let noise = path.join("noise");
        std::thread::spawn(move || {
            let heard = Heard { path: noise, happening: Happening::Modified };
            while !ended.load(Ordering::SeqCst) && sender.blocking_send(heard.clone()).is_ok() {
                if loses {
                    losses.add();
                }
            }
        });
        let handle = runtime.handle().clone();
        let (ready, _) = oneshot::channel();
        std::thread::spawn(move || watch.run(&handle, ready));
        Self { _dir: dir, runtime, wishes, stop, over, trails, included: path.join("conf.d") }
    }

    fn until(&mut self, enough: impl Fn(&Wish) -> bool) {
        let Self { runtime, wishes, .. } = self;
        let found = runtime.block_on(async {
            tokio::time::timeout(PATIENCE, async {
                while let Some(wish) = wishes.recv().await {
                    if enough(&wish) {
                        return true;
                    }
                }
                false
            })
            .await
        });
        assert_eq!(found, Ok(true), "the flood starves the rest");
    }
}

impl Drop for Flood {
    fn drop(&mut self) {
        self.over.store(true, Ordering::SeqCst);
        self.stop.cancel();
    }
}

#[test]
fn p3_a_flood_that_loses_events_without_end_still_has_its_gaps_told() {
    let mut flood = Flood::new(true);
    // Each round of looking at everything ends, and says so.
    for _ in 0..2 {
        flood.until(|wish| matches!(wish, Wish::Mark(Mark::Gap(gap)) if gap.from_ms <= gap.to_ms));
    }
}

#[test]
fn w1_a_flood_in_one_directory_does_not_hold_up_what_a_source_includes() {
    let mut flood = Flood::new(false);
    flood.until(|wish| matches!(wish, Wish::Mark(Mark::Durable(_))));
    let mut trail = Trail::default();
    trail.directory(&flood.included, Signature::of_path(&flood.included));
    flood.trails.tell(SourceId(0), Arc::new(trail));
    flood.until(|wish| matches!(wish, Wish::Looks(looks) if looks.iter().any(|look| look.id == SourceId(0))));
}
