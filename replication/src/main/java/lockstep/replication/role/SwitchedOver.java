package lockstep.replication.role;

import org.jspecify.annotations.Nullable;

/// Takes the end of a switchover.
public interface SwitchedOver {
    /// `refusal` is null when the partner serves; hosts were not served for `pauseNanos`.
    void ended(@Nullable Refusal refusal, long pauseNanos);
}
