package lockstep.replication.tail;

import org.jspecify.annotations.Nullable;

import java.nio.ByteBuffer;
import java.util.function.Consumer;

/// Where tails are kept: files below a node's data directory. All calls and answers on the core
/// loop.
public interface TailStore {
    /// Begins a file that nobody has yet; `done` gets it, or why there is none.
    void begin(String volumeName, Opened done);

    /// Takes a new file.
    interface Opened {
        /// It is there, under a name that says that it is not finished.
        void opened(File file);

        /// It cannot be made.
        void failed(String reason);
    }

    /// One file that is being written.
    interface File {
        /// Appends `bytes`, which are lent until `done` gets null or what went wrong.
        void append(ByteBuffer bytes, Consumer<@Nullable String> done);

        /// Makes it durable, under its name; `done` gets null or what went wrong.
        void finish(Consumer<@Nullable String> done);

        /// Gives it up; what was written may be removed.
        void drop();

        /// What operators find it by.
        String name();
    }
}
