package lockstep.blockstore.raid;

import static org.assertj.core.api.Assertions.assertThat;

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
import lockstep.blockstore.io.IoFault;
import lockstep.blockstore.sim.SimDevice;
import lockstep.blockstore.sim.SimEventLoop;
import lockstep.blockstore.sim.Simulation;

import org.jspecify.annotations.NullUnmarked;
import org.jspecify.annotations.Nullable;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import java.util.function.Predicate;

/// A volume of one group on simulated disks, with the model of what it must hold: the contents
/// committed so far. A "superblock" is not needed: the test knows what it committed.
@NullUnmarked
final class RaidWorld {
    static final VolumeId VOLUME = new VolumeId(1, 2);

    final Simulation simulation;
    final List<SimDevice> devices = new ArrayList<>();
    final TreeMap<Long, byte[]> model = new TreeMap<>();
    SimEventLoop loop;
    VolumeDisks disks;
    VbnSpace space;
    long cpCount;

    RaidWorld(long seed, int slots, int dataBlocks) {
        simulation = new Simulation(seed);
        loop = simulation.newLoop("node");
        for (int slot = 0; slot < slots; slot++) {
            long size = Blocks.toBytes(320 + 4 * Math.ceilDiv(dataBlocks, 127) + dataBlocks);
            devices.add(new SimDevice(simulation, "disk" + slot, size).attach(loop));
        }
        List<BlockDevice> group = List.copyOf(devices);
        await(
                done ->
                        new FormatPlan(
                                        VOLUME,
                                        "vol",
                                        List.of(group),
                                        () -> simulation.random().nextLong())
                                .run(done));
        open(device -> true);
    }

    void await(Consumer<IoCompletion> call) {
        IoFault fault = ended(call);
        assertThat(fault).as("seed " + simulation.seed()).isNull();
    }

    @Nullable IoFault ended(Consumer<IoCompletion> call) {
        boolean[] ended = {false};
        AtomicReference<@Nullable IoFault> result = new AtomicReference<>();
        loop.call(
                () ->
                        call.accept(
                                fault -> {
                                    result.set(fault);
                                    ended[0] = true;
                                }));
        assertThat(simulation.runUntil(() -> ended[0])).as("seed " + simulation.seed()).isTrue();
        return result.get();
    }

    /// Opens with the devices that `present` names, in a drawn order, and recovers.
    void open(Predicate<SimDevice> present) {
        boolean[] recovered = {false};
        beginToOpen(present, () -> recovered[0] = true);
        assertThat(simulation.runUntil(() -> recovered[0])).as(failed()).isTrue();
    }

    private String failed() {
        return "seed " + simulation.seed();
    }

    /// As [#open], without waiting for the end.
    void beginToOpen(Predicate<SimDevice> present, Runnable recovered) {
        List<BlockDevice> found = new ArrayList<>();
        for (SimDevice device : devices) {
            if (present.test(device)) {
                found.add(simulation.random().nextInt(found.size() + 1), device);
            }
        }
        loop.call(
                () ->
                        DiskInventory.read(
                                found,
                                inventory ->
                                        VolumeDisks.open(
                                                inventory.volumes().getFirst(),
                                                loop,
                                                DiskEvents.NONE,
                                                opened -> recover(opened, recovered))));
    }

    private void recover(VolumeDisks.Opened opened, Runnable recovered) {
        assertThat(opened).as(failed()).isInstanceOf(VolumeDisks.Opened.Ok.class);
        disks = ((VolumeDisks.Opened.Ok) opened).disks();
        space = new VbnSpace(disks);
        space.recover(
                cp(),
                fault -> {
                    assertThat(fault).as(failed()).isNull();
                    recovered.run();
                });
    }

    /// Whether a block holds anything but zeros.
    boolean wasWritten(int slot, long dbn) {
        long start = disks.groups().getFirst().layout().dataStart();
        for (byte each : devices.get(slot).peek(Blocks.toBytes(start + dbn), Blocks.SIZE)) {
            if (each != 0) {
                return true;
            }
        }
        return false;
    }

    CpId cp() {
        return new CpId(new Epoch(1, 7), cpCount);
    }

    CpId nextCp() {
        return new CpId(new Epoch(1, 7), cpCount + 1);
    }

    /// The power is cut and comes back.
    void crash() {
        loop.stop();
        devices.forEach(SimDevice::crash);
        loop = simulation.newLoop("node");
        devices.forEach(device -> device.attach(loop));
    }

    /// Draws new contents for some free VBNs: a mix of runs and single blocks.
    Map<Long, byte[]> draw(int blocks) {
        TreeMap<Long, byte[]> drawn = new TreeMap<>();
        long vbn = 0;
        for (int i = 0; i < blocks; i++) {
            boolean jump = simulation.oneIn(4);
            vbn = jump ? simulation.between(0, space.size() - 1) : (vbn + 1) % space.size();
            if (!model.containsKey(vbn)) {
                byte[] content = new byte[Blocks.SIZE];
                simulation.random().nextBytes(content);
                drawn.put(vbn, content);
            }
        }
        return drawn;
    }

    static int crc(byte[] content) {
        return Crc32c.of(ByteBuffer.wrap(content));
    }

    static void put(CpWriter writer, Map<Long, byte[]> contents) {
        contents.forEach((vbn, bytes) -> writer.put(vbn, ByteBuffer.wrap(bytes), crc(bytes)));
    }

    /// One consistency point, from begin to end, and some of the older blocks freed.
    void commit(Map<Long, byte[]> contents) {
        AtomicReference<CpWriter> writer = new AtomicReference<>();
        loop.call(() -> writer.set(space.begin(nextCp())));
        put(writer.get(), contents);
        await(writer.get()::writeOut);
        await(writer.get()::flush);
        writer.get().end();
        cpCount++;
        model.putAll(contents);
        model.keySet().removeIf(vbn -> simulation.oneIn(5));
    }

    Read read(long vbn, byte[] expected, ByteBuffer into) {
        AtomicReference<@Nullable Read> result = new AtomicReference<>();
        loop.call(() -> space.read(vbn, crc(expected), into, result::set));
        simulation.runUntil(() -> result.get() != null);
        Read read = result.get();
        assertThat(read).isNotNull();
        return read;
    }

    /// Every committed block reads back.
    void readAll() {
        model.forEach(
                (vbn, expected) -> {
                    ByteBuffer into = ByteBuffer.allocate(Blocks.SIZE);
                    String what = "seed " + simulation.seed() + " vbn " + vbn;
                    assertThat(read(vbn, expected, into)).as(what).isEqualTo(Read.Ok.OK);
                    assertThat(into.array()).as(what).isEqualTo(expected);
                });
    }

    /// Parity and entries are right everywhere.
    void verify() {
        AtomicReference<ParityCheck.@Nullable Report> report = new AtomicReference<>();
        loop.call(() -> space.verifyAll(model::containsKey, report::set));
        simulation.runUntil(() -> report.get() != null);
        assertThat(report.get().findings()).as("seed " + simulation.seed()).isEmpty();
    }

    /// The byte offset of a VBN on its disk.
    long offset(long vbn) {
        long start = disks.groups().getFirst().layout().dataStart();
        return Blocks.toBytes(start + space.geometry().dbnOf(vbn));
    }
}
