package lockstep.blockstore.volume;

import org.jspecify.annotations.Nullable;

import java.util.List;

/// What hosts see of a copy of a volume, whether it serves or only mirrors: its LUNs, and the named
/// values of its state. On the volume's loop.
public interface ShownVolume {
    /// Its LUNs, lowest number first.
    List<Lun> luns();

    /// The value of `key`, or null.
    byte @Nullable [] value(String key);

    /// The snapshots that its committed image holds, which can be read whatever it is used as.
    KeptSnapshots kept();
}
