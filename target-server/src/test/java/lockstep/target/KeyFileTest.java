package lockstep.target;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import lockstep.target.access.Secret;
import lockstep.target.access.SecretKeys;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Random;

final class KeyFileTest {
    @TempDir Path directory;
    private final Random random = new Random(1);

    private KeyFile open() throws Exception {
        return KeyFile.open(directory, random::nextLong);
    }

    @Test
    void aKeyIsMadeWhenItIsNeededAndReadByItsOwnerOnly() throws Exception {
        KeyFile file = open();
        assertThat(file.keys().isEmpty()).isTrue();
        assertThat(directory.resolve("keys")).doesNotExist();
        byte[] sealed = file.needed().seal(Secret.of("0123456789ab"), "p", random::nextLong);
        assertThat(
                        PosixFilePermissions.toString(
                                Files.getPosixFilePermissions(directory.resolve("keys"))))
                .isEqualTo("rw-------");
        assertThat(open().keys().open(sealed, "p")).isEqualTo(Secret.of("0123456789ab"));
    }

    /// targetcli and rtslib, CVE-2020-13867 and CVE-2020-14019.
    @Test
    void aFileThatOthersMayReadIsRefused() throws Exception {
        open().needed();
        for (String mode : List.of("rw-r-----", "rw----r--", "rwx------", "rw--w----")) {
            Files.setPosixFilePermissions(
                    directory.resolve("keys"), PosixFilePermissions.fromString(mode));
            assertThatThrownBy(this::open).as(mode).hasMessageContaining("chmod 600");
        }
    }

    @Test
    void aPartnersKeysOpenAndOnesOwnSeals() throws Exception {
        SecretKeys partner = new SecretKeys(List.of(SecretKeys.draw(random::nextLong)));
        byte[] theirs = partner.seal(Secret.of("0123456789ab"), "p", random::nextLong);
        KeyFile file = open();
        file.needed();
        file.add(partner.copies());
        file.add(partner.copies());
        SecretKeys both = open().keys();
        assertThat(both.copies()).hasSize(2);
        assertThat(both.open(theirs, "p")).isNotNull();
        byte[] own = both.seal(Secret.of("0123456789ab"), "p", random::nextLong);
        assertThat(partner.open(own, "p")).isNull();
    }

    @Test
    void whatIsNoKeyFileIsNamed() throws Exception {
        open().needed();
        Path file = directory.resolve("keys");
        for (String text :
                List.of("", "version=2\n", "version=1\nkey=?\n", "version=1\nkey=AA==\n")) {
            Files.writeString(file, text);
            assertThatThrownBy(this::open)
                    .as(text)
                    .isInstanceOf(java.io.IOException.class)
                    .hasMessageContaining("keys");
        }
    }
}
