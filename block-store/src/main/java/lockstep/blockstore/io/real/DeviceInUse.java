package lockstep.blockstore.io.real;

import org.jspecify.annotations.Nullable;

import java.io.IOException;
import java.nio.file.Path;

/// Somebody has the device open: only one may.
public final class DeviceInUse extends IOException {
    private static final long serialVersionUID = 1;

    DeviceInUse(Path path, String by, @Nullable Throwable cause) {
        super(path + " is in use by " + by, cause);
    }
}
