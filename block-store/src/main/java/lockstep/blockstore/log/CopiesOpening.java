package lockstep.blockstore.log;

import lockstep.blockstore.base.Blocks;
import lockstep.blockstore.io.BlockDevice;
import lockstep.blockstore.io.BlockDevice.Extent;
import lockstep.blockstore.io.IoFault;
import lockstep.blockstore.log.LogCopies.Copy;
import lockstep.blockstore.log.LogFormat.LogHeader;
import lockstep.blockstore.log.NvLog.OpenResult;

import org.jspecify.annotations.Nullable;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/// Finds out which of the devices given hold the log as it is. The table:
///
/// | one device says | the other                | then                                     |
/// |-----------------|--------------------------|------------------------------------------|
/// | both, g         | both, g                  | both are in                              |
/// | anything, g     | anything older, or blank | the other is made anew from this one     |
/// | alone, single   | unreadable, foreign      | this goes on alone; the other is out     |
/// | both            | blank, unreadable, none  | refused: the other may be newer          |
/// | anything        | the header of another    | refused: two logs                        |
///
/// "Single" is a log that never had a second copy. A blank device beside one that says "both" could
/// stand where a newer copy stood; `acceptOne` is the operator's word that it does not.
final class CopiesOpening {
    /// Takes the copies that are in; `anew` is one that has to be made like the first before it
    /// counts, or null.
    interface Handler {
        void found(LogCopies copies, @Nullable BlockDevice anew);
    }

    /// What a device says.
    private static final class Said {
        final BlockDevice device;
        @Nullable IoFault fault;
        @Nullable LogHeader header;
        boolean blank = true;

        Said(BlockDevice device) {
            this.device = device;
        }
    }

    private final boolean acceptOne;
    private final Consumer<OpenResult> refused;
    private final Handler handler;
    private final List<Said> all = new ArrayList<>();
    private int open;

    CopiesOpening(
            List<BlockDevice> devices,
            boolean acceptOne,
            Consumer<OpenResult> refused,
            Handler handler) {
        this.acceptOne = acceptOne;
        this.refused = refused;
        this.handler = handler;
        devices.forEach(device -> all.add(new Said(device)));
    }

    void start() {
        open = all.size();
        for (Said said : all) {
            // What a killed process left in a cache is durable before it is believed.
            said.device.flush(fault -> read(said, fault));
        }
    }

    private void read(Said said, @Nullable IoFault fault) {
        said.fault = fault;
        if (fault == null) {
            readBlock(said, 0);
        } else {
            ended();
        }
    }

    private void readBlock(Said said, int block) {
        if (block == 2) {
            ended();
            return;
        }
        ByteBuffer bytes = ByteBuffer.allocateDirect(Blocks.SIZE);
        said.device.read(
                new Extent(Blocks.toBytes(block), List.of(bytes.duplicate())),
                fault -> {
                    if (fault == null) {
                        take(said, bytes);
                    } else {
                        said.fault = fault;
                        said.blank = false;
                    }
                    readBlock(said, block + 1);
                });
    }

    private static void take(Said said, ByteBuffer bytes) {
        LogHeader found = LogFormat.decodeLog(bytes);
        LogHeader best = said.header;
        if (found != null && (best == null || found.generation() > best.generation())) {
            said.header = found;
        }
        said.blank &= Blocks.isZero(bytes);
    }

    private void ended() {
        if (--open == 0) {
            judge();
        }
    }

    private void judge() {
        Said first = all.getFirst();
        Said second = all.getLast();
        if (second.header != null && newer(second, first)) {
            first = second;
            second = all.getFirst();
        }
        LogHeader header = first.header;
        if (header == null) {
            refuse(first);
            return;
        }
        LogHeader other = all.size() == 1 ? null : second.header;
        if (other != null && other.logId() != header.logId()) {
            refused.accept(
                    new OpenResult.NotALog(names() + " hold two different logs: take one away"));
            return;
        }
        boolean equal = other != null && other.generation() == header.generation();
        if (equal && header.state() == LogFormat.BOTH) {
            handler.found(copies(first, second, null), null);
        } else if (other == null && header.state() == LogFormat.BOTH && !acceptOne) {
            String what = first.device.name() + " is one of two copies of the log, and the other";
            String why = ", which may be newer, is not there (accept-one-copy starts without it)";
            refused.accept(new OpenResult.NotALog(what + why));
        } else {
            goOnWith(first, second);
        }
    }

    private static boolean newer(Said one, Said other) {
        LogHeader here = one.header;
        LogHeader there = other.header;
        return here != null && (there == null || here.generation() > there.generation());
    }

    private void goOnWith(Said first, Said second) {
        if (all.size() == 1) {
            handler.found(copies(first, null, null), null);
            return;
        }
        boolean usable = second.fault == null && (second.header != null || second.blank);
        if (usable && second.device.size() >= first.device.size()) {
            // It counts once it is like the first; until then it is out.
            String why = "it is made anew from " + first.device.name();
            handler.found(copies(first, second, fault(second, why)), second.device);
        } else {
            String why = usable ? "it is too small" : "it holds something else than a log";
            IoFault out = second.fault == null ? fault(second, why) : second.fault;
            handler.found(copies(first, second, out), null);
        }
    }

    private static IoFault fault(Said of, String reason) {
        return new IoFault(of.device.name(), "open", reason);
    }

    // In the order in which they were given; `out` says why the second found does not count.
    private LogCopies copies(Said first, @Nullable Said second, @Nullable IoFault out) {
        List<Copy> copies = new ArrayList<>();
        for (Said said : all) {
            Copy copy = new Copy(said.device);
            copy.out = said.equals(second) ? out : null;
            copies.add(copy);
        }
        LogHeader header = first.header;
        if (header == null) {
            throw new IllegalStateException("a copy that is in has a header");
        }
        return new LogCopies(copies, header);
    }

    private void refuse(Said first) {
        IoFault fault = first.fault == null ? all.getLast().fault : first.fault;
        refused.accept(
                fault != null
                        ? new OpenResult.Failed(fault)
                        : new OpenResult.NotALog(
                                names() + ": no log, or one of a version unknown here"));
    }

    private String names() {
        return String.join(" and ", all.stream().map(said -> said.device.name()).toList());
    }
}
