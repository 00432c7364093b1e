package lockstep.target.scsi;

import lockstep.blockstore.base.Blocks;
import lockstep.blockstore.tree.LunRecord;

import org.jspecify.annotations.Nullable;

import java.util.Collection;

/// The answers to READ CAPACITY, REPORT LUNS, REPORT SUPPORTED OPERATION CODES and REPORT SUPPORTED
/// TASK MANAGEMENT FUNCTIONS.
final class Reports {
    /// log2 of sectors in a block: 512e.
    private static final int PHYSICAL_EXPONENT = 3;

    private static final int SELECT_WELL_KNOWN = 1;
    private static final int SUPPORTED = 0x03;
    private static final int NOT_SUPPORTED = 0x01;

    /// ABORT TASK, ABORT TASK SET, CLEAR TASK SET, LOGICAL UNIT RESET, TARGET RESET.
    private static final int TASK_MANAGEMENT = 0x80 | 0x40 | 0x10 | 0x08 | 0x02;

    private static final int TIMEOUTS_DESCRIPTOR_BYTES = 12;

    private Reports() {}

    static ScsiResult capacity10(LunRecord record) {
        long last = record.size() / Blocks.SECTOR - 1;
        return new ParameterData()
                .u32(Math.min(last, 0xFFFF_FFFFL))
                .u32(Blocks.SECTOR)
                .upTo(Integer.MAX_VALUE);
    }

    static ScsiResult capacity16(LunRecord record, int allocation) {
        return new ParameterData()
                .u64(record.size() / Blocks.SECTOR - 1)
                .u32(Blocks.SECTOR)
                .u8(0)
                .u8(PHYSICAL_EXPONENT)
                .u16(0xC000) // LBPME, LBPRZ; lowest aligned LBA 0
                .zeros(16)
                .upTo(allocation);
    }

    /// Peripheral device addressing, which holds all numbers below 256.
    static ScsiResult luns(ScsiCommand.ReportLuns command, Collection<Integer> numbers) {
        ParameterData data = new ParameterData().u32(0).u32(0);
        if (command.select() != SELECT_WELL_KNOWN) {
            for (int number : numbers) {
                data.u8(0).u8(number).zeros(6);
            }
        }
        return data.patch32(0, data.size() - 8).upTo(command.allocation());
    }

    static ScsiResult taskManagement(ScsiCommand.ReportTaskManagement command) {
        ParameterData data = new ParameterData().u8(TASK_MANAGEMENT).u8(0).u8(0);
        // Extended data says how many bytes follow, and gives no timeouts.
        data.u8(command.extended() ? 12 : 0);
        return (command.extended() ? data.zeros(12) : data).upTo(command.allocation());
    }

    static ScsiResult opcodes(ScsiCommand.ReportOpcodes command) {
        if (command.options() == 0) {
            return allOpcodes(command.timeouts()).upTo(command.allocation());
        }
        CommandTable first = CommandTable.firstOf(command.opcode());
        boolean wantsAction = command.options() == 2;
        boolean mismatch =
                first != null && command.options() != 3 && first.hasAction() != wantsAction;
        if (mismatch) {
            return new ScsiResult.CheckCondition(Sense.INVALID_FIELD_IN_CDB.field(2));
        }
        CommandTable row = CommandTable.find(command.opcode(), command.serviceAction());
        if (row != null && !row.hasAction() && command.options() == 3) {
            row = command.serviceAction() == 0 ? row : null;
        }
        return oneOpcode(row, command.timeouts()).upTo(command.allocation());
    }

    private static ParameterData allOpcodes(boolean timeouts) {
        ParameterData data = new ParameterData().u32(0);
        for (CommandTable row : CommandTable.values()) {
            data.u8(row.opcode()).u8(0).u16(row.hasAction() ? row.action() : 0).u8(0);
            data.u8((timeouts ? 0x02 : 0) | (row.hasAction() ? 0x01 : 0)).u16(row.cdbBytes());
            if (timeouts) {
                timeouts(data, row);
            }
        }
        return data.patch32(0, data.size() - 4);
    }

    private static ParameterData oneOpcode(@Nullable CommandTable row, boolean timeouts) {
        if (row == null) {
            return new ParameterData().u8(0).u8(NOT_SUPPORTED).u16(0);
        }
        byte[] usage = row.usage();
        ParameterData data = new ParameterData().u8(0);
        data.u8((timeouts ? 0x80 : 0) | SUPPORTED).u16(usage.length).raw(usage);
        if (timeouts) {
            timeouts(data, row);
        }
        return data;
    }

    /// A command timeouts descriptor (SPC-4 6.35).
    private static void timeouts(ParameterData data, CommandTable row) {
        data.u16(TIMEOUTS_DESCRIPTOR_BYTES - 2).u16(0);
        data.u32(row.pace().usualSeconds).u32(row.pace().patienceSeconds);
    }

    /// A write-anywhere store has no defects to tell of: the lists asked for are valid and empty.
    static ScsiResult defects(ScsiCommand.ReadDefects command) {
        ParameterData data = new ParameterData().u8(0).u8(command.lists());
        return data.zeros(command.twelve() ? 6 : 2).upTo(command.allocation());
    }
}
