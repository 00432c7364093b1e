package lockstep.blockstore.crash;

import lockstep.blockstore.base.Blocks;
import lockstep.blockstore.sim.SimTrace;
import lockstep.blockstore.sim.SimTrace.Event;
import lockstep.blockstore.sim.SimTrace.Write;

import org.agrona.collections.Long2ObjectHashMap;
import org.agrona.collections.LongHashSet;

import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;

/// Every state that a power cut could have left of a traced run: at each instant, what was durable
/// stands, and of the writes that were submitted and not durable yet each is there, or is not, or
/// is torn at 512 bytes.
///
/// It looks at two kinds of instants. Before writes become durable, all subsets of what is in the
/// balance are made if there are at most [#WHOLE], and [#SAMPLES] of them if there are more; as the
/// balance only fills between two such instants, the states in between are among them, with less
/// acknowledged. And after each write that reaches a device: all that reached one is there, which
/// is what a killed process leaves. A state is made once for everything that was promised by then.
final class CrashStates {
    /// So many undecided writes are decided in every way.
    private static final int WHOLE = 8;

    /// So many ways are tried for more.
    private static final int SAMPLES = 50;

    private static final byte[] ZEROS = new byte[Blocks.SIZE];
    private static final int LOST = 0;
    private static final int KEPT = (1 << Blocks.SECTORS) - 1;

    /// Takes the states, one after the other.
    interface Visitor {
        /// Whether state number `number` is wanted; if not it is not made.
        default boolean wants(int number) {
            return true;
        }

        /// State `number`: what each device holds. `mark` is the last mark before the power cut.
        void state(int number, List<Long2ObjectHashMap<byte[]>> images, List<Long> marks);
    }

    /// A write in the balance.
    private static final class Undecided {
        final long id;
        final Write write;
        final byte[][] blocks;

        Undecided(long id, Write write) {
            this.id = id;
            this.write = write;
            this.blocks = write.blocks().clone();
        }
    }

    private final SimTrace trace;
    private final SplittableRandom random;
    private final Visitor visitor;
    private final List<Long2ObjectHashMap<byte[]>> durable;
    private final List<Undecided> landed = new ArrayList<>();
    private final List<Undecided> underWay = new ArrayList<>();
    private final List<Long> marks = new ArrayList<>();
    private final LongHashSet seen = new LongHashSet();
    private long durableKey;
    private long marksKey;
    private long lastId;
    private int number;

    private CrashStates(SimTrace trace, long seed, Visitor visitor) {
        this.trace = trace;
        this.random = new SplittableRandom(seed);
        this.visitor = visitor;
        this.durable = trace.images();
    }

    /// Shows `visitor` the states of `trace`; `seed` chooses samples and tears.
    static void visit(SimTrace trace, long seed, Visitor visitor) {
        new CrashStates(trace, seed, visitor).run();
    }

    private void run() {
        for (Event event : trace.events()) {
            switch (event) {
                case Event.Submitted(Write write) -> underWay.add(new Undecided(++lastId, write));
                case Event.Landed(Write write) -> {
                    landed.add(remove(underWay, write));
                    killedHere();
                }
                case Event.Durable(List<Write> writes) -> {
                    cutHere();
                    writes.forEach(this::makeDurable);
                }
                case Event.Mark(long what) -> {
                    marks.add(what);
                    marksKey = mix(marksKey + what);
                }
            }
        }
        cutHere();
    }

    private static Undecided remove(List<Undecided> from, Write write) {
        for (int i = 0; i < from.size(); i++) {
            if (from.get(i).write.equals(write)) {
                return from.remove(i);
            }
        }
        throw new IllegalStateException("a write was submitted before it lands");
    }

    private void makeDurable(Write write) {
        int at = 0;
        while (at < landed.size() && !landed.get(at).write.equals(write)) {
            at++;
        }
        if (at == landed.size()) {
            return;
        }
        Undecided safe = landed.remove(at);
        for (Undecided older : landed.subList(0, at)) {
            supersede(older, safe);
        }
        durableKey ^= mix(safe.id * 31 + KEPT);
        put(safe, KEPT, durable.get(write.device()));
    }

    // What an older write left in a cache can no longer reach the medium.
    private static void supersede(Undecided older, Undecided newer) {
        if (older.write.device() == newer.write.device()) {
            long shift = newer.write.firstBlock() - older.write.firstBlock();
            for (int i = 0; i < newer.blocks.length; i++) {
                long at = i + shift;
                if (at >= 0 && at < older.blocks.length && newer.blocks[i] != null) {
                    older.blocks[(int) at] = null;
                }
            }
        }
    }

