package lockstep.replication.pair;

import lockstep.replication.tail.TailFormat;
import lockstep.replication.tail.TailStore;

import org.jspecify.annotations.Nullable;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/// Tails of one node, in memory. They outlive the node's incarnations once they are finished.
public final class SimTails implements TailStore {
    /// Those that were finished, as their records.
    final List<List<TailFormat.Part>> kept = new ArrayList<>();

    /// What the next attempt fails with.
    @Nullable String fails;

    @Override
    public void begin(String volumeName, Opened done) {
        String why = fails;
        if (why != null) {
            fails = null;
            done.failed(why);
            return;
        }
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        done.opened(
                new File() {
                    @Override
                    public void append(ByteBuffer bytes, Consumer<@Nullable String> appended) {
                        byte[] copy = new byte[bytes.remaining()];
                        bytes.duplicate().get(copy);
                        all.writeBytes(copy);
                        appended.accept(null);
                    }

                    @Override
                    public void finish(Consumer<@Nullable String> finished) {
                        kept.add(records(ByteBuffer.wrap(all.toByteArray())));
                        finished.accept(null);
                    }

                    @Override
                    public void drop() {}

                    @Override
                    public String name() {
                        return "tail " + kept.size();
                    }
                });
    }

    private static List<TailFormat.Part> records(ByteBuffer in) {
        if (TailFormat.readBegin(in) != null) {
            throw new AssertionError("a tail begins as one");
        }
        List<TailFormat.Part> records = new ArrayList<>();
        while (in.hasRemaining()) {
            TailFormat.Part record = TailFormat.read(in);
            if (record == null) {
                throw new AssertionError("a record of a tail reads back");
            }
            records.add(record);
        }
        return records;
    }
}
