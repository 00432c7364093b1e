package lockstep.replication.sim;

import lockstep.blockstore.sim.SimEventLoop;
import lockstep.blockstore.sim.Simulation;
import lockstep.replication.link.Connection;
import lockstep.replication.link.Dialer;

import org.jspecify.annotations.Nullable;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;

/// A network of named nodes in virtual time. Each direction of a connection is a byte stream in
/// order: frames are encoded, cross after a delay, and are cut into messages at the other side.
///
/// What can go wrong: [#cut] lets nothing through one way, and as with TCP what was sent meanwhile
/// comes after [#heal]; [#breakConnections] loses what is under way and tells both sides; [#crash]
/// takes a node away, with its kernel (silence) or without (its connections are reset);
/// [#corruptOneIn] flips bits.
public final class SimNetwork {
    private final Simulation simulation;
    private final Map<String, Node> nodes = new LinkedHashMap<>();
    private final Set<String> cuts = new LinkedHashSet<>();
    private final List<SimConnection> connections = new ArrayList<>();
    private long minDelayNanos = 50_000;
    private long maxDelayNanos = 500_000;
    private int corruptOneIn;
    long highWaterBytes = 4 << 20;
    long lowWaterBytes = 1 << 20;

    /// A process on a node, with who takes its connections.
    private record Node(SimEventLoop loop, Consumer<Connection> listener) {}

    public SimNetwork(Simulation simulation) {
        this.simulation = simulation;
    }

    /// Node `name` is there from now on, and `listener` gets whoever dials it. Replaces an earlier
    /// incarnation.
    public void join(String name, SimEventLoop loop, Consumer<Connection> listener) {
        nodes.put(name, new Node(loop, listener));
    }

    /// Each message takes between these times.
    public void delays(long minNanos, long maxNanos) {
        minDelayNanos = minNanos;
        maxDelayNanos = maxNanos;
    }

    /// Connections are writable below these limits.
    public void waterMarks(long lowBytes, long highBytes) {
        lowWaterBytes = lowBytes;
        highWaterBytes = highBytes;
    }

    /// Flips a bit in one of `n` frames; 0 for none.
    public void corruptOneIn(int n) {
        corruptOneIn = n;
    }

    /// From now on nothing gets from `from` to `to`. Also good as a clog: see [#heal].
    public void cut(String from, String to) {
        cuts.add(from + ">" + to);
    }

    /// Cuts both ways.
    public void cutBoth(String one, String other) {
        cut(one, other);
        cut(other, one);
    }

    /// Everything gets everywhere again; what waited on connections that still exist is delivered.
    public void heal() {
        cuts.clear();
        List.copyOf(connections).forEach(SimConnection::deliverSoon);
    }

    boolean isCut(String from, String to) {
        return cuts.contains(from + ">" + to);
    }

    /// Resets every connection between two nodes: bytes under way are lost.
    public void breakConnections(String one, String other) {
        for (SimConnection connection : List.copyOf(connections)) {
            if (connection.joins(one, other)) {
                connection.reset("connection reset");
            }
        }
    }

    /// Node `name` is gone. `silently`: with its kernel, so that nobody hears of it.
    public void crash(String name, boolean silently) {
        Node node = nodes.remove(name);
        if (node != null) {
            node.loop().stop();
        }
        for (SimConnection connection : List.copyOf(connections)) {
            if (connection.owner().equals(name)) {
                connection.die(silently);
            }
        }
    }

    /// Connection ends that are open now, of all nodes; two for each connection.
    public int openEnds() {
        return connections.size();
    }

    /// Dials `to` from `from`.
    public Dialer dialer(String from, String to) {
        return new Dialer() {
            @Override
            public Attempt dial(Result result) {
                SimDial dial = new SimDial(result);
                Node dialling = nodes.get(from);
                simulation.schedule(delayNanos(), () -> connect(from, dialling, to, dial));
                return dial;
            }

            @Override
            public String address() {
                return to;
            }
        };
    }

    /// An attempt that may have been given up meanwhile.
    private static final class SimDial implements Dialer.Attempt {
        private final Dialer.Result result;
        private boolean cancelled;

        SimDial(Dialer.Result result) {
            this.result = result;
        }

        @Override
        public void cancel() {
            cancelled = true;
        }
    }

    private void connect(String from, @Nullable Node dialling, String to, SimDial dial) {
        Node listening = nodes.get(to);
        // Who dialled may have died meanwhile; its next incarnation knows nothing of the attempt.
        if (dialling == null || dialling.loop().isStopped() || isCut(from, to) || isCut(to, from)) {
            return;
        }
        if (listening == null) {
            dialling.loop().execute(() -> failed(dial));
            return;
        }
        SimConnection near = new SimConnection(this, simulation, from, to, dialling.loop());
        SimConnection far = new SimConnection(this, simulation, to, from, listening.loop());
        near.attach(far);
        far.attach(near);
        connections.add(near);
        connections.add(far);
        listening.loop().execute(() -> listening.listener().accept(far));
        dialling.loop().execute(() -> opened(dial, near));
    }

    private static void failed(SimDial dial) {
        if (!dial.cancelled) {
            dial.result.failed("connection refused");
        }
    }

    private static void opened(SimDial dial, SimConnection connection) {
        if (dial.cancelled) {
            connection.close("the dial was given up");
        } else {
            dial.result.opened(connection);
        }
    }

    long delayNanos() {
        return simulation.between(minDelayNanos, maxDelayNanos);
    }

    /// The bytes of a frame as they arrive.
    byte[] cross(byte[] frame) {
        if (corruptOneIn > 0 && simulation.oneIn(corruptOneIn)) {
            byte[] bad = frame.clone();
            int at = (int) simulation.between(0, bad.length - 1);
            bad[at] = (byte) (bad[at] ^ 1 << simulation.between(0, 7));
            return bad;
        }
        return frame;
    }

    void gone(SimConnection connection) {
        connections.remove(connection);
    }
}
