package lockstep.cli.e2e;

import java.io.DataInputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.SplittableRandom;

/// A hostile initiator: it logs in (or says nonsense instead), sends malformed PDUs as fast as they
/// are taken, and comes again when it is thrown out. Most of what it sends is wrong in a way that a
/// target has to answer or ignore without ending the connection, so that many arrive.
///
/// It names only LUNs from 1 on, and no reset of the whole target: an initiator that is let in may
/// do harm with those by right.
final class Cannon implements Runnable {
    /// What became of it.
    record Report(long sent, long connections, long answered) {
        Report and(Report other) {
            return new Report(
                    sent + other.sent, connections + other.connections, answered + other.answered);
        }
    }

    private static final int BHS = 48;
    private static final int BATCH = 64;
    private static final int PING = 1;
    private static final int NOISE_MILLIS = 50;
    private static final int[] REQUESTS = {0x00, 0x01, 0x02, 0x04, 0x05, 0x10, 0x1C, 0x3E};
    private static final int[] HARMLESS_FUNCTIONS = {0, 1, 2, 3, 4, 5, 8, 9, 0x7F};

    private final int port;
    private final String target;
    private final long wanted;
    private final SplittableRandom random;
    private long sent;
    private long connections;
    private long answered;

    Cannon(int port, String target, long wanted, long seed) {
        this.port = port;
        this.target = target;
        this.wanted = wanted;
        this.random = new SplittableRandom(seed);
    }

    /// What it did so far; read it when the thread has ended.
    Report report() {
        return new Report(sent, connections, answered);
    }

    @Override
    public void run() {
        while (sent < wanted) {
            try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
                connections++;
                socket.setTcpNoDelay(true);
                socket.setSoTimeout(10_000);
                talk(socket);
            } catch (IOException thrownOut) {
                // Which is what it came for: it comes again.
            }
        }
    }

    private void talk(Socket socket) throws IOException {
        OutputStream out = socket.getOutputStream();
        DataInputStream in = new DataInputStream(socket.getInputStream());
        if (random.nextInt(8) == 0) {
            byte[] noise = new byte[BHS * 8];
            random.nextBytes(noise);
            out.write(noise);
            sent++;
            // The target may wait for the data that the noise promised; whoever fires does not.
            socket.setSoTimeout(NOISE_MILLIS);
            skipRest(in);
            return;
        }
        out.write(login());
        skipPdu(in);
        while (sent < wanted) {
            ByteBuffer batch = ByteBuffer.allocate(BATCH * (BHS + 64));
            for (int i = 0; i < BATCH; i++) {
                malformed(batch);
            }
            // A ping is answered after all of them, unless one was the end.
            put(batch, header(0x40, 0x80).putInt(16, PING), 0);
            out.write(batch.array(), 0, batch.position());
            sent += BATCH;
            while (!isPong(in)) {
                answered++;
            }
        }
    }

    private byte[] login() {
        String text =
                "InitiatorName=iqn.2026-11.io.lockstep:cannon\0SessionType=Normal\0TargetName="
                        + target
                        + "\0";
        byte[] data = text.getBytes(StandardCharsets.UTF_8);
        ByteBuffer header = header(0x43, 0x87).putInt(8, 0x8000_0000).putInt(4, data.length);
        ByteBuffer whole = ByteBuffer.allocate(BHS + (data.length + 3 & ~3));
        return whole.put(bytes(header)).put(data).array();
    }

    /// One PDU; one in a few hundred is such that the connection has to end.
    private void malformed(ByteBuffer into) {
        byte[] noise = new byte[BHS];
        random.nextBytes(noise);
        ByteBuffer header = ByteBuffer.wrap(noise);
        int code = REQUESTS[random.nextInt(REQUESTS.length)];
        header.put(0, (byte) (code == 0x05 || code == 0x10 ? code : code | 0x40));
        header.putShort(8, (short) (1 + random.nextInt(255)));
        int data = 0;
        switch (code) {
            case 0x00, 0x3E -> data = random.nextInt(60);
            // No data of its own: else most would end the connection at once.
            case 0x01 -> header.put(1, (byte) (0x80 | random.nextInt(0x60) & 0x47));
            case 0x02 -> {
                int which = random.nextInt(HARMLESS_FUNCTIONS.length);
                header.put(1, (byte) (0x80 | HARMLESS_FUNCTIONS[which]));
            }
            case 0x04 -> header.put(1, (byte) 0x80).putInt(20, -1);
            case 0x05 -> data = random.nextInt(60);
            default -> {}
        }
        if (random.nextInt(400) == 0) {
            data = 60;
            random.nextBytes(noise);
            header.putShort(8, (short) 0x0101);
            header.put(0, (byte) (noise[0] & 0x3F | 0x20));
        }
        header.put(4, (byte) 0);
        put(into, header, data);
    }

    private static void put(ByteBuffer into, ByteBuffer header, int data) {
        header.putInt(4, data);
        into.put(bytes(header)).position(into.position() + (data + 3 & ~3));
    }

    private static ByteBuffer header(int opcode, int flags) {
        return ByteBuffer.allocate(BHS).put(0, (byte) opcode).put(1, (byte) flags);
    }

    private static byte[] bytes(ByteBuffer header) {
        byte[] bytes = new byte[BHS];
        header.get(0, bytes);
        return bytes;
    }

    private static byte[] skipPdu(DataInputStream in) throws IOException {
        byte[] header = new byte[BHS];
        in.readFully(header);
        int data = ByteBuffer.wrap(header).getInt(4) & 0xFF_FFFF;
        in.skipNBytes(data + 3 & ~3);
        return header;
    }

    /// Tag 1 is the ping's alone: the tags of the noise are not looked for.
    private static boolean isPong(DataInputStream in) throws IOException {
        byte[] header = skipPdu(in);
        return (header[0] & 0x3F) == 0x20 && ByteBuffer.wrap(header).getInt(16) == PING;
    }

    private static void skipRest(DataInputStream in) throws IOException {
        while (in.read() >= 0) {
            // What the target still says before it closes.
        }
    }
}
