package lockstep.blockstore.log;

import com.codahale.metrics.MetricRegistry;

import lockstep.blockstore.base.VolumeId;
import lockstep.blockstore.io.BlockDevice;
import lockstep.blockstore.io.EventLoop;
import lockstep.blockstore.io.IoCompletion;
import lockstep.blockstore.io.IoFault;
import lockstep.blockstore.log.LogFormat.SegmentHeader;

import org.jspecify.annotations.Nullable;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.function.LongSupplier;

/// The node's log: one device, or two with the same on both ([LogCopies]); one group commit, one
/// stream per volume that has a copy here.
///
/// **Idea.** A stream's life is a row of *halves*, each the write commands between two consistency
/// points and numbered by the consistency point that will commit it. A half is a chain of equal
/// segments from one pool, so no volume owns space that it does not use. All streams share commits,
/// of which two are under way at most: whatever is appended meanwhile becomes the next, one batch
/// per stream (more where a segment ends), one durable write for all.
///
/// **Why commits settle in order.** It is what makes a torn tail and damage two different things.
/// Each batch says which entry it *continues* and which was *settled*, that is durable with all
/// before it, when it was made. A power cut can spoil commits that are under way only, and no batch
/// of theirs, in whichever half it stands, can say that any other of them was settled: not that of
/// an older commit, which had not ended when this one was made, and not that of a younger one,
/// which does not settle before it. So if a break in the chain is followed by a batch that was made
/// when something behind the break was settled, then acknowledged content is damaged and replay
/// refuses; otherwise what is missing was never acknowledged, or was so in the last two commits,
/// for which nothing vouches that was made later. [LogVerdict] is the table of that.
///
/// **Order, and why.** A fresh segment's header travels in the same durable write as its first
/// batch: either may be lost alone, and both ways nothing was acknowledged. Batches begin on a
/// block and no block is ever written twice while it is live, so a tear cannot spoil an older
/// batch. A half's nonce tells its batches from stale ones of an earlier use of the segment; so
/// giving segments back writes nothing. What is voided without a consistency point
/// ([LogStream#dropAll], [#forget]) has its headers erased durably, as no floor will ever void it.
///
/// **Start.** [#open] flushes first, so what a killed process left in a cache is durable before it
/// is believed, then reads the header of every segment. Each stream is then replayed with the floor
/// that its superblock names. Segments of volumes that are not replayed stay untouched.
///
/// **Failure.** After one failed write a device is out, and no flush is tried again: with another
/// copy the log goes on with that. Without one nothing is reported durable again; the log can only
/// be opened anew.
public final class NvLog {
    private final LogCopies copies;
    private final EventLoop loop;
    private final LongSupplier entropy;
    private final long id;
    private final SegmentPool pool;
    private final GroupCommit commits;
    private final StagingPool staging = new StagingPool();
    private final TreeMap<VolumeId, LogStream> streams = new TreeMap<>();
    private final TreeMap<VolumeId, List<FoundSegment>> found = new TreeMap<>();
    private final int unidentifiedSegments;

    NvLog(LogOpening opened) {
        this.copies = opened.copies();
        this.loop = opened.loop();
        this.entropy = opened.entropy();
        this.id = opened.logId();
        this.pool = opened.pool();
        found.putAll(opened.found());
        this.unidentifiedSegments = opened.unidentifiedSegments();
        this.commits = new GroupCommit(copies, loop, pool, opened.metrics(), this::failed);
    }

    /// How long a device may take to answer; see [LogCopies#watch].
    public void patience(long nanos) {
        copies.watch(loop.clock(), nanos);
    }

    private void failed(IoFault fault) {
        List.copyOf(streams.values()).forEach(stream -> stream.tellFailed(fault));
    }

    /// A segment that was in use when the log was opened.
    record FoundSegment(int segment, SegmentHeader header) {
        static final Comparator<FoundSegment> BY_PLACE =
                Comparator.<FoundSegment>comparingLong(found -> found.header().chain().half())
                        .thenComparingLong(found -> found.header().chain().nonce())
                        .thenComparingInt(found -> found.header().index());
    }

    /// How an attempt to open ended.
    public sealed interface OpenResult {
        /// `log` is ready for [NvLog#stream].
        record Opened(NvLog log) implements OpenResult {}

        /// There is no log of a version that we know on the device.
        record NotALog(String reason) implements OpenResult {}

        /// The device failed.
        record Failed(IoFault fault) implements OpenResult {}
    }

    /// Makes an empty log of segments of `segmentBytes` (whole blocks, 16 KiB to 64 MiB) and
    /// destroys what was on the device. Writes all of it, so later writes meet preallocated space.
    public static void format(
            BlockDevice device, int segmentBytes, LongSupplier entropy, IoCompletion done) {
        new LogFormatting(device, segmentBytes, entropy.getAsLong(), false, done).start();
    }

