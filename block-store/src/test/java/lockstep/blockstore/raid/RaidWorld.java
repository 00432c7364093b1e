package lockstep.blockstore.raid;

import static org.assertj.core.api.Assertions.assertThat;

import lockstep.blockstore.base.Blocks;
import lockstep.blockstore.base.CpId;
import lockstep.blockstore.base.Crc32c;
import lockstep.blockstore.base.Epoch;
import lockstep.blockstore.base.VolumeId;
import lockstep.blockstore.disk.Disk;
import lockstep.blockstore.disk.DiskEvents;
import lockstep.blockstore.disk.DiskInventory;
import lockstep.blockstore.disk.FormatPlan;
import lockstep.blockstore.disk.GroupDisks;
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
import java.util.Arrays;
import java.util.List;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Consumer;

/// A simulated volume and what it must contain: the blocks of the last committed consistency point,
/// by VBN. What a test writes stays beside until it commits. A "superblock" is not needed: the test
/// knows what it committed.
@NullUnmarked
final class RaidWorld {
    final Simulation simulation;
    final List<SimDevice> devices = new ArrayList<>();
    final TreeSet<Integer> absent = new TreeSet<>();

    /// Devices that are there and belong to nobody yet.
    final List<SimDevice> extras = new ArrayList<>();

    final TreeMap<Long, byte[]> committed = new TreeMap<>();
    final TreeMap<Long, byte[]> pending = new TreeMap<>();
    final Heard heard = new Heard();
    SimEventLoop loop;
    VolumeDisks disks;
    VbnSpace space;
    CpWriter writer;
    CpId committedCp = CpId.NONE;
    RebuildPace pace = RebuildPace.DEFAULT;
    private final List<Integer> members = new ArrayList<>();
    private long lastCount;

    /// What the volume's owner was told.
    static final class Heard implements DiskEvents {
        int membersLost;
        int groupsLost;
        int bad;
        int healed;
        int lost;
        int rebuilt;
        long lostInRebuilds;

        @Override
        public void rebuildEnded(int group, int slot, String device, long lostBlocks) {
            rebuilt++;
            lostInRebuilds += lostBlocks;
        }

        @Override
        public void memberLost(int group, int slot, String device, String reason) {
            membersLost++;
        }

        @Override
        public void groupLost(int group, String reason) {
            groupsLost++;
        }

        @Override
        public void badBlock(int group, int slot, long dbn, String reason) {
            bad++;
        }

        @Override
        public void healed(int group, int slot, long dbn) {
            healed++;
        }

        @Override
        public void lostBlock(int group, int slot, long dbn) {
            lost++;
        }
    }

    /// A new volume with groups of so many members each, and `dataBlocks` blocks on each disk.
    RaidWorld(long seed, int dataBlocks, int... members) {
        simulation = new Simulation(seed);
        loop = simulation.newLoop("node");
        int size = (int) Blocks.toBytes(400 + 4 * Math.ceilDiv(dataBlocks, 127) + dataBlocks);
        List<List<BlockDevice>> groups = new ArrayList<>();
        for (int count : members) {
            this.members.add(count);
            List<BlockDevice> group = new ArrayList<>();
            for (int i = 0; i < count; i++) {
                String name = "d" + groups.size() + i;
                SimDevice device = new SimDevice(simulation, name, size).attach(loop);
                // A used disk: nothing may rely on what was there before the format.
                device.overwriteWithNoise(size / 2, size - size / 2);
                devices.add(device);
                group.add(device);
            }
            groups.add(group);
        }
        VolumeId id = new VolumeId(1, seed);
        succeed(new FormatPlan(id, "vol", groups, simulation.random()::nextLong)::run);
        open();
    }

    String seed() {
        return "seed " + simulation.seed();
    }

    /// Calls `operation` on the loop and runs until it has ended.
    @Nullable IoFault await(Consumer<IoCompletion> operation) {
        List<@Nullable IoFault> ended = new ArrayList<>();
        loop.call(() -> operation.accept(ended::add));
        assertThat(simulation.runUntil(() -> !ended.isEmpty())).as("%s ends", seed()).isTrue();
        return ended.getFirst();
    }

    void succeed(Consumer<IoCompletion> operation) {
        assertThat(await(operation)).as(seed()).isNull();
    }

