package lockstep.blockstore.bench;

import lockstep.blockstore.base.Blocks;
import lockstep.blockstore.base.CpId;
import lockstep.blockstore.base.Crc32c;
import lockstep.blockstore.base.Epoch;
import lockstep.blockstore.base.VolumeId;
import lockstep.blockstore.disk.DiskEvents;
import lockstep.blockstore.disk.DiskInventory;
import lockstep.blockstore.disk.FormatPlan;
import lockstep.blockstore.disk.VolumeDisks;
import lockstep.blockstore.io.BlockDevice;
import lockstep.blockstore.io.IoCompletion;
import lockstep.blockstore.io.real.DiskWrites;
import lockstep.blockstore.io.real.FileDevice;
import lockstep.blockstore.io.real.ThreadEventLoop;
import lockstep.blockstore.raid.CpWriter;
import lockstep.blockstore.raid.RaidGeometry;
import lockstep.blockstore.raid.RebuildPace;
import lockstep.blockstore.raid.ScrubFinding;
import lockstep.blockstore.raid.ScrubListener;
import lockstep.blockstore.raid.SpaceScrub;
import lockstep.blockstore.raid.VbnSpace;

import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;

/// One RAID-4 group on real files, driven by its own loop.
final class BenchVolume {
    /// As much as a consistency point of a busy volume.
    private static final int BLOCKS_PER_CP = 32_768;

    /// As many as a scrub does as one while nobody else uses the disks.
    private static final int SCRUB_STEPS = 8;

    private static final RebuildPace UNBOUNDED = RebuildPace.of(1L << 40);

    private final ThreadEventLoop loop = new ThreadEventLoop("bench");
    private final long loopThread;
    private final List<FileDevice> devices = new ArrayList<>();
    private final CountedDevice.Load load = new CountedDevice.Load();
    private final AtomicLong found = new AtomicLong();
    private final VbnSpace space;
    private final VolumeDisks disks;
    private long cps;

    BenchVolume(List<Path> files) throws Exception {
        CompletableFuture<Long> thread = new CompletableFuture<>();
        loop.execute(() -> thread.complete(Thread.currentThread().threadId()));
        loopThread = thread.get();
        var options = FileDevice.Options.DATA.with(new DiskWrites(loop));
        for (Path file : files) {
            devices.add(FileDevice.open(file, loop, options));
        }
        List<BlockDevice> group = new ArrayList<>();
        devices.forEach(device -> group.add(new CountedDevice(device, load)));
        var random = new SplittableRandom(1);
        FormatPlan format =
                new FormatPlan(new VolumeId(1, 1), "bench", List.of(group), random::nextLong);
        await(format::run);
        CompletableFuture<VolumeDisks> opened = new CompletableFuture<>();
        loop.execute(() -> DiskInventory.read(group, inventory -> open(inventory, opened)));
        disks = opened.get(1, TimeUnit.MINUTES);
        space = new VbnSpace(disks, UNBOUNDED);
        await(done -> space.recover(CpId.NONE, done));
    }

    private void open(DiskInventory inventory, CompletableFuture<VolumeDisks> opened) {
        VolumeDisks.open(
                inventory.volumes().getFirst(),
                loop,
                DiskEvents.NONE,
                result -> {
                    switch (result) {
                        case VolumeDisks.Opened.Ok ok -> opened.complete(ok.disks());
                        case VolumeDisks.Opened.Refused no ->
                                opened.completeExceptionally(
                                        new IllegalStateException(no.reason()));
                    }
                });
    }

    private void await(Consumer<IoCompletion> work) throws Exception {
        CompletableFuture<Void> ended = new CompletableFuture<>();
        loop.execute(
                () ->
                        work.accept(
                                fault -> {
                                    if (fault == null) {
                                        ended.complete(null);
                                    } else {
                                        ended.completeExceptionally(
                                                new IllegalStateException(fault.toString()));
                                    }
                                }));
        ended.get(1, TimeUnit.HOURS);
    }

    /// Where the disks' data begin, in bytes.
    long dataStart() {
        return Blocks.toBytes(disks.groups().getFirst().layout().dataStart());
    }

