package lockstep.target;

import com.codahale.metrics.MetricRegistry;

import io.netty.channel.MultiThreadIoEventLoopGroup;

import lockstep.blockstore.disk.DiskPatience;
import lockstep.blockstore.log.NvLog;
import lockstep.blockstore.raid.RebuildPace;
import lockstep.target.access.Gatekeeper;
import lockstep.target.admin.AdminServer;
import lockstep.target.admin.model.LogView;
import lockstep.target.admin.model.NodeStatus;
import lockstep.target.admin.model.NodeView;
import lockstep.target.iscsi.login.Caps;
import lockstep.target.iscsi.login.Doors;
import lockstep.target.iscsi.login.IscsiSettings;
import lockstep.target.iscsi.session.Portal;
import lockstep.target.runtime.NettyEventLoop;
import lockstep.target.runtime.NettyLoops;

import org.jspecify.annotations.Nullable;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.nio.file.Files;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/// A running node: makes the rooms, joins them, and takes them down. It decides nothing itself.
///
/// The order of the start is the order of trust: who this node is, its log, its disks and volumes,
/// then the links, and the hosts' portals last, when every volume knows its role.
final class Node implements AutoCloseable {
    private static final String VERSION = "0.1.0";

    private final NodeConfig config;
    private final NodeIdentityFile identity;
    private final NodeEvents events = new NodeEvents();
    private final MetricRegistry metrics = new MetricRegistry();
    private final MultiThreadIoEventLoopGroup group;
    private final MultiThreadIoEventLoopGroup connections;
    private final NettyEventLoop core;
    private final NodeFaults faults;
    private final NvLog log;
    private final NodeDisks disks;
    private final NodeVolumes volumes;
    private final KeyFile keyFile;
    private final MirrorUses mirrorUses;
    private final NodeTargets targets;
    private final HostActions hosts;
    private final SnapshotSchedules schedules;
    private final Doors doors;
    private final NodeLinks links;
    private final NodeScrubs scrubs;
    private final NodeHoles holes;
    private final NodeViews views;
    private final TailFiles tails;
    private final List<Portal> portals = new ArrayList<>();
    private final SecureRandom entropy = new SecureRandom();
    private final long startedNanos;
    private @Nullable AdminServer admin;

    private Node(NodeConfig config, Consumer<Throwable> onBroken) throws IOException {
        this.config = config;
        Files.createDirectories(config.dataDirectory());
        identity = NodeIdentityFile.start(config.dataDirectory());
        group = NettyLoops.group(1);
        connections = config.threads() == 1 ? group : NettyLoops.group(config.threads());
        core = new NettyEventLoop(group.next(), onBroken);
        startedNanos = core.clock().nanoTime();
        faults = NodeFaults.of(config.faultInjection(), core, entropy::nextLong, events);
        log = NodeLog.open(config.log(), core, entropy::nextLong, metrics, events, faults::log);
        log.patience(config.diskCare().evict().toNanos());
        disks = NodeDisks.open(config.disks(), core, events, faults::disk);
        keyFile = KeyFile.open(config.dataDirectory(), entropy::nextLong);
        tails = new TailFiles(config.dataDirectory(), core);
        mirrorUses = MirrorUses.open(this, config.dataDirectory());
        targets =
                new NodeTargets(
                        core,
                        config.iscsi().targetPrefix(),
                        identity.portGroup(),
                        new VolumeAccess(keyFile::keys, events),
                        mirrorUses.exports());
        hosts = new HostActions(this, entropy::nextLong);
        schedules = new SnapshotSchedules(this);
        doors = doors(config.iscsi());
        VolumeOpener opener =
                new VolumeOpener(
                        core,
                        log,
                        NodeLog.volumeSettings(config, log),
                        RebuildPace.of(config.diskCare().rebuildRate()),
                        patience(config.diskCare()),
                        events,
                        metrics,
                        faults);
        volumes =
                new NodeVolumes(
                        disks,
                        opener,
                        events,
                        core,
                        entropy::nextLong,
                        identity.id(),
                        new NodeObserver(this));
        links =
                new NodeLinks(
                        core,
                        identity,
                        LinkKeyFile.open(config.dataDirectory(), identity.uuid(), entropy),
                        PeerFile.open(config.dataDirectory()),
                        config,
                        log,
                        volumes,
                        events,
                        faults,
                        metrics,
                        entropy::nextLong);
        scrubs = new NodeScrubs(config.scrub(), events);
        holes = new NodeHoles(config.holes(), metrics);
        views = new NodeViews(disks, volumes, targets, mirrorUses.rehearsals());
    }

