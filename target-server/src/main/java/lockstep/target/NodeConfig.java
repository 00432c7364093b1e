package lockstep.target;

import lockstep.blockstore.volume.HoleSettings;
import lockstep.target.iscsi.login.Caps;

import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/// What a node is, from its file: one record per room. Sizes are bytes. Paths are absolute or start
/// at the working directory; what the file gives relative to `data-dir` is resolved already.
/// `resyncRate` is bytes per second at most that bring a mirror up to date, 0 for no limit.
/// `threads` of 1 means that connections run on the loop that owns the volumes. With
/// `faultInjection` the node does wrong what it is told to (`lockstep inject`).
public record NodeConfig(
        String name,
        Path dataDirectory,
        List<String> disks,
        Log log,
        Iscsi iscsi,
        Replication replication,
        Admin admin,
        long cacheBytes,
        Duration cpInterval,
        DiskCare diskCare,
        Scrub scrub,
        long resyncRate,
        HoleSettings holes,
        int threads,
        boolean faultInjection) {
    private static final long MEBIBYTE = 1 << 20;

    /// How log entries become durable.
    public enum LogMode {
        /// Writes that are durable when they end.
        DSYNC,
        /// Write, then flush.
        FSYNC
    }

    /// The write log: `sizeBytes` is for a file that has to be made, `halfBytes` is what one
    /// consistency point gathers, 0 for what fits ([HalfSize]). At `secondPath` there is a copy;
    /// `acceptOneCopy` starts with one of two copies though the other may be newer.
    /// `mirrorsPercent` of it are kept for the volumes of other nodes.
    public record Log(
            Path path,
            Optional<Path> secondPath,
            boolean acceptOneCopy,
            long sizeBytes,
            long segmentBytes,
            LogMode mode,
            long halfBytes,
            int mirrorsPercent) {}

    /// Where hosts connect to: the address listened at, and the one that hosts are told if they
    /// reach it by another.
    public record PortalAddress(InetSocketAddress listen, Optional<InetSocketAddress> advertise) {}

    /// What hosts see, and what they must do to come in.
    public record Iscsi(
            List<PortalAddress> portals,
            String targetPrefix,
            boolean allowUnauthenticated,
            boolean chapMd5,
            Caps.Limits caps) {
        public Iscsi {
            portals = List.copyOf(portals);
        }
    }

    /// The link to partners. `plaintext` lets links leave this machine unencrypted; `heartbeat` is
    /// the time between two of them, `loss` how long none comes back before the link is given up.
    public record Replication(
            Optional<InetSocketAddress> listen,
            boolean plaintext,
            Duration lease,
            Duration heartbeat,
            Duration loss) {}

    /// How disks are treated: bytes per second onto one that is rebuilt, how long a read waits
    /// before it is answered without its disk, and how long a disk may take before it is given up.
    public record DiskCare(long rebuildRate, Duration hedge, Duration evict) {}

    /// How volumes are scrubbed: `bytesPerSecond` read at most, 0 for not at all; `interval` from
    /// the end of one pass to the next.
    public record Scrub(long bytesPerSecond, Duration interval) {}

    /// Where the admin API listens: a socket's path, or a loopback address.
    public sealed interface Admin {
        /// A Unix socket.
        record Socket(Path path) implements Admin {}

        /// Loopback TCP.
        record Loopback(int port) implements Admin {}
    }

    public NodeConfig {
        disks = List.copyOf(disks);
    }

    /// Reads a node's file; the error can be told to the operator as it is.
    public static NodeConfig load(Path file) throws ConfigError {
        ConfigReader reader = ConfigReader.open(file, Set.of("name", "data-dir"));
        Path data = Path.of(reader.text("data-dir"));
        Log log = log(reader, data);
        return new NodeConfig(
                reader.name("name"),
                data,
                reader.texts("disks"),
                log,
                iscsi(reader),
                replication(reader),
                admin(reader, data),
                reader.bytes("cache-size", MEBIBYTE),
                reader.duration("consistency-points.interval", Duration.ofMillis(100)),
                new DiskCare(
                        reader.bytes("rebuild.rate", MEBIBYTE),
                        reader.duration("slow-disks.hedge", Duration.ofMillis(10)),
                        reader.duration("slow-disks.evict", Duration.ofSeconds(1))),
                new Scrub(
                        reader.bytes("scrub.rate", 0),
                        reader.duration("scrub.interval", Duration.ofMinutes(1))),
                reader.bytes("resync.rate", 0),
                new HoleSettings(
                        reader.bytes("holes.rate", 0),
                        reader.duration("holes.interval", Duration.ofMillis(100)).toNanos(),
                        HoleSettings.UNIT),
                reader.number("threads", 1, 256),
                reader.flag("fault-injection"));
    }

    private static Replication replication(ConfigReader reader) throws ConfigError {
        Replication replication =
                new Replication(
                        reader.optionalAddress("replication.listen"),
                        reader.flag("replication.plaintext"),
                        reader.duration("replication.lease", Duration.ofMillis(100)),
                        reader.duration("replication.heartbeat", Duration.ofMillis(20)),
                        reader.duration("replication.loss", Duration.ofMillis(60)));
        if (replication.loss().compareTo(replication.heartbeat().multipliedBy(3)) < 0) {
            throw reader.error("replication.loss", "a link lives for three heartbeats at least");
        }
        return replication;
    }

    private static Log log(ConfigReader reader, Path data) throws ConfigError {
        String second = reader.text("log.second-path");
        Log log =
                new Log(
                        data.resolve(reader.text("log.path")),
                        second.isEmpty() ? Optional.empty() : Optional.of(data.resolve(second)),
                        reader.flag("log.accept-one-copy"),
                        reader.bytes("log.size", 4 * MEBIBYTE),
                        reader.bytes("log.segment", 64 * 1024),
                        reader.oneOf("log.mode", LogMode.class),
                        reader.bytes("log.half", 0),
                        reader.number("log.mirrors-percent", 1, 90));
        if (log.segmentBytes() * 4 > log.sizeBytes()) {
            throw reader.error("log.segment", "the log must hold at least four segments");
        }
        if (log.secondPath().filter(log.path()::equals).isPresent()) {
            throw reader.error("log.second-path", "a copy on the same device is none");
        }
        if (log.halfBytes() != 0 && log.halfBytes() < MEBIBYTE) {
            throw reader.error("log.half", "a half has a MiB at least; 0 is what fits");
        }
        if (log.halfBytes() * 2 > log.sizeBytes()) {
            throw reader.error("log.half", "the log must hold two halves");
        }
        return log;
    }

    private static Iscsi iscsi(ConfigReader reader) throws ConfigError {
        return new Iscsi(
                reader.portals("iscsi.portals"),
                targetPrefix(reader),
                reader.flag("iscsi.allow-unauthenticated"),
                reader.flag("iscsi.chap-md5"),
                new Caps.Limits(
                        reader.number("iscsi.limits.connections-per-address", 1, 65_535),
                        reader.number("iscsi.limits.logins-per-address", 1, 512),
                        Caps.Limits.DEFAULT.logins(),
                        reader.number("iscsi.limits.sessions", 1, 65_535),
                        reader.number("iscsi.limits.sessions-per-initiator", 1, 65_535)));
    }

    private static String targetPrefix(ConfigReader reader) throws ConfigError {
        String prefix = reader.text("iscsi.target-prefix");
        if (!prefix.matches("iqn\\.\\d{4}-\\d{2}\\.[a-z0-9.-]+(:[a-z0-9.:-]*)?")) {
            throw reader.error(
                    "iscsi.target-prefix", "'" + prefix + "' is not like iqn.2026-11.com.example");
        }
        return prefix;
    }

    private static Admin admin(ConfigReader reader, Path data) throws ConfigError {
        String text = reader.text("admin.socket");
        if (!text.startsWith("http://")) {
            return new Admin.Socket(data.resolve(text));
        }
        InetSocketAddress address = reader.address("admin.socket", text.substring(7));
        if (!address.getHostString().equals("127.0.0.1")) {
            throw reader.error("admin.socket", "TCP is for 127.0.0.1 only: it has no password");
        }
        return new Admin.Loopback(address.getPort());
    }
}
