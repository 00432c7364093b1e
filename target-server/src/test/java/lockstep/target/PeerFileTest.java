package lockstep.target;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import lockstep.replication.trust.Fingerprint;
import lockstep.replication.trust.NodeKey;
import lockstep.replication.wire.NodeIdentity;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.util.List;
import java.util.Objects;
import java.util.UUID;

/// The two files about trust, and who cannot be trusted whatever his key.
final class PeerFileTest {
    private static final UUID BETA = new UUID(1, 2);
    private static final Fingerprint KEY = Fingerprint.parse("0f".repeat(32));
    private static final Fingerprint OTHER = Fingerprint.parse("1e".repeat(32));

    @TempDir Path directory;

    private static PeerFile.Pinned pinned(UUID uuid, Fingerprint key, String address) {
        return new PeerFile.Pinned(new NodeIdentity(-2, uuid, "beta"), key, address);
    }

    private String mode(String file) throws Exception {
        return PosixFilePermissions.toString(
                Files.getPosixFilePermissions(directory.resolve(file)));
    }

    @Test
    void peersAreReadAsTheyWerePinned() throws Exception {
        PeerFile file = PeerFile.open(directory);
        assertThat(file.keyOf(BETA)).isNull();
        file.pin(pinned(BETA, KEY, "10.0.0.2:7801"));
        file.pin(pinned(new UUID(1, 3), OTHER, ""));
        assertThat(mode("peers")).isEqualTo("rw-------");
        PeerFile read = PeerFile.open(directory);
        assertThat(read.list()).isEqualTo(file.list()).hasSize(2);
        assertThat(Objects.requireNonNull(read.find(BETA)).address()).isEqualTo("10.0.0.2:7801");
        assertThat(read.keyOf(BETA)).isEqualTo(KEY);
        read.pin(pinned(BETA, OTHER, ""));
        assertThat(read.knows(KEY)).isFalse();
        read.forget(new UUID(1, 3));
        assertThat(PeerFile.open(directory).list()).containsExactly(pinned(BETA, OTHER, ""));
    }

    @Test
    void theKeyIsMadeOnceAndIsItsOwnersOnly() throws Exception {
        NodeKey made = LinkKeyFile.open(directory, BETA, new SecureRandom());
        assertThat(mode("link-key")).isEqualTo("rw-------");
        NodeKey read = LinkKeyFile.open(directory, BETA, new SecureRandom());
        assertThat(read.fingerprint()).isEqualTo(made.fingerprint());
        assertThat(read.privateKey()).isEqualTo(made.privateKey());
    }

    @Test
    void filesThatOthersCanUseOrThatAreDamagedAreRefused() throws Exception {
        LinkKeyFile.open(directory, BETA, new SecureRandom());
        PeerFile.open(directory).pin(pinned(BETA, KEY, ""));
        for (String name : List.of("link-key", "peers")) {
            Path file = directory.resolve(name);
            Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-r-----"));
            assertThatThrownBy(() -> open(name)).hasMessageContaining("chmod 600");
            Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-------"));
            Files.writeString(file, "version=1\nkey=AAAA\n");
            assertThatThrownBy(() -> open(name)).hasMessageContaining("damaged");
            Files.writeString(file, "version=2\n");
            assertThatThrownBy(() -> open(name)).hasMessageContaining("not of version 1");
        }
    }

    private void open(String name) throws Exception {
        if (name.equals("peers")) {
            PeerFile.open(directory);
        } else {
            LinkKeyFile.open(directory, BETA, new SecureRandom());
        }
    }

    @Test
    void aNodeIsNoPeerOfItselfNorOfOneThatLooksLikeIt() {
        NodeIdentityFile self = new NodeIdentityFile(new UUID(9, 9), 77, 1);
        List<NodeIdentity> known = List.of(new NodeIdentity(5, BETA, "beta"));
        assertThat(refusal(self, new UUID(9, 9), 78, known)).contains("is this node");
        assertThat(refusal(self, new UUID(9, 8), 77, known)).contains("same short identity");
        // Another number, and the same port group.
        assertThat(refusal(self, new UUID(9, 8), 77 + 0xFFFF, known)).contains("same short");
        assertThat(refusal(self, new UUID(9, 8), 5, known)).contains("same short identity");
        assertThat(refusal(self, BETA, 5, known)).isEmpty();
        assertThat(refusal(self, new UUID(9, 8), 6, known)).isEmpty();
    }

    private static String refusal(
            NodeIdentityFile self, UUID uuid, long id, List<NodeIdentity> known) {
        var refusal = PeerCheck.refusal(self, new NodeIdentity(id, uuid, "x"), known);
        return refusal == null ? "" : refusal.happened();
    }
}
