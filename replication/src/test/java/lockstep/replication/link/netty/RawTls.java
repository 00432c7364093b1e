package lockstep.replication.link.netty;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;

import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLEngineResult.HandshakeStatus;
import javax.net.ssl.SSLEngineResult.Status;

/// A blocking TLS connection that says what a test wants said.
final class RawTls implements AutoCloseable {
    private final SSLEngine engine;
    private final SocketChannel channel;
    private final ByteBuffer incoming = ByteBuffer.allocate(64 << 10).flip();
    private final ByteBuffer plain = ByteBuffer.allocate(64 << 10);

    RawTls(SSLEngine engine, InetSocketAddress address) throws IOException {
        this.engine = engine;
        this.channel = SocketChannel.open(address);
        engine.beginHandshake();
        while (engine.getHandshakeStatus() != HandshakeStatus.NOT_HANDSHAKING) {
            step();
        }
    }

    private void step() throws IOException {
        switch (engine.getHandshakeStatus()) {
            case NEED_TASK -> {
                for (Runnable task = engine.getDelegatedTask();
                        task != null;
                        task = engine.getDelegatedTask()) {
                    task.run();
                }
            }
            case NEED_WRAP -> write(ByteBuffer.allocate(0));
            case NEED_UNWRAP, NEED_UNWRAP_AGAIN -> unwrap();
            case FINISHED, NOT_HANDSHAKING -> {}
        }
    }

    void write(ByteBuffer bytes) throws IOException {
        ByteBuffer out = ByteBuffer.allocate(64 << 10);
        engine.wrap(bytes, out);
        out.flip();
        while (out.hasRemaining()) {
            channel.write(out);
        }
    }

    /// False at the end of the stream.
    private boolean unwrap() throws IOException {
        while (engine.unwrap(incoming, plain).getStatus() == Status.BUFFER_UNDERFLOW) {
            incoming.compact();
            int read = channel.read(incoming);
            incoming.flip();
            if (read < 0) {
                return false;
            }
        }
        return !engine.isInboundDone();
    }

    /// Everything that comes until the other side closes.
    byte[] readAll() throws IOException {
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        boolean more = true;
        while (more) {
            more = unwrap();
            plain.flip();
            byte[] some = new byte[plain.remaining()];
            plain.get(some);
            all.writeBytes(some);
            plain.clear();
        }
        return all.toByteArray();
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }
}