    private static DiskPatience patience(NodeConfig.DiskCare care) {
        return new DiskPatience(care.hedge().toNanos(), care.evict().toNanos());
    }

    private Doors doors(NodeConfig.Iscsi iscsi) {
        Gatekeeper gatekeeper =
                new Gatekeeper(
                        iscsi.allowUnauthenticated(),
                        iscsi.chapMd5(),
                        entropy::nextLong,
                        core.clock()::nanoTime);
        return new Doors(gatekeeper, new Caps(iscsi.caps()));
    }

    /// Starts the node that `config` describes. `onBroken` hears of anything thrown on the core
    /// loop: a broken invariant, after which nothing may go on.
    static Node start(NodeConfig config, Consumer<Throwable> onBroken) throws IOException {
        Node node = new Node(config, onBroken);
        try {
            node.open();
            return node;
        } catch (IOException | RuntimeException failed) {
            node.close();
            throw failed;
        }
    }

    private void open() throws IOException {
        NodeMetrics.register(metrics, this);
        var listening = config.replication().listen();
        if (listening.isPresent()) {
            InetSocketAddress address = resolved(listening.get());
            onLoop((CompletableFuture<Void> done) -> links.listen(address, end(done)));
        }
        onLoop((CompletableFuture<Void> done) -> volumes.openAll(end(done, this::beginAll)));
        for (NodeConfig.PortalAddress address : config.iscsi().portals()) {
            open(address);
        }
        core.execute(schedules::start);
        NodeOperator operator = new NodeOperator(this, keyFile);
        admin =
                switch (config.admin()) {
                    case NodeConfig.Admin.Socket(var path) ->
                            AdminServer.onSocket(path, operator, metrics);
                    case NodeConfig.Admin.Loopback(int port) ->
                            AdminServer.onLoopback(port, operator, metrics);
                };
        events.note(config.name(), "serves hosts at " + portalNames());
    }

    private void open(NodeConfig.PortalAddress address) throws IOException {
        Portal opened = portal(resolved(address.listen()));
        portals.add(opened);
        InetSocketAddress told =
                address.advertise().isPresent()
                        ? resolved(address.advertise().get())
                        : opened.address();
        core.execute(() -> doors.add(new Doors.Door(opened.address(), told)));
        boolean open = opened.address().getAddress().isLoopbackAddress();
        if (!doors.gatekeeper().trusts(open)) {
            events.note(
                    config.name(),
                    "hosts that come in at "
                            + text(opened.address())
                            + " need a rule with CHAP (`lockstep host add`)");
        }
    }

    private Portal portal(InetSocketAddress address) throws IOException {
        try {
            return new Portal(
                    connections,
                    core,
                    address,
                    targets,
                    doors,
                    targets.sessions(),
                    IscsiSettings.DEFAULT,
                    metrics);
        } catch (Exception failed) {
            // Netty throws the checked cause as it is.
            throw new IOException("cannot listen for hosts at " + address + ": " + failed, failed);
        }
    }

    private static InetSocketAddress resolved(InetSocketAddress address) throws IOException {
        InetSocketAddress found = new InetSocketAddress(address.getHostString(), address.getPort());
        if (found.isUnresolved()) {
            throw new UnknownHostException("the name " + address.getHostString() + " is unknown");
        }
        return found;
    }

    private void beginAll() {
        volumes.all().forEach(this::begin);
    }

