package lockstep.blockstore.volume;

import lockstep.blockstore.base.Check;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/// Keeps apart what must not be mixed: a command that reads sectors and then writes them
/// ([AtomicUpdates]) holds them, and every change of these sectors that comes meanwhile waits until
/// it has been sequenced. Readers never wait: what they see is what was sequenced so far.
///
/// Who came first goes first among those whose ranges overlap, so nobody starves. While nothing is
/// held, which is nearly always, nothing is looked at.
final class SectorLocks {
    /// A held range; given back once.
    final class Lock {
        private final int lun;
        private final long offset;
        private final long end;
        private final Consumer<Lock> go;
        private final boolean held;
        private boolean running;

        private Lock(int lun, long offset, long end, boolean held, Consumer<Lock> go) {
            this.lun = lun;
            this.offset = offset;
            this.end = end;
            this.held = held;
            this.go = go;
        }

        /// Lets those go on that waited for this.
        void release() {
            Check.that(locks.remove(this), "a lock is released once");
            wake();
        }

        private boolean overlaps(Lock other) {
            return lun == other.lun && offset < other.end && other.offset < end;
        }
    }

    /// Held ranges, and what waits for them, in order of arrival.
    private final List<Lock> locks = new ArrayList<>();

    /// Holds a range of LUN `lun`; calls `go` as soon as it is held.
    void hold(int lun, long offset, long length, Consumer<Lock> go) {
        Lock lock = new Lock(lun, offset, offset + length, /* held= */ true, go);
        locks.add(lock);
        startIfFirst(lock);
    }

    /// Calls `go` when nobody holds any of the range: now, if nobody does.
    void whenFree(int lun, long offset, long length, Runnable go) {
        if (locks.isEmpty()) {
            go.run();
            return;
        }
        Lock passing = new Lock(lun, offset, offset + length, /* held= */ false, _ -> go.run());
        locks.add(passing);
        startIfFirst(passing);
    }

    private void startIfFirst(Lock lock) {
        for (Lock earlier : locks) {
            if (earlier.equals(lock)) {
                break;
            }
            if (earlier.overlaps(lock)) {
                return;
            }
        }
        lock.running = true;
        if (!lock.held) {
            locks.remove(lock);
        }
        lock.go.accept(lock);
    }

    /// Starting one may start, end or add others, so the list is looked at anew each time.
    private void wake() {
        for (Lock waiting : List.copyOf(locks)) {
            if (!waiting.running && locks.contains(waiting)) {
                startIfFirst(waiting);
            }
        }
    }
}
