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
}
