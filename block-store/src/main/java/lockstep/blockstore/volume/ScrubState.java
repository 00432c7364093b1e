package lockstep.blockstore.volume;

import org.jspecify.annotations.Nullable;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/// How far the scrub of a copy has come and what it found, as a record on every member of its
/// disks. It belongs to the copy and never travels.
///
/// ```
/// | version (4) | phase (1) | running (1) | zero (2) | passes (8) | begun, ms (8) |
/// | ended, ms (8) | tree (8) | index (8) | group (4) | zero (4) | step (8) |
/// | blocks read (8) | healed (8) |
/// | parity errors (8) | pages (8) | records (8) | lost (8) | misdirected (8) |
/// | lost VBNs kept (4) | lost VBN (8) ... |
/// ```
///
/// `tree`, `index`: where the walk of pointers goes on; `group`, `step`: where the walk of stripes
/// does. Times are wall-clock times for people, and for the interval between two passes.
public record ScrubState(
        Phase phase,
        boolean running,
        long passes,
        long begunMillis,
        long endedMillis,
        long tree,
        long index,
        int group,
        long step,
        ScrubCounts counts) {
    /// The parts of a pass, in their order.
    public enum Phase {
        /// Nothing is under way.
        IDLE((byte) 0),
        /// Every pointer of every tree is compared with what is on disk. This comes first, because
        /// what a lost write has lost is in parity still, until parity is made anew of what is
        /// there.
        POINTERS((byte) 1),
        /// Every stripe, checksum page, label and record is compared with itself and its copies.
        STRIPES((byte) 2);

        private final byte code;

        Phase(byte code) {
            this.code = code;
        }

        static @Nullable Phase of(byte code) {
            for (Phase phase : values()) {
                if (phase.code == code) {
                    return phase;
                }
            }
            return null;
        }
    }

    private static final int VERSION = 1;
    private static final int FIXED = 124;

    /// A copy that was never scrubbed, and is to be one interval after `nowMillis`.
    public static ScrubState fresh(long nowMillis) {
        return new ScrubState(
                Phase.IDLE, false, 0, nowMillis, nowMillis, 0, 0, 0, 0, ScrubCounts.NONE);
    }

    ScrubState begun(long nowMillis) {
        return new ScrubState(
                Phase.POINTERS, true, passes, nowMillis, endedMillis, 0, 0, 0, 0, ScrubCounts.NONE);
    }

    ScrubState as(boolean nowRunning) {
        return new ScrubState(
                phase,
                nowRunning,
                passes,
                begunMillis,
                endedMillis,
                tree,
                index,
                group,
                step,
                counts);
    }

    ScrubState atPointers(long nextTree, long nextIndex) {
        return new ScrubState(
                Phase.POINTERS,
                running,
                passes,
                begunMillis,
                endedMillis,
                nextTree,
                nextIndex,
                0,
                0,
                counts);
    }

    ScrubState atStripes(int nextGroup, long nextStep) {
        return new ScrubState(
                Phase.STRIPES,
                running,
                passes,
                begunMillis,
                endedMillis,
                0,
                0,
                nextGroup,
                nextStep,
                counts);
    }

    ScrubState ended(long nowMillis) {
        return new ScrubState(
                Phase.IDLE, false, passes + 1, begunMillis, nowMillis, 0, 0, 0, 0, counts);
    }

    ScrubState with(ScrubCounts newCounts) {
        return new ScrubState(
                phase,
                running,
                passes,
                begunMillis,
                endedMillis,
                tree,
                index,
                group,
                step,
                newCounts);
    }

    /// Bytes on disk.
    public ByteBuffer encode() {
        List<Long> lost = counts.lostVbns();
        ByteBuffer out = ByteBuffer.allocate(FIXED + 8 * lost.size());
        out.putInt(VERSION).put(phase.code).put((byte) (running ? 1 : 0));
        out.putShort((short) 0).putLong(passes).putLong(begunMillis).putLong(endedMillis);
        out.putLong(tree).putLong(index).putInt(group).putInt(0).putLong(step);
        out.putLong(counts.blocks()).putLong(counts.healed()).putLong(counts.parityErrors());
        out.putLong(counts.pages()).putLong(counts.records()).putLong(counts.lost());
        out.putLong(counts.misdirected()).putInt(lost.size());
        lost.forEach(out::putLong);
        return out.flip();
    }

    /// Reads a state; null if the bytes are of no known version.
    public static @Nullable ScrubState decode(ByteBuffer borrowed) {
        ByteBuffer in = borrowed.duplicate();
        if (in.remaining() < FIXED || in.getInt() != VERSION) {
            return null;
        }
        Phase phase = Phase.of(in.get());
        boolean running = in.get() == 1;
        in.getShort();
        if (phase == null) {
            return null;
        }
        long passes = in.getLong();
        long begun = in.getLong();
        long ended = in.getLong();
        long tree = in.getLong();
        long index = in.getLong();
        int group = in.getInt();
        in.getInt();
        long step = in.getLong();
        long[] figures = new long[7];
        for (int i = 0; i < figures.length; i++) {
            figures[i] = in.getLong();
        }
        int kept = in.getInt();
        if (kept < 0 || kept > ScrubCounts.LOST_KEPT || in.remaining() < 8 * kept) {
            return null;
        }
        List<Long> lost = new ArrayList<>();
        for (int i = 0; i < kept; i++) {
            lost.add(in.getLong());
        }
        ScrubCounts counts =
                new ScrubCounts(
                        figures[0],
                        figures[1],
                        figures[2],
                        figures[3],
                        figures[4],
                        figures[5],
                        figures[6],
                        lost);
        return new ScrubState(
                phase, running, passes, begun, ended, tree, index, group, step, counts);
    }
}
