package lockstep.target;

import com.codahale.metrics.MetricRegistry;

import lockstep.blockstore.base.VolumeId;
import lockstep.blockstore.io.Clock;
import lockstep.blockstore.log.NvLog;
import lockstep.blockstore.volume.CopyState;
import lockstep.replication.link.Dialer;
import lockstep.replication.link.LinkHub;
import lockstep.replication.link.LinkKeeper;
import lockstep.replication.link.LinkSettings;
import lockstep.replication.link.PeerLink;
import lockstep.replication.link.netty.LinkSecurity;
import lockstep.replication.link.netty.PeerDialer;
import lockstep.replication.link.netty.PeerListener;
import lockstep.replication.role.LogShares;
import lockstep.replication.role.PeerReplicas;
import lockstep.replication.role.Replica;
import lockstep.replication.trust.NodeKey;
import lockstep.replication.wire.NodeIdentity;
import lockstep.replication.wire.PairingMessage.Claim;
import lockstep.target.runtime.NettyEventLoop;

import org.jspecify.annotations.Nullable;

import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.function.Consumer;
import java.util.function.LongSupplier;

/// The links to partners: one per peer that a volume here is paired with, shared by all of these.
/// On the core loop.
final class NodeLinks {
    private static final int CONNECT_MILLIS = 2_000;

    private final NettyEventLoop core;
    private final NodeVolumes volumes;
    private final NodeEvents events;
    private final NodeFaults faults;
    private final LinkHub hub;
    private final LinkSecurity security;
    private final PeerKeeper peers;
    private final Invitations invitations;
    private final NodeIdentity self;
    private final PeerListener listener;
    private final Duration lease;
    private final LogShares shares;
    private final long startedNanos;
    private long incarnations;

    NodeLinks(
            NettyEventLoop core,
            NodeIdentityFile identity,
            NodeKey key,
            PeerFile pins,
            NodeConfig config,
            NvLog log,
            NodeVolumes volumes,
            NodeEvents events,
            NodeFaults faults,
            MetricRegistry metrics,
            LongSupplier entropy) {
        this.core = core;
        this.faults = faults;
        this.volumes = volumes;
        this.events = events;
        this.lease = config.replication().lease();
        this.startedNanos = core.clock().nanoTime();
        this.incarnations = identity.firstIncarnation();
        this.shares = new LogShares(log.capacityBytes() / 100 * config.log().mirrorsPercent());
        this.self = identity.named(config.name());
        this.hub =
                new LinkHub(
                        self,
                        core.clock(),
                        settings(config.replication()),
                        () -> incarnations++,
                        entropy);
        this.peers = new PeerKeeper(core, identity, pins, events, this::keyChanged);
        this.invitations = new Invitations(peers, core.clock(), events, this::claim);
        this.security =
                new LinkSecurity(
                        key,
                        pins,
                        invitations,
                        config.replication().plaintext(),
                        new LinkBytes(metrics)::count);
        this.listener = new PeerListener(core.netty(), faults.accepting(hub::accepted), security);
    }

    // A lease has to outlive a few heartbeats, so short leases make them frequent.
    private static LinkSettings settings(NodeConfig.Replication config) {
        long often = Math.max(20, config.lease().toMillis() / 6);
        return LinkSettings.of(
                Math.min(often, config.heartbeat().toMillis()), config.loss().toMillis());
    }

    /// How links are protected.
    LinkSecurity security() {
        return security;
    }

    /// Whom this node trusts.
    PeerKeeper peers() {
        return peers;
    }

    /// The code that is given out.
    Invitations invitations() {
        return invitations;
    }

    /// Who this node is to who pairs with it, and where it listens; an address that stands for all
    /// of the machine's says nothing to others.
    Claim claim() {
        InetSocketAddress listening = listener.address();
        boolean useful = listening != null && !listening.getAddress().isAnyLocalAddress();
        return Claim.of(self, listening != null && useful ? text(listening) : "");
    }

    private static String text(InetSocketAddress address) {
        String host = address.getAddress().getHostAddress();
        return (host.indexOf(':') < 0 ? host : "[" + host + "]") + ":" + address.getPort();
    }

    // Whatever link there is was made under the old rule.
    private void keyChanged(UUID peer) {
        LinkKeeper keeper = hub.keeper(peer);
        PeerLink up = keeper == null ? null : keeper.link();
        if (up != null) {
            up.close("its key here is another one now");
        }
    }

    /// How the link to `peer` is: up or down, or empty where no volume needs one.
    String state(UUID peer) {
        LinkKeeper keeper = hub.keeper(peer);
        return keeper == null ? "" : keeper.link() == null ? "down" : "up";
    }

    /// The peer with a link here that has this name or UUID; null if there is none.
    @Nullable UUID peerCalled(String name) {
        for (LinkKeeper keeper : hub.keepers()) {
            NodeIdentity known = keeper.peerIdentity();
            boolean named = known != null && known.name().equals(name);
            if (named || keeper.peer().toString().equals(name)) {
                return keeper.peer();
            }
        }
        return null;
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
        shareLog();
        PeerName peer = volume.peer();
        if (peer == null) {
            return;
        }
        LinkKeeper keeper = hub.keeper(peer.uuid());
        if (keeper == null) {
            InetSocketAddress address = peer.socketAddress();
            Dialer dialer =
                    address == null
                            ? null
                            : faults.dialing(
                                    peer.uuid(),
                                    new PeerDialer(
                                            core.netty(),
                                            peer.uuid(),
                                            address,
                                            security,
                                            CONNECT_MILLIS));
            hub.keep(
                    peer.uuid(),
                    dialer,
                    new PeerReplicas(peer.uuid(), new Copies(), (int) lease.toMillis()));
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

    /// Gives each mirror here its part of the log; to be called when there are others.
    void shareLog() {
        Map<UUID, List<Replica>> mirrors = new LinkedHashMap<>();
        for (HostedVolume volume : volumes.all()) {
            PeerName peer = volume.peer();
            CopyState.Role role = volume.replica().copy().state().role();
            if (peer != null && role == CopyState.Role.MIRROR) {
                mirrors.computeIfAbsent(peer.uuid(), _ -> new ArrayList<>()).add(volume.replica());
            }
        }
        shares.share(mirrors);
    }

    /// The copies of this node, as links see them.
    private final class Copies implements PeerReplicas.Copies {
        @Override
        public List<Replica> pairedWith(UUID peer) {
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
        public @Nullable Replica find(UUID peer, VolumeId id) {
            HostedVolume volume = volumes.find(id);
            PeerName name = volume == null ? null : volume.peer();
            return volume != null && name != null && name.uuid().equals(peer)
                    ? volume.replica()
                    : null;
        }

        @Override
        public void event(PeerLink link, String text) {
            events.note(link.peer().toString(), text);
        }
    }
}
