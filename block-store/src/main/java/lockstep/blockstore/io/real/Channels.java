package lockstep.blockstore.io.real;

import org.jspecify.annotations.Nullable;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.util.LinkedHashSet;
import java.util.Set;

/// How channels to devices are opened.
final class Channels {
    private Channels() {}

    /// A channel, and whether it goes past the page cache.
    record Opened(FileChannel channel, boolean direct) {}

    /// With `direct`, past the page cache where the file system can.
    static Opened open(Path path, boolean direct, Set<OpenOption> options) throws IOException {
        OpenOption pastCache = direct ? directOption() : null;
        if (pastCache == null) {
            return new Opened(FileChannel.open(path, options), false);
        }
        try {
            Set<OpenOption> all = new LinkedHashSet<>(options);
            all.add(pastCache);
            return new Opened(FileChannel.open(path, all), true);
        } catch (IOException | UnsupportedOperationException _) {
            // This file system cannot; a file that is not there fails again here.
            return new Opened(FileChannel.open(path, options), false);
        }
    }

    // By name: javac warns of any direct use of the JDK's own options.
    private static @Nullable OpenOption directOption() {
        try {
            Class<?> type = Class.forName("com.sun.nio.file.ExtendedOpenOption");
            return (OpenOption) type.getField("DIRECT").get(null);
        } catch (ReflectiveOperationException _) {
            return null;
        }
    }
}
