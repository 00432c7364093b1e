package lockstep.replication.pair;

import lockstep.blockstore.base.Blocks;
import lockstep.blockstore.base.IoBuffer;
import lockstep.blockstore.base.Outcome;
import lockstep.blockstore.cp.Snapshot;
import lockstep.blockstore.tree.LunRecord;
import lockstep.blockstore.volume.ActiveVolume;
import lockstep.blockstore.volume.Lun;
import lockstep.blockstore.volume.VolumeSnapshots;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Consumer;

/// A LUN of its own that is written, snapshotted, restored and cloned, one command after the other,
/// so that it is known what each snapshot must hold; other LUNs are written meanwhile. A command
/// whose end nobody heard of is looked for afterwards. Checked: every image of either node holds
/// the snapshots as they were taken, and the LUN is what the commands made of it.
final class SnapshotLoad {
    static final int LUN = 1;
    static final int LUN_BLOCKS = 48;
    private static final int CLONE = 2;
    static final int SECTORS = LUN_BLOCKS * Blocks.SECTORS;
    private static final int SNAPSHOTS = 4;
    private static final UUID IDENTITY = new UUID(3, 5);

    private static final long ANSWERED_WITHIN_NANOS = 5_000_000_000L;

    private final PairSimulation pair;
    private final LinkedHashMap<String, long[]> kept = new LinkedHashMap<>();
    final SnapshotImages images;
    private long[] now = new long[SECTORS];
    private boolean hasClone;
    private SnapshotCommand under;
    private boolean unknown;
    private long unknownSinceNanos;
    private boolean busy;
    private long names;
    private long stamps;
    long done;

    SnapshotLoad(PairSimulation pair) {
        this.pair = pair;
        this.images = new SnapshotImages(pair);
    }

    static LunRecord record() {
        return new LunRecord(LUN, "s", IDENTITY, Blocks.toBytes(LUN_BLOCKS));
    }

    /// Nobody will hear of the end of what is under way.
    void abandonOutstanding() {
        if (under != null && !unknown) {
            unknown = true;
            unknownSinceNanos = pair.simulation.nowNanos();
        }
        busy = false;
    }

    /// Does something, or finds out what became of the last command.
    void oneCommand(SimNode node) {
        if (busy) {
            return;
        }
        if (unknown) {
            lookFor(node);
            return;
        }
        switch (pair.random.nextInt(8)) {
            case 0, 1 -> take(node);
            case 2 -> delete(node);
            case 3 -> restore(node);
            case 4 -> cloneOne(node);
            default -> write(node);
        }
    }

    boolean isSettled() {
        return !busy && !unknown;
    }

    private ActiveVolume active(SimNode node) {
        return node.replica.active();
    }

    private Lun lun(SimNode node) {
        return active(node).luns().stream()
                .filter(lun -> lun.record().number() == LUN)
                .findFirst()
                .orElseThrow();
    }

    /// Begins a command.
    private void begin(
            SimNode node,
            String what,
            Consumer<Outcome.Handler> begun,
            Consumer<Boolean> ended,
            Consumer<SimNode> look) {
        SnapshotCommand mine = new SnapshotCommand(node, what, ended, look);
        under = mine;
        busy = true;
        node.loop.call(
                () ->
                        begun.accept(
                                outcome -> {
                                    mine.answered = true;
                                    if (!mine.equals(under) || unknown || !node.alive) {
                                        return;
                                    }
                                    busy = false;
                                    pair.check(
                                            !(outcome instanceof Outcome.Refused),
                                            what + " ends in " + outcome);
                                    if (outcome.isDone()) {
                                        end(true);
                                    } else {
                                        // Of several steps the first ones may be done.
                                        unknown = true;
                                        unknownSinceNanos = pair.simulation.nowNanos();
                                    }
                                }));
    }

    private void end(boolean wasDone) {
        SnapshotCommand command = under;
        under = null;
        unknown = false;
        done += wasDone ? 1 : 0;
        command.ended.accept(wasDone);
    }

