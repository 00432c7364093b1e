package lockstep.replication.role;

import lockstep.blockstore.base.Outcome;
import lockstep.blockstore.base.VolumeId;
import lockstep.blockstore.volume.ActiveVolume;
import lockstep.blockstore.volume.CopyState;
import lockstep.blockstore.volume.ShownVolume;
import lockstep.blockstore.volume.VolumeCopy;
import lockstep.replication.link.PeerLink;
import lockstep.replication.source.ResyncPace;
import lockstep.replication.tail.TailStore;
import lockstep.replication.wire.ClaimedRole;
import lockstep.replication.wire.VolumeMessage;

import org.jspecify.annotations.Nullable;

import java.util.function.BiConsumer;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;

/// One volume on this node: opens its copy, gives it the role that its durable state names, and
/// changes that role when the partner or the operator gives reason to. Everything that decides
/// about epochs is here and in the roles; what it decides is durable before anything relies on it.
public final class Replica {
    /// Hears what the node has to know.
    public interface Observer {
        /// What hosts may see of the volume here is another thing: targets appear, change or go.
        void activeChanged(Replica replica);

        /// Something an operator should read.
        void event(Replica replica, String text);

        /// Until when, on this loop's clock, this node has promised its partner not to serve the
        /// volume.
        long leaseGrantedUntilNanos(Replica replica);

        /// Where writes are kept that only an old source had.
        TailStore tails();
    }

    private final long self;
    final Observer observer;
    private VolumeCopy copy;
    private final RoleChange changes = new RoleChange(this);
    private Role role = new Opening(false);
    private @Nullable PeerLink link;
    private VolumeMessage.@Nullable CopyStatus heard;
    final ShownSnapshots shownSnapshots = new ShownSnapshots(this);
    private final ResyncPace resyncPace = new ResyncPace();
    private final BlockExchange blocks = new BlockExchange(this);
    private long linkChangedMillis;

    /// The copy `copy` on node `self`.
    public Replica(VolumeCopy copy, long self, Observer observer) {
        this.copy = copy;
        this.self = self;
        this.observer = observer;
        copy.rescue().from(blocks);
    }

    /// Opens the copy in the role that its durable state names.
    public void start() {
        switch (copy.state().role()) {
            case STANDALONE, SOURCE -> changes.openActive();
            case MIRROR -> changes.openMirror();
        }
    }

    /// Which volume.
    public VolumeId volume() {
        return copy.id();
    }

    /// The copy.
    public VolumeCopy copy() {
        return copy;
    }

    /// The active volume, also while it is joining; null if this copy is a mirror.
    public @Nullable ActiveVolume active() {
        return role.active();
    }

    /// What this mirror shows to hosts and does not serve; null if this copy is no mirror.
    public @Nullable ShownVolume shown() {
        return role.shown();
    }

    /// For people.
    public ReplicaStatus status() {
        return ReplicaStatus.of(copy, role, link != null, linkChangedMillis);
    }

    /// What the source does when its mirror is away, as far as is known here. On the loop only.
    public PairPolicy policy() {
        return role.policy();
    }

    /// How fast a mirror is brought up to date from here.
    public ResyncPace resyncPace() {
        return resyncPace;
    }

    /// The partner's link is up.
    public void linkUp(PeerLink up) {
        if (copy.state().role() != CopyState.Role.STANDALONE) {
            link = up;
            heard = null;
            linkChangedMillis = copy.loop().clock().wallMillis();
            role.linkUp();
        }
    }

    /// The partner's link is over.
    public void linkLost(PeerLink over, String why) {
        if (over.equals(link)) {
            forgetLink();
            linkChangedMillis = copy.loop().clock().wallMillis();
            shownSnapshots.linkLost();
            blocks.linkLost();
            role.linkLost(why);
        }
    }

    /// The link takes more.
    public void writable() {
        role.writable();
    }

    /// What this node keeps of its log for this copy, if it is a mirror.
    public void logQuota(long bytes) {
        role.logQuota(bytes);
    }

