package lockstep.replication.role;

import lockstep.blockstore.base.CpId;
import lockstep.blockstore.base.Position;
import lockstep.blockstore.volume.CopyState.Sync;
import lockstep.blockstore.volume.MirrorHistory;
import lockstep.blockstore.volume.MirrorVolume;
import lockstep.replication.tail.TailFormat;
import lockstep.replication.tail.TailWriter;

import java.util.function.Consumer;

/// A mirror gets ready for a resync. The order is what makes it safe and keeps everything:
///
/// 1. What this node wrote on its own while it was active, and its source never had, is put into a
///    file. Until that is durable nothing of it is given up, however long it takes.
/// 2. The copy goes back to the image that the source has too; one superblock does it.
/// 3. Out of sync, or no image if there is nothing common, is durable; the log is void.
///
/// A crash in between leaves a copy that does the rest again.
final class FallingOut {
    private static final long AGAIN_NANOS = 10_000_000_000L;

    private final Replica replica;
    private final MirrorVolume volume;
    private final CpId since;
    private final Position sharedUpTo;
    private final Consumer<CpId> done;

    /// The source offers to send what was born after `since`; its epoch went on from `sharedUpTo`.
    /// `done` gets the image that is held in the end, [CpId#NONE] for none.
    FallingOut(
            Replica replica,
            MirrorVolume volume,
            CpId since,
            Position sharedUpTo,
            Consumer<CpId> done) {
        this.replica = replica;
        this.volume = volume;
        this.since = since;
        this.sharedUpTo = sharedUpTo;
        this.done = done;
    }

    void run() {
        if (replica.copy().state().sync() == Sync.NO_IMAGE) {
            fall(CpId.NONE);
            return;
        }
        MirrorHistory history = volume.history();
        CpId common = history.images(replica.self()).contains(since) ? since : CpId.NONE;
        TailFormat.Head head =
                new TailFormat.Head(
                        replica.volume(),
                        replica.self(),
                        replica.copy().loop().clock().wallMillis(),
                        common,
                        volume.image(),
                        sharedUpTo,
                        replica.copy().name());
        history.readOwnTail(
                replica.self(),
                sharedUpTo,
                common,
                new TailWriter(replica.tails(), head, tailKept(common)));
    }

    private TailWriter.Handler tailKept(CpId common) {
        return new TailWriter.Handler() {
            @Override
            public void nothing() {
                goBack(common);
            }

            @Override
            public void kept(String file, long records, long bytes, boolean incomplete) {
                replica.tell(
                        "this node had written on its own: "
                                + records
                                + " changes of "
                                + bytes
                                + " bytes that the source does not have are kept in "
                                + file
                                + (incomplete ? ", but not all of them could be read" : ""));
                goBack(common);
            }

            @Override
            public void failed(String reason) {
                replica.tell(
                        "the resync waits: what only this node has cannot be kept aside: "
                                + reason);
                replica.copy().loop().clock().schedule(AGAIN_NANOS, FallingOut.this::run);
            }
        };
    }

    private void goBack(CpId common) {
        CpId held = volume.image();
        if (common.count() == 0 || common.equals(held)) {
            fall(common);
            return;
        }
        volume.history()
                .fallBack(
                        common,
                        whole -> {
                            replica.tell(
                                    whole
                                            ? "went back from image " + held + " to " + common
                                            : "the common image " + common + " is not whole here");
                            fall(whole ? common : CpId.NONE);
                        });
    }

    private void fall(CpId image) {
        Sync next = image.count() == 0 ? Sync.NO_IMAGE : Sync.OUT_OF_SYNC;
        volume.fallOutOfSync(next, () -> done.accept(image));
    }
}
