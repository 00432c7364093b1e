package lockstep.blockstore.disk;

import static org.assertj.core.api.Assertions.assertThat;

import lockstep.blockstore.base.Blocks;
import lockstep.blockstore.base.VolumeId;
import lockstep.blockstore.io.BlockDevice;
import lockstep.blockstore.sim.SimDevice;
import lockstep.blockstore.sim.SimEventLoop;
import lockstep.blockstore.sim.Simulation;

import org.jspecify.annotations.NullUnmarked;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;

@NullUnmarked
final class DiskInventoryTest {
    private final Simulation simulation = new Simulation(1);
    private final SimEventLoop loop = simulation.newLoop("node");
    private final List<SimDevice> devices = new ArrayList<>();

    @BeforeEach
    void format() {
        for (int i = 0; i < 6; i++) {
            devices.add(new SimDevice(simulation, "d" + i, Blocks.toBytes(600)).attach(loop));
        }
        AtomicBoolean done = new AtomicBoolean();
        FormatPlan plan =
                new FormatPlan(
                        new VolumeId(1, 2),
                        "vol",
                        List.of(
                                List.copyOf(devices.subList(0, 3)),
                                List.copyOf(devices.subList(3, 5))),
                        () -> simulation.random().nextLong());
        loop.call(() -> plan.run(fault -> done.set(fault == null)));
        assertThat(simulation.runUntil(done::get)).isTrue();
    }

    private DiskInventory inventory(List<? extends BlockDevice> found) {
        AtomicReference<DiskInventory> result = new AtomicReference<>();
        loop.call(() -> DiskInventory.read(List.copyOf(found), result::set));
        simulation.runUntil(() -> result.get() != null);
        return result.get();
    }

    private VolumeDisks.Opened open(DiskInventory inventory) {
        AtomicReference<VolumeDisks.Opened> result = new AtomicReference<>();
        loop.call(
                () ->
                        VolumeDisks.open(
                                inventory.volumes().getFirst(),
                                loop,
                                DiskEvents.NONE,
                                result::set));
        simulation.runUntil(() -> result.get() != null);
        return result.get();
    }

    @Test
    void disksAssembleInAnyOrder() {
        DiskInventory inventory = inventory(devices.subList(0, 5).reversed());
        assertThat(inventory.faults()).isEmpty();
        var volume = inventory.volumes().getFirst();
        for (int i = 0; i < 5; i++) {
            assertThat(volume.members().get(i / 3)[i % 3].name()).isEqualTo("d" + i);
        }
    }

    @Test
    void blankDiskIsNamed() {
        assertThat(inventory(devices).faults()).containsExactly(new DiskFault.Unformatted("d5"));
    }

    @Test
    void copyOfADiskIsADuplicate() {
        devices.get(5).poke(0, devices.get(1).peek(0, 2 * Blocks.SIZE));
        assertThat(inventory(devices).faults().getFirst()).isInstanceOf(DiskFault.Duplicate.class);
    }

    @Test
    void diskThatWasAwayIsStaleWhenItReturns() {
        List<SimDevice> without =
                List.of(devices.get(0), devices.get(2), devices.get(3), devices.get(4));
        assertThat(open(inventory(without))).isInstanceOf(VolumeDisks.Opened.Ok.class);
        DiskInventory later = inventory(devices.subList(0, 5));
        assertThat(later.faults().getFirst()).isInstanceOf(DiskFault.Stale.class);
        assertThat(open(later)).isInstanceOf(VolumeDisks.Opened.Ok.class);
    }

    @Test
    void twoMissingDisksOfAGroupAreRefused() {
        assertThat(open(inventory(devices.subList(2, 5))))
                .isInstanceOf(VolumeDisks.Opened.Refused.class);
    }

    @Test
    void newestRecordIsFoundOnAnyMember() {
        var disks = ((VolumeDisks.Opened.Ok) open(inventory(devices.subList(0, 5)))).disks();
        for (int order = 1; order <= 3; order++) {
            ByteBuffer payload = ByteBuffer.wrap(new byte[] {(byte) order});
            AtomicBoolean done = new AtomicBoolean();
            long now = order;
            loop.call(
                    () ->
                            disks.writeRecord(
                                    RecordArea.SUPERBLOCK,
                                    now,
                                    payload,
                                    fault -> done.set(fault == null)));
            assertThat(simulation.runUntil(done::get)).isTrue();
        }
        var again = ((VolumeDisks.Opened.Ok) open(inventory(devices.subList(1, 5)))).disks();
        assertThat(again.readNewest(RecordArea.SUPERBLOCK).order()).isEqualTo(3);
        assertThat(again.readNewest(RecordArea.SUPERBLOCK).payload().get(0)).isEqualTo((byte) 3);
        assertThat(again.readNewest(RecordArea.COPY_STATE)).isNull();
    }

