package lockstep.blockstore.sim;

import org.agrona.collections.Long2ObjectHashMap;
import org.jspecify.annotations.Nullable;

import java.util.ArrayList;
import java.util.List;

/// What became of the writes of some devices, in order, with marks that the test puts between: from
/// it every state can be made that a power cut at any instant could have left.
public final class SimTrace {
    /// One write of device `device`; a null block is not touched by it. The blocks never change.
    @SuppressWarnings("ArrayRecordComponent")
    public record Write(int device, long firstBlock, byte[][] blocks) {
        @Override
        public boolean equals(@Nullable Object other) {
            return this == other;
        }

        @Override
        public int hashCode() {
            return (int) (firstBlock * 31 + device);
        }
    }

    /// Something that happened.
    public sealed interface Event {
        /// The device was given a write: from here on a power cut may leave any part of it.
        record Submitted(Write write) implements Event {}

        /// The write is in the device's cache.
        record Landed(Write write) implements Event {}

        /// These writes are safe now, if they were not superseded before.
        record Durable(List<Write> writes) implements Event {}

        /// The test noted that it is at `what`.
        record Mark(long what) implements Event {}
    }

    private final List<Event> events = new ArrayList<>();
    private final List<Long2ObjectHashMap<byte[]>> images = new ArrayList<>();

    /// What happened so far.
    public List<Event> events() {
        return events;
    }

    /// What each device held when its trace began; copies that the caller may change.
    public List<Long2ObjectHashMap<byte[]>> images() {
        return images.stream().map(Long2ObjectHashMap::new).toList();
    }

    /// Notes that the test is at `what`.
    public void mark(long what) {
        events.add(new Event.Mark(what));
    }

    void begin(int device, Long2ObjectHashMap<byte[]> image) {
        if (device != images.size()) {
            throw new IllegalArgumentException("devices are traced in the order of their numbers");
        }
        images.add(image);
    }

    Write submitted(int device, long firstBlock, byte[][] blocks) {
        Write write = new Write(device, firstBlock, blocks.clone());
        events.add(new Event.Submitted(write));
        return write;
    }

    void landed(@Nullable Write write) {
        if (write != null) {
            events.add(new Event.Landed(write));
        }
    }

    void durable(List<@Nullable Write> covered) {
        List<Write> writes = new ArrayList<>();
        for (Write write : covered) {
            if (write != null) {
                writes.add(write);
            }
        }
        if (!writes.isEmpty()) {
            events.add(new Event.Durable(writes));
        }
    }
}
