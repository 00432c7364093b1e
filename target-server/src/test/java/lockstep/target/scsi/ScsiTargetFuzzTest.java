package lockstep.target.scsi;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;

import lockstep.blockstore.base.IoBuffer;
import lockstep.blockstore.sim.SimEventLoop;
import lockstep.blockstore.sim.Simulation;
import lockstep.blockstore.tree.LunRecord;
import lockstep.target.fuzz.Bounds;
import lockstep.target.fuzz.FuzzInput;

import org.junit.jupiter.params.provider.MethodSource;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.UUID;
import java.util.stream.Stream;

/// Any CDBs with any data from two nexuses: each ends exactly once, with a result that is no longer
/// than it may be, and every buffer is given back. An input is commands of `who and LUN(1) |
/// CDB(16) | data length(2) | data`.
class ScsiTargetFuzzTest {
    private static final long LUN_BYTES = 1 << 20;
    private static final int DATA_MAX = 4096;
    private static final UUID IDENTITY = UUID.fromString("0f0e0d0c-0b0a-4987-9605-040302010099");

    static Stream<byte[]> seeds() {
        List<String> seeds = new ArrayList<>();
        String[] commands = {
            "000000000000", // TEST UNIT READY
            "120000008000", // INQUIRY
            "12010000ff00",
            "12018000ff00",
            "12018300ff00",
            "12018600ff00",
            "1201b000ff00",
            "1201b100ff00",
            "1201b200ff00",
            "1a003f00ff00", // MODE SENSE
            "5a003f0000000000ff00",
            "25000000000000000000", // READ CAPACITY
            "9e100000000000000000000000200000",
            "9e120000000000000000000000800000", // GET LBA STATUS
            "a00000000000000010000000", // REPORT LUNS
            "a30c0000000000001000000000000000", // REPORT SUPPORTED OPERATION CODES
            "a30d0000000000000010000000000000",
            "a30a0000000000000100000000000000", // REPORT TARGET PORT GROUPS
            "28000000000000000800", // READ(10)
            "88000000000000000000000000080000",
            "2f000000000000000800", // VERIFY
            "35000000000000000000", // SYNCHRONIZE CACHE
            "03000000fc00", // REQUEST SENSE
            "4d004c000000000000ff00", // LOG SENSE
            "160000000000", // RESERVE(6)
            "170000000000",
            "5e000000000000100000", // PERSISTENT RESERVE IN
            "5e010000000000100000",
            "5e020000000000100000",
            "5e030000000000100000",
            "84030000000000000000000000ff0000", // RECEIVE COPY RESULTS
        };
        for (String command : commands) {
            seeds.add(command(0, command, ""));
        }
        String unmap = "0016001000000000" + "0000000000000008" + "00000010" + "00000000";
        seeds.add(command(0, "42000000000000001800", unmap));
        seeds.add(command(0, "2a000000000000000100", "ab".repeat(512)));
        seeds.add(command(0, "41000000000000000800", "cd".repeat(512)));
        seeds.add(command(0, "93080000000000000000000000100000", "00".repeat(512)));
        seeds.add(command(0, "89000000000000000000000000010000", "00".repeat(1024)));
        String key = "0000000000000000" + "00000000000000a1" + "00".repeat(8);
        String register = command(0, "5f000000000000001800", key);
        String reserve = "00000000000000a1" + "00".repeat(16);
        String preempt = "00000000000000b2" + "00000000000000a1" + "00".repeat(8);
        seeds.add(
                register
                        + command(0, "5f010500000000001800", reserve)
                        + command(1, "5f000000000000001800", key.replace("a1", "b2"))
                        + command(1, "2a000000000000000100", "ab".repeat(512))
                        + command(1, "5f040500000000001800", preempt)
                        + command(0, "5f030000000000001800", reserve));
        seeds.add(command(0, "8b000000000000000000000000010000", "0f".repeat(512)));
        seeds.add(command(0, "9c000000000000000000000000080000", "ab".repeat(4096)));
        seeds.add(command(0, "151000001800", "00000000" + "08120400" + "00".repeat(16)));
        seeds.add(command(0, "34000000000000000800", ""));
        seeds.add(copy());
        return seeds.stream().map(HexFormat.of()::parseHex);
    }

