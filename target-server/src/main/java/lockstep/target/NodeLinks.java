package lockstep.target;

import com.codahale.metrics.MetricRegistry;

import lockstep.blockstore.base.VolumeId;
import lockstep.blockstore.io.Clock;
import lockstep.replication.link.LinkHandler;
import lockstep.replication.link.LinkHub;
import lockstep.replication.link.LinkKeeper;
import lockstep.replication.link.LinkSettings;
import lockstep.replication.link.PeerLink;
import lockstep.replication.link.netty.LinkSecurity;
import lockstep.replication.link.netty.PeerDialer;
import lockstep.replication.link.netty.PeerListener;
import lockstep.replication.role.Replica;
import lockstep.replication.wire.VolumeMessage;
import lockstep.target.runtime.NettyEventLoop;

import org.jspecify.annotations.Nullable;

import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.function.Consumer;
import java.util.function.LongSupplier;

/// The links to partners: one per peer that a volume here is paired with, shared by all of these.
/// On the core loop.
final class NodeLinks {
    private static final int CONNECT_MILLIS = 2_000;
    private static final int LOSS_MILLIS = 1_500;

    private final NettyEventLoop core;
    private final NodeVolumes volumes;
    private final NodeEvents events;
    private final LinkHub hub;
    private final LinkSecurity pipeline;
    private final PeerListener listener;
    private final Duration lease;
    private final long startedNanos;
    private long incarnations;

    NodeLinks(
            NettyEventLoop core,
            NodeIdentityFile identity,
            NodeConfig config,
            NodeVolumes volumes,
            NodeEvents events,
            MetricRegistry metrics,
            LongSupplier entropy) {
        this.core = core;
        this.volumes = volumes;
        this.events = events;
        this.lease = config.replication().lease();
        this.startedNanos = core.clock().nanoTime();
        this.incarnations = identity.firstIncarnation();
        // A lease has to outlive a few heartbeats, so short leases make them frequent.
        long heartbeatMillis = Math.clamp(lease.toMillis() / 6, 20, 200);
        this.hub =
                new LinkHub(
                        identity.named(config.name()),
                        core.clock(),
                        LinkSettings.of(heartbeatMillis, LOSS_MILLIS),
                        () -> incarnations++,
                        entropy);
        this.pipeline = new LinkBytes(metrics)::count;
        this.listener = new PeerListener(core.netty(), hub, pipeline);
    }

    /// Begins to listen; `done` gets null or why it could not.
    void listen(InetSocketAddress address, Consumer<@Nullable Throwable> done) {
        listener.listen(address, done);
    }

    /// Where it listens; null while it does not.
    @Nullable InetSocketAddress address() {
        return listener.address();
    }

    /// Keeps a link to the partner of `volume` from now on, and tells the volume if it is up.
    void join(HostedVolume volume) {
        PeerName peer = volume.peer();
        if (peer == null) {
            return;
        }
        LinkKeeper keeper = hub.keeper(peer.uuid());
        if (keeper == null) {
            InetSocketAddress address = peer.socketAddress();
            PeerDialer dialer =
                    address == null
                            ? null
                            : new PeerDialer(core.netty(), address, pipeline, CONNECT_MILLIS);
            hub.keep(peer.uuid(), dialer, new Side(peer.uuid()));
            return;
        }
        PeerLink up = keeper.link();
        if (up != null) {
            // Made again, so that both sides tell each other of the volume.
            up.close("another volume was paired");
        }
    }

    /// Until when, on this node's clock, the partner of `volume` may believe in a lease from here:
    /// also one that was granted before a restart.
    long grantedUntilNanos(Replica replica) {
        PeerName peer = PeerName.parse(replica.copy().state().peerAddress());
        if (peer == null) {
            return Long.MIN_VALUE;
        }
        LinkKeeper keeper = hub.keeper(peer.uuid());
        long sinceStart = startedNanos + lease.toNanos() + lease.toNanos() / 100;
        return keeper == null ? sinceStart : Math.max(sinceStart, keeper.grantedUntilNanos());
    }

    /// Bytes that wait to leave for all peers.
    long queuedBytes() {
        long sum = 0;
        for (LinkKeeper keeper : hub.keepers()) {
            PeerLink link = keeper.link();
            sum += link == null ? 0 : link.queuedBytes();
        }
        return sum;
    }

    /// Links that are up.
    int up() {
        return (int) hub.keepers().stream().filter(keeper -> keeper.link() != null).count();
    }

    /// What last kept the link to `peer` from coming up; empty if nothing did.
    String problem(UUID peer) {
        LinkKeeper keeper = hub.keeper(peer);
        return keeper == null ? "" : keeper.lastProblem();
    }

    void stop() {
        listener.close();
        hub.stop();
    }

    Clock clock() {
        return core.clock();
    }

    /// One peer's link, for all volumes that are paired with it.
    private final class Side implements LinkHandler {
        private final UUID peer;

        Side(UUID peer) {
            this.peer = peer;
        }

        private List<Replica> replicas() {
            List<Replica> paired = new ArrayList<>();
            for (HostedVolume volume : volumes.all()) {
                PeerName name = volume.peer();
                if (name != null && name.uuid().equals(peer)) {
                    paired.add(volume.replica());
                }
            }
            return paired;
        }

        @Override
        public void up(PeerLink link) {
            events.note(link.peer().toString(), "the link is up");
            replicas().forEach(replica -> replica.linkUp(link));
        }

        @Override
        public void received(PeerLink link, VolumeId id, VolumeMessage borrowed) {
            HostedVolume volume = volumes.find(id);
            PeerName name = volume == null ? null : volume.peer();
            if (volume != null && name != null && name.uuid().equals(peer)) {
                volume.replica().received(borrowed);
            } else if (!(borrowed instanceof VolumeMessage.VolumeUnknown)) {
                link.send(id, new VolumeMessage.VolumeUnknown());
            }
        }

        @Override
        public void writable(PeerLink link) {
            replicas().forEach(Replica::writable);
        }

        @Override
        public void lost(PeerLink link, String reason) {
            events.note(link.peer().toString(), "the link is lost: " + reason);
            replicas().forEach(replica -> replica.linkLost(link, reason));
        }

        // One lease covers all volumes of the link: it is granted while every mirror here stays
        // one.
        @Override
        public int leaseMillisToGrant() {
            boolean mirrors = false;
            for (Replica replica : replicas()) {
                if (replica.active() == null && !replica.grantsLease()) {
                    return 0;
                }
                mirrors |= replica.grantsLease();
            }
            return mirrors ? (int) lease.toMillis() : 0;
        }

        @Override
        public void leaseGranted(PeerLink link) {}
    }
}
