package lockstep.blockstore.log;

import lockstep.blockstore.base.Blocks;
import lockstep.blockstore.io.BlockDevice;
import lockstep.blockstore.io.BlockDevice.Extent;
import lockstep.blockstore.io.Clock;
import lockstep.blockstore.io.IoCompletion;
import lockstep.blockstore.io.IoFault;
import lockstep.blockstore.io.Pending;
import lockstep.blockstore.log.LogFormat.LogHeader;

import org.jspecify.annotations.Nullable;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/// The device that holds the log, or the two that hold a copy each. What is written is durable when
/// every copy that is in has it. When one of two fails, the header of the other says first, under
/// the next generation, that it goes on alone; only then does the write that failed count. So a
/// copy that was left behind is known when the two are next seen together, and a copy that still
/// says "both" is never believed without the other.
final class LogCopies {
    /// One copy, and why it is out; null while it is in.
    static final class Copy {
        final BlockDevice device;
        @Nullable IoFault out;

        Copy(BlockDevice device) {
            this.device = device;
        }

        boolean isIn() {
            return out == null;
        }
    }

    private final List<Copy> copies;
    private LogHeader header;
    private @Nullable LogSilence silence;
    private Consumer<IoFault> whenOneIsLost = _ -> {};

    /// The copies, of which at least one is in, and the header of those.
    LogCopies(List<Copy> copies, LogHeader header) {
        this.copies = List.copyOf(copies);
        this.header = header;
    }

    /// Who hears that one of two copies failed and the log goes on with the other.
    void whenOneIsLost(Consumer<IoFault> listener) {
        whenOneIsLost = listener;
    }

    LogHeader header() {
        return header;
    }

    List<Copy> all() {
        return copies;
    }

    /// The copies that are in.
    List<Copy> in() {
        for (Copy copy : copies) {
            if (!copy.isIn()) {
                return copies.stream().filter(Copy::isIn).toList();
            }
        }
        return copies;
    }

    /// The copy that is read.
    BlockDevice first() {
        return in().getFirst().device;
    }

    /// The other copy, or null if the log has one only.
    @Nullable BlockDevice second() {
        List<Copy> in = in();
        return in.size() == 2 ? in.getLast().device : null;
    }

    /// Why the copy that failed last is out.
    IoFault lastFault() {
        IoFault last = new IoFault("log", "open", "no copy is left");
        for (Copy copy : copies) {
            last = copy.out == null ? last : copy.out;
        }
        return last;
    }

    /// `device` is like the others from here on.
    void join(BlockDevice device) {
        for (Copy copy : copies) {
            if (copy.device.equals(device)) {
                copy.out = null;
            }
        }
    }

    /// From here on a device that does not answer for `patienceNanos` has failed, if the other one
    /// answers; else it is waited for, and [#silence] tells.
    void watch(Clock clock, long patienceNanos) {
        silence = new LogSilence(clock, patienceNanos);
    }

    /// What to tell people of a copy that is in and does not answer; empty if there is none.
    String silence() {
        LogSilence watch = silence;
        long seconds = watch == null ? 0 : watch.silentNanos() / 1_000_000_000;
        return seconds == 0 ? "" : "it has not answered for " + seconds + " s";
    }

    /// Writes to every copy, durably. Where there are two, one such call at a time.
    void writeDurably(List<Extent> extents, IoCompletion done) {
        new Write(in(), done).start(extents);
    }

    /// One write to the copies that are in.
    private final class Write implements LogSilence.Watched {
        private final List<Copy> to;
        private final IoCompletion done;
        private final @Nullable IoFault[] faults;
        private final @Nullable Pending[] pending;
        private final boolean[] over;
        private int open;

        Write(List<Copy> to, IoCompletion done) {
            this.to = to;
            this.done = done;
            this.open = to.size();
            this.faults = new @Nullable IoFault[open];
            this.pending = new @Nullable Pending[open];
            this.over = new boolean[open];
        }

