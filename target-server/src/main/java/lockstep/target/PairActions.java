package lockstep.target;

import lockstep.blockstore.base.Epoch;
import lockstep.blockstore.base.VolumeId;
import lockstep.blockstore.volume.CopyState;
import lockstep.replication.role.PairPolicy;
import lockstep.replication.role.Refusal;
import lockstep.replication.wire.NodeIdentity;
import lockstep.target.admin.AdminException;
import lockstep.target.admin.model.AdminError;
import lockstep.target.admin.model.AdminError.Code;
import lockstep.target.admin.model.CreateMirror;
import lockstep.target.admin.model.CreatePair;
import lockstep.target.admin.model.Done;
import lockstep.target.admin.model.NodeView;
import lockstep.target.admin.model.PairCompared;
import lockstep.target.admin.model.PairView;
import lockstep.target.admin.model.ResyncAll;
import lockstep.target.admin.model.ResyncRate;
import lockstep.target.admin.model.SetPolicy;
import lockstep.target.admin.model.SwitchedOver;
import lockstep.target.admin.model.TakeOver;
import lockstep.target.admin.model.VolumeView;

import org.jspecify.annotations.Nullable;

import java.net.InetSocketAddress;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;

/// Pairs made and changed for an operator. On the core loop.
///
/// A pair is made in two steps: the destination makes its copy, which says who its source is; then
/// the source is told of its mirror. If the second step does not happen, the copy waits for a
/// source that does not know it, and can be deleted.
final class PairActions {
    private final Node node;

    PairActions(Node node) {
        this.node = node;
    }

    private record Partner(PeerName name, long id) {}

    private Partner partner(NodeView view) {
        Partner partner;
        try {
            partner =
                    new Partner(
                            new PeerName(UUID.fromString(view.uuid()), view.replication()),
                            Long.parseUnsignedLong(view.id(), 16));
        } catch (IllegalArgumentException _) {
            throw new AdminException(
                    Code.BAD_REQUEST, "the peer's uuid or id is malformed", "ask it again");
        }
        AdminError refusal =
                PeerCheck.refusal(
                        node.identity(),
                        new NodeIdentity(partner.id(), partner.name().uuid(), ""),
                        List.of());
        if (refusal != null) {
            throw new AdminException(refusal);
        }
        InetSocketAddress address = partner.name().socketAddress();
        if (!view.replication().isEmpty() && address == null) {
            throw new AdminException(
                    Code.BAD_REQUEST,
                    "'" + view.replication() + "' is not host:port, or the name is unknown",
                    "give the address where the other node listens for replication");
        }
        if (address != null && !node.links().security().allows(partner.name().uuid(), address)) {
            throw new AdminException(
                    Code.REFUSED,
                    "no key of "
                            + view.name()
                            + " is pinned here, and the link would leave this machine",
                    "`lockstep pair invite` on one node and `lockstep pair accept` on the other; or"
                            + " replication.plaintext in the files of both, on a trusted network");
        }
        return partner;
    }

    /// This node's half of a new pair, as destination.
    void createMirror(CreateMirror request, CompletableFuture<VolumeView> answer) {
        VolumeActions.checkNewName(node, request.name());
        Partner source = partner(request.source());
        VolumeId id;
        try {
            id = VolumeId.of(UUID.fromString(request.volumeId()));
        } catch (IllegalArgumentException _) {
            throw new AdminException(
                    Code.BAD_REQUEST, "'" + request.volumeId() + "' is no volume id", "a UUID is");
        }
        if (node.volumes().find(id) != null) {
            throw new AdminException(
                    Code.EXISTS, "this node has a copy of that volume already", "delete it first");
        }
        var groups = node.disks().choose(request.groups(), request.automatic());
        CopyState state =
                new CopyState(
                        CopyState.Role.MIRROR,
                        CopyState.Sync.NO_IMAGE,
                        Epoch.NONE,
                        source.id(),
                        source.name().toString(),
                        0);
        var beginning =
                new NodeVolumes.Beginning(id, request.name(), request.volumeBlocks(), state);
        VolumeActions volumes = new VolumeActions(node);
        node.volumes()
                .create(
                        beginning,
                        groups,
                        (volume, problem) -> volumes.made(volume, problem, answer));
    }

    /// This node's half, as source.
    void create(HostedVolume volume, CreatePair request, CompletableFuture<PairView> answer) {
        Partner mirror = partner(request.peer());
        volume.replica()
                .pairAsSource(
                        mirror.id(),
                        mirror.name().toString(),
                        refusal -> {
                            if (refusal == null) {
                                node.links().join(volume);
                                answer.complete(node.views().pair(volume));
                            } else {
                                answer.completeExceptionally(refused(refusal));
                            }
                        });
    }

    /// Ends the pair on the source. The other node's copy stays until it is deleted there.
    void delete(HostedVolume volume, CompletableFuture<Done> answer) {
        volume.replica()
                .unpair(
                        answering(
                                answer,
                                volume.name()
                                        + " is not mirrored any more; delete the other node's copy"
                                        + " with `lockstep volume delete --mirror-copy`"));
    }

