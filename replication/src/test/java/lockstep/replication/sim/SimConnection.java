package lockstep.replication.sim;

import lockstep.blockstore.base.Check;
import lockstep.blockstore.base.VolumeId;
import lockstep.blockstore.sim.SimEventLoop;
import lockstep.blockstore.sim.Simulation;
import lockstep.replication.link.Connection;
import lockstep.replication.wire.FrameReader;
import lockstep.replication.wire.Message;
import lockstep.replication.wire.MessageCodec;
import lockstep.replication.wire.ProtocolViolation;

import org.jspecify.annotations.Nullable;

import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.UUID;

/// One end of a simulated connection. What it sent stands in [#sending] until it has arrived.
final class SimConnection implements Connection {
    /// In place of a frame: the sender closed; nothing comes after it.
    private static final byte[] END = new byte[0];

    private final SimNetwork network;
    private final Simulation simulation;
    private final String owner;
    private final String other;
    private final SimEventLoop loop;
    private final FrameReader reader = new FrameReader();
    private final ArrayDeque<byte[]> sending = new ArrayDeque<>();
    private @Nullable SimConnection far;
    private @Nullable Handler handler;
    private long queuedBytes;
    private long lastArrivalNanos;
    private boolean toldFull;
    private boolean arriving;
    private boolean closed;
    private boolean dead;
    private boolean broken;

    SimConnection(
            SimNetwork network,
            Simulation simulation,
            String owner,
            String other,
            SimEventLoop loop) {
        this.network = network;
        this.simulation = simulation;
        this.owner = owner;
        this.other = other;
        this.loop = loop;
    }

    void attach(SimConnection farEnd) {
        far = farEnd;
    }

    String owner() {
        return owner;
    }

    boolean joins(String one, String two) {
        return (owner.equals(one) && other.equals(two)) || (owner.equals(two) && other.equals(one));
    }

    @Override
    public void handler(Handler newHandler) {
        handler = newHandler;
    }

    @Override
    public boolean mayBe(UUID node) {
        return true;
    }

    @Override
    public void send(VolumeId volume, Message borrowed) {
        Check.that(loop.inLoop(), "a link is used on its loop");
        if (closed) {
            return;
        }
        ByteBuffer frame = MessageCodec.encode(volume, borrowed);
        byte[] bytes = new byte[frame.remaining()];
        frame.get(bytes);
        enqueue(bytes);
        if (queuedBytes > network.highWaterBytes) {
            toldFull = true;
        }
    }

    private void enqueue(byte[] bytes) {
        if (broken) {
            return;
        }
        queuedBytes += bytes.length;
        sending.add(bytes);
        deliverSoon();
    }

    /// The first frame in the queue begins to cross, unless one does or the way is cut.
    void deliverSoon() {
        if (arriving || sending.isEmpty() || network.isCut(owner, other)) {
            return;
        }
        arriving = true;
        long now = simulation.nowNanos();
        // Frames follow each other closely, as bytes of one stream do; only the first one of a
        // burst takes the whole delay.
        long arrival = Math.max(lastArrivalNanos + 1_000, now + delayOfFirst());
        lastArrivalNanos = arrival;
        simulation.schedule(arrival - now, this::arrive);
    }

    private long delayOfFirst() {
        return lastArrivalNanos >= simulation.nowNanos() ? 0 : network.delayNanos();
    }

    private void arrive() {
        arriving = false;
        if (network.isCut(owner, other) || sending.isEmpty()) {
            return;
        }
        byte[] bytes = sending.remove();
        queuedBytes -= bytes.length;
        SimConnection to = far;
        if (to != null && !to.dead) {
            to.loop.execute(() -> to.take(bytes));
        }
        tellWritable();
        forgetIfDone();
        deliverSoon();
    }

    // A closed end stays known while it has bytes that may still arrive after a heal.
    private void forgetIfDone() {
        if (closed && sending.isEmpty()) {
            network.gone(this);
        }
    }

    private void tellWritable() {
        if (toldFull && queuedBytes < network.lowWaterBytes && !closed) {
            toldFull = false;
            loop.execute(
                    () -> {
                        if (handler != null && writable()) {
                            handler.writableAgain();
                        }
                    });
        }
    }

    private void take(byte[] bytes) {
        if (closed) {
            return;
        }
        if (bytes.length == 0) {
            over("closed by the peer");
            return;
        }
        try {
            ByteBuffer view = ByteBuffer.wrap(network.cross(bytes)).asReadOnlyBuffer();
            FrameReader.Frame frame = reader.next(view);
            Handler receiver = handler;
            if (frame != null && receiver != null) {
                receiver.received(frame.volume(), frame.message());
                // Views end with the call: whoever keeps one finds noise.
                Arrays.fill(bytes, (byte) 0xa5);
            }
        } catch (ProtocolViolation violation) {
            close("protocol violation: " + violation.getMessage());
        }
    }

    @Override
    public long queuedBytes() {
        return queuedBytes;
    }

    @Override
    public boolean writable() {
        return !closed && !toldFull;
    }

    @Override
    public void close(String reason) {
        if (!closed) {
            enqueue(END);
            closed = true;
            loop.execute(() -> tellClosed(reason));
        }
    }

    /// This end is reset: bytes under way are lost, and so is what is sent before the news is here.
    void reset(String reason) {
        broken = true;
        sending.clear();
        queuedBytes = 0;
        forgetIfDone();
        simulation.schedule(network.delayNanos(), () -> loop.execute(() -> over(reason)));
    }

    /// The process at this end died.
    void die(boolean silently) {
        dead = true;
        closed = true;
        sending.clear();
        if (!silently) {
            enqueue(END);
        }
        forgetIfDone();
    }

    private void over(String reason) {
        if (!closed) {
            closed = true;
            tellClosed(reason);
        }
    }

    private void tellClosed(String reason) {
        forgetIfDone();
        if (handler != null) {
            handler.closed(reason);
        }
    }
}