        void start(List<Extent> extents) {
            if (silence != null) {
                silence.begins(this);
            }
            for (int i = 0; i < to.size(); i++) {
                int at = i;
                List<Extent> lent = to.size() == 1 ? awaited(extents) : lent(extents);
                pending[i] = to.get(i).device.writeDurably(lent, fault -> ended(at, fault));
            }
        }

        private void ended(int copy, @Nullable IoFault fault) {
            faults[copy] = fault;
            over[copy] = true;
            if (--open > 0) {
                return;
            }
            if (silence != null) {
                silence.ended(this);
            }
            if (to.size() == 1) {
                done.ended(fault);
            } else {
                written(to, faults, done);
            }
        }

        // Given up only beside one that has answered well: else it is the only one there is.
        @Override
        public void takesLong(long nanos) {
            for (int i = 0; i < to.size(); i++) {
                int other = to.size() - 1 - i;
                boolean spared = other != i && over[other] && faults[other] == null;
                Pending under = pending[i];
                if (spared && !over[i] && under != null && under.abandon()) {
                    String why = "it did not answer for " + nanos / 1_000_000_000 + " s";
                    ended(i, new IoFault(to.get(i).device.name(), "write", why));
                }
            }
        }
    }

    /// Writes to one copy, durably, to make it like the other; it is out if that fails.
    void repair(BlockDevice device, List<Extent> extents, IoCompletion done) {
        device.writeDurably(
                extents,
                fault -> {
                    if (fault == null) {
                        done.ended(null);
                    } else {
                        lose(device, fault, done);
                    }
                });
    }

    // The only copy there is: it is never given up.
    private static List<Extent> awaited(List<Extent> extents) {
        return extents.stream().map(Extent::toBeAwaited).toList();
    }

    private static List<Extent> lent(List<Extent> extents) {
        List<Extent> views = new ArrayList<>();
        for (Extent extent : extents) {
            List<ByteBuffer> buffers =
                    extent.buffers().stream().map(ByteBuffer::duplicate).toList();
            views.add(new Extent(extent.offset(), buffers));
        }
        return views;
    }

    private void written(List<Copy> to, @Nullable IoFault[] faults, IoCompletion done) {
        IoFault first = faults[0];
        IoFault second = faults[1];
        if (first != null && second != null) {
            done.ended(first);
        } else if (first != null) {
            lose(to.getFirst().device, first, done);
        } else if (second != null) {
            lose(to.getLast().device, second, done);
        } else {
            done.ended(null);
        }
    }

    /// `device` is out for `fault`: the other goes on alone, which it says before `done` comes.
    void lose(BlockDevice device, IoFault fault, IoCompletion done) {
        for (Copy copy : copies) {
            if (copy.device.equals(device)) {
                copy.out = fault;
            }
        }
        if (in().isEmpty()) {
            done.ended(fault);
            return;
        }
        say(
                header.next(LogFormat.ALONE),
                ended -> {
                    if (ended == null) {
                        whenOneIsLost.accept(fault);
                    }
                    done.ended(ended);
                });
    }

    /// Puts `next` on every copy that is in, the one that is read last: until then it counts alone.
    void say(LogHeader next, IoCompletion done) {
        header = next;
        sayOn(in().size() - 1, done);
    }

    private void sayOn(int index, IoCompletion done) {
        if (index < 0) {
            done.ended(null);
            return;
        }
        BlockDevice device = in().get(index).device;
        writeHeader(
                device,
                header,
                0,
                fault -> {
                    if (fault != null) {
                        done.ended(fault);
                    } else {
                        sayOn(index - 1, done);
                    }
                });
    }

    // The two blocks of a header one after the other: a tear leaves one whole.
    private static void writeHeader(
            BlockDevice device, LogHeader header, int block, IoCompletion done) {
        if (block == 2) {
            done.ended(null);
            return;
        }
        ByteBuffer bytes = ByteBuffer.allocateDirect(Blocks.SIZE);
        LogFormat.encode(header, bytes);
        device.writeDurably(
                List.of(new Extent(Blocks.toBytes(block), List.of(bytes))),
                fault -> {
                    if (fault != null) {
                        done.ended(fault);
                    } else {
                        writeHeader(device, header, block + 1, done);
                    }
                });
    }
}