    /// Opens the volume from the devices that are there, found in any order; not yet recovered.
    void open() {
        List<BlockDevice> found = new ArrayList<>();
        for (int i = 0; i < devices.size(); i++) {
            if (!absent.contains(i)) {
                found.add(simulation.random().nextInt(found.size() + 1), devices.get(i));
            }
        }
        extras.forEach(one -> found.add(simulation.random().nextInt(found.size() + 1), one));
        List<VolumeDisks> opened = new ArrayList<>();
        loop.call(() -> DiskInventory.read(found, inventory -> assemble(inventory, opened)));
        assertThat(simulation.runUntil(() -> !opened.isEmpty())).as("%s opens", seed()).isTrue();
        disks = opened.getFirst();
        space = new VbnSpace(disks, pace);
        writer = null;
        pending.clear();
        adopt();
    }

    /// Takes devices that joined for members.
    void adopt() {
        for (GroupDisks group : disks.groups()) {
            if (group.index() == members.size()) {
                members.add(0);
            }
            int known = members.get(group.index());
            for (int slot = known; slot < group.slots(); slot++) {
                int at = firstOf(group.index()) + slot;
                Disk disk = group.disk(slot);
                if (disk == null) {
                    throw new IllegalStateException("a disk that joined is away");
                }
                SimDevice device = (SimDevice) disk.device();
                extras.remove(device);
                devices.add(at, device);
                members.set(group.index(), slot + 1);
                List<Integer> shifted = absent.stream().map(i -> i < at ? i : i + 1).toList();
                absent.clear();
                absent.addAll(shifted);
            }
        }
    }

    private void assemble(DiskInventory inventory, List<VolumeDisks> into) {
        assertThat(inventory.volumes()).hasSize(1);
        VolumeDisks.open(
                inventory.volumes().getFirst(),
                loop,
                heard,
                opened -> {
                    assertThat(opened).as(seed()).isInstanceOf(VolumeDisks.Opened.Ok.class);
                    into.add(((VolumeDisks.Opened.Ok) opened).disks());
                });
    }

    void recover() {
        succeed(done -> space.recover(committedCp, done));
    }

    /// The power is cut, or only the process dies; what was not committed is gone.
    void crash(boolean powerCut) {
        loop.stop();
        if (powerCut) {
            devices.forEach(SimDevice::crash);
            extras.forEach(SimDevice::crash);
        }
        loop = simulation.newLoop("node again");
        devices.forEach(device -> device.attach(loop));
        extras.forEach(device -> device.attach(loop));
    }

    /// Begins the next consistency point.
    CpWriter begin() {
        lastCount++;
        writer = space.begin(new CpId(new Epoch(1, 7), lastCount));
        return writer;
    }

    /// Puts a block of new random content.
    void put(CpWriter to, long vbn) {
        byte[] content = new byte[Blocks.SIZE];
        simulation.random().nextBytes(content);
        if (simulation.oneIn(8)) {
            Arrays.fill(content, (byte) 0);
        }
        assertThat(committed).doesNotContainKey(vbn);
        pending.put(vbn, content);
        to.put(vbn, ByteBuffer.wrap(content), crc(content));
    }

    static int crc(byte[] content) {
        return Crc32c.of(ByteBuffer.wrap(content));
    }

    /// A free VBN for which nothing is pending.
    long freeVbn() {
        while (true) {
            long vbn = simulation.between(0, space.size() - 1);
            if (isFree(vbn)) {
                return vbn;
            }
        }
    }

    private boolean isFree(long vbn) {
        return !committed.containsKey(vbn) && !pending.containsKey(vbn);
    }

    /// Puts about `count` blocks: scattered, or in stretches that fill stripes.
    void putSome(CpWriter to, int count) {
        // A third stays free: drawing free blocks must end.
        long most = space.size() * 2 / 3 - committed.size() - pending.size();
        for (int i = 0; i < Math.min(count, most); ) {
            long vbn = freeVbn();
            int length = simulation.oneIn(2) ? 1 : (int) simulation.between(1, 40);
            boolean wide = simulation.oneIn(2);
            RaidGeometry geometry = space.geometry();
            int group = geometry.groupOf(vbn);
            RaidGeometry.Group shape = geometry.groups().get(group);
            for (long dbn = geometry.dbnOf(vbn); length > 0 && dbn < shape.dbnCount(); dbn++) {
                length--;
                int own = geometry.slotOf(vbn);
                for (int index = 0; index < shape.dataDisks(); index++) {
                    int slot = shape.slot(index);
                    if (!wide && slot != own) {
                        continue;
                    }
                    long each = geometry.vbn(group, slot, dbn);
                    if (isFree(each)) {
                        put(to, each);
                        i++;
                    }
                }
            }
        }
    }

