package lockstep.replication.link;

import lockstep.blockstore.base.VolumeId;
import lockstep.replication.wire.Message;
import lockstep.replication.wire.ProtocolViolation;

import java.util.function.Consumer;

/// A peer's newer connection that waits for the link before it to be over. It may go away
/// meanwhile, which `gone` is told; it may not talk yet.
final class Waiting implements Connection.Handler {
    private final LinkKeeper.Candidate offer;
    private final Consumer<Waiting> gone;

    Waiting(LinkKeeper.Candidate offer, Consumer<Waiting> gone) {
        this.offer = offer;
        this.gone = gone;
    }

    LinkKeeper.Candidate offer() {
        return offer;
    }

    @Override
    public void received(VolumeId volume, Message borrowed) {
        throw new ProtocolViolation("a message before HelloAck");
    }

    @Override
    public void writableAgain() {}

    @Override
    public void closed(String reason) {
        gone.accept(this);
    }
}
