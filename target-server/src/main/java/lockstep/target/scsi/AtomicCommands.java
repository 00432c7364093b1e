package lockstep.target.scsi;

import lockstep.blockstore.base.Blocks;
import lockstep.blockstore.base.IoBuffer;
import lockstep.blockstore.volume.Lun;

import org.jspecify.annotations.Nullable;

import java.util.function.Consumer;

/// COMPARE AND WRITE, ORWRITE and WRITE ATOMIC (SBC-4). Their data is taken whole or not at all:
/// less of it than the CDB needs changes nothing.
///
/// A WRITE ATOMIC is one entry of the volume's log, as every other WRITE is, and an entry is found
/// after a crash as a whole or not at all; so any length that one transfer may have can be
/// promised.
final class AtomicCommands {
    private final Lun lun;

    AtomicCommands(Lun lun) {
        this.lun = lun;
    }

    /// Whether a host that announces `bytes` for `command` will bring what the command needs.
    static boolean isEnough(ScsiCommand command, long bytes) {
        if (command instanceof ScsiCommand.Whole) {
            return bytes == command.dataOutBytes();
        }
        // Anything but one sector to repeat is a host's mistake: it would repeat the wrong bytes.
        return !(command instanceof ScsiCommand.WriteSame same)
                || same.noData()
                || bytes == Blocks.SECTOR;
    }

    /// A miscompare tells the place of the first byte that differs.
    void compareAndWrite(
            ScsiCommand.CompareAndWrite command,
            @Nullable IoBuffer both,
            Consumer<ScsiResult> done) {
        IoBuffer whole = whole(both, command, done);
        if (whole != null) {
            lun.compareAndWrite(
                    command.lba() * Blocks.SECTOR,
                    whole,
                    outcome -> done.accept(BlockCommands.ended(outcome, true)));
        }
    }

    void orWrite(ScsiCommand.OrWrite command, @Nullable IoBuffer data, Consumer<ScsiResult> done) {
        IoBuffer whole = whole(data, command, done);
        if (whole != null) {
            lun.orWrite(
                    command.lba() * Blocks.SECTOR,
                    whole,
                    outcome -> done.accept(BlockCommands.ended(outcome, true)));
        }
    }

    void writeAtomic(
            ScsiCommand.WriteAtomic command, @Nullable IoBuffer data, Consumer<ScsiResult> done) {
        IoBuffer whole = whole(data, command, done);
        if (whole != null) {
            lun.write(
                    command.lba() * Blocks.SECTOR,
                    whole,
                    outcome -> done.accept(BlockCommands.ended(outcome, false)));
        }
    }

    /// The data if there is something to do, else null and the command has ended.
    private static @Nullable IoBuffer whole(
            @Nullable IoBuffer data, ScsiCommand command, Consumer<ScsiResult> done) {
        long needed = command.dataOutBytes();
        if (data != null && needed > 0 && data.size() == needed) {
            return data;
        }
        if (data != null) {
            data.release();
        }
        done.accept(
                needed == 0 ? ScsiResult.good() : ScsiResult.check(Sense.INCORRECT_AMOUNT_OF_DATA));
        return null;
    }
}
