//! Packs the hit stores of processes that have ended, while the run goes on: a server that forks for each
//! request, tested for an hour, would fill the disk with them.

use std::collections::BTreeSet;
use std::io::{self, Read as _};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

use fs_err as fs;
use swath_checkout::{Links, open_regular};
use swath_data::{is_hit_store_name, pack_hit_store};
use swath_store::layout::LONGEST;

/// How often the folder is looked at.
const INTERVAL: Duration = Duration::from_secs(1);
/// So many bytes on disk may be there unpacked.
const MOST_UNPACKED: u64 = 8 << 20;
/// Smaller files are not worth it.
const SMALLEST: u64 = 32 << 10;

/// `F_SETSIG`, which `libc` has for no platform.
const SET_SIGNAL: libc::c_int = 10;

/// A thread that packs.
#[derive(Debug)]
pub(crate) struct Packing {
    stop: Sender<()>,
    thread: JoinHandle<()>,
}

impl Packing {
    /// Starts to look after a run's folder of hit stores.
    pub(crate) fn start(folder: PathBuf) -> io::Result<Packing> {
        let (stop, stopped) = channel();
        let thread = std::thread::Builder::new()
            .name("swath-pack".to_owned())
            .spawn(move || keep_small(&folder, &stopped))?;
        Ok(Packing { stop, thread })
    }

    /// Stops, once the file at hand is done.
    pub(crate) fn finish(self) {
        drop(self.stop);
        // A panic in the thread loses nothing: a file is replaced at once or not at all.
        let _ = self.thread.join();
    }
}

fn keep_small(folder: &Path, stopped: &Receiver<()>) {
    let mut packed = BTreeSet::new();
    while let Err(RecvTimeoutError::Timeout) = stopped.recv_timeout(INTERVAL) {
        if let Err(error) = pack_ended(folder, &mut packed, stopped) {
            // The stores stay as they are.
            tracing::debug!("hit stores are not packed any more: {error}");
            return;
        }
    }
}

/// Packs what can be, where there is much. `packed` are the files that were before.
fn pack_ended(
    folder: &Path,
    packed: &mut BTreeSet<PathBuf>,
    stopped: &Receiver<()>,
) -> io::Result<()> {
    let mut candidates = Vec::new();
    let mut size = 0;
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if !is_hit_store_name(&path) || packed.contains(&path) {
            continue;
        }
        // One that is gone is somebody else's affair.
        if let Ok(metadata) = fs::symlink_metadata(&path)
            && metadata.is_file()
        {
            size += metadata.blocks() * 512;
            if metadata.len() >= SMALLEST {
                candidates.push(path);
            }
        }
    }
    if size <= MOST_UNPACKED {
        return Ok(());
    }
    let (mut count, mut before, mut after) = (0, 0, 0);
    for path in candidates {
        if matches!(
            stopped.try_recv(),
            Err(std::sync::mpsc::TryRecvError::Disconnected)
        ) {
            break;
        }
        if let Some([was, is]) = pack(&path)? {
            count += 1;
            before += was;
            after += is;
            packed.insert(path);
        }
    }
    tracing::debug!("{count} files of hit stores were packed from {before} to {after} bytes");
    Ok(())
}

/// Packs one file whose processes have ended; its lengths before and after. `None` where somebody may
/// still write into it, or it cannot be read: whoever gathers says so.
fn pack(path: &Path) -> io::Result<Option<[usize; 2]>> {
    let Ok(mut file) = open_regular(path, Links::Refuse) else {
        return Ok(None);
    };
    if !is_closed_for_writing(file.as_fd()) {
        return Ok(None);
    }
    let mut content = Vec::new();
    file.by_ref().take(LONGEST).read_to_end(&mut content)?;
    let Some(packed) = pack_hit_store(&content)? else {
        return Ok(None);
    };
    // Its name is that of no hit store, should swath be killed meanwhile.
    let new = path.with_extension("packing");
    let written = fs::write(&new, &packed).and_then(|()| fs::rename(&new, path));
    if written.is_err() {
        let _ = fs::remove_file(&new);
    }
    written?;
    Ok(Some([content.len(), packed.len()]))
}

/// Whether no process has a file open for writing or mapped. The kernel knows: it gives a lease for
/// reading only then.
#[expect(
    unsafe_code,
    reason = "there is no safe way to ask for a lease, and no other answer is certain in all namespaces"
)]
fn is_closed_for_writing(file: BorrowedFd<'_>) -> bool {
    let descriptor = file.as_raw_fd();
    // SAFETY: the descriptor is open, as it is borrowed, and these calls take numbers and touch no
    // memory. Should somebody open the file before the lease is given back, the kernel sends a signal
    // that is ignored unless it is asked for.
    unsafe {
        libc::fcntl(descriptor, SET_SIGNAL, libc::SIGURG);
        if libc::fcntl(descriptor, libc::F_SETLEASE, libc::F_RDLCK) != 0 {
            return false;
        }
        libc::fcntl(descriptor, libc::F_SETLEASE, libc::F_UNLCK);
    }
    true
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    fn is_closed(path: &Path) -> bool {
        is_closed_for_writing(fs::File::open(path).unwrap().as_fd())
    }

    #[test]
    fn what_somebody_writes_is_left_alone() {
        let folder = swath_test::temp_dir();
        let path = folder.path().join("1-00.hits");
        let mut file = std::fs::File::create(&path).unwrap();
        file.write_all(&vec![1; 100_000]).unwrap();
        assert!(!is_closed(&path));
        assert!(pack(&path).unwrap().is_none());
        drop(file);
        // A child that another test has just forked has it too, until it executes its program.
        swath_test::wait_until(Duration::from_secs(20), "the file to be closed", || {
            is_closed(&path)
        });
        assert!(pack(&path).unwrap().is_some_and(|[was, is]| is < was));
        assert!(pack(&path).unwrap().is_none(), "it is packed already");
        assert!(fs::metadata(&path).unwrap().len() < 10_000);
    }
}
