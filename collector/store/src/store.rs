//! Opening a store: which engine, which format, what had to be repaired.
//!
//! It never deletes, overwrites or moves a store that holds something: what
//! does not open is refused with a way out.

use std::fs;
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::engine::{Engine, EngineKind, WriteSet};
use crate::error::{OpenError, StoreError};
use crate::layout::{FORMAT, FORMAT_OLDEST, META_CREATED, META_ENGINE, META_FORMAT, Table, ordered};
use crate::reader::Reader;
use crate::writer::Writer;

/// Bytes of the engine's page cache unless configured. Enough for the indexes
/// of a fleet of hundreds; bounded so that a collector fits a small machine.
pub const CACHE_BYTES_DEFAULT: usize = 64 * 1024 * 1024;

/// Bytes left free under sled unless configured: its largest summary and
/// several segments of its log.
pub const RESERVE_BYTES_DEFAULT: u64 = 16 * 1024 * 1024;

/// How to open a store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoreOptions {
    /// Bytes of the engine's page cache, at most.
    pub cache_bytes: usize,
    /// Read and check the whole store at once, not only after a crash: for
    /// `check`, too slow for every start.
    pub check_integrity: bool,
    /// Bytes of the disk that sled leaves free: with less, its commits are
    /// refused as `full`. sled cannot open on a full disk, and after an error
    /// it has to: with a reserve, reading goes on while the disk is full.
    pub reserve_bytes: u64,
    /// The time, noted in a store that is made.
    pub now_ms: i64,
}

impl Default for StoreOptions {
    fn default() -> Self {
        Self {
            cache_bytes: CACHE_BYTES_DEFAULT,
            check_integrity: false,
            reserve_bytes: RESERVE_BYTES_DEFAULT,
            now_ms: 0,
        }
    }
}

/// What opening a store took.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct OpenReport {
    /// Whether the store is a new one.
    pub created: bool,
    /// One sentence for each thing that was repaired or set aside.
    pub repaired: Vec<String>,
}

pub(crate) struct Shared {
    pub(crate) engine: Engine,
    kind: EngineKind,
    path: PathBuf,
    report: OpenReport,
    writer_taken: AtomicBool,
}

/// An open store. Clones are handles to the same one; it closes with the last
/// of them, its readers and its writer.
#[derive(Clone)]
pub struct Store {
    shared: Arc<Shared>,
}

impl Store {
    /// Opens the store in a directory, or makes directory (mode 0700) and
    /// store.
    ///
    /// # Errors
    /// [`OpenError`]: it says what is in the way and what to do about it.
    pub fn open(dir: &Path, kind: EngineKind, options: StoreOptions) -> Result<Self, OpenError> {
        fs::DirBuilder::new().recursive(true).mode(0o700).create(dir).map_err(|error| OpenError::io(dir, &error))?;
        refuse_other_engine(dir, kind)?;
        let path = dir.join(kind.file_name());
        let created = !exists(&path)?;
        if created {
            make(dir, kind, &path, &options)?;
        }
        let (engine, opening) = Engine::open(kind, &path, &options)?;
        check_format(&engine, kind, &path)?;
        let report = OpenReport { created, repaired: opening.repaired };
        let shared = Shared { engine, kind, path, report, writer_taken: AtomicBool::new(false) };
        Ok(Self { shared: Arc::new(shared) })
    }

    /// What is in the store now, unmoved by later commits. Cheap; keep it for
    /// one answer, not for minutes: old states cost memory or disk. A commit
    /// that fails in the engine may end readers with an `io` error; a new one
    /// sees the same state.
    ///
    /// # Errors
    /// When the engine cannot read.
    pub fn reader(&self) -> Result<Reader, StoreError> {
        Ok(Reader::new(self.shared.engine.snapshot()?, Arc::clone(&self.shared)))
    }

    /// The one writer; none if it is out already. A writer that is dropped can
    /// be taken again.
    #[must_use]
    pub fn writer(&self) -> Option<Writer> {
        if self.shared.writer_taken.swap(true, Ordering::AcqRel) {
            return None;
        }
        Some(Writer::new(Arc::clone(&self.shared)))
    }

