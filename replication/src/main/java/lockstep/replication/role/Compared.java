package lockstep.replication.role;

import org.jspecify.annotations.Nullable;

/// Takes the end of a comparison of two copies.
public interface Compared {
    /// Either why it was not made, or what it found.
    void ended(@Nullable Refusal refusal, @Nullable Comparison result);
}
