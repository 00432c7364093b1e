package lockstep.target.admin;

import lockstep.target.admin.model.AddDisk;
import lockstep.target.admin.model.DiskView;
import lockstep.target.admin.model.Done;
import lockstep.target.admin.model.FaultDisk;
import lockstep.target.admin.model.GrowVolume;
import lockstep.target.admin.model.LocateDisk;
import lockstep.target.admin.model.ReplaceDisk;

import java.util.List;
import java.util.concurrent.CompletableFuture;

/// What an operator can ask about disks; see [NodeControl].
public interface DiskControl {
    /// All disks that the node sees.
    CompletableFuture<List<DiskView>> disks();

    /// Rebuilds a slot whose disk left.
    CompletableFuture<Done> replaceDisk(String volume, ReplaceDisk request);

    /// Adds a spare.
    CompletableFuture<Done> addDisk(String volume, AddDisk request);

    /// Makes a volume larger: disks join a group, or become one.
    CompletableFuture<Done> growVolume(String volume, GrowVolume request);

    /// Takes a disk out of its group.
    CompletableFuture<Done> faultDisk(String volume, FaultDisk request);

    /// Shows people which disk it is.
    CompletableFuture<Done> locateDisk(LocateDisk request);
}