    /// What opening it took.
    #[must_use]
    pub fn report(&self) -> &OpenReport {
        &self.shared.report
    }

    /// Its engine.
    #[must_use]
    pub fn engine(&self) -> EngineKind {
        self.shared.kind
    }

    /// Its file or directory.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.shared.path
    }
}

impl Shared {
    pub(crate) fn give_writer_back(&self) {
        self.writer_taken.store(false, Ordering::Release);
    }
}

fn exists(path: &Path) -> Result<bool, OpenError> {
    path.try_exists().map_err(|error| OpenError::io(path, &error))
}

fn refuse_other_engine(dir: &Path, wanted: EngineKind) -> Result<(), OpenError> {
    if exists(&dir.join(wanted.file_name()))? {
        return Ok(());
    }
    for found in EngineKind::ALL {
        if found != wanted && exists(&dir.join(found.file_name()))? {
            return Err(OpenError::OtherEngine { dir: dir.to_owned(), found: found.as_str(), wanted: wanted.as_str() });
        }
    }
    Ok(())
}

/// Makes an empty store under another name and moves it into place when it is
/// whole: a store that is there at all has its format, and an empty or cut
/// file is never taken for a new store.
fn make(dir: &Path, kind: EngineKind, path: &Path, options: &StoreOptions) -> Result<(), OpenError> {
    let unfinished = path.with_extension(format!("{}.new", kind.as_str()));
    remove_unfinished(&unfinished).map_err(|error| OpenError::io(&unfinished, &error))?;
    let engine = Engine::make(kind, &unfinished, options)?;
    let mut writes = WriteSet::default();
    writes.put(Table::Meta, META_FORMAT, FORMAT.to_be_bytes());
    writes.put(Table::Meta, META_ENGINE, kind.as_str().as_bytes());
    writes.put(Table::Meta, META_CREATED, ordered(options.now_ms));
    let written = engine.apply(&writes);
    let closed = engine.close();
    written.and(closed).map_err(|error| OpenError::store(&unfinished, &error))?;
    sync(&unfinished)?;
    fs::rename(&unfinished, path).map_err(|error| OpenError::io(path, &error))?;
    sync(dir)
}

/// Brings a file, or the names in a directory, to the disk.
fn sync(path: &Path) -> Result<(), OpenError> {
    fs::File::open(path).and_then(|file| file.sync_all()).map_err(|error| OpenError::io(path, &error))
}

/// Removes what an opening that was killed left: it never held a record.
fn remove_unfinished(path: &Path) -> io::Result<()> {
    let removed = if path.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) };
    match removed {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

fn check_format(engine: &Engine, kind: EngineKind, path: &Path) -> Result<(), OpenError> {
    let read = |key| {
        let value = engine.snapshot().and_then(|snapshot| snapshot.get(Table::Meta, key));
        value.map_err(|error| OpenError::store(path, &error))
    };
    let damaged = |reason: &str| OpenError::Corrupt { path: path.to_owned(), reason: reason.to_owned() };
    let format = read(META_FORMAT)?.and_then(|bytes| Some(u32::from_be_bytes(bytes.try_into().ok()?)));
    match format {
        Some(found) if found > FORMAT => {
            return Err(OpenError::Newer { path: path.to_owned(), found, known: FORMAT });
        }
        Some(FORMAT_OLDEST..=FORMAT) => {}
        Some(_) => return Err(damaged("its format is unknown")),
        None => return Err(damaged("it has no format")),
    }
    match read(META_ENGINE)? {
        Some(name) if name == kind.as_str().as_bytes() => {}
        _ => return Err(damaged("it was not made by this engine")),
    }
    if format == Some(FORMAT) {
        return Ok(());
    }
    // Rows of format 1 are read as they are; only an older program has to be
    // kept away from those to come.
    let mut writes = WriteSet::default();
    writes.put(Table::Meta, META_FORMAT, FORMAT.to_be_bytes());
    engine.apply(&writes).map_err(|error| OpenError::store(path, &error))
}

#[cfg(test)]
mod tests;
