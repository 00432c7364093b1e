package lockstep.blockstore.volume;

import static org.assertj.core.api.Assertions.assertThat;

import lockstep.blockstore.base.Blocks;
import lockstep.blockstore.base.IoBuffer;
import lockstep.blockstore.base.Outcome;
import lockstep.blockstore.cp.Snapshot;
import lockstep.blockstore.tree.LunRecord;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.util.ArrayList;
import java.util.List;
import java.util.UUID;

/// LUNs that are written, snapshotted, cloned, restored and deleted at random, with crashes at any
/// moment, against a twin that keeps copies. Invariants 1, 2, 3, 8 and 9.
final class SnapshotModelTest {
    private static final int LUNS = 5;
    private static final int SNAPSHOTS = 14;

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
    void snapshotsAndClonesNeverDifferFromTheirTwins(long seed) {
        SnapshotWorld world = new SnapshotWorld(seed, 12_288);
        world.createLun(0, 400);
        for (int i = 0; i < 200; i++) {
            step(world);
            world.simulation.runFor(world.random.nextLong(1_500_000));
            if (world.random.nextInt(25) == 0) {
                world.crash();
                world.compare();
                world.settle();
                world.check();
            } else if (world.random.nextInt(25) == 0) {
                world.settle();
                world.check();
                world.compare();
            }
        }
        world.simulation.runUntil(() -> world.outstanding == 0);
        world.compare();
        leavesNothing(world);
        assertThat(world.stopped).isNull();
    }

    /// Once everything is deleted, as much is free as in a volume that never held anything.
    private static void leavesNothing(SnapshotWorld world) {
        for (int again = 0; again < LUNS; again++) {
            for (int number : List.copyOf(world.twin.luns.keySet())) {
                Outcome outcome =
                        world.await(done -> world.snapshots().deleteLun(number, true, done));
                assertThat(outcome.isDone() || outcome instanceof Outcome.Refused).isTrue();
            }
        }
        assertThat(world.active().luns()).isEmpty();
        assertThat(world.snapshots().list()).isEmpty();
        world.drain();
        world.check();
        VolumeUsage usage = world.active().usage();
        assertThat(usage.usedBlocks()).isLessThan(40);
    }

    private static void step(SnapshotWorld world) {
        int kind = world.random.nextInt(100);
        if (kind < 50) {
            write(world);
        } else if (kind < 58) {
            unmap(world);
        } else if (kind < 70) {
            take(world);
        } else if (kind < 80) {
            delete(world);
        } else if (kind < 85) {
            cloneOne(world);
        } else if (kind < 90) {
            restore(world);
        } else if (kind < 92) {
            deleteLun(world);
        } else if (kind < 95) {
            createOrGrow(world);
        } else {
            world.run(() -> world.active().checkpoint(null));
        }
    }

    private static int anyLun(SnapshotWorld world) {
        List<Integer> numbers = new ArrayList<>();
        world.twin.luns.forEach(
                (number, content) -> {
                    if (!content.readOnly()) {
                        numbers.add(number);
                    }
                });
        return numbers.isEmpty() ? -1 : numbers.get(world.random.nextInt(numbers.size()));
    }

    private static UUID anySnapshot(SnapshotWorld world) {
        List<UUID> all = world.snapshots().list().stream().map(Snapshot::identity).toList();
        return all.isEmpty() ? new UUID(0, 1) : all.get(world.random.nextInt(all.size()));
    }

    private static void write(SnapshotWorld world) {
        int number = anyLun(world);
        if (number < 0) {
            return;
        }
        int sectors = sectors(world, number);
        int first = world.random.nextInt(sectors);
        int count = 1 + world.random.nextInt(Math.min(300, sectors - first));
        IoBuffer data = IoBuffer.unpooled(world.stamps(count));
        world.begin(done -> world.lun(number).write((long) first * Blocks.SECTOR, data, done));
    }

    private static void unmap(SnapshotWorld world) {
        int number = anyLun(world);
        if (number < 0) {
            return;
        }
        int sectors = sectors(world, number);
        long first = world.random.nextInt(sectors);
        long count = 1L + world.random.nextInt(sectors - (int) first);
        world.begin(
                done ->
                        world.lun(number)
                                .unmap(first * Blocks.SECTOR, count * Blocks.SECTOR, done));
    }

    private static int sectors(SnapshotWorld world, int number) {
        return (int) (world.lun(number).record().size() / Blocks.SECTOR);
    }

    private static void take(SnapshotWorld world) {
        int number = anyLun(world);
        if (number >= 0 && world.snapshots().list().size() < SNAPSHOTS) {
            List<Integer> luns = world.random.nextInt(4) == 0 ? List.of() : List.of(number);
            VolumeSnapshots.Taking taking = world.taking(luns);
            world.begin(done -> world.snapshots().take(taking, done));
        }
    }

    private static void delete(SnapshotWorld world) {
        List<UUID> going = new ArrayList<>(List.of(anySnapshot(world)));
        if (world.random.nextInt(3) == 0) {
            UUID other = anySnapshot(world);
            if (!going.contains(other)) {
                going.add(other);
            }
        }
        world.begin(done -> world.snapshots().delete(going, done));
    }

    private static void cloneOne(SnapshotWorld world) {
        int number = 0;
        while (world.twin.luns.containsKey(number)) {
            number++;
        }
        if (number < LUNS) {
            boolean readOnly = world.random.nextInt(3) == 0;
            LunRecord as = new LunRecord(number, "c", world.newId(), Blocks.SIZE, readOnly);
            UUID of = anySnapshot(world);
            world.begin(done -> world.snapshots().cloneAs(of, as, done));
        }
    }

    private static void restore(SnapshotWorld world) {
        UUID to = anySnapshot(world);
        boolean deleteNewer = world.random.nextInt(3) > 0;
        world.begin(done -> world.snapshots().restore(to, deleteNewer, done));
    }

    private static void deleteLun(SnapshotWorld world) {
        List<Integer> numbers = List.copyOf(world.twin.luns.keySet());
        int number = numbers.get(world.random.nextInt(numbers.size()));
        if (numbers.size() > 1) {
            boolean with = world.random.nextBoolean();
            world.begin(done -> world.snapshots().deleteLun(number, with, done));
        }
    }

    private static void createOrGrow(SnapshotWorld world) {
        int number = world.random.nextInt(LUNS);
        if (!world.twin.luns.containsKey(number)) {
            LunRecord record =
                    new LunRecord(
                            number,
                            "l",
                            world.newId(),
                            Blocks.toBytes(100 + world.random.nextInt(300)));
            world.begin(done -> world.active().putLun(record, done));
        } else if (!world.lun(number).record().readOnly()) {
            LunRecord record = world.lun(number).record();
            LunRecord grown = record.sized(record.size() + Blocks.toBytes(20));
            world.begin(done -> world.active().putLun(grown, done));
        }
    }
}
