package lockstep.blockstore.disk;

import lockstep.blockstore.io.IoCompletion;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/// The membership of a volume as its labels tell it: changed in memory, then written on every live
/// member, one generation after the other.
///
/// When a member fails, the labels of all others name it, under the next generation, before any
/// record written later counts as written. So a disk that comes back is known to be stale by
/// whatever disks the volume is next assembled from. Label writes are one at a time, hence an
/// honest member never lags by more than one generation.
final class MembershipLabels {
    private final VolumeDisks volume;
    private final List<IoCompletion> waiting = new ArrayList<>();
    private Membership members;
    private long generation;
    private long submittedGeneration;
    private long durableGeneration;
    private boolean writing;

    MembershipLabels(VolumeDisks volume, Membership members, long generation) {
        this.volume = volume;
        this.members = members;
        this.generation = generation;
        this.submittedGeneration = generation;
        // A crash may have cut the last label write off: it is repeated before anything else.
        this.durableGeneration = generation - 1;
    }

    Membership members() {
        return members;
    }

    /// Grows with every change.
    long generation() {
        return generation;
    }

    // All changes since the last label write share one generation, so none is ever skipped.
    void change(Membership now) {
        if (generation == submittedGeneration) {
            generation++;
        }
        members = now;
    }

    void change(int group, DiskLabel.GroupMembers now) {
        change(members.with(group, now));
    }

    /// Raises the generation by `times`, once after the other, with nothing changed. Whatever an
    /// earlier attempt to grow left on a disk lags too far behind then to be taken for a member.
    void raise(int times, IoCompletion done) {
        whenDurable(
                fault -> {
                    if (fault != null || times == 0) {
                        done.ended(fault);
                    } else {
                        change(members);
                        raise(times - 1, done);
                    }
                });
    }

    /// Whether the labels of all live members tell of everything that has changed.
    boolean isDurable() {
        return !writing && generation == durableGeneration;
    }

    /// Ends when the labels of all live members name every member that has left; with a fault if a
    /// group is lost.
    void whenDurable(IoCompletion done) {
        if (volume.anyLost() != null || generation == durableGeneration) {
            done.ended(volume.anyLost());
            return;
        }
        waiting.add(done);
        write();
    }

    void write() {
        if (writing) {
            return;
        }
        if (volume.anyLost() != null || generation == durableGeneration) {
            List<IoCompletion> ready = List.copyOf(waiting);
            waiting.clear();
            ready.forEach(one -> one.ended(volume.anyLost()));
            return;
        }
        writing = true;
        long now = generation;
        submittedGeneration = now;
        Together together =
                new Together(
                        _ -> {
                            writing = false;
                            durableGeneration = now;
                            write();
                        });
        for (GroupDisks group : volume.groups()) {
            for (int slot = 0; slot < group.slots(); slot++) {
                write(group, slot, now, together);
            }
        }
        together.start();
    }

    private void write(GroupDisks group, int slot, long now, Together together) {
        Disk disk = group.disk(slot);
        if (disk == null || !disk.live()) {
            return;
        }
        ByteBuffer bytes = disk.label().with(now, members).encode();
        IoCompletion one = together.one();
        disk.writeDurably(
                DiskLayout.label((int) (now & 1)),
                bytes,
                fault -> {
                    if (fault != null && disk.live()) {
                        String reason = fault.operation() + ": " + fault.reason();
                        volume.fail(group.index(), slot, reason);
                    }
                    one.ended(null);
                });
    }

    /// As a label write: what changes meanwhile is written after it.
    void scrub(RecordScrub.Listener found, Runnable done) {
        if (!isDurable()) {
            done.run();
            return;
        }
        writing = true;
        new LabelScrub(volume, generation, members, found)
                .run(
                        () -> {
                            writing = false;
                            write();
                            done.run();
                        });
    }
}