    /// The partner says something about this volume.
    public void received(VolumeMessage message) {
        if (message instanceof VolumeMessage.CopyStatus status) {
            heard = status;
            role.partnerSays(status);
            shownSnapshots.tell();
        } else if (message instanceof VolumeMessage.Fault fault) {
            tell("the partner says: " + fault.what());
            role.partnerStopped("the mirror has stopped: " + fault.what());
        } else if (!blocks.took(message) && !shownSnapshots.received(message)) {
            role.received(message);
        }
    }

    /// Whether leases may be granted to the partner now: not while a takeover is prepared or done.
    public boolean grantsLease() {
        return role instanceof MirrorRole mirror && !mirror.isTakingOver();
    }

    /// Whether the partner may be granted no lease at all now because of this copy. One that has
    /// stopped serves nothing before the node is started again.
    public boolean forbidsLease() {
        return role.active() == null && !grantsLease() && !(role instanceof Stopped);
    }

    /// Makes this standalone volume the source of a pair with the node `peer`.
    public void pairAsSource(long peer, String address, Consumer<@Nullable Refusal> done) {
        if (copy.state().role() != CopyState.Role.STANDALONE || role.active() == null) {
            done.accept(Refusal.PAIRED_ALREADY);
            return;
        }
        save(
                state ->
                        state.withPeer(peer, address)
                                .as(CopyState.Role.SOURCE, CopyState.Sync.OUT_OF_SYNC),
                () -> done.accept(null));
    }

    /// Ends the pair: this source becomes the only copy of its volume, the other is of no use.
    public void unpair(Consumer<@Nullable Refusal> done) {
        order(SourceOrders::unpair, Refusal.MIRROR_HERE, done);
    }

    /// Ends all use of this mirror copy, so that its disks can be used for something else; `done`
    /// when nothing touches them any more.
    public void retireMirror(Consumer<@Nullable Refusal> done) {
        if (role instanceof MirrorRole mirror) {
            changes.retire(mirror, done);
        } else {
            done.accept(Refusal.NO_MIRROR_HERE);
        }
    }

    /// The operator's word: this copy takes the volume over from its source.
    public void takeover(
            boolean sourceIsDown, boolean acceptLoss, Consumer<@Nullable Refusal> done) {
        if (role instanceof MirrorRole mirror) {
            mirror.takeover(sourceIsDown, acceptLoss, done);
        } else {
            done.accept(Refusal.NO_MIRROR_HERE);
        }
    }

    /// The operator's word: the source goes on without its mirror.
    public void detach(Consumer<@Nullable Refusal> done) {
        order(SourceOrders::detach, Refusal.NO_SOURCE_HERE, done);
    }

    /// The operator's word: everything is copied to the mirror anew, whatever both have in common.
    public void resyncAll(Consumer<@Nullable Refusal> done) {
        order(SourceOrders::resyncAll, Refusal.NO_SOURCE_HERE, done);
    }

    private void order(
            BiConsumer<SourceOrders, Consumer<@Nullable Refusal>> order,
            Refusal elsewhere,
            Consumer<@Nullable Refusal> done) {
        if (role instanceof SourceRole source) {
            order.accept(source.orders(), done);
        } else {
            done.accept(elsewhere);
        }
    }

    /// Compares everything that both copies hold, while hosts use the volume.
    public void verify(Compared done) {
        if (role instanceof SourceRole source) {
            source.orders().verify(done);
        } else {
            done.ended(Refusal.NO_SOURCE_HERE, null);
        }
    }

    /// The operator's word: what the source does from now on when its mirror is away.
    public void setPolicy(PairPolicy policy, Outcome.Handler done) {
        if (role instanceof SourceRole source) {
            source.orders().policy(policy, done);
        } else {
            done.ended(new Outcome.Refused(Refusal.NO_SOURCE_HERE.what()));
        }
    }