    /// EXTENDED COPY of 8 sectors inside LUN 0, and RECEIVE COPY STATUS of it.
    private static String copy() {
        LunRecord record = new LunRecord(0, "l", IDENTITY, LUN_BYTES);
        String name =
                "%016x%016x"
                        .formatted(
                                VpdPages.naaHigh(record),
                                record.identity().getLeastSignificantBits());
        String unit = "e4000000" + "01030010" + name + "00000000" + "00000200";
        String segment =
                "02000018" + "00000000" + "00000008" + "0000000000000000" + "0000000000000040";
        String list = "07000020" + "00000000" + "0000001c" + "00000000" + unit + segment;
        return command(0, "83000000000000000000%08x0000".formatted(list.length() / 2), list)
                + command(0, "84000700000000000000000000ff0000", "");
    }

    private static String command(int who, String cdb, String data) {
        String padded = cdb + "00".repeat(Cdb.BYTES - cdb.length() / 2);
        return "%02x%s%04x%s".formatted(who, padded, data.length() / 2, data);
    }

    /// A buffer that counts itself.
    private static final class Counted implements IoBuffer {
        private final IoBuffer inner;
        private final List<Counted> open;
        private int references = 1;

        Counted(ByteBuffer bytes, List<Counted> open) {
            inner = IoBuffer.unpooled(bytes);
            this.open = open;
            open.add(this);
        }

        @Override
        public int size() {
            return inner.size();
        }

        @Override
        public ByteBuffer view() {
            assertThat(references).isPositive();
            return inner.view();
        }

        @Override
        public void retain() {
            assertThat(references).isPositive();
            references++;
        }

        @Override
        public void release() {
            assertThat(references).isPositive();
            references--;
            if (references == 0) {
                open.remove(this);
            }
        }
    }

    /// Checks how a command ended.
    private static final class Ended implements ScsiTask.Owner {
        private int times;

        @Override
        public void ended(ScsiTask task, ScsiResult result) {
            times++;
            if (result instanceof ScsiResult.Data(var data, int length)) {
                assertThat(length).isBetween(0, data.size());
                data.release();
            }
        }

        @Override
        public void aborted(ScsiTask task) {
            times++;
        }
    }

    @MethodSource("seeds")
    @FuzzTest(maxDuration = "120s")
    void everyCommandEndsOnceAndKeepsNothing(byte[] bytes) {
        FuzzInput input = new FuzzInput(bytes);
        try (Bounds _ = new Bounds(bytes.length * 1024)) {
            Simulation simulation = new Simulation(1);
            SimEventLoop loop = simulation.newLoop("core");
            ScsiTarget target =
                    new ScsiTarget(new PortIdentity("iqn.t", 1, 1), loop, ScsiLimits.DEFAULT);
            loop.call(
                    () -> {
                        for (int number = 0; number < 2; number++) {
                            LunRecord record = new LunRecord(number, "l", IDENTITY, LUN_BYTES);
                            target.addLun(new MemoryLun(record, loop));
                        }
                    });
            Nexus[] nexuses = {target.attach("a"), target.attach("b")};
            List<Counted> open = new ArrayList<>();
            for (int tag = 0; input.hasMore(); tag++) {
                int who = input.u8();
                long lun = (long) (who >> 1 & 3) << 48;
                Cdb cdb = Cdb.of(input.take(Cdb.BYTES));
                byte[] data = input.sized(DATA_MAX);
                Ended ended = new Ended();
                int number = tag;
                loop.call(
                        () -> {
                            ScsiTask task =
                                    target.open(
                                            nexuses[who & 1], lun, cdb, data.length, number, ended);
                            run(task, data, open, (who & 0x80) != 0);
                        });
                simulation.runFor(10_000_000);
                assertThat(ended.times).isEqualTo(1);
                assertThat(open).isEmpty();
            }
        }
    }

    /// As the transport does it: no more data than the command takes.
    private static void run(ScsiTask task, byte[] data, List<Counted> open, boolean abort) {
        int wanted = Math.min(task.dataOutBytes(), data.length);
        assertThat(task.readBytes()).isBetween(0, ScsiLimits.DEFAULT.transferMax() * 512);
        assertThat(task.dataOutBytes()).isBetween(0, ScsiLimits.DEFAULT.transferMax() * 512);
        IoBuffer sent = wanted == 0 ? null : new Counted(ByteBuffer.wrap(data, 0, wanted), open);
        task.run(sent, length -> new Counted(ByteBuffer.allocate(length), open));
        if (abort) {
            task.abort(() -> {});
        }
    }
}
