package lockstep.cli.initiator;

import org.jspecify.annotations.Nullable;

/// What a host proves itself with. With `targetSecret` the target has to prove itself too.
public record ChapSecrets(String user, String secret, @Nullable String targetSecret) {
    /// Without the secrets.
    @Override
    public String toString() {
        return "CHAP as " + user;
    }
}
