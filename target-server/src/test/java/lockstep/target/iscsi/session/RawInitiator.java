package lockstep.target.iscsi.session;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.DataInputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;

/// An initiator that says exactly what a test wants, byte by byte, over a real socket. Reads give
/// up after a while, so that a target that stays silent fails a test.
final class RawInitiator implements AutoCloseable {
    static final int READ = 0xC0;
    static final int WRITE = 0xA0;
    static final int NONE = 0x80;

    private static final int PATIENCE_MILLIS = 10_000;

    /// A PDU that was received.
    @SuppressWarnings("ArrayRecordComponent") // never compared
    record Received(ByteBuffer header, byte[] data) {
        int opcode() {
            return header.get(0) & 0x3F;
        }

        int flags() {
            return header.get(1) & 0xFF;
        }

        int u8(int at) {
            return header.get(at) & 0xFF;
        }

        int i32(int at) {
            return header.getInt(at);
        }

        /// Sense key, code and qualifier of a SCSI response, as one number.
        int sense() {
            return (data[4] & 0xF) << 16 | (data[14] & 0xFF) << 8 | data[15] & 0xFF;
        }

        /// Keys of a text or login response.
        Map<String, String> keys() {
            Map<String, String> keys = new LinkedHashMap<>();
            for (String pair : new String(data, StandardCharsets.UTF_8).split("\0", -1)) {
                int equals = pair.indexOf('=');
                if (equals > 0) {
                    keys.put(pair.substring(0, equals), pair.substring(equals + 1));
                }
            }
            return keys;
        }
    }

    private final Socket socket;
    private final DataInputStream in;
    private int commandNumber = 100;
    private int lastTag;

    RawInitiator(int port) throws IOException {
        socket = new Socket(InetAddress.getLoopbackAddress(), port);
        socket.setSoTimeout(PATIENCE_MILLIS);
        socket.setTcpNoDelay(true);
        in = new DataInputStream(socket.getInputStream());
    }

    /// Logs in as `name`, straight into operational negotiation, and expects success.
    Received login(String name, int isid, String... keys) throws IOException {
        StringBuilder text = new StringBuilder("InitiatorName=" + name + "\0");
        text.append("SessionType=Normal\0TargetName=").append(TestTarget.NAME).append('\0');
        for (String key : keys) {
            text.append(key).append('\0');
        }
        send(loginRequest(0x87, isid), text.toString().getBytes(StandardCharsets.UTF_8));
        return receive();
    }

    /// A login request with these flags; TSIH is 0.
    ByteBuffer loginRequest(int flags, int isid) {
        ByteBuffer header = header(0x43, flags);
        header.putInt(8, 0x8000_0000).putShort(12, (short) isid);
        header.putInt(16, 1).putInt(24, commandNumber);
        return header;
    }

    static ByteBuffer header(int opcode, int flags) {
        return ByteBuffer.allocate(48).put(0, (byte) opcode).put(1, (byte) flags);
    }

    /// Sends a command that takes its turn; gives its task tag.
    int command(int flags, int expected, byte[] data, int... cdb) throws IOException {
        return command(0, flags, expected, data, cdb);
    }

    int command(int lun, int flags, int expected, byte[] data, int... cdb) throws IOException {
        ByteBuffer header = header(0x01, flags | 1);
        header.put(9, (byte) lun);
        header.putInt(16, ++lastTag).putInt(20, expected).putInt(24, commandNumber++);
        for (int at = 0; at < cdb.length; at++) {
            header.put(32 + at, (byte) cdb[at]);
        }
        send(header, data);
        return lastTag;
    }

    /// Sends an immediate task management request.
    void manage(int function, int tag, int reference) throws IOException {
        ByteBuffer header = header(0x42, 0x80 | function);
        header.putInt(16, tag).putInt(20, reference).putInt(24, commandNumber);
        header.putInt(32, commandNumber - 1);
        send(header, new byte[0]);
    }

    /// Sends one Data-Out.
    void dataOut(int tag, int transferTag, int number, int offset, boolean last, byte[] data)
            throws IOException {
        ByteBuffer header = header(0x05, last ? 0x80 : 0);
        header.putInt(16, tag).putInt(20, transferTag).putInt(36, number).putInt(40, offset);
        send(header, data);
    }

    /// The CmdSN that the next command will have.
    int nextCommandNumber() {
        return commandNumber;
    }

    void skipCommandNumbers(int count) {
        commandNumber += count;
    }

    void send(ByteBuffer header, byte[] data) throws IOException {
        header.putInt(4, data.length);
        ByteBuffer pdu = ByteBuffer.allocate(48 + (data.length + 3 & ~3));
        pdu.put(bytes(header)).put(data);
        sendBytes(pdu.array());
    }

    /// The 48 bytes of `header`.
    static byte[] bytes(ByteBuffer header) {
        byte[] bytes = new byte[48];
        header.get(0, bytes);
        return bytes;
    }

    void sendBytes(byte[] bytes) throws IOException {
        socket.getOutputStream().write(bytes);
        socket.getOutputStream().flush();
    }

    /// The next PDU.
    Received receive() throws IOException {
        byte[] header = new byte[48];
        in.readFully(header);
        ByteBuffer view = ByteBuffer.wrap(header);
        int length = view.getInt(4) & 0xFF_FFFF;
        byte[] data = new byte[length];
        in.readFully(data);
        in.skipNBytes(-length & 3);
        return new Received(view, data);
    }

    /// Whether the target closed the connection, after whatever it still said.
    boolean isClosedByTarget() throws IOException {
        try {
            while (in.read() >= 0) {
                // What was still on its way.
            }
            return true;
        } catch (java.net.SocketTimeoutException _) {
            return false;
        } catch (java.net.SocketException _) {
            return true; // reset
        }
    }

    /// Runs TEST UNIT READY until the unit attention of the new nexus is gone.
    void settle() throws IOException {
        for (int attempt = 0; attempt < 3; attempt++) {
            command(NONE, 0, new byte[0], 0, 0, 0, 0, 0, 0);
            if (receive().u8(3) == 0) {
                return;
            }
        }
        throw new AssertionError("the unit never became ready");
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }

    /// A session in full feature phase that has had its first unit attention.
    static RawInitiator ready(int port, String name, String... keys) throws IOException {
        RawInitiator initiator = new RawInitiator(port);
        Received login = initiator.login(name, 1, keys);
        assertThat(login.opcode()).isEqualTo(0x23);
        assertThat(login.header().getShort(36)).isZero();
        initiator.settle();
        return initiator;
    }

    /// A ping with data, and its answer.
    void ping() throws IOException {
        ByteBuffer header = header(0x40, 0x80);
        header.putInt(16, 0x1234).putInt(20, -1).putInt(24, nextCommandNumber());
        send(header, new byte[] {1, 2, 3, 4, 5});
        Received pong = receive();
        assertThat(pong.opcode()).isEqualTo(0x20);
        assertThat(pong.i32(16)).isEqualTo(0x1234);
        assertThat(pong.data()).containsExactly(1, 2, 3, 4, 5);
    }
}