    /// As [#format], on two devices that hold a copy each.
    public static void format(
            BlockDevice first,
            BlockDevice second,
            int segmentBytes,
            LongSupplier entropy,
            IoCompletion done) {
        long id = entropy.getAsLong();
        new LogFormatting(
                        first,
                        segmentBytes,
                        id,
                        true,
                        fault -> {
                            if (fault != null) {
                                done.ended(fault);
                            } else {
                                new LogFormatting(second, segmentBytes, id, true, done).start();
                            }
                        })
                .start();
    }

    /// Opens the log on `device`; `entropy` gives numbers that never repeat.
    public static void open(
            BlockDevice device,
            EventLoop loop,
            LongSupplier entropy,
            MetricRegistry metrics,
            Consumer<OpenResult> done) {
        open(List.of(device), false, loop, entropy, metrics, done);
    }

    /// Opens the log that `devices`, one or two, hold a copy of each. With two, what one has lost
    /// is taken from the other, and a blank one or one that was out is made anew. A copy that is
    /// one of two is refused without the other, which may hold newer entries, unless the operator
    /// says by `acceptOne` that it does not.
    public static void open(
            List<BlockDevice> devices,
            boolean acceptOne,
            EventLoop loop,
            LongSupplier entropy,
            MetricRegistry metrics,
            Consumer<OpenResult> done) {
        new CopiesOpening(
                        devices,
                        acceptOne,
                        done,
                        (copies, anew) ->
                                new LogOpening(copies, anew, loop, entropy, metrics, done).start())
                .start();
    }

    /// The log of `volume` on this node; the same object each time.
    public LogStream stream(VolumeId volume) {
        return streams.computeIfAbsent(volume, id -> new LogStream(this, id));
    }

    /// A deleted volume's segments return to the pool, durably without an owner when `done` is
    /// called. Its stream is not used any more; a volume of the same name would get a new one.
    public void forget(VolumeId volume, IoCompletion done) {
        stream(volume).dropAll(0, done);
        streams.remove(volume);
    }

    /// How many volumes have a stream here.
    public int volumes() {
        return streams.size();
    }

    /// Volumes that own segments and were not replayed yet.
    public List<VolumeId> unopenedVolumes() {
        return List.copyOf(found.keySet());
    }

    /// Bytes of entries that surely fit into the pool's free segments.
    public long freeBytes() {
        return pool.freeBytes();
    }

    /// Bytes of free segments that no stream but `asking` and those without a guarantee may take.
    long keptForOthers(LogStream asking) {
        long sum = 0;
        for (LogStream stream : streams.values()) {
            sum += stream.equals(asking) ? 0 : stream.unusedGuarantee();
        }
        return sum;
    }

    /// Bytes of all segments, free and used.
    public long capacityBytes() {
        return (long) pool.count() * pool.segmentBytes();
    }

    /// Whether entries of `bytes` fit, whatever half they go to.
    public boolean roomFor(long bytes) {
        return bytes <= freeBytes();
    }

    /// Segments whose header and first batch are both unreadable: nobody knows whose they were.
    /// They are never used again.
    public int unidentifiedSegments() {
        return unidentifiedSegments;
    }

    /// Why nothing is acknowledged any more; null while all is well.
    public @Nullable IoFault fault() {
        return commits.out();
    }

    long newNonce() {
        return entropy.getAsLong();
    }

    long id() {
        return id;
    }

    LogCopies copies() {
        return copies;
    }

    /// A device that holds the log: `state` is for people, and empty while all is well.
    public record CopyState(String device, String state) {}

    /// The devices that hold the log, in the order in which they were given.
    public List<CopyState> devices() {
        IoFault all = fault();
        List<CopyState> states = new ArrayList<>();
        for (LogCopies.Copy copy : copies.all()) {
            IoFault out = copy.out == null ? all : copy.out;
            String state = out == null ? copies.silence() : out.reason();
            states.add(new CopyState(copy.device.name(), state));
        }
        return states;
    }

    /// Ends all use of the devices; nothing is under way.
    public void close() {
        copies.all().forEach(copy -> copy.device.close());
    }

    /// Who hears that one of two devices failed, and the log goes on with the other.
    public void whenOneIsLost(Consumer<IoFault> listener) {
        copies.whenOneIsLost(listener);
    }

    EventLoop loop() {
        return loop;
    }

    SegmentPool pool() {
        return pool;
    }

    StagingPool staging() {
        return staging;
    }

    GroupCommit commits() {
        return commits;
    }

    /// What was found of `volume` and not replayed, in the order of (half, index).
    List<FoundSegment> found(VolumeId volume) {
        return List.copyOf(found.getOrDefault(volume, List.of()));
    }

    /// `segments` of `volume` can be replayed, once more.
    void found(VolumeId volume, List<FoundSegment> segments) {
        found.put(volume, segments);
    }

    /// The segments found of `volume` are in other hands now.
    void disown(VolumeId volume) {
        found.remove(volume);
    }

    /// As [#found], as segment numbers; they belong to the caller from now on.
    List<Integer> takeFound(VolumeId volume) {
        List<Integer> segments = new ArrayList<>();
        for (FoundSegment segment : found(volume)) {
            segments.add(segment.segment());
        }
        disown(volume);
        return segments;
    }
}
