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

    /// With `direct`, past the page cache where the file system can.
    static FileChannel open(Path path, boolean direct, Set<OpenOption> options) throws IOException {
        OpenOption pastCache = direct ? directOption() : null;
        if (pastCache == null) {
            return FileChannel.open(path, options);
        }
        try {
            Set<OpenOption> all = new LinkedHashSet<>(options);
            all.add(pastCache);
            return FileChannel.open(path, all);
        } catch (IOException | UnsupportedOperationException _) {
            // This file system cannot; a file that is not there fails again here.
            return FileChannel.open(path, options);
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
