package lockstep.target.iscsi.session;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.embedded.EmbeddedChannel;

import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// A host of a [World] that says exactly what a test wants, without sockets, threads or time:
/// everything happens inside the call.
final class EmbeddedHost {
    /// A PDU of the target.
    @SuppressWarnings("ArrayRecordComponent") // never compared
    record Answer(ByteBuffer header, byte[] data) {
        int opcode() {
            return header.get(0) & 0x3F;
        }

        int u8(int at) {
            return header.get(at) & 0xFF;
        }

        int status() {
            return header.getShort(36) & 0xFFFF;
        }

        /// Sense key, code and qualifier of a SCSI response, as one number.
        int sense() {
            return (data[4] & 0xF) << 16 | (data[14] & 0xFF) << 8 | data[15] & 0xFF;
        }

        Map<String, String> keys() {
            Map<String, String> keys = new LinkedHashMap<>();
            for (String pair : text().split("\0", -1)) {
                int equals = pair.indexOf('=');
                if (equals > 0) {
                    keys.put(pair.substring(0, equals), pair.substring(equals + 1));
                }
            }
            return keys;
        }

        String text() {
            return new String(data, StandardCharsets.UTF_8);
        }
    }

    final EmbeddedChannel channel;
    private final Deque<Answer> answers = new ArrayDeque<>();
    private final ByteBuf wire = Unpooled.buffer();
    private int commandNumber = 100;
    private int lastTag = 10;
    private int textParts;

    /// A host at `remote` that connects to `local`.
    EmbeddedHost(World world, String remote, String local) {
        channel =
                new EmbeddedChannel() {
                    @Override
                    protected SocketAddress localAddress0() {
                        return new InetSocketAddress(local, 3260);
                    }

                    @Override
                    protected SocketAddress remoteAddress0() {
                        return new InetSocketAddress(remote, 50_000);
                    }
                };
        Portal.wire(world.shared(), channel);
        channel.pipeline().fireChannelActive();
    }

    EmbeddedHost(World world) {
        this(world, "127.0.0.1", "127.0.0.1");
    }

    void bytes(byte[] bytes) {
        channel.writeInbound(Unpooled.wrappedBuffer(bytes));
    }

    static ByteBuffer header(int opcode, int flags) {
        return ByteBuffer.allocate(48).put(0, (byte) opcode).put(1, (byte) flags);
    }

    void send(ByteBuffer header, byte[] data) {
        bytes(pdu(header, data));
    }

    static byte[] pdu(ByteBuffer header, byte[] data) {
        header.putInt(4, data.length);
        ByteBuffer pdu = ByteBuffer.allocate(48 + (data.length + 3 & ~3));
        return pdu.put(RawInitiator.bytes(header)).put(data).array();
    }

    ByteBuffer loginHeader(int flags, int isid) {
        ByteBuffer header = header(0x43, flags);
        header.putInt(8, 0x8000_0000).putShort(12, (short) isid);
        return header.putInt(16, 1).putInt(24, commandNumber);
    }

    /// One login request with these keys; the answer, which is expected.
    Answer login(int flags, String... keys) {
        send(loginHeader(flags, 1), text(keys));
        return next();
    }

    /// One more login request, whatever comes of it.
    void login0() {
        send(loginHeader(0x87, 1), new byte[0]);
    }

    static byte[] text(String... keys) {
        StringBuilder text = new StringBuilder();
        for (String key : keys) {
            text.append(key).append('\0');
        }
        return text.toString().getBytes(StandardCharsets.UTF_8);
    }

    /// A login of `name` in one request.
    Answer enter(String name, String... more) {
        List<String> keys = new ArrayList<>();
        keys.add("InitiatorName=" + name);
        keys.add("TargetName=" + TestTarget.NAME);
        keys.addAll(List.of(more));
        return login(0x87, keys.toArray(String[]::new));
    }

    /// A logged-in host without unit attentions.
    EmbeddedHost ready(String name, String... more) {
        if (enter(name, more).status() != 0) {
            throw new AssertionError("the login failed");
        }
        for (int lun = 0; lun < 3; lun++) {
            command(lun, 0x80, 0, new byte[0], "000000000000");
            next();
        }
        return this;
    }

    /// Sends a command; gives its task tag.
    int command(int lun, int flags, int expected, byte[] data, String cdb) {
        send(commandHeader(lun, flags, expected, cdb), data);
        return lastTag;
    }

    ByteBuffer commandHeader(int lun, int flags, int expected, String cdb) {
        ByteBuffer header = header(0x01, flags | 1);
        header.put(9, (byte) lun).putInt(16, ++lastTag).putInt(20, expected);
        header.putInt(24, commandNumber++);
        header.put(32, HexFormat.of().parseHex(cdb));
        return header;
    }

    /// The answer to a command.
    Answer ask(int lun, int flags, int expected, String cdb) {
        command(lun, flags, expected, new byte[0], cdb);
        return next();
    }

    int commandNumber() {
        return commandNumber;
    }

    /// An immediate NOP-Out; `tag` -1 wants no answer.
    void ping(int tag) {
        ByteBuffer header = header(0x40, 0x80);
        header.putInt(16, tag).putInt(20, -1).putInt(24, commandNumber);
        send(header, new byte[0]);
    }

    /// Text of one request in full feature phase, in as many PDUs as the answer takes.
    String sendTargets(String which) {
        StringBuilder all = new StringBuilder();
        int transferTag = -1;
        byte[] data = text("SendTargets=" + which);
        while (true) {
            ByteBuffer header = header(0x04, 0x80);
            header.putInt(16, ++lastTag).putInt(20, transferTag).putInt(24, commandNumber++);
            send(header, data);
            Answer answer = next();
            all.append(answer.text());
            textParts++;
            if ((answer.u8(1) & 0x80) != 0) {
                return all.toString();
            }
            transferTag = answer.header.getInt(20);
            data = new byte[0];
        }
    }

    /// PDUs that answered [#sendTargets].
    int textParts() {
        return textParts;
    }

    /// The next PDU of the target; fails if there is none.
    Answer next() {
        collect();
        if (answers.isEmpty()) {
            throw new AssertionError("no answer" + (isClosed() ? ", and closed" : ""));
        }
        return answers.remove();
    }

    /// Whether the target has said nothing more.
    boolean isSilent() {
        collect();
        return answers.isEmpty();
    }

    boolean isClosed() {
        return !channel.isOpen();
    }

    /// Bytes that the target has sent and nobody has looked at, raw.
    byte[] rawOutput() {
        ByteBuf all = Unpooled.buffer();
        ByteBuf part = channel.readOutbound();
        while (part != null) {
            all.writeBytes(part);
            part.release();
            part = channel.readOutbound();
        }
        byte[] bytes = new byte[all.readableBytes()];
        all.readBytes(bytes);
        return bytes;
    }

    private void collect() {
        channel.runPendingTasks();
        wire.writeBytes(rawOutput());
        while (wire.readableBytes() >= 48) {
            int length = wire.getInt(wire.readerIndex() + 4) & 0xFF_FFFF;
            byte[] header = new byte[48];
            wire.readBytes(header);
            byte[] data = new byte[length];
            wire.readBytes(data);
            wire.skipBytes(-length & 3);
            answers.add(new Answer(ByteBuffer.wrap(header), data));
        }
    }

    void close() {
        channel.close();
        rawOutput();
    }
}
