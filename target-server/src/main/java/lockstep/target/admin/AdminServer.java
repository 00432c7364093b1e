package lockstep.target.admin;

import com.codahale.metrics.MetricRegistry;

import io.helidon.webserver.WebServer;
import io.helidon.webserver.WebServerConfig;

import org.jspecify.annotations.Nullable;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.logging.Level;
import java.util.logging.Logger;

/// Listens for operators. On a Unix socket the file's mode (0600) decides who may ask; on loopback
/// TCP everybody on the machine may, and only requests addressed to the loopback are taken.
public final class AdminServer implements AutoCloseable {
    // Kept, because a logger that nobody holds forgets its level.
    private static final Logger LIBRARY = Logger.getLogger("io.helidon");

    private final WebServer server;
    private final @Nullable Path socket;

    private AdminServer(WebServer server, @Nullable Path socket) {
        this.server = server;
        this.socket = socket;
    }

    /// Listens on a Unix socket at `path`. A socket left by a node that is gone is replaced; one
    /// that answers is not.
    public static AdminServer onSocket(Path path, NodeControl node, MetricRegistry metrics)
            throws IOException {
        if (Files.exists(path)) {
            refuseIfAlive(path);
        }
        // Made where nobody else can look, so that it is never open to others, then moved.
        Path directory = path.toAbsolutePath().getParent();
        Files.createDirectories(directory);
        Path hidden =
                Files.createTempDirectory(
                        directory,
                        ".admin",
                        PosixFilePermissions.asFileAttribute(
                                PosixFilePermissions.fromString("rwx------")));
        Path made = hidden.resolve("s");
        WebServer server = start(UnixDomainSocketAddress.of(made), node, metrics);
        Files.setPosixFilePermissions(made, PosixFilePermissions.fromString("rw-------"));
        Files.move(made, path, StandardCopyOption.REPLACE_EXISTING, StandardCopyOption.ATOMIC_MOVE);
        Files.delete(hidden);
        return new AdminServer(server, path);
    }

    /// Listens on loopback TCP; port 0 takes a free one.
    public static AdminServer onLoopback(int port, NodeControl node, MetricRegistry metrics) {
        var address = new InetSocketAddress(InetAddress.getLoopbackAddress(), port);
        return new AdminServer(start(address, node, metrics), null);
    }

    /// The TCP port, or -1 on a Unix socket.
    public int port() {
        return server.port();
    }

    @Override
    public void close() throws IOException {
        server.stop();
        if (socket != null) {
            Files.deleteIfExists(socket);
        }
    }

    private static void refuseIfAlive(Path path) throws IOException {
        try (SocketChannel probe = SocketChannel.open(StandardProtocolFamily.UNIX)) {
            probe.connect(UnixDomainSocketAddress.of(path));
        } catch (IOException e) {
            return; // nobody answers there
        }
        throw new IOException("another node answers at " + path);
    }

    private static WebServer start(
            SocketAddress address, NodeControl node, MetricRegistry metrics) {
        LIBRARY.setLevel(Level.WARNING);
        WebServerConfig.Builder builder = WebServer.builder();
        builder.bindAddress(address).shutdownHook(false);
        builder.routing(
                routing -> {
                    if (address instanceof InetSocketAddress) {
                        routing.addFilter(new LoopbackOnly());
                    }
                    Exchange exchange = new Exchange();
                    boolean ownerOnly = address instanceof UnixDomainSocketAddress;
                    routing.register(
                            "/v1",
                            new HostRoutes(node, exchange, ownerOnly),
                            new DiskRoutes(node, exchange),
                            new SnapshotRoutes(node, exchange),
                            new PairRoutes(node, exchange),
                            new ExportRoutes(node.mirrorUses(), exchange),
                            new FaultRoutes(node.faultInjection(), exchange),
                            new PeerRoutes(node.peers(), exchange, ownerOnly),
                            new Routes(node, metrics, exchange));
                });
        return builder.build().start();
    }
}