    /// Everything pending becomes the committed image, and some older blocks become free.
    void committed() {
        committedCp = writer.cp();
        loop.call(writer::end);
        committed.putAll(pending);
        pending.clear();
        committed.keySet().removeIf(_ -> simulation.oneIn(4));
    }

    /// A whole consistency point of about `count` blocks, in one or two parts.
    void consistencyPoint(int count) {
        loop.call(() -> putSome(begin(), count));
        succeed(writer::writeOut);
        if (simulation.oneIn(3)) {
            loop.call(() -> putSome(writer, count / 4));
            succeed(writer::writeOut);
        }
        succeed(writer::flush);
        committed();
    }

    Read read(long vbn, int crc, ByteBuffer into) {
        List<Read> ended = new ArrayList<>();
        loop.call(() -> space.read(vbn, crc, into, ended::add));
        assertThat(simulation.runUntil(() -> !ended.isEmpty())).isTrue();
        return ended.getFirst();
    }

    /// Reads a run of committed blocks; the contents are compared.
    List<Read> readRun(long vbn, int count) {
        int[] crcs = new int[count];
        ByteBuffer[] into = new ByteBuffer[count];
        for (int i = 0; i < count; i++) {
            crcs[i] = crc(committed.get(vbn + i));
            into[i] = ByteBuffer.allocate(Blocks.SIZE);
        }
        List<List<Read>> ended = new ArrayList<>();
        loop.call(() -> space.readRun(vbn, count, crcs, into, ended::add));
        assertThat(simulation.runUntil(() -> !ended.isEmpty())).isTrue();
        for (int i = 0; i < count; i++) {
            if (ended.getFirst().get(i) instanceof Read.Ok) {
                assertThat(into[i].array()).as(seed()).isEqualTo(committed.get(vbn + i));
            }
        }
        return ended.getFirst();
    }

    /// Every committed block reads as it was written.
    void checkContent() {
        ByteBuffer into = ByteBuffer.allocate(Blocks.SIZE);
        for (var block : committed.entrySet()) {
            String what = seed() + " vbn " + block.getKey();
            Read read = read(block.getKey(), crc(block.getValue()), into);
            assertThat(read).as(what).isEqualTo(Read.Ok.OK);
            assertThat(Arrays.equals(into.array(), block.getValue())).as(what).isTrue();
        }
    }

    /// Invariant 3, as far as it is about stripes.
    void checkStripes() {
        ParityCheck.Report report = check();
        assertThat(report.findings()).as(seed()).isEmpty();
        assertThat(report.stripes()).isPositive();
    }

    ParityCheck.Report check() {
        List<ParityCheck.Report> ended = new ArrayList<>();
        loop.call(() -> space.verifyAll(committed::containsKey, ended::add));
        assertThat(simulation.runUntil(() -> !ended.isEmpty())).isTrue();
        return ended.getFirst();
    }

    int slotOf(int index) {
        return index - firstOf(groupOf(index));
    }

    int groupOf(int index) {
        int group = 0;
        while (group + 1 < members.size() && index >= firstOf(group + 1)) {
            group++;
        }
        return group;
    }

    int firstOf(int group) {
        int at = 0;
        for (int i = 0; i < group; i++) {
            at += members.get(i);
        }
        return at;
    }

    /// The device of a member.
    SimDevice device(int group, int slot) {
        return devices.get(firstOf(group) + slot);
    }

    SimDevice anyDevice() {
        return devices.get(simulation.random().nextInt(devices.size()));
    }

    /// Where the data of a device begins, in bytes.
    long dataStart() {
        return dataStart(0);
    }

    long dataStart(int group) {
        return Blocks.toBytes(disks.groups().get(group).layout().dataStart());
    }

    /// Byte offset of the content of `vbn` on its device.
    long offsetOf(long vbn) {
        return dataStart() + Blocks.toBytes(space.geometry().dbnOf(vbn));
    }

    /// The device that holds `vbn`.
    SimDevice deviceOf(long vbn) {
        return device(space.geometry().groupOf(vbn), space.geometry().slotOf(vbn));
    }
}