    /// Bytes of data on each disk.
    long dataBytes() {
        return Blocks.toBytes(space.geometry().groups().getFirst().dbnCount());
    }

    /// Bytes that each disk gets between two flushes of [#writeFullStripes].
    long bytesPerFlush() {
        return Blocks.toBytes(BLOCKS_PER_CP / space.geometry().groups().getFirst().dataDisks());
    }

    /// CPU time of the loop.
    long loopNanos() {
        return ManagementFactory.getThreadMXBean().getThreadCpuTime(loopThread);
    }

    /// What the disks did in the last `nanos`, since the call before.
    CountedDevice.Counted counted(long nanos) throws Exception {
        CompletableFuture<CountedDevice.Counted> counted = new CompletableFuture<>();
        loop.execute(() -> counted.complete(load.take(nanos)));
        return counted.get();
    }

    /// Writes every stripe as a whole, some thousand blocks to a consistency point, each flushed.
    void writeFullStripes() throws Exception {
        RaidGeometry.Group group = space.geometry().groups().getFirst();
        ByteBuffer content = ByteBuffer.allocateDirect(Blocks.SIZE);
        new SplittableRandom(cps).ints(content.capacity() / 4).forEach(content::putInt);
        content.flip();
        int crc = Crc32c.of(content);
        int stripesPerCp = BLOCKS_PER_CP / group.dataDisks();
        for (long dbn = 0; dbn < group.dbnCount(); dbn += stripesPerCp) {
            long from = dbn;
            long to = Math.min(dbn + stripesPerCp, group.dbnCount());
            await(done -> consistencyPoint(from, to, content, crc, done));
        }
    }

    private void consistencyPoint(
            long from, long to, ByteBuffer content, int crc, IoCompletion done) {
        CpWriter writer = space.begin(new CpId(new Epoch(1, 1), ++cps));
        for (long dbn = from; dbn < to; dbn++) {
            for (int slot = 0; slot < space.geometry().groups().getFirst().dataDisks(); slot++) {
                writer.put(space.geometry().vbn(0, slot, dbn), content, crc);
            }
        }
        writer.writeOut(
                fault -> {
                    if (fault != null) {
                        done.ended(fault);
                        return;
                    }
                    writer.flush(
                            flushFault -> {
                                writer.end();
                                done.ended(flushFault);
                            });
                });
    }

    /// Scrubs everything once.
    void scrub() throws Exception {
        ScrubListener listener = (ScrubFinding one) -> found.incrementAndGet();
        SpaceScrub scrub = space.scrub(listener);
        await(done -> scrubFrom(scrub, 0, done));
        if (found.get() > 0) {
            throw new IllegalStateException("the scrub found " + found + " things");
        }
    }

    private void scrubFrom(SpaceScrub scrub, long step, IoCompletion done) {
        if (step == scrub.steps(0)) {
            done.ended(null);
        } else {
            int count = (int) Math.min(SCRUB_STEPS, scrub.steps(0) - step);
            scrub.steps(0, step, count, () -> scrubFrom(scrub, step + count, done));
        }
    }

    /// Rebuilds the disk in `slot` onto `file` with nothing else to do.
    void rebuild(int slot, Path file) throws Exception {
        FileDevice spare = FileDevice.open(file, loop, FileDevice.Options.DATA);
        FileDevice before = devices.set(slot, spare);
        BlockDevice counted = new CountedDevice(spare, load);
        await(
                done -> {
                    disks.groups().getFirst().fail(slot, "for the bench");
                    space.replace(0, slot, counted, UUID.randomUUID(), done);
                });
        while (isDegraded()) {
            TimeUnit.MILLISECONDS.sleep(2);
        }
        before.closeNow();
    }

    private boolean isDegraded() throws Exception {
        CompletableFuture<Boolean> degraded = new CompletableFuture<>();
        loop.execute(() -> degraded.complete(space.degraded()));
        return degraded.get();
    }

    /// Waits until the files can be opened by others, for a tidy end between two rounds.
    void closeNow() throws InterruptedException {
        for (FileDevice device : devices) {
            device.closeNow();
        }
        loop.close();
    }
}
