package lockstep.target.admin;

import lockstep.target.admin.model.CreateLun;
import lockstep.target.admin.model.CreateMirror;
import lockstep.target.admin.model.CreatePair;
import lockstep.target.admin.model.CreateVolume;
import lockstep.target.admin.model.Done;
import lockstep.target.admin.model.EventView;
import lockstep.target.admin.model.LunView;
import lockstep.target.admin.model.NodeStatus;
import lockstep.target.admin.model.NodeView;
import lockstep.target.admin.model.PairView;
import lockstep.target.admin.model.TakeOver;
import lockstep.target.admin.model.VolumeView;

import java.util.List;
import java.util.concurrent.CompletableFuture;

/// What an operator can ask of a node; implemented by the node's composition. Called from any
/// thread: an implementation goes to its loop by `EventLoop.execute` and completes from there. What
/// is refused completes exceptionally with an [AdminException].
public interface NodeControl
        extends HostControl,
                DiskControl,
                PairControl,
                ScrubControl,
                SnapshotControl,
                ResyncControl {
    /// The node and everything on it.
    CompletableFuture<NodeStatus> status();

    /// Who this node is to its partners.
    CompletableFuture<NodeView> node();

    /// What happened lately, oldest first.
    CompletableFuture<List<EventView>> events();

    /// The nodes that this one trusts.
    PeerControl peers();

    /// What mirrors are good for while they mirror.
    ExportControl mirrorUses();

    /// What is to go wrong.
    FaultControl faultInjection();

    /// All volumes.
    CompletableFuture<List<VolumeView>> volumes();

    /// All LUNs of all volumes.
    CompletableFuture<List<LunView>> luns();

    /// All pairs.
    CompletableFuture<List<PairView>> pairs();

    /// Makes a volume.
    CompletableFuture<VolumeView> createVolume(CreateVolume request);

    /// Deletes a volume that has no LUNs and no mirror.
    CompletableFuture<Done> deleteVolume(String volume);

    /// Deletes this node's mirror copy of a volume.
    CompletableFuture<Done> deleteMirror(String volume);

    /// Makes a LUN.
    CompletableFuture<LunView> createLun(String volume, CreateLun request);

    /// Deletes a LUN and its data; its snapshots are in the way unless they are to go too.
    CompletableFuture<Done> deleteLun(String volume, int number, boolean withSnapshots);

    /// Makes this node's mirror of a volume that another node has.
    CompletableFuture<VolumeView> createMirror(CreateMirror request);

    /// Starts mirroring a volume.
    CompletableFuture<PairView> createPair(CreatePair request);

    /// Ends mirroring a volume for good.
    CompletableFuture<Done> deletePair(String volume);

    /// Serves this node's mirror of the volume.
    CompletableFuture<Done> takeOver(String volume, TakeOver request);

    /// Lets the source go on without its mirror.
    CompletableFuture<Done> detach(String volume);

    /// The operator's word that a joining volume may serve here.
    CompletableFuture<Done> activate(String volume);

    /// The operator's word that this copy of a volume, of which both copies were written alone, is
    /// given up and becomes the mirror of the other.
    CompletableFuture<Done> discard(String volume);
}
