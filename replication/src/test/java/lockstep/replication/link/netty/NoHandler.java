package lockstep.replication.link.netty;

import lockstep.blockstore.base.VolumeId;
import lockstep.replication.link.Connection;
import lockstep.replication.wire.Message;

/// Hears and says nothing.
final class NoHandler implements Connection.Handler {
    @Override
    public void received(VolumeId volume, Message borrowed) {}

    @Override
    public void writableAgain() {}

    @Override
    public void closed(String reason) {}
}