    /// What a flush waits for is durable on every leg, and so is what is seen then. A command that
    /// a node still has before it may be done yet: nothing is to be seen of it before its answer.
    private void lookFor(SimNode node) {
        SnapshotCommand mine = under;
        long sinceNanos = pair.simulation.nowNanos() - unknownSinceNanos;
        if (mine.isPending() && sinceNanos < ANSWERED_WITHIN_NANOS) {
            return;
        }
        busy = true;
        node.loop.call(
                () ->
                        lun(node)
                                .flush(
                                        outcome -> {
                                            if (!mine.equals(under) || !node.alive) {
                                                return;
                                            }
                                            busy = false;
                                            if (outcome.isDone()) {
                                                mine.look.accept(node);
                                            }
                                        }));
    }

    private Optional<Snapshot> find(SimNode node, String name) {
        return active(node).snapshots().list().stream()
                .filter(s -> s.name().equals(name) && s.lun().number() == LUN)
                .findFirst();
    }

    private void write(SimNode node) {
        int first = pair.random.nextInt(SECTORS);
        int count = 1 + pair.random.nextInt(SECTORS - first);
        boolean zeros = pair.random.nextInt(4) == 0;
        long stamp = zeros ? 0 : ++stamps * 2;
        long[] after = now.clone();
        Arrays.fill(after, first, first + count, stamp);
        long offset = (long) first * Blocks.SECTOR;
        byte[] data = SectorHistory.content(zeros ? 1 : stamp, count);
        become(
                node,
                "a write",
                ended -> {
                    if (zeros) {
                        lun(node).unmap(offset, data.length, ended);
                    } else {
                        lun(node).write(offset, IoBuffer.unpooled(ByteBuffer.wrap(data)), ended);
                    }
                },
                after,
                () -> {});
    }

    /// A command that makes the LUN hold `after`.
    private void become(
            SimNode node,
            String what,
            Consumer<Outcome.Handler> begun,
            long[] after,
            Runnable then) {
        begin(
                node,
                what,
                begun,
                wasDone -> {
                    if (wasDone) {
                        now = after;
                        then.run();
                    }
                },
                seen ->
                        readLun(
                                seen,
                                found -> {
                                    boolean same = Arrays.equals(found, after);
                                    pair.check(
                                            same || Arrays.equals(found, now),
                                            "after " + what + " the LUN is neither");
                                    end(same);
                                }));
    }

    private void readLun(SimNode node, Consumer<long[]> next) {
        SnapshotCommand mine = under;
        ByteBuffer into = ByteBuffer.allocate(SECTORS * Blocks.SECTOR);
        busy = true;
        lun(node)
                .read(
                        0,
                        into,
                        outcome -> {
                            if (!Objects.equals(mine, under) || !node.alive) {
                                return;
                            }
                            busy = false;
                            if (outcome.isDone()) {
                                next.accept(numbers(into.array()));
                            }
                        });
    }

    private static long[] numbers(byte[] bytes) {
        long[] found = new long[SECTORS];
        for (int i = 0; i < SECTORS; i++) {
            found[i] = SectorHistory.numberOf(bytes, i * Blocks.SECTOR);
        }
        return found;
    }

    private void take(SimNode node) {
        if (kept.size() >= SNAPSHOTS) {
            return;
        }
        String name = "s" + names++;
        long[] content = now.clone();
        images.taken(name, content);
        boolean both = pair.random.nextInt(3) == 0 && active(node).snapshots().list().size() < 6;
        List<Integer> luns = both ? List.of(0, LUN) : List.of(LUN);
        UUID identity = new UUID(names, 0);
        VolumeSnapshots.Taking taking = new VolumeSnapshots.Taking(name, luns, identity, names, "");
        begin(
                node,
                "a take",
                ended -> active(node).snapshots().take(taking, ended),
                wasDone -> {
                    if (wasDone) {
                        kept.put(name, content);
                    }
                },
                seen -> end(find(seen, name).isPresent()));
    }