    /// A copy takes up its role, and its partner is looked for.
    void begin(HostedVolume volume) {
        NodeMetrics.register(metrics, volume);
        NodeMetrics.rehearsed(metrics, volume, rehearsals());
        volume.replica().resyncPace().bytesPerSecond(config.resyncRate());
        volume.replica().start();
        links.join(volume);
        scrubs.begin(volume);
        holes.begin(volume);
    }

    /// What goes on beside the hosts' use of `volume` ends; `quiet` is called when none of it
    /// touches the disks any more.
    void letGo(HostedVolume volume, Runnable quiet) {
        holes.drop(volume, () -> scrubs.drop(volume, quiet));
    }

    private <T> T onLoop(Consumer<CompletableFuture<T>> action) throws IOException {
        CompletableFuture<T> done = new CompletableFuture<>();
        core.execute(() -> action.accept(done));
        return NodeLog.await(done);
    }

    private static Consumer<@Nullable Throwable> end(CompletableFuture<Void> done) {
        return failure -> {
            if (failure == null) {
                done.complete(null);
            } else {
                done.completeExceptionally(
                        new IOException("cannot listen for partners: " + failure, failure));
            }
        };
    }

    private static Runnable end(CompletableFuture<Void> done, Runnable last) {
        return () -> {
            last.run();
            done.complete(null);
        };
    }

    TailFiles tails() {
        return tails;
    }

    NodeFaults faults() {
        return faults;
    }

    NodeIdentityFile identity() {
        return identity;
    }

    NettyEventLoop core() {
        return core;
    }

    NodeEvents events() {
        return events;
    }

    NvLog log() {
        return log;
    }

    NodeDisks disks() {
        return disks;
    }

    NodeVolumes volumes() {
        return volumes;
    }

    NodeTargets targets() {
        return targets;
    }

    NodeExports exports() {
        return mirrorUses.exports();
    }

    NodeRehearsals rehearsals() {
        return mirrorUses.rehearsals();
    }

    HostActions hosts() {
        return hosts;
    }

    SnapshotSchedules schedules() {
        return schedules;
    }

    /// What targets offer and to whom may have changed.
    void refreshTargets() {
        for (HostedVolume volume : volumes.all()) {
            targets.refresh(volume);
        }
    }

    NodeLinks links() {
        return links;
    }

    NodeScrubs scrubs() {
        return scrubs;
    }

    NodeViews views() {
        return views;
    }

    private List<String> portalNames() {
        return portals.stream().map(portal -> text(portal.address())).toList();
    }

    private static String text(InetSocketAddress address) {
        return address.getAddress().getHostAddress() + ":" + address.getPort();
    }

    NodeStatus status() {
        long seconds = TimeUnit.NANOSECONDS.toSeconds(core.clock().nanoTime() - startedNanos);
        return new NodeStatus(
                config.name(),
                VERSION,
                seconds,
                portalNames(),
                log.devices().stream()
                        .map(copy -> new LogView(copy.device(), copy.state()))
                        .toList(),
                views.volumes(),
                views.pairs(),
                faults.plan() != null,
                faults.views());
    }

    NodeView view() {
        InetSocketAddress listening = links.address();
        return new NodeView(
                config.name(),
                identity.uuid().toString(),
                Long.toHexString(identity.id()),
                listening == null ? "" : text(listening));
    }

    /// Takes everything down. Nothing has to be saved: what was acknowledged is durable.
    @Override
    public void close() {
        AdminServer server = admin;
        if (server != null) {
            try {
                server.close();
            } catch (IOException failed) {
                events.note(config.name(), "closing the admin API failed: " + failed);
            }
        }
        portals.forEach(Portal::close);
        core.execute(
                () -> {
                    volumes.all().forEach(volume -> letGo(volume, () -> {}));
                    volumes.all().forEach(volume -> volume.replica().stop("the node stops"));
                    links.stop();
                });
        tails.close();
        mirrorUses.close();
        connections.shutdownGracefully(50, 2_000, TimeUnit.MILLISECONDS).awaitUninterruptibly();
        group.shutdownGracefully(50, 2_000, TimeUnit.MILLISECONDS).awaitUninterruptibly();
    }
}