    private void write(SimDevice device, DiskLabel label) {
        AtomicBoolean done = new AtomicBoolean();
        long at = Blocks.toBytes(DiskLayout.label((int) (label.generation() & 1)));
        var extents = List.of(new BlockDevice.Extent(at, List.of(label.encode())));
        loop.call(() -> device.writeDurably(extents, fault -> done.set(fault == null)));
        assertThat(simulation.runUntil(done::get)).isTrue();
    }

    private static DiskLabel ahead(DiskLabel of, int group, int slot, Membership members) {
        long next = of.generation() + 1;
        UUID uuid = new UUID(5, slot);
        return new DiskLabel(
                uuid, of.volume(), of.name(), group, slot, of.dbnCount(), next, members, next);
    }

    private DiskLabel founding(int index) {
        return inventory(List.of(devices.get(index))).volumes().getFirst().members().stream()
                .flatMap(java.util.Arrays::stream)
                .filter(disk -> disk != null)
                .findFirst()
                .orElseThrow()
                .label();
    }

    @Test
    void diskThatWasAboutToJoinIsAMember() {
        DiskLabel old = founding(0);
        write(devices.get(5), ahead(old, 0, 3, old.members().grown(0)));
        DiskInventory inventory = inventory(devices);
        assertThat(inventory.faults()).isEmpty();
        var volume = inventory.volumes().getFirst();
        assertThat(volume.generation()).isEqualTo(2);
        assertThat(volume.groups().getFirst().paritySlot()).isEqualTo(2);
        assertThat(volume.members().getFirst()).hasSize(4).doesNotContainNull();
        assertThat(open(inventory)).isInstanceOf(VolumeDisks.Opened.Ok.class);
        // Without it the volume is what it was, as long as no other disk knows of it.
        assertThat(founding(0).generation()).isEqualTo(2);
        assertThat(inventory(devices.subList(0, 5)).volumes().getFirst().tooFew()).isNull();
    }

    @Test
    void disksThatJoinCountOnlyTogether() {
        DiskLabel old = founding(0);
        write(devices.get(5), ahead(old, 2, 0, old.members().grownBy(1)));
        DiskInventory inventory = inventory(devices);
        assertThat(inventory.volumes().getFirst().groups()).hasSize(2);
        assertThat(inventory.volumes().getFirst().generation()).isEqualTo(1);
        assertThat(inventory.faults()).hasSize(1);
        assertThat(inventory.faults().getFirst()).isInstanceOf(DiskFault.Unjoined.class);
        assertThat(open(inventory)).isInstanceOf(VolumeDisks.Opened.Ok.class);
    }

    @Test
    void othersThatWentOnWithoutADiskAreBelieved() {
        DiskLabel old = founding(0);
        write(devices.get(5), ahead(old, 0, 3, old.members().grown(0)));
        Membership without = old.members().with(0, old.members().groups().getFirst().without(1));
        write(devices.get(0), old.with(2, without));
        DiskInventory inventory = inventory(devices);
        assertThat(inventory.volumes().getFirst().members().getFirst()).hasSize(3);
        assertThat(inventory.faults().stream().map(Object::getClass).toList())
                .containsExactlyInAnyOrder(DiskFault.Unjoined.class, DiskFault.Stale.class);
    }

    @Test
    void diskOfAnEarlierAttemptIsNotTakenForALaterOne() {
        DiskLabel old = founding(0);
        Membership grown = old.members().grown(0);
        write(devices.get(5), ahead(old, 0, 3, grown));
        // Another disk joined in its place, after two more generations, and is away.
        for (int i = 0; i < 5; i++) {
            write(devices.get(i), founding(i).with(4, grown));
        }
        DiskInventory inventory = inventory(devices);
        assertThat(inventory.volumes().getFirst().members().getFirst()[3]).isNull();
        assertThat(inventory.faults().getFirst()).isInstanceOf(DiskFault.Stale.class);
    }
}
