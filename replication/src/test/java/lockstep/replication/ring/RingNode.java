package lockstep.replication.ring;

import com.codahale.metrics.MetricRegistry;

import lockstep.blockstore.base.VolumeId;
import lockstep.blockstore.io.IoFault;
import lockstep.blockstore.log.NvLog;
import lockstep.blockstore.sim.SimDevice;
import lockstep.blockstore.sim.SimEventLoop;
import lockstep.blockstore.sim.Simulation;
import lockstep.blockstore.volume.CopyState;
import lockstep.blockstore.volume.VolumeSettings;
import lockstep.replication.link.LinkHub;
import lockstep.replication.link.LinkSettings;
import lockstep.replication.link.PeerLink;
import lockstep.replication.pair.SimTails;
import lockstep.replication.role.LogShares;
import lockstep.replication.role.PeerReplicas;
import lockstep.replication.role.Replica;
import lockstep.replication.sim.SimNetwork;
import lockstep.replication.tail.TailStore;
import lockstep.replication.wire.NodeIdentity;

import org.jspecify.annotations.Nullable;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;

/// One node: any number of copies, each paired with a node of its own. It does what the real node
/// does to put its parts together, and no more.
final class RingNode implements Replica.Observer, PeerReplicas.Copies {
    static final int SEGMENT = 64 * 1024;
    private static final int LEASE_MILLIS = 300;

    final String name;
    final NodeIdentity identity;
    final List<String> events = new ArrayList<>();
    final Simulation simulation;
    final SimEventLoop loop;
    final Map<VolumeId, RingCopy> copies = new LinkedHashMap<>();
    private final SimNetwork network;
    private final SimDevice logDevice;
    private final LinkHub hub;
    private final LogShares shares;
    private final SimTails tails = new SimTails();
    private @Nullable NvLog log;
    private long incarnation = 1;

    RingNode(Simulation simulation, SimNetwork network, String name, int number, int segments) {
        this.simulation = simulation;
        this.network = network;
        this.name = name;
        this.identity = new NodeIdentity(number, new UUID(7, number), name);
        this.loop = simulation.newLoop(name);
        this.logDevice = new SimDevice(simulation, name + "-log", (long) segments * SEGMENT);
        this.hub =
                new LinkHub(
                        identity,
                        loop.clock(),
                        LinkSettings.of(50, 250),
                        () -> incarnation++,
                        this::entropy);
        this.shares = new LogShares((long) segments * SEGMENT / 2);
        network.join(name, loop, hub::accepted);
        logDevice.attach(loop);
        loop.call(() -> NvLog.format(logDevice, SEGMENT, this::entropy, this::formatted));
        await(() -> log != null, "the log is there");
    }

    private void formatted(@Nullable IoFault fault) {
        check(fault == null, "the log is made: " + fault);
        NvLog.open(
                logDevice,
                loop,
                this::entropy,
                new MetricRegistry(),
                result -> log = ((NvLog.OpenResult.Opened) result).log());
    }

    @Override
    public TailStore tails() {
        return tails;
    }

    long entropy() {
        return simulation.random().nextLong();
    }

    /// Makes this node's copy of `volume`, in `state`, as large as `vbnCount` or its disks.
    RingCopy copy(VolumeId volume, CopyState state, long vbnCount, VolumeSettings settings) {
        RingCopy copy = new RingCopy(this, volume);
        copies.put(volume, copy);
        copy.make(Objects.requireNonNull(log).stream(volume), state, vbnCount, settings);
        return copy;
    }

    /// Keeps a link to `peer`, as the real node does for each pair that is made.
    void join(RingNode peer) {
        shareLog();
        loop.call(
                () -> {
                    var keeper = hub.keeper(peer.identity.uuid());
                    if (keeper == null) {
                        hub.keep(
                                peer.identity.uuid(),
                                network.dialer(name, peer.name),
                                new PeerReplicas(peer.identity.uuid(), this, LEASE_MILLIS));
                    } else if (keeper.link() != null) {
                        keeper.link().close("another volume was paired");
                    }
                });
    }

    /// Bytes of this node's log that its copy of `volume` holds.
    long heldBytes(VolumeId volume) {
        return Objects.requireNonNull(log).stream(volume).heldBytes();
    }

    private void shareLog() {
        Map<UUID, List<Replica>> mirrors = new LinkedHashMap<>();
        for (RingCopy copy : copies.values()) {
            Replica replica = copy.replica;
            if (replica != null && replica.copy().state().role() == CopyState.Role.MIRROR) {
                mirrors.computeIfAbsent(peerOf(replica), _ -> new ArrayList<>()).add(replica);
            }
        }
        loop.call(() -> shares.share(mirrors));
    }

    private static UUID peerOf(Replica replica) {
        return new UUID(7, replica.copy().state().peer());
    }

    void crash() {
        network.crash(name, false);
        loop.stop();
    }

    void await(java.util.function.BooleanSupplier condition, String what) {
        check(simulation.runUntil(condition, 60_000_000_000L), what);
    }

    void check(boolean condition, String what) {
        if (!condition) {
            throw new AssertionError(
                    "seed " + simulation.seed() + ": " + what + "; " + name + ": " + events);
        }
    }

    @Override
    public List<Replica> pairedWith(UUID peer) {
        List<Replica> paired = new ArrayList<>();
        for (RingCopy copy : copies.values()) {
            if (copy.replica != null && peerOf(copy.replica).equals(peer)) {
                paired.add(copy.replica);
            }
        }
        return paired;
    }

    @Override
    public @Nullable Replica find(UUID peer, VolumeId volume) {
        RingCopy copy = copies.get(volume);
        Replica replica = copy == null ? null : copy.replica;
        return replica != null && peerOf(replica).equals(peer) ? replica : null;
    }

    @Override
    public void event(PeerLink link, String text) {
        events.add(link.peer().name() + ": " + text);
    }

    @Override
    public void activeChanged(Replica replica) {
        if (replica.copy().state().role() == CopyState.Role.MIRROR) {
            loop.execute(this::shareLog);
        }
    }

    @Override
    public void event(Replica replica, String text) {
        events.add(text);
    }

    @Override
    public long leaseGrantedUntilNanos(Replica replica) {
        var keeper = hub.keeper(peerOf(replica));
        return keeper == null ? Long.MIN_VALUE : keeper.grantedUntilNanos();
    }
}