    private void delete(SimNode node) {
        List<Snapshot> all = active(node).snapshots().list();
        if (all.isEmpty() || hasClone) {
            return;
        }
        Snapshot going = all.get(pair.random.nextInt(all.size()));
        UUID identity = going.identity();
        begin(
                node,
                "a delete",
                ended -> active(node).snapshots().delete(List.of(identity), ended),
                wasDone -> {
                    if (wasDone && going.lun().number() == LUN) {
                        kept.remove(going.name());
                    }
                },
                seen ->
                        end(
                                active(seen).snapshots().list().stream()
                                        .noneMatch(s -> s.identity().equals(identity))));
    }

    private void restore(SimNode node) {
        if (kept.isEmpty() || hasClone) {
            return;
        }
        List<String> all = List.copyOf(kept.keySet());
        int at = pair.random.nextInt(all.size());
        long[] content = kept.get(all.get(at));
        UUID identity = find(node, all.get(at)).orElseThrow().identity();
        List<String> newer = all.subList(at + 1, all.size());
        begin(
                node,
                "a restore",
                ended -> active(node).snapshots().restore(identity, true, ended),
                wasDone -> {
                    if (wasDone) {
                        now = content.clone();
                        newer.forEach(kept::remove);
                    }
                },
                seen ->
                        readLun(
                                seen,
                                found -> {
                                    boolean gone =
                                            newer.stream().allMatch(n -> find(seen, n).isEmpty());
                                    boolean same = Arrays.equals(found, content) && gone;
                                    pair.check(
                                            same || Arrays.equals(found, now),
                                            "after a restore the LUN is neither");
                                    // They go before the restore, one by one.
                                    newer.stream()
                                            .filter(n -> find(seen, n).isEmpty())
                                            .forEach(kept::remove);
                                    end(same);
                                }));
    }

    /// A clone of the newest snapshot comes or goes.
    private void cloneOne(SimNode node) {
        if (hasClone) {
            begin(
                    node,
                    "a delete of a clone",
                    ended -> active(node).snapshots().deleteLun(CLONE, false, ended),
                    wasDone -> hasClone = !wasDone,
                    seen -> end(!isCloneThere(seen)));
        } else if (!kept.isEmpty()) {
            String name = List.copyOf(kept.keySet()).getLast();
            UUID identity = find(node, name).orElseThrow().identity();
            LunRecord as =
                    new LunRecord(
                            CLONE, "c", new UUID(-1, ++names), 4096, pair.random.nextBoolean());
            begin(
                    node,
                    "a clone",
                    ended -> active(node).snapshots().cloneAs(identity, as, ended),
                    wasDone -> hasClone = wasDone,
                    seen -> end(isCloneThere(seen)));
        }
    }

    private boolean isCloneThere(SimNode node) {
        return active(node).luns().stream().anyMatch(lun -> lun.record().number() == CLONE);
    }

    /// Everything is as the commands left it.
    void verify(SimNode node) {
        pair.await(
                () -> {
                    if (!isSettled() && !busy) {
                        lookFor(node);
                    }
                    return isSettled();
                },
                "the end of every command is found");
        boolean[] read = new boolean[1];
        pair.await(
                () -> {
                    if (!read[0] && !busy) {
                        node.loop.call(
                                () ->
                                        readLun(
                                                node,
                                                found -> {
                                                    read[0] = true;
                                                    pair.check(
                                                            Arrays.equals(found, now),
                                                            "the LUN is what was written");
                                                }));
                    }
                    return read[0];
                },
                "the LUN with snapshots is read");
        List<String> names =
                active(node).snapshots().list().stream()
                        .filter(s -> s.lun().number() == LUN)
                        .map(Snapshot::name)
                        .toList();
        pair.check(
                names.equals(List.copyOf(kept.keySet())),
                "snapshots " + names + ", expected " + kept.keySet());
    }
}
