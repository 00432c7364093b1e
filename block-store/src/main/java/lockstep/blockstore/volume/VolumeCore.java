package lockstep.blockstore.volume;

import lockstep.blockstore.base.Blocks;
import lockstep.blockstore.base.CpId;
import lockstep.blockstore.base.Epoch;
import lockstep.blockstore.base.Position;
import lockstep.blockstore.cp.Allocator;
import lockstep.blockstore.cp.ConsistencyPoint;
import lockstep.blockstore.cp.CpContext;
import lockstep.blockstore.cp.CpTally;
import lockstep.blockstore.cp.DeadList;
import lockstep.blockstore.cp.DirtyOverlay;
import lockstep.blockstore.cp.Drain;
import lockstep.blockstore.cp.LunState;
import lockstep.blockstore.cp.Pins;
import lockstep.blockstore.cp.Snapshot;
import lockstep.blockstore.cp.SpaceMap;
import lockstep.blockstore.cp.SpacePages;
import lockstep.blockstore.cp.StateFile;
import lockstep.blockstore.log.LogEntry;

import org.jspecify.annotations.Nullable;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.UUID;

/// What the parts of an active volume share: the overlays, the LUN table, the maps, the place in
/// the log. One writer: everything here is touched on the volume's loop only.
final class VolumeCore {
    /// Of a volume's blocks, one in so many may be drained by one consistency point.
    private static final int DRAIN_SHARE = 16;

    private static final long DRAIN_MIN = 128;
    private static final long DRAIN_MAX = 16_384;

    /// The entry that opens an epoch fits into this.
    private static final long EPOCH_BYTES = 4096;

    final VolumeCopy copy;
    final CpContext cp;
    final LunTable luns;
    final AckGate gate;

    /// Takes entries as they are sequenced.
    DirtyOverlay filling;

    /// What the consistency point under way writes; null between two.
    @Nullable DirtyOverlay frozen;

    /// LUNs that were deleted or made anew since the frozen overlay froze: what it holds is not
    /// theirs.
    final BitSet frozenHidden = new BitSet();

    /// The state of the committed image.
    StateFile image;

    /// What a replay found to be committed on its own, because snapshots changed behind it; its
    /// overlay is [#frozen]. Null once a consistency point has begun with it.
    @Nullable Sealed sealed;

    /// The log half that takes new entries; the consistency point that will commit it has this
    /// count.
    long half;

    /// The last sequence given out.
    long sequence;

    /// The place of the last entry of the log: what a new epoch continues from.
    Position last;

    /// The epoch this copy is active in; [Epoch#NONE] while it is joining.
    Epoch epoch = Epoch.NONE;

    /// Where that epoch went on from.
    Position epochFrom = Position.NONE;

    /// Who is sent entries and updates now.
    @Nullable Mirror mirror;

    /// Entries that were replayed, for a mirror that lacks them; empty once nobody can ask any
    /// more.
    final List<ReplayedEntry> replayed = new ArrayList<>();

    /// What is sequenced without the mirror.
    final Unmirrored unmirrored = new Unmirrored();

    /// What they take of the mirror's log.
    final MirrorLogUse mirrorLogUse = new MirrorLogUse();

    /// VBNs promised to admitted entries, those of the frozen overlay included.
    long reserved;

    /// Everything up to one place in the log, as the consistency point will commit it that has
    /// count `half`.
    record Sealed(
            long half,
            Position upTo,
            DirtyOverlay overlay,
            List<LunState> luns,
            SortedMap<String, byte[]> values,
            List<Snapshot> snapshots,
            List<Drain> deleted,
            List<UUID> restored) {}

    /// Nothing is appended to the log: its device is out, or it has no room for the entry that
    /// opens an epoch. What is sequenced becomes durable here by the consistency point that commits
    /// it, and is acknowledged no earlier. Once nothing after an image is missing from a healthy
    /// log, it is used again.
    private boolean withoutLog;

    /// The last sequence that was not appended to the log.
    private long unlogged;

    VolumeCore(VolumeCopy copy, StateFile state, SpaceMap map, DeadList dead) {
        this.copy = copy;
        Pins pins = new Pins(copy.root().pins());
        SpacePages pages = new SpacePages(map, copy.root().space(), copy.reader());
        Allocator allocator =
                new Allocator(
                        map, pages, copy.loop(), copy.space().stripeSets(), copy.root().vbnCount());
        this.cp =
                new CpContext(
                        copy.loop(),
                        copy.pool(),
                        copy.space(),
                        copy.reader(),
                        map,
                        pages,
                        allocator,
                        dead,
                        pins,
                        Math.clamp(map.size() / DRAIN_SHARE, DRAIN_MIN, DRAIN_MAX),
                        new CpTally());
        this.luns = new LunTable(state);
        this.image = state;
        this.sequence = copy.root().upTo().sequence();
        this.last = copy.root().upTo();
        this.gate = new AckGate(Legs.LOCAL, sequence);
        this.filling = new DirtyOverlay(copy.pool());
        this.half = copy.root().cp().count() + 1;
    }

    /// Gives out the next place in the log.
    Position nextPosition() {
        last = new Position(epoch, ++sequence);
        return last;
    }

