package lockstep.replication.ring;

import lockstep.blockstore.base.Blocks;
import lockstep.blockstore.base.IoBuffer;
import lockstep.blockstore.base.VolumeId;
import lockstep.blockstore.block.RaidSpace;
import lockstep.blockstore.cp.VolumeRoot;
import lockstep.blockstore.disk.DiskEvents;
import lockstep.blockstore.disk.DiskInventory;
import lockstep.blockstore.disk.FormatPlan;
import lockstep.blockstore.disk.VolumeDisks;
import lockstep.blockstore.io.BlockDevice;
import lockstep.blockstore.log.LogStream;
import lockstep.blockstore.sim.SimDevice;
import lockstep.blockstore.tree.LunRecord;
import lockstep.blockstore.volume.ActiveVolume;
import lockstep.blockstore.volume.CopyState;
import lockstep.blockstore.volume.VolumeCopy;
import lockstep.blockstore.volume.VolumeSettings;
import lockstep.replication.role.Replica;

import org.jspecify.annotations.Nullable;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.UUID;

/// A node's copy of a volume, and the host that writes to it: one write after the other, in a row,
/// each numbered, with a little time between them.
final class RingCopy {
    private static final int LUN_BLOCKS = 128;
    private static final int WRITE_BLOCKS = 4;
    private static final long THINK_NANOS = 4_000_000L;

    final RingNode node;
    final VolumeId volume;
    private final List<SimDevice> disks = new ArrayList<>();
    @Nullable Replica replica;
    private long begun;
    long acknowledged;
    private boolean stops;

    RingCopy(RingNode node, VolumeId volume) {
        this.node = node;
        this.volume = volume;
        for (int i = 0; i < 3; i++) {
            String name = node.name + "-" + volume.low() + "-" + i;
            disks.add(new SimDevice(node.simulation, name, 4L << 20));
        }
    }

    void make(LogStream log, CopyState state, long vbnCount, VolumeSettings settings) {
        disks.forEach(disk -> disk.attach(node.loop));
        FormatPlan plan =
                new FormatPlan(
                        volume, "v", List.of(List.<BlockDevice>copyOf(disks)), node::entropy);
        node.loop.call(
                () ->
                        plan.run(
                                fault -> {
                                    node.check(fault == null, "formatted: " + fault);
                                    open(log, state, vbnCount, settings);
                                }));
        node.await(() -> replica != null, "the copy is open");
    }

    private void open(LogStream log, CopyState state, long vbnCount, VolumeSettings settings) {
        DiskInventory.read(
                List.copyOf(disks),
                inventory ->
                        VolumeDisks.open(
                                inventory.volumes().getFirst(),
                                node.loop,
                                DiskEvents.NONE,
                                opened -> {
                                    var ok = (VolumeDisks.Opened.Ok) opened;
                                    RaidSpace space = new RaidSpace(ok.disks());
                                    long size = vbnCount == 0 ? space.size() : vbnCount;
                                    commit(space, log, state, size, settings);
                                }));
    }

    private void commit(
            RaidSpace space, LogStream log, CopyState state, long size, VolumeSettings settings) {
        VolumeRoot root = VolumeCopy.blankRoot(volume, size);
        space.commitRoot(
                1,
                root.encode(),
                _ ->
                        space.writeCopyState(
                                1, state.encode(), _ -> run(space, log, root, state, settings)));
    }

    private void run(
            RaidSpace space,
            LogStream log,
            VolumeRoot root,
            CopyState state,
            VolumeSettings tuned) {
        var parts = new VolumeCopy.Parts(volume, "v", space, log, node.loop, tuned);
        replica = new Replica(new VolumeCopy(parts, root, 1, state, 1), node.identity.id(), node);
        replica.start();
    }

    /// More of its disks are gone than its group can do without.
    void failDisks() {
        disks.subList(0, 2).forEach(disk -> disk.faults().failAll("it is gone"));
    }

    Replica replica() {
        return Objects.requireNonNull(replica);
    }

    ActiveVolume active() {
        return Objects.requireNonNull(replica().active());
    }

    long vbnCount() {
        return replica().copy().root().vbnCount();
    }

    void makeLun() {
        node.await(() -> replica().active() != null && active().isServing(), "it is active");
        LunRecord lun =
                new LunRecord(0, "l", new UUID(3, volume.low()), Blocks.toBytes(LUN_BLOCKS));
        boolean[] made = new boolean[1];
        node.loop.call(() -> active().putLun(lun, outcome -> made[0] = outcome.isDone()));
        node.await(() -> made[0], "the LUN is made");
    }

    /// Hosts write from now on, `depth` commands at a time.
    void load(int depth) {
        stops = false;
        for (int i = 0; i < depth; i++) {
            node.loop.execute(this::next);
        }
    }

    void stopLoad() {
        stops = true;
    }

    private void next() {
        ActiveVolume active = replica().active();
        if (stops || active == null) {
            return;
        }
        if (!active.isServing()) {
            node.loop.clock().schedule(1_000_000, this::next);
            return;
        }
        long number = begun++;
        ByteBuffer data = ByteBuffer.allocate(WRITE_BLOCKS * Blocks.SIZE);
        while (data.hasRemaining()) {
            data.putLong(number);
        }
        active.luns()
                .getFirst()
                .write(
                        offset(number),
                        IoBuffer.unpooled(data.flip()),
                        outcome -> {
                            acknowledged += outcome.isDone() ? 1 : 0;
                            node.loop.clock().schedule(THINK_NANOS, this::next);
                        });
    }

    private static long offset(long number) {
        return Blocks.toBytes(number * WRITE_BLOCKS % LUN_BLOCKS);
    }

    /// Whether this copy, active now, holds the last writes of `host`, all of which have ended.
    void verify(RingCopy host) {
        long writes = LUN_BLOCKS / WRITE_BLOCKS;
        for (long number = Math.max(0, host.begun - writes); number < host.begun; number++) {
            ByteBuffer into = ByteBuffer.allocate(WRITE_BLOCKS * Blocks.SIZE);
            boolean[] read = new boolean[1];
            long offset = offset(number);
            node.loop.call(
                    () ->
                            active().luns()
                                    .getFirst()
                                    .read(offset, into, outcome -> read[0] = outcome.isDone()));
            node.await(() -> read[0], "it is read");
            long seen = into.getLong(0);
            node.check(seen == number, "write " + number + " reads as " + seen);
        }
    }
}
