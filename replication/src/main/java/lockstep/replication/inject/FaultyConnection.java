package lockstep.replication.inject;

import lockstep.blockstore.base.VolumeId;
import lockstep.blockstore.inject.FaultPlan;
import lockstep.blockstore.inject.FaultPlan.Hit;
import lockstep.replication.link.Connection;
import lockstep.replication.wire.FrameReader;
import lockstep.replication.wire.LinkMessage;
import lockstep.replication.wire.Message;
import lockstep.replication.wire.MessageCodec;
import lockstep.replication.wire.ProtocolViolation;

import org.jspecify.annotations.Nullable;

import java.nio.ByteBuffer;
import java.util.EnumMap;
import java.util.Map;
import java.util.UUID;
import java.util.function.Consumer;
import java.util.function.Supplier;

/// A connection that suffers what the plan says. Faults are looked for when the connection is made,
/// when its peer becomes known, and when the plan changes.
///
/// A connection is a stream: it may end anywhere, but nothing comes after something that was lost.
/// So one that has lost a message goes on losing, and is closed when the fault is cleared.
final class FaultyConnection implements Connection, Connection.Handler {
    /// Why a connection that is cut is closed.
    static final String CUT = "cut by an injected fault";

    private static final long FULL = 1 << 20;

    private final Connection under;
    private final FaultPlan plan;
    private final Consumer<FaultyConnection> gone;
    private final Map<LinkEffect, Hit<LinkFault>> suffers = new EnumMap<>(LinkEffect.class);
    private final Lane in;
    private final Lane out;
    private final FrameReader inFrames = FrameReader.afterHandshake();
    private final FrameReader outFrames = FrameReader.afterHandshake();
    private @Nullable UUID peer;
    private @Nullable Handler handler;
    // The connection below is over, and nobody has been told yet.
    private @Nullable String unheardEnd;
    private long lostBytes;
    private boolean lost;
    private boolean toldFull;
    private boolean closed;
    private boolean over;

    /// `peer` is null until it says who it is; `gone` hears of the end.
    FaultyConnection(
            Connection under,
            @Nullable UUID peer,
            FaultPlan plan,
            Consumer<FaultyConnection> gone) {
        this.under = under;
        this.peer = peer;
        this.plan = plan;
        this.gone = gone;
        this.in = new Lane(plan.loop().clock());
        this.out = new Lane(plan.loop().clock());
    }

    /// The plan or the peer is another one than at the last look.
    void look() {
        suffers.values().removeIf(hit -> !hit.armed().isSet());
        for (LinkEffect effect : LinkEffect.values()) {
            if (!suffers.containsKey(effect)) {
                Hit<LinkFault> hit = plan.take(LinkFault.class, fault -> fault.hits(effect, peer));
                if (hit != null) {
                    suffers.put(effect, hit);
                }
            }
        }
        if (suffers.containsKey(LinkEffect.CUT)) {
            endSoon(CUT);
        } else if (lost && !losesIn() && !losesOut()) {
            endSoon("an injected fault has lost messages of it");
        } else if (unheardEnd != null && !suffers.containsKey(LinkEffect.BLACK_HOLE)) {
            endSoon(unheardEnd);
        }
    }

    // In a turn of its own: whoever changed the plan is not to be called from here.
    private void endSoon(String reason) {
        plan.loop().execute(() -> close(reason));
    }

    private boolean losesIn() {
        return suffers.keySet().stream().anyMatch(LinkEffect::losesIn);
    }

    private boolean losesOut() {
        return suffers.keySet().stream().anyMatch(LinkEffect::losesOut);
    }

    private long delayNanos() {
        Hit<LinkFault> delay = suffers.get(LinkEffect.DELAY);
        return delay == null ? 0 : delay.fault().nanos();
    }

    @Override
    public void handler(Handler newHandler) {
        boolean first = handler == null;
        handler = newHandler;
        if (first) {
            under.handler(this);
        }
    }

    @Override
    public void send(VolumeId volume, Message borrowed) {
        if (closed || !comesPast(() -> LinkPoint.sending(borrowed))) {
            return;
        }
        if (losesOut()) {
            lost = true;
            lostBytes += MessageCodec.frameBytes(borrowed);
        } else if (delayNanos() > 0 || !out.isEmpty()) {
            ByteBuffer frame = MessageCodec.encode(volume, borrowed);
            out.put(delayNanos(), frame.remaining(), () -> sendLate(frame));
        } else {
            under.send(volume, borrowed);
        }
    }

    private boolean comesPast(Supplier<String> point) {
        return plan.isEmpty() || plan.reached(point.get());
    }

    private void sendLate(ByteBuffer bytes) {
        FrameReader.Frame frame = outFrames.next(bytes);
        if (frame != null) {
            under.send(frame.volume(), frame.message());
        }
        tellWritable();
    }

    @Override
    public long queuedBytes() {
        return under.queuedBytes() + lostBytes + out.bytes();
    }

    @Override
    public boolean writable() {
        boolean room = under.writable() && lostBytes + out.bytes() < FULL;
        toldFull |= !room;
        return room && !closed;
    }

    private void tellWritable() {
        Handler to = handler;
        if (toldFull && to != null && writable()) {
            toldFull = false;
            to.writableAgain();
        }
    }

    @Override
    public boolean mayBe(UUID node) {
        return under.mayBe(node);
    }

    @Override
    public void close(String reason) {
        if (closed) {
            return;
        }
        closed = true;
        in.clear();
        out.hurry();
        under.close(reason);
        if (unheardEnd != null) {
            plan.loop().execute(() -> end(reason));
        }
    }

    @Override
    public void received(VolumeId volume, Message borrowed) {
        if (borrowed instanceof LinkMessage.Hello hello && peer == null) {
            peer = hello.node().uuid();
            look();
        }
        if (closed || suffers.containsKey(LinkEffect.CUT)) {
            return;
        }
        if (losesIn()) {
            lost = true;
        } else if (delayNanos() > 0 || !in.isEmpty()) {
            ByteBuffer frame = MessageCodec.encode(volume, borrowed);
            in.put(delayNanos(), frame.remaining(), () -> receiveLate(frame));
        } else {
            deliver(volume, borrowed);
        }
    }

    private void receiveLate(ByteBuffer bytes) {
        FrameReader.Frame frame = inFrames.next(bytes);
        if (frame == null || closed) {
            return;
        }
        try {
            deliver(frame.volume(), frame.message());
        } catch (ProtocolViolation violation) {
            close("protocol violation: " + violation.getMessage());
        }
    }

    private void deliver(VolumeId volume, Message borrowed) {
        Handler to = handler;
        if (to != null && comesPast(() -> LinkPoint.received(borrowed))) {
            to.received(volume, borrowed);
        }
    }

    @Override
    public void writableAgain() {
        tellWritable();
    }

    @Override
    public void closed(String reason) {
        if (closed) {
            end(reason);
        } else if (suffers.containsKey(LinkEffect.BLACK_HOLE)) {
            unheardEnd = reason;
        } else if (in.isEmpty()) {
            end(reason);
        } else {
            unheardEnd = reason;
            in.put(0, 0, () -> end(reason));
        }
    }

    private void end(String reason) {
        Handler to = handler;
        if (!over) {
            over = true;
            closed = true;
            in.clear();
            out.clear();
            gone.accept(this);
            if (to != null) {
                to.closed(reason);
            }
        }
    }
}