    private void killedHere() {
        int[][] fates = new int[landed.size() + underWay.size()][];
        for (int i = 0; i < fates.length; i++) {
            fates[i] = new int[] {i < landed.size() ? KEPT : LOST};
        }
        offer(fates);
    }

    private void cutHere() {
        int count = landed.size() + underWay.size();
        if (count <= WHOLE) {
            for (int subset = 0; subset < 1 << count; subset++) {
                int[][] fates = new int[count][];
                for (int i = 0; i < count; i++) {
                    fates[i] = new int[] {(subset & (1 << i)) != 0 ? KEPT : LOST};
                }
                offer(fates);
            }
            for (int i = 0; i < count; i++) {
                offer(sample(3, i));
            }
        } else {
            for (int i = 0; i < SAMPLES; i++) {
                offer(sample(1 + i % 5, -1));
            }
        }
    }

    // Some are torn; of six others `kept` are there, on average.
    private int[][] sample(int kept, int surelyTorn) {
        int[][] fates = new int[landed.size() + underWay.size()][];
        for (int i = 0; i < fates.length; i++) {
            if (i == surelyTorn || random.nextInt(5) == 0) {
                fates[i] = tear((i < landed.size() ? landed : underWay).get(index(i)));
            } else {
                fates[i] = new int[] {random.nextInt(6) < kept ? KEPT : LOST};
            }
        }
        return fates;
    }

    private int index(int i) {
        return i < landed.size() ? i : i - landed.size();
    }

    // Sectors block by block: a prefix of the write, or any.
    private int[] tear(Undecided write) {
        int[] masks = new int[write.blocks.length];
        if (random.nextBoolean()) {
            int sectors = random.nextInt(masks.length * Blocks.SECTORS + 1);
            for (int i = 0; i < masks.length; i++) {
                int here = Math.clamp(sectors - i * (long) Blocks.SECTORS, 0, Blocks.SECTORS);
                masks[i] = (1 << here) - 1;
            }
        } else {
            for (int i = 0; i < masks.length; i++) {
                masks[i] = random.nextInt(1 << Blocks.SECTORS);
            }
        }
        return masks;
    }

    private void offer(int[][] fates) {
        long key = durableKey ^ marksKey;
        for (int i = 0; i < fates.length; i++) {
            Undecided write = i < landed.size() ? landed.get(i) : underWay.get(index(i));
            for (int b = 0; b < fates[i].length; b++) {
                if (fates[i][b] != LOST) {
                    long factor = fates[i].length == 1 ? 31 : 37 + b;
                    key ^= mix(write.id * factor + fates[i][b]);
                }
            }
        }
        if (!seen.add(key)) {
            return;
        }
        int mine = number++;
        if (!visitor.wants(mine)) {
            return;
        }
        List<Long2ObjectHashMap<byte[]>> images = new ArrayList<>();
        durable.forEach(image -> images.add(new Long2ObjectHashMap<>(image)));
        for (int i = 0; i < fates.length; i++) {
            Undecided write = i < landed.size() ? landed.get(i) : underWay.get(index(i));
            Long2ObjectHashMap<byte[]> image = images.get(write.write.device());
            if (fates[i].length == 1) {
                put(write, fates[i][0], image);
            } else {
                for (int b = 0; b < fates[i].length; b++) {
                    putBlock(write, b, fates[i][b], image);
                }
            }
        }
        visitor.state(mine, images, marks);
    }

    private static void put(Undecided write, int mask, Long2ObjectHashMap<byte[]> image) {
        for (int i = 0; i < write.blocks.length; i++) {
            putBlock(write, i, mask, image);
        }
    }

    private static void putBlock(
            Undecided write, int index, int mask, Long2ObjectHashMap<byte[]> image) {
        byte[] after = write.blocks[index];
        long block = write.write.firstBlock() + index;
        if (after == null || mask == LOST) {
            return;
        }
        if (mask == KEPT) {
            image.put(block, after);
            return;
        }
        byte[] torn = image.getOrDefault(block, ZEROS).clone();
        for (int sector = 0; sector < Blocks.SECTORS; sector++) {
            if ((mask & (1 << sector)) != 0) {
                int at = sector * Blocks.SECTOR;
                System.arraycopy(after, at, torn, at, Blocks.SECTOR);
            }
        }
        image.put(block, torn);
    }

    private static long mix(long value) {
        long mixed = (value ^ (value >>> 32)) * 0x9E3779B97F4A7C15L;
        return (mixed ^ (mixed >>> 29)) * 0xBF58476D1CE4E5B9L;
    }
}
