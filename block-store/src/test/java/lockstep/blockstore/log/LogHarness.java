package lockstep.blockstore.log;

import static org.assertj.core.api.Assertions.assertThat;

import com.codahale.metrics.MetricRegistry;

import lockstep.blockstore.base.Epoch;
import lockstep.blockstore.base.Position;
import lockstep.blockstore.base.VolumeId;
import lockstep.blockstore.io.IoFault;
import lockstep.blockstore.sim.SimDevice;
import lockstep.blockstore.sim.SimEventLoop;
import lockstep.blockstore.sim.Simulation;

import org.jspecify.annotations.Nullable;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/// One node with one log device in a simulated world, restarted at will.
final class LogHarness {
    static final int SEGMENT_BYTES = 32 << 10;
    static final Epoch FIRST = new Epoch(1, 0xA);

    final Simulation simulation;
    final SimDevice device;
    final MetricRegistry metrics = new MetricRegistry();
    SimEventLoop loop;
    @Nullable NvLog log;

    LogHarness(long seed, int segments) {
        this(seed, segments, SEGMENT_BYTES);
    }

    LogHarness(long seed, int segments, int segmentBytes) {
        simulation = new Simulation(seed);
        device = new SimDevice(simulation, "log", 8192 + (long) segments * segmentBytes);
        loop = simulation.newLoop("node");
        device.attach(loop);
        List<@Nullable IoFault> ended = new ArrayList<>();
        loop.call(() -> NvLog.format(device, segmentBytes, this::entropy, ended::add));
        simulation.runUntilIdle();
        assertThat(ended).containsExactly((IoFault) null);
        open();
    }

    private long entropy() {
        return simulation.random().nextLong();
    }

    /// What one replay gave.
    static final class Replayed implements LogStream.EntryHandler, LogStream.ReplayEnd {
        final List<String> entries = new ArrayList<>();
        final List<Long> sequences = new ArrayList<>();
        @Nullable LogVerdict verdict;
        Position last = Position.NONE;
        long highestHalf;

        @Override
        public void entry(long half, LogEntry borrowed) {
            entries.add(describe(half, borrowed));
            sequences.add(borrowed.position().sequence());
        }

        @Override
        public void ended(LogVerdict endVerdict, Position endLast, long highest) {
            assertThat(verdict).isNull();
            verdict = endVerdict;
            last = endLast;
            highestHalf = highest;
        }
    }

    /// Hears commits.
    static final class Heard implements LogStream.Listener {
        final List<Position> durable = new ArrayList<>();
        final List<IoFault> faults = new ArrayList<>();

        @Override
        public void durable(Position upTo) {
            durable.add(upTo);
        }

        @Override
        public void failed(IoFault fault) {
            faults.add(fault);
        }
    }

    static VolumeId volume(int number) {
        return new VolumeId(0xABCD, number);
    }

    static Position at(long sequence) {
        return new Position(FIRST, sequence);
    }

    /// A write whose content follows from its sequence.
    static LogEntry.Write write(Position position, int bytes) {
        byte[] data = new byte[bytes];
        for (int i = 0; i < bytes; i++) {
            data[i] = (byte) (position.sequence() * 31 + i);
        }
        return new LogEntry.Write(position, 1, position.sequence() * 512, ByteBuffer.wrap(data));
    }

    /// Everything about an entry that a replay has to bring back.
    static String describe(long half, LogEntry entry) {
        ByteBuffer bytes = ByteBuffer.allocate(EntryCodec.encodedLength(entry));
        EntryCodec.encode(entry, bytes);
        return half + " " + entry.position() + " " + bytes.flip().hashCode();
    }

    NvLog log() {
        if (log == null) {
            throw new AssertionError("the log is open");
        }
        return log;
    }

    NvLog open() {
        List<NvLog.OpenResult> results = new ArrayList<>();
        loop.call(() -> NvLog.open(device, loop, this::entropy, metrics, results::add));
        simulation.runUntilIdle();
        assertThat(results).hasSize(1);
        if (results.getFirst() instanceof NvLog.OpenResult.Opened(NvLog opened)) {
            log = opened;
            return opened;
        }
        throw new AssertionError("" + results);
    }

    Replayed replay(int volume, long floorHalf) {
        Replayed replayed = new Replayed();
        loop.call(() -> log().stream(volume(volume)).replay(floorHalf, replayed, replayed));
        simulation.runUntilIdle();
        assertThat(replayed.verdict).isNotNull();
        return replayed;
    }

    /// A stream of a volume that starts empty.
    LogStream fresh(int volume, Heard heard) {
        assertThat(replay(volume, 0).entries).isEmpty();
        LogStream stream = log().stream(volume(volume));
        stream.listen(heard);
        return stream;
    }

    /// The process dies, the machine stays on.
    void kill() {
        loop.stop();
        loop = simulation.newLoop("node again");
        device.attach(loop);
        open();
    }

    /// The power is cut and comes back.
    void crash() {
        loop.stop();
        device.crash();
        loop = simulation.newLoop("node again");
        device.attach(loop);
        open();
    }

    /// Appends writes and lets the commit end.
    void commit(LogStream stream, long half, long firstSequence, int count, int bytes) {
        loop.call(
                () -> {
                    for (int i = 0; i < count; i++) {
                        stream.append(half, write(at(firstSequence + i), bytes));
                    }
                });
        simulation.runUntilIdle();
    }
}
