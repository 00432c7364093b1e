package lockstep.target.iscsi.session;

import static org.assertj.core.api.Assertions.assertThat;

import com.codahale.metrics.MetricRegistry;
import com.code_intelligence.jazzer.junit.FuzzTest;

import io.netty.buffer.ByteBuf;
import io.netty.channel.embedded.EmbeddedChannel;

import lockstep.blockstore.sim.SimEventLoop;
import lockstep.blockstore.sim.Simulation;
import lockstep.blockstore.tree.LunRecord;
import lockstep.target.access.Gatekeeper;
import lockstep.target.fuzz.Bounds;
import lockstep.target.fuzz.FuzzInput;
import lockstep.target.iscsi.login.Caps;
import lockstep.target.iscsi.login.Doors;
import lockstep.target.iscsi.login.IscsiSettings;
import lockstep.target.scsi.MemoryLun;
import lockstep.target.scsi.PortIdentity;
import lockstep.target.scsi.ScsiLimits;
import lockstep.target.scsi.ScsiTarget;

import org.junit.jupiter.params.provider.MethodSource;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;

/// Any PDUs on a whole connection, after a login or instead of one: nothing is thrown, what is
/// answered is bounded by what was asked, and when the channel is gone no buffer and no task is
/// left. An input is `options(1)` and PDUs of `header(48) | control(1) | data length(2) | data`.
///
/// Options: 01h no login first; 02h a discovery session; 04h one byte at a time; 08h both digests
/// (which then never fit). Control: 01h the command number stays as it is, else it is the next one;
/// 02h time passes after it.
class SessionFuzzTest {
    private static final String NAME = "iqn.2026-11.io.lockstep:t";
    private static final int LUN_BYTES = 1 << 20;
    private static final int DATA_MAX = 4096;
    private static final int FIRST_COMMAND = 100;
    private static final long MINUTE = 60_000_000_000L;

    static Stream<byte[]> seeds() {
        String tag = "00000007";
        String write = pdu("01a1", tag, "00000200", "2a" + "00".repeat(6) + "000100", 0, "ab");
        String read = pdu("01c1", "00000008", "00001000", "28" + "00".repeat(6) + "000800", 0, "");
        String dataOut =
                "0580000000000000"
                        + "00".repeat(8)
                        + tag
                        + "00000001"
                        + "00".repeat(24)
                        + "00"
                        + "0200"
                        + "cd".repeat(512);
        String text = "SendTargets=All\0";
        String ask = HexFormat.of().formatHex(text.getBytes(StandardCharsets.UTF_8));
        return Stream.of(
                        "00" + read + write,
                        "00"
                                + pdu(
                                        "01a1",
                                        tag,
                                        "00000200",
                                        "2a" + "00".repeat(6) + "000100",
                                        0,
                                        "")
                                + dataOut,
                        "04" + read + pdu("0282", "00000009", tag, "", 0, ""),
                        "00" + pdu("0285", "00000009", "ffffffff", "", 0, ""),
                        "00" + pdu("4080", "0000000a", "ffffffff", "", 0, "70696e67"),
                        "02" + pdu("0480", "0000000b", "ffffffff", "", 0, ask),
                        "00" + pdu("0680", "0000000c", "00000000", "", 0, ""),
                        "00" + pdu("1080", "0000000d", "00000000", "", 0, ""),
                        "00" + write + pdu("4081", "ffffffff", "00000001", "", 2, ""),
                        "01" + pdu("4387", "00000001", "00000000", "", 1, ""))
                .map(HexFormat.of()::parseHex);
    }

    /// Opcode and flags, tag, the word after it, a CDB, control, data.
    private static String pdu(
            String start, String tag, String word, String cdb, int control, String data) {
        String header =
                start
                        + "00".repeat(14)
                        + tag
                        + word
                        + "00".repeat(8)
                        + cdb
                        + "00".repeat(16 - cdb.length() / 2);
        return "%s%02x%04x%s".formatted(header, control, data.length() / 2, data);
    }

    @MethodSource("seeds")
    @FuzzTest(maxDuration = "180s")
    void aConnectionEndsCleanWhateverItHears(byte[] bytes) {
        FuzzInput input = new FuzzInput(bytes);
        try (Bounds bounds = new Bounds(bytes.length * 1024)) {
            new Talk(input, bounds).run();
        }
    }

    /// A channel with the address of a portal.
    private static final class AtPortal extends EmbeddedChannel {
        @Override
        protected SocketAddress localAddress0() {
            return new InetSocketAddress(InetAddress.getLoopbackAddress(), 3260);
        }
    }

