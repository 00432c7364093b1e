package lockstep.target.iscsi.session;

import com.codahale.metrics.MetricRegistry;

import io.netty.channel.EventLoopGroup;

import lockstep.blockstore.tree.LunRecord;
import lockstep.target.access.AccessTable;
import lockstep.target.access.Gatekeeper;
import lockstep.target.iscsi.login.Caps;
import lockstep.target.iscsi.login.Doors;
import lockstep.target.iscsi.login.IscsiSettings;
import lockstep.target.iscsi.login.TargetCatalog;
import lockstep.target.runtime.NettyEventLoop;
import lockstep.target.runtime.NettyLoops;
import lockstep.target.scsi.MemoryLun;
import lockstep.target.scsi.PortIdentity;
import lockstep.target.scsi.ScsiLimits;
import lockstep.target.scsi.ScsiTarget;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.TimeUnit;

/// A whole target over loopback with one LUN in memory. `main` runs it alone: `TestTarget PORT
/// MEBIBYTES`.
final class TestTarget implements AutoCloseable {
    static final String NAME = "iqn.2026-11.io.lockstep:test";

    /// What is not there yet.
    static final String EXPECTED = NAME + ":soon";

    static final UUID IDENTITY = UUID.fromString("0f0e0d0c-0b0a-4987-9605-040302010099");

    private final List<EventLoopGroup> groups;
    private final NettyEventLoop core;
    private final MetricRegistry metrics = new MetricRegistry();
    private final ScsiTarget target;
    private final MemoryLun lun;
    private final Portal portal;
    private AccessTable table = AccessTable.open("test");

    /// `apart` runs connections on another thread than the target, so that every event hops.
    TestTarget(int port, long lunBytes, IscsiSettings settings, boolean apart) {
        EventLoopGroup coreGroup = NettyLoops.group(1);
        EventLoopGroup connections = apart ? NettyLoops.group(1) : coreGroup;
        groups = apart ? List.of(connections, coreGroup) : List.of(coreGroup);
        core = new NettyEventLoop(coreGroup.next());
        target = new ScsiTarget(new PortIdentity(NAME, 1, 1), core, ScsiLimits.DEFAULT);
        lun = new MemoryLun(new LunRecord(0, "memory", IDENTITY, lunBytes), core);
        onLoop(() -> target.addLun(lun));
        portal =
                new Portal(
                        connections,
                        core,
                        new InetSocketAddress(InetAddress.getLoopbackAddress(), port),
                        new Catalog(),
                        openDoors(),
                        new SessionTable(),
                        settings,
                        metrics);
    }

    /// The one target, and who may use it.
    private final class Catalog implements TargetCatalog {
        @Override
        public List<ScsiTarget> targets() {
            return List.of(target);
        }

        @Override
        public AccessTable access(ScsiTarget asked) {
            return table;
        }

        @Override
        public boolean isExpected(String name) {
            return name.equals(EXPECTED);
        }
    }

    /// From now on these rules decide about hosts.
    void rules(AccessTable next) {
        onLoop(() -> table = next);
    }

    /// Whoever is on this machine may come in, while there are no rules.
    private Doors openDoors() {
        return new Doors(
                new Gatekeeper(false, true, new Random(1)::nextLong, core.clock()::nanoTime),
                new Caps(Caps.Limits.DEFAULT));
    }

    void onLoop(Runnable action) {
        core.netty().submit(action).syncUninterruptibly();
    }

    MemoryLun lun() {
        return lun;
    }

    MetricRegistry metrics() {
        return metrics;
    }

    int port() {
        return portal.address().getPort();
    }

    String portalText() {
        return "127.0.0.1:" + port();
    }

    String url() {
        return "iscsi://" + portalText() + "/" + NAME + "/0";
    }

    @Override
    public void close() {
        portal.close();
        for (EventLoopGroup group : groups) {
            group.shutdownGracefully(0, 5, TimeUnit.SECONDS).syncUninterruptibly();
        }
    }

    /// Serves until it is killed.
    public static void main(String[] arguments) {
        int port = Integer.parseInt(arguments[0]);
        long bytes = Long.parseLong(arguments[1]) << 20;
        TestTarget running = new TestTarget(port, bytes, IscsiSettings.DEFAULT, false);
        System.out.println(running.url());
        running.portal.awaitClose();
    }
}
