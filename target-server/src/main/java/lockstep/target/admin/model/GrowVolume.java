package lockstep.target.admin.model;

import org.jspecify.annotations.Nullable;

import java.util.List;

/// `POST /v1/volumes/{volume}/grow`: `disks`, names or paths, join `group` as data disks, or, if no
/// group is named, become a new one, parity last; `automatic` makes one of all free disks. Without
/// any disk the volume takes into use what has joined before. With `force`, what another volume has
/// on the disks is given up.
public record GrowVolume(
        @Nullable Integer group, List<String> disks, boolean automatic, boolean force) {
    public GrowVolume {
        disks = disks == null ? List.of() : List.copyOf(disks);
    }
}
