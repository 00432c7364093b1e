package lockstep.blockstore.volume;

import lockstep.blockstore.base.Outcome;
import lockstep.blockstore.cp.LunState;
import lockstep.blockstore.cp.Snapshot;

import org.jspecify.annotations.Nullable;

import java.nio.ByteBuffer;
import java.util.List;
import java.util.UUID;

/// Reads of the snapshots that a copy's committed image holds, at the active volume and at the
/// mirror alike.
///
/// At a mirror nobody waits for readers: it steps from image to image as its source does. What
/// keeps this right is that a block which the committed image reaches is not written over. So an
/// answer counts only if the image that is committed when it is given still holds the snapshot that
/// it was read from; and the entry that deletes a snapshot ends its reads as soon as it has come,
/// before any image is without it. All calls on the volume's loop.
public final class KeptSnapshots {
    /// What the copy's present role knows of its committed image.
    interface Image {
        /// Calls `next` when [#find] speaks of the image that is committed, or cannot.
        void whenKnown(Runnable next);

        /// The snapshot as the committed image holds it; null if that has none such.
        @Nullable Snapshot find(UUID identity);

        /// Whether [#find] found it when it last could.
        default boolean holds(UUID identity) {
            return find(identity) != null;
        }

        /// Keeps what is read from being used again, where there is a way to.
        default long readBegins() {
            return 0;
        }

        /// What [#readBegins] gave has ended.
        default void readEnds(long generation) {}
    }

    private final VolumeCopy copy;
    private final Image image;

    KeptSnapshots(VolumeCopy copy, Image image) {
        this.copy = copy;
        this.image = image;
    }

    /// The snapshot of this identity, if the committed image holds it; else null.
    public @Nullable Snapshot find(UUID identity) {
        return image.find(identity);
    }

    /// Whether the snapshot can be read, as far as that is known without waiting: a read looks
    /// again.
    public boolean holds(UUID identity) {
        return image.holds(identity);
    }

    /// Calls `next` when [#find] speaks of the newest image.
    public void whenKnown(Runnable next) {
        image.whenKnown(next);
    }

    /// Fills `into` (lent until the end) from `offset` of snapshot `identity`.
    void read(UUID identity, long offset, ByteBuffer into, Outcome.Handler done) {
        image.whenKnown(
                () -> {
                    Snapshot snapshot = image.find(identity);
                    Outcome refusal = refusal(snapshot, offset, into.remaining());
                    if (refusal != null || snapshot == null) {
                        done.ended(refusal == null ? gone() : refusal);
                        return;
                    }
                    long generation = image.readBegins();
                    ReadOperation.ofTree(
                                    copy.reader(),
                                    snapshot.root(),
                                    offset,
                                    into,
                                    (outcome, _) -> {
                                        image.readEnds(generation);
                                        ifStillHeld(snapshot, outcome, done);
                                    })
                            .run();
                });
    }

    /// As [Lun#extents], of snapshot `identity`.
    void extents(UUID identity, long offset, int extentsMax, LunExtent.Handler done) {
        image.whenKnown(
                () -> {
                    Snapshot snapshot = image.find(identity);
                    Outcome refusal = refusal(snapshot, offset, 1);
                    if (refusal != null || snapshot == null) {
                        done.ended(refusal == null ? gone() : refusal, List.of());
                        return;
                    }
                    new ExtentQuery(
                                    copy.reader(),
                                    copy.loop(),
                                    view(snapshot),
                                    offset,
                                    extentsMax,
                                    (outcome, extents) ->
                                            ifStillHeld(
                                                    snapshot,
                                                    outcome,
                                                    held ->
                                                            done.ended(
                                                                    held,
                                                                    held.isDone()
                                                                            ? extents
                                                                            : List.of())))
                            .run();
                });
    }

    private ExtentQuery.View view(Snapshot snapshot) {
        LunState kept = LunState.cloneOf(snapshot, snapshot.lun());
        return new ExtentQuery.View() {
            @Override
            public @Nullable LunState committed() {
                return kept;
            }

            @Override
            public long readBegins() {
                return image.readBegins();
            }

            @Override
            public void readEnds(long generation) {
                image.readEnds(generation);
            }
        };
    }

    private void ifStillHeld(Snapshot read, Outcome outcome, Outcome.Handler done) {
        image.whenKnown(
                () -> {
                    Snapshot now = image.find(read.identity());
                    boolean held = now != null && now.root().equals(read.root());
                    done.ended(held ? outcome : gone());
                });
    }

    private static @Nullable Outcome refusal(
            @Nullable Snapshot snapshot, long offset, long length) {
        if (snapshot == null) {
            return gone();
        }
        boolean outside = offset < 0 || offset > snapshot.lun().size() - length;
        return outside ? new Outcome.OutOfRange() : null;
    }

    private static Outcome gone() {
        return new Outcome.NotServing("the image here does not hold the snapshot");
    }
}
