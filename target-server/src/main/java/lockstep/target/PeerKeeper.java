package lockstep.target;

import lockstep.replication.wire.NodeIdentity;
import lockstep.replication.wire.PairingMessage.Claim;
import lockstep.target.admin.model.AdminError;
import lockstep.target.admin.model.AdminError.Code;
import lockstep.target.runtime.NettyEventLoop;

import org.jspecify.annotations.Nullable;

import java.io.IOException;
import java.util.List;
import java.util.UUID;
import java.util.function.Consumer;

/// Changes whom this node trusts. The file is written beside the core loop, on which everything
/// else here is called.
final class PeerKeeper {
    // A name and an address are told by the other side: what goes into a line of a file is checked.
    private static final String NAME = "[A-Za-z0-9][A-Za-z0-9._-]{0,62}";
    private static final String ADDRESS = "[A-Za-z0-9._:\\[\\]%-]*";

    private final NettyEventLoop core;
    private final NodeIdentityFile identity;
    private final PeerFile peers;
    private final NodeEvents events;
    private final Consumer<UUID> changed;

    /// `changed` hears of each peer whose key is another now, or none.
    PeerKeeper(
            NettyEventLoop core,
            NodeIdentityFile identity,
            PeerFile peers,
            NodeEvents events,
            Consumer<UUID> changed) {
        this.core = core;
        this.identity = identity;
        this.peers = peers;
        this.events = events;
        this.changed = changed;
    }

    PeerFile peers() {
        return peers;
    }

    /// Why who made `claim` cannot be a peer; null if it can.
    @Nullable AdminError refusal(Claim claim) {
        if (!claim.node().name().matches(NAME) || !claim.address().matches(ADDRESS)) {
            return new AdminError(
                    Code.REFUSED, "its name or address is malformed", "look at its file");
        }
        List<NodeIdentity> known = peers.list().stream().map(PeerFile.Pinned::node).toList();
        return PeerCheck.refusal(identity, claim.node(), known);
    }

    /// Pins the key of `peer`; `done` gets null, or why it is not durable.
    void pin(PeerFile.Pinned peer, Consumer<@Nullable IOException> done) {
        change(peer.node(), () -> peers.pin(peer), "is pinned with key " + peer.key(), done);
    }

    /// Forgets the key of `peer`.
    void forget(NodeIdentity peer, Consumer<@Nullable IOException> done) {
        change(peer, () -> peers.forget(peer.uuid()), "is trusted no more", done);
    }

    private interface Change {
        void run() throws IOException;
    }

    private void change(
            NodeIdentity peer, Change change, String told, Consumer<@Nullable IOException> done) {
        Thread.startVirtualThread(
                () -> {
                    IOException failure = null;
                    try {
                        change.run();
                    } catch (IOException failed) {
                        failure = failed;
                    }
                    IOException end = failure;
                    core.execute(() -> changed(peer, told, end, done));
                });
    }

    private void changed(
            NodeIdentity peer,
            String told,
            @Nullable IOException failure,
            Consumer<@Nullable IOException> done) {
        if (failure == null) {
            events.note(peer.toString(), told);
            changed.accept(peer.uuid());
        } else {
            events.note(peer.toString(), "the file of peers cannot be written: " + failure);
        }
        done.accept(failure);
    }
}
