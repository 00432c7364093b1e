package lockstep.target.scsi;

import lockstep.blockstore.base.Blocks;
import lockstep.blockstore.base.IoBuffer;

import org.jspecify.annotations.Nullable;

import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.SequencedMap;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.Function;

/// The target's copy manager (SPC-4 5.17): EXTENDED COPY(LID1) between its own logical units, and
/// what became of each, per nexus, for RECEIVE COPY RESULTS(LID1). Copies under way and results
/// kept are bounded, so memory is.
final class CopyManager {
    private static final int COPIES_MAX = 8;

    /// Results kept for one nexus; the oldest goes first.
    private static final int RESULTS_MAX = 16;

    /// The longest segment that a descriptor can name.
    private static final int SEGMENT_BYTES_MAX = 0xFFFF * Blocks.SECTOR;

    private static final int SECTOR_SHIFT = 9;

    static final int COPY_STATUS = 0x00;
    static final int OPERATING_PARAMETERS = 0x03;
    static final int FAILED_SEGMENT_DETAILS = 0x04;

    private static final int COMPLETED = 1;
    private static final int COMPLETED_WITH_ERRORS = 2;
    private static final int CHECK_CONDITION = 2;

    /// A copy and how it ended.
    private static final class Result {
        private @Nullable CopyOperation operation;
        private @Nullable SenseData failure;
        private boolean ended;
        private int segments;
        private long bytes;

        void end(@Nullable SenseData why) {
            look();
            operation = null;
            failure = why;
            ended = true;
        }

        void look() {
            CopyOperation running = operation;
            if (running != null) {
                segments = running.segmentsProcessed();
                bytes = running.bytesCopied();
            }
        }
    }

    private final Function<Nexus, Collection<LogicalUnit>> visibleTo;

    private final Map<Nexus, SequencedMap<Integer, Result>> results = new HashMap<>();

    private int running;

    /// `visibleTo` says which logical units a nexus may use.
    CopyManager(Function<Nexus, Collection<LogicalUnit>> visibleTo) {
        this.visibleTo = visibleTo;
    }

    /// A nexus that is lost takes its results with it.
    void forget(Nexus nexus) {
        results.remove(nexus);
    }

    /// Carries out the list in `data` (handed over).
    void copy(
            Nexus nexus,
            int listBytes,
            @Nullable IoBuffer data,
            BooleanSupplier aborted,
            Consumer<ScsiResult> done) {
        CopyList.Checked checked = CopyList.check(data, listBytes);
        if (data != null) {
            data.release();
        }
        switch (checked) {
            case CopyList.Refused(var sense) -> done.accept(new ScsiResult.CheckCondition(sense));
            case CopyList.Copies copies -> start(nexus, copies, aborted, done);
        }
    }

    private void start(
            Nexus nexus,
            CopyList.Copies copies,
            BooleanSupplier aborted,
            Consumer<ScsiResult> done) {
        if (copies.segments().isEmpty()) {
            done.accept(ScsiResult.good());
            return;
        }
        SequencedMap<Integer, Result> known =
                results.computeIfAbsent(nexus, _ -> new LinkedHashMap<>());
        Result before = known.get(copies.listId());
        if (copies.kept() && before != null && !before.ended) {
            done.accept(ScsiResult.check(Sense.OPERATION_IN_PROGRESS));
            return;
        }
        if (running == COPIES_MAX) {
            done.accept(new ScsiResult.Busy());
            return;
        }
        Result result = new Result();
        if (copies.kept()) {
            keep(known, copies.listId(), result);
        }
        running++;
        CopyOperation operation =
                new CopyOperation(
                        nexus,
                        visibleTo.apply(nexus),
                        copies,
                        aborted,
                        failure -> {
                            running--;
                            result.end(failure);
                            done.accept(
                                    failure == null
                                            ? ScsiResult.good()
                                            : new ScsiResult.CheckCondition(failure));
                        });
        result.operation = operation;
        operation.run();
    }

    private static void keep(SequencedMap<Integer, Result> known, int listId, Result result) {
        known.remove(listId);
        if (known.size() == RESULTS_MAX) {
            known.pollFirstEntry();
        }
        known.put(listId, result);
    }

    /// Answers RECEIVE COPY RESULTS(LID1) with one of the three service actions there are.
    ScsiResult results(Nexus nexus, ScsiCommand.ReceiveCopyResults command) {
        if (command.action() == OPERATING_PARAMETERS) {
            return operatingParameters().upTo(command.allocation());
        }
        SequencedMap<Integer, Result> known = results.get(nexus);
        Result result = known == null ? null : known.get(command.listId());
        if (result == null) {
            return new ScsiResult.CheckCondition(Sense.INVALID_FIELD_IN_CDB.field(2));
        }
        result.look();
        ParameterData data =
                command.action() == COPY_STATUS ? status(result) : failedSegment(result);
        return data.upTo(command.allocation());
    }

    private static ParameterData status(Result result) {
        int state = !result.ended ? 0 : result.failure == null ? COMPLETED : COMPLETED_WITH_ERRORS;
        return new ParameterData()
                .u32(8)
                .u8(state)
                .u16(result.segments)
                .u8(0) // the count is in bytes
                .u32(Math.min(result.bytes, 0xFFFF_FFFFL));
    }

    /// Nothing follows the length if nothing failed.
    private static ParameterData failedSegment(Result result) {
        SenseData failure = result.failure;
        if (failure == null) {
            return new ParameterData().u32(0);
        }
        byte[] sense = failure.fixed();
        ParameterData data = new ParameterData().u32(0).zeros(52).u8(CHECK_CONDITION).u8(0);
        data.u16(sense.length).raw(sense);
        return data.patch32(0, data.size() - 4);
    }

    private static ParameterData operatingParameters() {
        ParameterData data = new ParameterData().u32(0).u8(1).zeros(3); // any list id, also none
        data.u16(CopyList.CSCDS_MAX).u16(CopyList.SEGMENTS_MAX);
        data.u32(CopyList.DESCRIPTORS_BYTES_MAX).u32(SEGMENT_BYTES_MAX);
        data.zeros(12); // no inline data, no held data, no streams
        data.zeros(2).u16(COPIES_MAX).u8(COPIES_MAX).u8(SECTOR_SHIFT).zeros(5);
        data.u8(2).u8(CopyList.BLOCK_TO_BLOCK).u8(CopyList.IDENTIFICATION);
        return data.patch32(0, data.size() - 4);
    }

    /// VPD page 8Fh (SPC-4, third-party copy): the commands, the descriptors and the same limits.
    static void vitalPage(ParameterData page) {
        page.u16(0x0001).u16(12).u8(8); // supported commands
        page.u8(0x83).u8(1).u8(0x00);
        page.u8(0x84).u8(3).u8(COPY_STATUS).u8(OPERATING_PARAMETERS).u8(FAILED_SEGMENT_DETAILS);
        page.zeros(3);
        page.u16(0x0004).u16(28).zeros(4); // parameter data
        page.u16(CopyList.CSCDS_MAX).u16(CopyList.SEGMENTS_MAX);
        page.u32(CopyList.DESCRIPTORS_BYTES_MAX).u32(0).zeros(12);
        page.u16(0x0008).u16(4).u8(2); // supported descriptors
        page.u8(CopyList.BLOCK_TO_BLOCK).u8(CopyList.IDENTIFICATION).u8(0);
        page.u16(0x8001).u16(32).u32(COPIES_MAX).u32(COPIES_MAX); // general copy operations
        page.u32(SEGMENT_BYTES_MAX).u8(SECTOR_SHIFT).u8(0).zeros(18);
    }
}
