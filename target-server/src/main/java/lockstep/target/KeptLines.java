package lockstep.target;

import lockstep.blockstore.io.EventLoop;

import org.jspecify.annotations.Nullable;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.Consumer;

/// A [PrivateFile] that the core loop changes: a thread of its own writes it, for the loop never
/// waits for a disk. Changes are written in order.
final class KeptLines implements AutoCloseable {
    private final PrivateFile file;
    private final EventLoop loop;
    private final ExecutorService thread;

    /// The file `name` of `directory`; answers come on `loop`.
    KeptLines(Path directory, String name, EventLoop loop) {
        this.file = new PrivateFile(directory, name);
        this.loop = loop;
        this.thread =
                Executors.newSingleThreadExecutor(
                        Thread.ofPlatform().name("lockstep-" + name).daemon().factory());
    }

    /// What it holds; nothing if there is none.
    List<String> read() throws IOException {
        return file.exists() ? file.read("look at what it says") : List.of();
    }

    /// It cannot be understood.
    IOException damaged() {
        return file.damaged();
    }

    /// Makes `lines` its content, durably; `done` gets why that failed, or null.
    void write(List<String> lines, Consumer<@Nullable String> done) {
        List<String> content = List.copyOf(lines);
        thread.execute(
                () -> {
                    try {
                        file.write(content);
                        loop.execute(() -> done.accept(null));
                    } catch (IOException failed) {
                        loop.execute(() -> done.accept(file.path() + ": " + failed));
                    }
                });
    }

    @Override
    public void close() {
        thread.shutdown();
    }
}
