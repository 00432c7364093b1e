package lockstep.replication.link;

import lockstep.blockstore.base.Check;
import lockstep.blockstore.base.VolumeId;
import lockstep.blockstore.io.Clock;
import lockstep.replication.wire.LinkMessage.Hello;
import lockstep.replication.wire.LinkMessage.Refusal;
import lockstep.replication.wire.LinkMessage.Refused;
import lockstep.replication.wire.Message;
import lockstep.replication.wire.MessageCodec;
import lockstep.replication.wire.NodeIdentity;
import lockstep.replication.wire.ProtocolVersion;
import lockstep.replication.wire.ProtocolViolation;

import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.function.LongSupplier;

/// All links of one node. It knows who this node is and which peers it may have, checks who dials
/// in, and hands the connection to the keeper of that peer. Only nodes that were named with [#keep]
/// get a link: a stranger costs one refusal.
public final class LinkHub {
    private static final Logger LOG = LoggerFactory.getLogger(LinkHub.class);

    private final NodeIdentity self;
    private final Clock clock;
    private final LinkSettings settings;
    private final LongSupplier incarnations;
    private final LongSupplier entropy;
    private final Map<UUID, LinkKeeper> keepers = new LinkedHashMap<>();
    private long lastIncarnation = -1;

    /// `incarnations` gives numbers that grow from call to call, also over restarts of the node (a
    /// durable count of starts in the upper half will do); `entropy` is for jitter alone.
    public LinkHub(
            NodeIdentity self,
            Clock clock,
            LinkSettings settings,
            LongSupplier incarnations,
            LongSupplier entropy) {
        this.self = self;
        this.clock = clock;
        this.settings = settings;
        this.incarnations = incarnations;
        this.entropy = entropy;
    }

    /// Keeps a link to node `peer` from now on; without a `dialer` it waits to be dialled. Every
    /// event goes to `handler`.
    public LinkKeeper keep(UUID peer, @Nullable Dialer dialer, LinkHandler handler) {
        Check.that(!peer.equals(self.uuid()), "a node keeps no link to itself");
        Check.that(!keepers.containsKey(peer), "a peer has one keeper");
        LinkKeeper keeper = new LinkKeeper(this, peer, dialer, handler);
        keepers.put(peer, keeper);
        keeper.start();
        return keeper;
    }

    /// Ends the link to `peer` for good.
    public void forget(UUID peer) {
        LinkKeeper keeper = keepers.remove(peer);
        if (keeper != null) {
            keeper.stop();
        }
    }

    /// Ends all links for good.
    public void stop() {
        List.copyOf(keepers.keySet()).forEach(this::forget);
    }

    /// The keeper of `peer`; null if there is none.
    public @Nullable LinkKeeper keeper(UUID peer) {
        return keepers.get(peer);
    }

    /// All keepers, in the order of [#keep].
    public List<LinkKeeper> keepers() {
        return List.copyOf(keepers.values());
    }

    /// Somebody connected. It has the handshake time to say a good Hello.
    public void accepted(Connection connection) {
        connection.handler(new Stranger(connection));
    }

    /// A connection of which nothing is known yet.
    private final class Stranger implements Connection.Handler {
        private final Connection connection;
        private final Clock.Timer timer;

        Stranger(Connection connection) {
            this.connection = connection;
            this.timer =
                    clock.schedule(
                            settings.handshakeNanos(), () -> connection.close("no Hello in time"));
        }

        @Override
        public void received(VolumeId volume, Message borrowed) {
            if (!(borrowed instanceof Hello hello)) {
                throw new ProtocolViolation("the first message of who dials is Hello");
            }
            timer.cancel();
            judge(connection, hello);
        }

        @Override
        public void writableAgain() {}

        @Override
        public void closed(String reason) {
            timer.cancel();
            LOG.info("a connection was closed before Hello: {}", reason);
        }
    }

    private void judge(Connection connection, Hello hello) {
        ProtocolVersion version =
                ProtocolVersion.choose(hello.oldestVersion(), hello.newestVersion());
        NodeIdentity node = hello.node();
        LinkKeeper keeper = keepers.get(node.uuid());
        if (version == null) {
            String mine = ProtocolVersion.oldest() + " to " + ProtocolVersion.newest();
            refuse(connection, Refusal.VERSION, mine + " are spoken here");
        } else if (node.uuid().equals(self.uuid())) {
            refuse(connection, Refusal.SELF, "this is you");
        } else if (keeper == null) {
            refuse(connection, Refusal.UNKNOWN_NODE, node + " is not a peer of " + self);
        } else if (!connection.mayBe(node.uuid())) {
            refuse(connection, Refusal.UNPROVEN, "the key pinned for " + node + " was not shown");
        } else if (isIdTaken(node)) {
            refuse(connection, Refusal.DOUBLE_IDENTITY, "short id " + node.id() + " is taken");
        } else {
            keeper.offered(new LinkKeeper.Candidate(connection, hello, version));
        }
    }

    /// Whether the short id of `node` is this node's or was heard from another peer: epochs of the
    /// two could not be told apart.
    boolean isIdTaken(NodeIdentity node) {
        if (node.id() == self.id()) {
            return true;
        }
        for (LinkKeeper other : keepers.values()) {
            NodeIdentity known = other.peerIdentity();
            if (known != null && known.id() == node.id() && !known.uuid().equals(node.uuid())) {
                return true;
            }
        }
        return false;
    }

    void refuse(Connection connection, Refusal reason, String text) {
        LOG.info("refused a connection: {} {}", reason, text);
        connection.handler(new Ignored());
        connection.send(MessageCodec.LINK, new Refused(reason, text));
        connection.close("refused: " + reason);
    }

    /// What a refused connection still says.
    private static final class Ignored implements Connection.Handler {
        @Override
        public void received(VolumeId volume, Message borrowed) {}

        @Override
        public void writableAgain() {}

        @Override
        public void closed(String reason) {}
    }

    NodeIdentity self() {
        return self;
    }

    Clock clock() {
        return clock;
    }

    LinkSettings settings() {
        return settings;
    }

    LongSupplier entropy() {
        return entropy;
    }

    long nextIncarnation() {
        long next = incarnations.getAsLong();
        Check.that(next > lastIncarnation, "incarnations grow", next, lastIncarnation);
        lastIncarnation = next;
        return next;
    }
}