    /// The operator's word: the volume moves to the partner, while hosts use it.
    public void switchOver(SwitchedOver done) {
        if (role instanceof SourceRole source) {
            source.orders().switchOver(done);
        } else {
            done.ended(Refusal.NO_SOURCE_HERE, 0);
        }
    }

    /// Whether this copy was the source and gave the volume away, with all answered before.
    public boolean hasHandedOver() {
        return role.hasHandedOver();
    }

    /// Work on the disks waits for a consistency point: sees to one, or asks the source to.
    public void wantImage() {
        ActiveVolume active = role.active();
        if (active != null && active.isServing()) {
            active.checkpointSoon();
        } else if (role instanceof MirrorRole) {
            send(new VolumeMessage.ImageWanted());
        }
    }

    /// The operator's word: a joining source opens an epoch without its partner.
    public void activate(Consumer<@Nullable Refusal> done) {
        order(SourceOrders::activateAlone, Refusal.NOTHING_TO_ACTIVATE_HERE, done);
    }

    /// The operator's word after a divergence: what only this copy has is given up and it becomes
    /// the mirror.
    public void discard(Consumer<@Nullable Refusal> done) {
        if (role instanceof SourceRole source && source.state() == RoleState.DIVERGED) {
            changes.discard("the operator gave this copy's own writes up");
            done.accept(null);
        } else {
            done.accept(Refusal.NOT_DIVERGED);
        }
    }

    /// Ends all use of the copy; the node is stopping.
    public void stop(String why) {
        ActiveVolume active = role.active();
        if (active != null) {
            active.stop(why);
        }
    }

    // What the roles use.

    long self() {
        return self;
    }

    @Nullable PeerLink link() {
        return link;
    }

    VolumeMessage.@Nullable CopyStatus heard() {
        return heard;
    }

    void tell(String text) {
        observer.event(this, text);
    }

    TailStore tails() {
        return observer.tails();
    }

    /// Whether `asked` is this copy's role now, and not one that was left.
    boolean isRole(Role asked) {
        return role.equals(asked);
    }

    /// The partner is none of this volume's any more.
    void forgetLink() {
        link = null;
        heard = null;
    }

    void activeChanged() {
        observer.activeChanged(this);
    }

    void send(VolumeMessage message) {
        PeerLink to = link;
        if (to != null) {
            to.send(copy.id(), message);
        }
    }

    /// What the partner last said counts now: it was not heard while something was being recorded.
    void hearAgain() {
        VolumeMessage.CopyStatus status = heard;
        if (status != null && status.role() == ClaimedRole.SOURCE) {
            role.partnerSays(status);
        } else if (link != null) {
            sendStatus();
        }
    }

    /// Makes durable what `change` makes of this copy's state, then goes on; if it cannot, the copy
    /// stops.
    void save(UnaryOperator<CopyState> change, Runnable done) {
        copy.save(
                change,
                fault -> {
                    if (fault == null) {
                        done.run();
                    } else {
                        stopped(fault.toString());
                    }
                });
    }

    /// Disks have joined this copy.
    void roomGrew() {
        role.roomGrew();
    }

    /// Tells the partner what this copy is; a role that was left may still want to.
    void sendStatus() {
        if (!(role instanceof Stopped)) {
            send(WireStates.status(copy, role));
        }
    }

    /// Ways from one role to another.
    RoleChange changes() {
        return changes;
    }

    void become(Role next) {
        role = next;
    }

    /// The same copy with empty memory, for another role.
    void reopen() {
        copy = copy.reopened();
    }

    void stopped(String why) {
        tell("the volume has stopped: " + why);
        Stopped now = new Stopped(this, why, role.active());
        role = now;
        now.begin();
        activeChanged();
    }

    /// The link may have come up while the copy was being opened.
    void caughtUp() {
        if (link != null) {
            role.linkUp();
            VolumeMessage.CopyStatus status = heard;
            if (status != null) {
                role.partnerSays(status);
            }
        }
    }
}