    /// Gives up this node's mirror copy.
    void deleteMirror(HostedVolume volume, CompletableFuture<Done> answer) {
        volume.replica()
                .retireMirror(
                        refusal -> {
                            if (refusal == null) {
                                node.exports().forget(volume);
                                node.targets().drop(volume.name());
                                new VolumeActions(node).forget(volume, answer);
                            } else {
                                answer.completeExceptionally(refused(refusal));
                            }
                        });
    }

    void takeOver(HostedVolume volume, TakeOver request, CompletableFuture<Done> answer) {
        volume.replica()
                .takeover(
                        request.confirmSourceDown(),
                        request.acceptDataLoss(),
                        answering(answer, volume.name() + " is served by this node now"));
    }

    void setResyncRate(HostedVolume volume, ResyncRate request, CompletableFuture<Done> answer) {
        long rate = request.bytesPerSecond();
        volume.replica().resyncPace().bytesPerSecond(rate);
        String limit = rate == 0 ? "without a limit" : "with at most " + rate + " bytes per second";
        answer.complete(
                new Done("the mirror of " + volume.name() + " is brought up to date " + limit));
    }

    void switchOver(HostedVolume volume, CompletableFuture<SwitchedOver> answer) {
        PeerName peer = volume.peer();
        String partner = peer == null ? "" : peer.toString();
        volume.replica()
                .switchOver(
                        (refusal, pauseNanos) -> {
                            if (refusal == null) {
                                answer.complete(
                                        new SwitchedOver(
                                                volume.name(), partner, pauseNanos / 1000));
                            } else {
                                answer.completeExceptionally(refused(refusal));
                            }
                        });
    }

    void verify(HostedVolume volume, CompletableFuture<PairCompared> answer) {
        volume.replica()
                .verify(
                        (refusal, found) -> {
                            if (refusal != null) {
                                answer.completeExceptionally(refused(refusal));
                            } else if (found != null) {
                                answer.complete(
                                        new PairCompared(
                                                volume.name(),
                                                found.image().toString(),
                                                found.blocks(),
                                                found.differing()));
                            }
                        });
    }

    /// From its begin to its end there is nothing to take over with: that is asked for in words.
    void resyncAll(HostedVolume volume, ResyncAll request, CompletableFuture<Done> answer) {
        if (!request.acceptNoImage()) {
            throw new AdminException(
                    Code.REFUSED,
                    "until everything of "
                            + volume.name()
                            + " is copied its mirror has no image:"
                            + " if this node is lost meanwhile, nothing is left to take over with",
                    "repeat with --yes if that is meant; what a mirror merely lacks is sent by"
                            + " itself");
        }
        String done = "everything of " + volume.name() + " is copied to its mirror; see `status`";
        volume.replica().resyncAll(answering(answer, done));
    }

    void setPolicy(HostedVolume volume, SetPolicy request, CompletableFuture<Done> answer) {
        PairPolicy.Kind kind =
                switch (request.policy()) {
                    case "strict" -> PairPolicy.Kind.STRICT;
                    case "available" -> PairPolicy.Kind.AVAILABLE;
                    default ->
                            throw new AdminException(
                                    Code.BAD_REQUEST,
                                    "'" + request.policy() + "' is no policy",
                                    "it is strict or available");
                };
        PairPolicy policy = new PairPolicy(kind, request.budgetSeconds(), request.budgetBytes());
        volume.replica()
                .setPolicy(
                        policy,
                        outcome -> {
                            if (outcome.isDone()) {
                                answer.complete(
                                        new Done(
                                                volume.name()
                                                        + " is "
                                                        + request.policy()
                                                        + " now"));
                            } else {
                                answer.completeExceptionally(
                                        new AdminException(
                                                Code.REFUSED,
                                                "the policy was not changed: " + outcome,
                                                "ask the source, when it serves"));
                            }
                        });
    }

    void detach(HostedVolume volume, CompletableFuture<Done> answer) {
        volume.replica().detach(answering(answer, volume.name() + " goes on without its mirror"));
    }

    void activate(HostedVolume volume, CompletableFuture<Done> answer) {
        volume.replica().activate(answering(answer, volume.name() + " is served by this node"));
    }

    void discard(HostedVolume volume, CompletableFuture<Done> answer) {
        volume.replica()
                .discard(
                        answering(
                                answer,
                                "this node's copy of "
                                        + volume.name()
                                        + " becomes the mirror of the other"));
    }

    private static Consumer<@Nullable Refusal> answering(
            CompletableFuture<Done> answer, String done) {
        return refusal -> {
            if (refusal == null) {
                answer.complete(new Done(done));
            } else {
                answer.completeExceptionally(refused(refusal));
            }
        };
    }

    static AdminException refused(Refusal refusal) {
        return new AdminException(Code.REFUSED, refusal.what(), refusal.whatToDo());
    }
}
