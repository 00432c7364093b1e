package lockstep.target.access;

import org.jspecify.annotations.Nullable;

/// One direction of CHAP: the name that is given, and its secret as it stands in the volume
/// (`sealed`). `secret` is null where this node lacks the key that opens it: such a credential
/// proves nothing and nobody.
@SuppressWarnings("ArrayRecordComponent") // sealed bytes are kept, not compared
public record Credential(String user, @Nullable Secret secret, byte[] sealed) {
    @Override
    public String toString() {
        return "credential of " + user;
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Credential(var theirUser, var theirSecret, var theirSealed)
                && user.equals(theirUser)
                && (secret == null || theirSecret == null
                        ? java.util.Arrays.equals(sealed, theirSealed)
                        : secret.equals(theirSecret));
    }

    @Override
    public int hashCode() {
        return user.hashCode();
    }
}
