package lockstep.target;

import lockstep.replication.trust.Fingerprint;
import lockstep.replication.trust.Pins;
import lockstep.replication.wire.NodeIdentity;

import org.jspecify.annotations.Nullable;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;

/// The peers whose keys are pinned, in the file `peers` of the data directory. Changed from one
/// thread at a time, asked from any.
///
/// ```
/// version=1
/// peer=UUID ID FINGERPRINT ADDRESS NAME     ID in hexadecimal; ADDRESS `-` for none
/// ```
final class PeerFile implements Pins {
    private static final String PEER = "peer=";

    /// One peer; the address is where it listens for links, empty for nowhere.
    record Pinned(NodeIdentity node, Fingerprint key, String address) {
        private String line() {
            return "%s%s %x %s %s %s"
                    .formatted(
                            PEER,
                            node.uuid(),
                            node.id(),
                            key,
                            address.isEmpty() ? "-" : address,
                            node.name());
        }

        private static Pinned parse(String line) {
            String[] parts = line.substring(PEER.length()).split(" ", 5);
            if (!line.startsWith(PEER) || parts.length != 5) {
                throw new IllegalArgumentException(line);
            }
            return new Pinned(
                    new NodeIdentity(
                            Long.parseUnsignedLong(parts[1], 16),
                            UUID.fromString(parts[0]),
                            parts[4]),
                    Fingerprint.parse(parts[2]),
                    parts[3].equals("-") ? "" : parts[3]);
        }
    }

    private final PrivateFile file;
    private volatile List<Pinned> peers;

    private PeerFile(PrivateFile file, List<Pinned> peers) {
        this.file = file;
        this.peers = peers;
    }

    /// Reads the file, if there is one.
    static PeerFile open(Path directory) throws IOException {
        PrivateFile file = new PrivateFile(directory, "peers");
        List<Pinned> found = new ArrayList<>();
        if (file.exists()) {
            try {
                file.read("see whether it names strangers")
                        .forEach(line -> found.add(Pinned.parse(line)));
            } catch (IllegalArgumentException _) {
                throw file.damaged();
            }
        }
        return new PeerFile(file, List.copyOf(found));
    }

    List<Pinned> list() {
        return peers;
    }

    /// Pins `peer`, in place of what was pinned for the same node, durably.
    synchronized void pin(Pinned peer) throws IOException {
        List<Pinned> next = without(peer.node().uuid());
        next.add(peer);
        save(next);
    }

    /// Forgets the key of `peer`, durably.
    synchronized void forget(UUID peer) throws IOException {
        save(without(peer));
    }

    private List<Pinned> without(UUID peer) {
        List<Pinned> rest = new ArrayList<>(peers);
        rest.removeIf(one -> one.node().uuid().equals(peer));
        return rest;
    }

    private void save(List<Pinned> next) throws IOException {
        file.write(next.stream().map(Pinned::line).toList());
        peers = List.copyOf(next);
    }

    @Nullable Pinned find(UUID peer) {
        for (Pinned one : peers) {
            if (one.node().uuid().equals(peer)) {
                return one;
            }
        }
        return null;
    }

    @Override
    public @Nullable Fingerprint keyOf(UUID peer) {
        Pinned found = find(peer);
        return found == null ? null : found.key();
    }

    @Override
    public boolean knows(Fingerprint key) {
        return peers.stream().anyMatch(one -> one.key().equals(key));
    }
}