    /// One connection, from its start to its end.
    private static final class Talk {
        private final Simulation simulation = new Simulation(1);
        private final SimEventLoop loop = simulation.newLoop("core");
        private final FuzzInput input;
        private final Bounds bounds;
        private final EmbeddedChannel channel = new AtPortal();
        private final MetricRegistry metrics = new MetricRegistry();
        private final int options;
        private int commandNumber = FIRST_COMMAND;
        private long heard;
        private long allowed = 4096;

        Talk(FuzzInput input, Bounds bounds) {
            this.input = input;
            this.bounds = bounds;
            this.options = input.u8();
        }

        void run() {
            ScsiTarget target =
                    new ScsiTarget(new PortIdentity(NAME, 1, 1), loop, ScsiLimits.DEFAULT);
            LunRecord record = new LunRecord(0, "l", TestTarget.IDENTITY, LUN_BYTES);
            loop.call(() -> target.addLun(new MemoryLun(record, loop)));
            channel.config().setAllocator(bounds.buffers());
            Connection.Shared shared =
                    new Connection.Shared(
                            loop,
                            () -> List.of(target),
                            new Doors(
                                    new Gatekeeper(false, true, new Random(3)::nextLong, () -> 0),
                                    new Caps(Caps.Limits.DEFAULT)),
                            IscsiSettings.DEFAULT,
                            new SessionTable(),
                            TargetMetrics.in(metrics));
            loop.call(
                    () -> {
                        Portal.wire(shared, channel);
                        channel.pipeline().fireChannelActive();
                    });
            if ((options & 1) == 0) {
                login();
            }
            while (input.hasMore() && channel.isOpen()) {
                say(next());
                assertThat(heard).as("bytes answered").isLessThanOrEqualTo(allowed);
            }
            loop.call(channel::close);
            simulation.runFor(MINUTE);
            hear();
            assertThat(metrics.counter("iscsi.sessions").getCount()).isZero();
            assertThat(metrics.counter("iscsi.connections").getCount()).isZero();
        }

        private void login() {
            String text = "InitiatorName=iqn.i\0";
            text += (options & 2) != 0 ? "SessionType=Discovery\0" : "TargetName=" + NAME + "\0";
            text += (options & 8) != 0 ? "HeaderDigest=CRC32C\0DataDigest=CRC32C\0" : "";
            byte[] data = text.getBytes(StandardCharsets.UTF_8);
            ByteBuffer header = RawInitiator.header(0x43, 0x87);
            header.putInt(8, 0x8000_0000).putInt(24, commandNumber);
            say(whole(header, data));
        }

        private byte[] next() {
            ByteBuffer header = ByteBuffer.wrap(input.take(48));
            int control = input.u8();
            byte[] data = input.sized(DATA_MAX);
            int code = header.get(0) & 0x3F;
            if ((control & 1) == 0 && code != 0x05) {
                boolean immediate = (header.get(0) & 0x40) != 0;
                header.putInt(24, immediate ? commandNumber : commandNumber++);
            }
            // A read is answered with what the LUN has at most, whatever was announced.
            allowed += LUN_BYTES + LUN_BYTES / 512 * 52 + 4L * data.length + 8192;
            byte[] pdu = whole(header, data);
            if ((control & 2) != 0) {
                say(pdu);
                simulation.runFor(MINUTE / 3);
                return new byte[0];
            }
            return pdu;
        }

        private static byte[] whole(ByteBuffer header, byte[] data) {
            header.putInt(4, data.length);
            return ByteBuffer.allocate(48 + (data.length + 3 & ~3))
                    .put(RawInitiator.bytes(header))
                    .put(data)
                    .array();
        }

        private void say(byte[] bytes) {
            int piece = (options & 4) != 0 ? 1 : Math.max(1, bytes.length);
            for (int at = 0; at < bytes.length && channel.isOpen(); at += piece) {
                ByteBuf part = bounds.buffers().directBuffer(piece).writeBytes(bytes, at, piece);
                loop.call(
                        () -> {
                            channel.pipeline().fireChannelRead(part);
                            channel.pipeline().fireChannelReadComplete();
                        });
            }
            simulation.runFor(1_000_000);
            hear();
        }

        private void hear() {
            loop.call(channel::runPendingTasks);
            ByteBuf answer = channel.readOutbound();
            while (answer != null) {
                heard += answer.readableBytes();
                answer.release();
                answer = channel.readOutbound();
            }
        }
    }
}