    /// Takes `entry` into memory: LUN blocks into the filling overlay, other state into the table.
    void apply(LogEntry entry) {
        if (entry instanceof LogEntry.Put put) {
            luns.apply(
                    put,
                    replaced -> {
                        filling.dropLun(replaced);
                        frozenHidden.set(replaced);
                    });
        } else {
            filling.apply(entry);
        }
    }

    /// Ends the filling half: what it holds is frozen as it is now, entries go into the next one.
    Sealed seal() {
        frozenHidden.clear();
        DirtyOverlay overlay = filling;
        frozen = overlay;
        filling = new DirtyOverlay(copy.pool());
        return new Sealed(
                half++,
                last,
                overlay,
                luns.list(),
                new TreeMap<>(luns.values()),
                luns.snapshots(),
                luns.takeDeleted(),
                luns.takeRestored());
    }

    /// What consistency point `of` has to do for `sealed`.
    ConsistencyPoint.Job job(CpId of, Sealed sealed) {
        return new ConsistencyPoint.Job(
                of,
                sealed.upTo(),
                copy.nextRootOrder(),
                sealed.overlay(),
                image,
                sealed.luns(),
                sealed.values(),
                sealed.snapshots(),
                sealed.deleted(),
                sealed.restored());
    }

    /// Makes `entry` durable on every leg: the local log and the mirror get it at the same time.
    void log(LogEntry entry) {
        unmirrored.count(entry);
        mirrorLogUse.sequenced(half, entry);
        if (withoutLog) {
            unlogged = entry.position().sequence();
        } else {
            copy.log().append(half, entry);
        }
        Mirror to = mirror;
        if (to != null) {
            to.ship(half, entry);
        }
        apply(entry);
    }

    /// Begins `opened`, which is durably promised, and logs where it goes on from. A log that a
    /// crash left full has no room for that, and gets it by the consistency point that follows.
    void openEpoch(Epoch opened) {
        Position from = last;
        epoch = opened;
        epochFrom = from;
        if (copy.log().fault() != null || !copy.log().roomFor(half, EPOCH_BYTES)) {
            goWithoutLog();
        }
        log(new LogEntry.EpochOpened(nextPosition(), from));
    }

    /// Whether entries become durable by consistency points only.
    boolean isWithoutLog() {
        return withoutLog;
    }

    /// From here on nothing is appended to the log.
    void goWithoutLog() {
        withoutLog = true;
        gate.withoutLog(true);
    }

    /// An image that holds everything up to `sequence` is durable: with a healthy log, entries go
    /// there again if it lacks none behind the image. An entry in the log behind one that is not
    /// would be acknowledged and not be found by a replay.
    void imageHolds(long sequence) {
        // Not while the log holds what was acknowledged behind the image.
        if (copy.log().fault() != null && sequence >= gate.durable()) {
            copy.needsNoLog();
        }
        if (withoutLog && copy.log().fault() == null && unlogged <= sequence) {
            withoutLog = false;
            gate.withoutLog(false);
        }
    }

    /// The frozen overlay as LUN `lun` sees it.
    @Nullable DirtyOverlay frozenFor(int lun) {
        return frozenHidden.get(lun) ? null : frozen;
    }

    /// VBNs that a write of `blocks` blocks to a LUN of `levels` tree levels may take in the worst
    /// case: the blocks, a new path of nodes for each run of 170, and their share of dead list
    /// blocks.
    static long worstCase(long blocks, int levels) {
        return blocks + levels * (blocks / 170 + 2) + blocks / 64 + 1;
    }

    /// VBNs kept back so that a consistency point of all that is admitted always finds room for
    /// maps, also if what it does is to put everything that is used on the dead list.
    private long cpReserve() {
        long dead = cp.dead().entries() / 32 + cp.map().used() / 96;
        // Each snapshot may have a bucket that takes more, one that is joined and one that is
        // freed, each with the node above it. The state file is written anew.
        long snapshots = 7L * luns.snapshotCount() + 2 * Blocks.roundUp(copy.root().stateBytes());
        return 64 + 4 * SpaceMap.pages(cp.map().size()) + dead + snapshots;
    }

    /// VBNs that only what gives space back may use, so that a full volume can be emptied.
    private long freeingReserve() {
        return Math.min(160, cp.map().size() / 16);
    }

    /// VBNs that writes may still be promised. What the volume grows by is there when the root that
    /// says so is committed: after a crash before that, a replay has to do without.
    long room() {
        long growing = cp.map().size() - copy.root().vbnCount();
        return cp.map().free() - growing - reserved - cpReserve() - freeingReserve();
    }

    /// Makes the volume as large as is wanted; a consistency point begins.
    void grow() {
        if (copy.nextSize() > cp.map().size()) {
            cp.grow(copy.nextSize());
        }
    }

    /// Whether `vbns` more can be promised, to something that gives space back or to a write.
    boolean hasRoom(long vbns, boolean freeing) {
        return room() + (freeing ? freeingReserve() : 0) >= vbns;
    }

    /// Promises `vbns`.
    void reserve(long vbns) {
        reserved += vbns;
        filling.reserve(vbns);
    }

    /// Blocks of the LUN that bytes `offset` to `offset + length` touch.
    static long blocksTouched(long offset, long length) {
        return Blocks.containing(offset + length - 1) - Blocks.containing(offset) + 1;
    }
}
