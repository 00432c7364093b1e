package lockstep.cli.client;

import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;

import lockstep.target.admin.model.AdminError;

import org.jspecify.annotations.Nullable;

import java.io.BufferedInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.URI;
import java.net.URLEncoder;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;

/// Asks one node over its Unix socket or loopback TCP. The JDK's own HTTP client cannot use a Unix
/// socket, so the one request and one answer that a command needs are written and read here.
public final class AdminClient {
    private static final int LONGEST_LINE = 8192;

    private final String address;
    private final ObjectMapper json =
            new ObjectMapper().disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES);

    /// `address` is a socket's path or `http://127.0.0.1:port`.
    public AdminClient(String address) {
        this.address = address;
    }

    /// `GET`, as `type`.
    public <T> T get(String path, Class<T> type) throws IOException, Refused {
        return json.treeToValue(ask("GET", path, null), type);
    }

    /// `GET` of a list of `type`.
    public <T> List<T> list(String path, Class<T> type) throws IOException, Refused {
        var listType = json.getTypeFactory().constructCollectionType(List.class, type);
        return json.convertValue(ask("GET", path, null), listType);
    }

    /// `POST` of `body` as JSON, or of nothing.
    public <T> T post(String path, @Nullable Object body, Class<T> type)
            throws IOException, Refused {
        return json.treeToValue(ask("POST", path, body), type);
    }

    /// `DELETE`.
    public <T> T delete(String path, Class<T> type) throws IOException, Refused {
        return json.treeToValue(ask("DELETE", path, null), type);
    }

    /// `name` as one part of a path.
    public static String part(String name) {
        return URLEncoder.encode(name, StandardCharsets.UTF_8).replace("+", "%20");
    }

    private JsonNode ask(String method, String path, @Nullable Object body)
            throws IOException, Refused {
        byte[] content = body == null ? new byte[0] : json.writeValueAsBytes(body);
        String head =
                "%s /v1%s HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n"
                                .formatted(method, path)
                        + "Content-Type: application/json\r\nContent-Length: "
                        + content.length
                        + "\r\n\r\n";
        try (SocketChannel channel = connect()) {
            writeAll(channel, ByteBuffer.wrap(head.getBytes(StandardCharsets.US_ASCII)));
            writeAll(channel, ByteBuffer.wrap(content));
            return answer(new BufferedInputStream(Channels.newInputStream(channel)));
        }
    }

    private SocketChannel connect() throws Unreachable {
        try {
            return SocketChannel.open(socketAddress());
        } catch (IOException e) {
            throw new Unreachable(address, e);
        }
    }

    private SocketAddress socketAddress() {
        if (!address.startsWith("http://")) {
            return UnixDomainSocketAddress.of(address);
        }
        int port = URI.create(address).getPort();
        return new InetSocketAddress(InetAddress.getLoopbackAddress(), port);
    }

    private static void writeAll(SocketChannel channel, ByteBuffer bytes) throws IOException {
        while (bytes.hasRemaining()) {
            channel.write(bytes);
        }
    }

    private JsonNode answer(InputStream in) throws IOException, Refused {
        String[] status = line(in).split(" ", 3);
        int length = 0;
        for (String header = line(in); !header.isEmpty(); header = line(in)) {
            String lower = header.toLowerCase(Locale.ROOT);
            if (lower.startsWith("content-length:")) {
                length = Integer.parseInt(lower.substring(15).strip());
            }
        }
        byte[] content = in.readNBytes(length);
        if (content.length < length || status.length < 2) {
            throw new EOFException("the node's answer ended early");
        }
        if (!status[1].equals("200")) {
            throw refused(status[1], content);
        }
        return json.readTree(content);
    }

    private Refused refused(String status, byte[] content) {
        try {
            return new Refused(json.readValue(content, AdminError.class));
        } catch (IOException e) {
            String happened = "the node answered with HTTP status " + status;
            String remedy = "check that " + address + " is a node of this version";
            return new Refused(new AdminError(AdminError.Code.INTERNAL, happened, remedy));
        }
    }

    private static String line(InputStream in) throws IOException {
        StringBuilder line = new StringBuilder();
        for (int c = in.read(); c != '\n'; c = in.read()) {
            if (c < 0 || line.length() > LONGEST_LINE) {
                throw new EOFException("the node's answer ended early");
            }
            line.append((char) c);
        }
        return line.toString().stripTrailing();
    }
}
