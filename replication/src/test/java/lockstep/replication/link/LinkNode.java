package lockstep.replication.link;

import lockstep.blockstore.base.Check;
import lockstep.blockstore.base.VolumeId;
import lockstep.blockstore.sim.SimEventLoop;
import lockstep.blockstore.sim.Simulation;
import lockstep.replication.sim.SimNetwork;
import lockstep.replication.wire.NodeIdentity;
import lockstep.replication.wire.VolumeMessage;

import org.jspecify.annotations.Nullable;

import java.util.ArrayList;
import java.util.List;
import java.util.UUID;

/// One incarnation of a node in a simulated network, with a hub and a handler that notes and checks
/// what it is told: links come one after the other, and what a link carries is counted from zero
/// without a gap.
final class LinkNode implements LinkHandler {
    static final VolumeId VOLUME = new VolumeId(1, 2);
    static final LinkSettings SETTINGS = LinkSettings.defaults();

    final NodeIdentity identity;
    final SimEventLoop loop;
    final LinkHub hub;
    final List<String> events = new ArrayList<>();
    final List<VolumeMessage> messages = new ArrayList<>();
    int leaseMillis = 1000;
    @Nullable PeerLink link;
    private long received;
    private long sent;

    LinkNode(Simulation simulation, SimNetwork network, String name, int number, int start) {
        identity = identity(name, number);
        loop = simulation.newLoop(name);
        long[] incarnation = {(long) start << 32};
        hub =
                new LinkHub(
                        identity,
                        loop.clock(),
                        SETTINGS,
                        () -> incarnation[0]++,
                        simulation.random()::nextLong);
        network.join(name, loop, hub::accepted);
    }

    static NodeIdentity identity(String name, int number) {
        return new NodeIdentity(number, new UUID(7, number), name);
    }

    /// Keeps a link to `peer`, dialling it if `dialer` is given.
    LinkKeeper keep(NodeIdentity peer, @Nullable Dialer dialer) {
        LinkKeeper[] keeper = new LinkKeeper[1];
        loop.call(() -> keeper[0] = hub.keep(peer.uuid(), dialer, this));
        return keeper[0];
    }

    boolean isUp() {
        return link != null;
    }

    /// Sends the next number, if there is a link.
    void sendNext() {
        PeerLink now = link;
        if (now != null && !loop.isStopped()) {
            long number = sent++;
            loop.call(() -> now.send(VOLUME, new VolumeMessage.Fault(Long.toString(number))));
        }
    }

    @Override
    public void up(PeerLink newLink) {
        Check.that(link == null, "a link comes up when the one before it is lost");
        link = newLink;
        received = 0;
        sent = 0;
        events.add("up " + newLink.peer().name());
    }

    @Override
    public void received(PeerLink on, VolumeId volume, VolumeMessage message) {
        Check.that(on.equals(link), "messages come on the link that is up");
        Check.that(volume.equals(VOLUME), "messages come for their volume");
        messages.add(message);
        if (message instanceof VolumeMessage.Fault(String what)) {
            Check.that(Long.parseLong(what) == received, "messages come in order, without a gap");
            received++;
        }
    }

    @Override
    public void writable(PeerLink on) {
        events.add("writable");
    }

    @Override
    public void lost(PeerLink lost, String reason) {
        Check.that(lost.equals(link), "the link that was up is lost");
        link = null;
        events.add("lost: " + reason);
    }

    @Override
    public int leaseMillisToGrant() {
        return leaseMillis;
    }

    @Override
    public void leaseGranted(PeerLink on) {
        Check.that(on.equals(link), "a lease comes on the link that is up");
    }
}
