package lockstep.blockstore.io;

import org.jspecify.annotations.Nullable;

/// Takes the end of a device operation, exactly once, on the event loop that issued it.
@FunctionalInterface
public interface IoCompletion {
    /// `fault` is null when the operation succeeded.
    void ended(@Nullable IoFault fault);
}
