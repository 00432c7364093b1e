package lockstep.blockstore.volume;

import lockstep.blockstore.base.BlockPool;
import lockstep.blockstore.base.CpId;
import lockstep.blockstore.base.Position;
import lockstep.blockstore.base.VolumeId;
import lockstep.blockstore.block.BlockCache;
import lockstep.blockstore.block.BlockReader;
import lockstep.blockstore.block.BlockRescue;
import lockstep.blockstore.block.BlockSpace;
import lockstep.blockstore.cp.VolumeRoot;
import lockstep.blockstore.io.EventLoop;
import lockstep.blockstore.io.IoCompletion;
import lockstep.blockstore.log.LogStream;
import lockstep.blockstore.tree.TreeRoot;

import org.jspecify.annotations.Nullable;

import java.util.ArrayDeque;
import java.util.function.UnaryOperator;

/// This node's copy of one volume: its space on disk, its log, its own state. What it is used as,
/// active volume or mirror, is decided above; only one of them works on a copy at a time.
public final class VolumeCopy {
    /// Of the cache, one part in so many is for nodes of trees.
    private static final int NODE_SHARE = 4;

    /// Where a copy lives. `stateOrder` and `rootOrder` are those of the newest records found.
    public record Parts(
            VolumeId id,
            String name,
            BlockSpace space,
            LogStream log,
            EventLoop loop,
            VolumeSettings settings) {}

    private record Save(UnaryOperator<CopyState> change, IoCompletion done) {}

    private final Parts parts;
    private final BlockPool pool = new BlockPool();
    private final BlockRescue rescue;
    private final BlockReader reader;
    private final BlockCache cache;
    private final ArrayDeque<Save> saves = new ArrayDeque<>();
    private VolumeRoot root;
    private long rootOrder;
    private CopyState state;
    private long stateOrder;
    private boolean logless;
    private long wantedSize;

    /// A copy whose newest records on disk are `root` and `state`, with their orders.
    public VolumeCopy(
            Parts parts, VolumeRoot root, long rootOrder, CopyState state, long stateOrder) {
        this(parts, new BlockRescue(parts.space()), root, rootOrder, state, stateOrder);
    }

    private VolumeCopy(
            Parts parts,
            BlockRescue rescue,
            VolumeRoot root,
            long rootOrder,
            CopyState state,
            long stateOrder) {
        this.parts = parts;
        this.rescue = rescue;
        long blocks = parts.settings().cacheBlocks();
        long nodes = blocks / NODE_SHARE;
        this.cache = new BlockCache(nodes, blocks - nodes, pool);
        this.reader = new BlockReader(parts.space(), cache, pool, rescue);
        this.root = root;
        this.rootOrder = rootOrder;
        this.state = state;
        this.stateOrder = stateOrder;
    }

    /// The same copy with empty memory, for its next use; this object is used no more.
    public VolumeCopy reopened() {
        return new VolumeCopy(parts, rescue, root, rootOrder, state, stateOrder);
    }

    /// The root of a volume in which nothing was written yet.
    public static VolumeRoot blankRoot(VolumeId id, long vbnCount) {
        return new VolumeRoot(
                id,
                CpId.NONE,
                Position.NONE,
                vbnCount,
                1,
                0,
                TreeRoot.empty(VolumeRoot.STATE_TREE, 1),
                TreeRoot.empty(VolumeRoot.DEAD_TREE, 1),
                TreeRoot.empty(VolumeRoot.SPACE_TREE, 1),
                java.util.List.of());
    }

    /// Which volume.
    public VolumeId id() {
        return parts.id();
    }

    /// What people call it.
    public String name() {
        return parts.name();
    }

    /// The loop that owns it.
    public EventLoop loop() {
        return parts.loop();
    }

    /// Its blocks.
    public BlockSpace space() {
        return parts.space();
    }

    /// Where blocks come from that its disks have lost; the same for every use of the copy.
    public BlockRescue rescue() {
        return rescue;
    }

    /// Its log on this node.
    public LogStream log() {
        return parts.log();
    }

    /// How it behaves.
    public VolumeSettings settings() {
        return parts.settings();
    }

    /// The committed image.
    public VolumeRoot root() {
        return root;
    }

    /// The next consistency point that begins makes the volume as large as the disks of this copy
    /// are. Whoever asks for that knows that the mirror, if there is one, has as much room. Until
    /// the root that says so is committed the volume is no larger, also after a crash.
    public void useAllBlocks() {
        wantedSize = parts.space().size();
    }

    /// VBNs of the volume from the next consistency point on.
    long nextSize() {
        return Math.max(wantedSize, root.vbnCount());
    }

    /// This copy's own durable state.
    public CopyState state() {
        return state;
    }

    /// Cache figures for people.
    public BlockCache cache() {
        return cache;
    }

    /// Why this copy cannot be opened with the log of this node; null if it can. A log that holds
    /// nothing of a copy whose acknowledged writes are in another one would seem to be clean.
    @Nullable String logRefusal() {
        if (state.log() == 0 || state.log() == parts.log().logId()) {
            return null;
        }
        String its = Long.toHexString(state.log());
        String ours = Long.toHexString(parts.log().logId());
        return "acknowledged writes of it are in log " + its + ", and this node's is " + ours;
    }

    /// The log is out, and the committed image holds everything that was acknowledged: this copy
    /// may be opened with any log.
    void needsNoLog() {
        if (!logless) {
            logless = true;
            save(same -> same, _ -> {});
        }
    }

    /// Makes what `change` makes of this copy's state its state: durable first, then in force, then
    /// `done`. Saves follow each other, and each changes what the one before it has left: nobody
    /// takes back what somebody else is recording. Whatever it says of the log, the state names the
    /// one that is in use.
    public void save(UnaryOperator<CopyState> change, IoCompletion done) {
        saves.add(new Save(change, done));
        if (saves.size() == 1) {
            saveNext();
        }
    }

    BlockPool pool() {
        return pool;
    }

    BlockReader reader() {
        return reader;
    }

    /// The order for the next superblock.
    long nextRootOrder() {
        return rootOrder + 1;
    }

    /// `committed` is durable with the order that [#nextRootOrder] gave.
    void committed(VolumeRoot committed) {
        root = committed;
        rootOrder++;
    }

    private void saveNext() {
        Save save = saves.element();
        CopyState next = save.change.apply(state).inLog(logless ? 0 : parts.log().logId());
        stateOrder++;
        parts.space()
                .writeCopyState(
                        stateOrder,
                        next.encode(),
                        fault -> {
                            if (fault == null) {
                                state = next;
                            }
                            saves.remove();
                            save.done.ended(fault);
                            if (!saves.isEmpty()) {
                                saveNext();
                            }
                        });
    }
}
