package lockstep.replication.role;

import lockstep.blockstore.base.CpId;
import lockstep.blockstore.base.SetHash;
import lockstep.blockstore.cp.VolumeRoot;
import lockstep.blockstore.volume.ActiveVolume;
import lockstep.blockstore.volume.CopyState;
import lockstep.blockstore.volume.ImageSum;
import lockstep.replication.wire.VolumeMessage;

import org.jspecify.annotations.Nullable;

import java.util.ArrayList;
import java.util.List;

/// Compares all that the two copies of a volume hold, on the source, while hosts use it: both read
/// one image, the last that the mirror has committed, from their own disks, and add it up by ranges
/// of block numbers. A range that differs is cut into smaller ones until the blocks are found. The
/// image is pinned here until the end, and what is pinned at the source is not written over at the
/// mirror.
///
/// After a difference the mirror is out of sync, durably, and goes on taking entries and images.
/// With the next link everything is copied anew; until then it is not taken over without force.
final class EqualityCheck {
    private final Replica replica;
    private final ActiveVolume volume;
    private @Nullable Compared end;
    private @Nullable VolumeRoot root;
    private @Nullable ImageSum reading;
    private ImageSum.@Nullable Result mine;
    private VolumeMessage.@Nullable ImageVerified theirs;
    private long first;
    private long count;
    private long blocks;
    private long differences;

    EqualityCheck(Replica replica, ActiveVolume volume) {
        this.replica = replica;
        this.volume = volume;
    }

    /// Blocks that were found to differ and have not been copied since: a resync has to send
    /// everything, because no image that both have is equal.
    long differences() {
        return differences;
    }

    /// Whether the mirror was found to differ, also by this node before a restart, and everything
    /// has not been copied since.
    boolean mirrorDiffers() {
        return differences > 0 || replica.copy().state().mirrorDiffers();
    }

    /// Everything was copied.
    void resolved() {
        differences = 0;
    }

    /// Begins with the next image that the mirror commits.
    void begin(Compared done) {
        if (end != null) {
            done.ended(new Refusal("a comparison is under way", "wait for it"), null);
            return;
        }
        end = done;
        volume.checkpoint(null);
    }

    /// The mirror has committed `cp`, and nothing newer has begun.
    void mirrorHas(CpId cp) {
        VolumeRoot committed = volume.copy().root();
        if (end != null && root == null && committed.cp().equals(cp)) {
            root = committed;
            volume.pins().holdImage();
            replica.tell("verify: reading all of " + cp + " on both nodes");
            read(committed, 0, committed.vbnCount());
        }
    }

    private void read(VolumeRoot of, long from, long window) {
        first = from;
        count = window;
        mine = null;
        theirs = null;
        replica.send(new VolumeMessage.VerifyImage(of.cp(), from, window));
        reading =
                new ImageSum(
                        volume.copy(),
                        of,
                        from,
                        window,
                        result -> {
                            mine = result;
                            compare(of);
                        });
        reading.start();
    }

    /// The mirror's answer.
    void verified(VolumeMessage.ImageVerified m) {
        VolumeRoot of = root;
        if (of != null && m.image().equals(of.cp()) && m.first() == first) {
            theirs = m;
            compare(of);
        }
    }

    private void compare(VolumeRoot of) {
        ImageSum.Result here = mine;
        VolumeMessage.ImageVerified there = theirs;
        if (here == null || there == null) {
            return;
        }
        boolean whole = count == of.vbnCount();
        if (whole) {
            blocks = here.ranges().stream().mapToLong(SetHash.Value::count).sum();
        }
        if (here.lost() >= 0) {
            differ(of, List.of(here.lost()), "it cannot be read at the source");
        } else if (there.lost() >= 0) {
            differ(
                    of,
                    List.of(there.lost()),
                    "it is not what the pointer to it says at the mirror");
        } else if (there.ranges().size() != here.ranges().size()) {
            broken("the mirror does not have " + of.cp() + " any more");
        } else {
            compare(of, here.ranges(), there.ranges());
        }
    }

    private void compare(VolumeRoot of, List<SetHash.Value> here, List<SetHash.Value> there) {
        long width = ImageSum.width(count);
        List<Long> differing = new ArrayList<>();
        for (int i = 0; i < here.size(); i++) {
            if (!here.get(i).equals(there.get(i))) {
                differing.add(first + i * width);
            }
        }
        if (differing.isEmpty()) {
            replica.tell(
                    "verify: both nodes hold the same, " + of.cp() + ", " + blocks + " blocks");
            finish(null, new Comparison(of.cp(), blocks, List.of()));
        } else if (width == 1) {
            differ(of, differing, "the copies differ");
        } else {
            read(of, differing.getFirst(), width);
        }
    }

    private void differ(VolumeRoot of, List<Long> vbns, String how) {
        differences += vbns.size();
        replica.tell("ALARM: verify: block " + vbns + " of " + of.cp() + ": " + how);
        Comparison found = new Comparison(of.cp(), blocks, vbns);
        Compared done = over();
        if (done == null) {
            return;
        }
        if (volume.equals(replica.active())) {
            // Durable here first: a source that forgot, and found a mirror that is merely out of
            // sync, would bring it back by the difference and leave the blocks as they are.
            replica.save(CopyState::differing, () -> tellMirror(done, found));
        } else {
            tellMirror(done, found);
        }
    }

    /// Durable at the mirror with this: it is not taken over without force from here on.
    private void tellMirror(Compared done, Comparison found) {
        replica.send(new VolumeMessage.Detached(volume.epoch()));
        done.ended(null, found);
    }

    /// The link is lost, or the image is gone: nothing was found out.
    void broken(String why) {
        if (end != null) {
            finish(new Refusal("nothing was compared: " + why, "try again"), null);
        }
    }

    private void finish(@Nullable Refusal refusal, @Nullable Comparison result) {
        Compared done = over();
        if (done != null) {
            done.ended(refusal, result);
        }
    }

    /// Nothing is compared any more; who asked for it is to be told.
    private @Nullable Compared over() {
        Compared done = end;
        end = null;
        root = null;
        volume.pins().holdNone();
        if (reading != null) {
            reading.stop();
        }
        return done;
    }
}
