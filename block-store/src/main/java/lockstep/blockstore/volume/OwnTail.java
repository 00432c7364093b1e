package lockstep.blockstore.volume;

import lockstep.blockstore.base.Blocks;
import lockstep.blockstore.base.CpId;
import lockstep.blockstore.base.Position;
import lockstep.blockstore.block.BlockPointer;
import lockstep.blockstore.cp.VolumeRoot;
import lockstep.blockstore.log.LogEntry;
import lockstep.blockstore.tree.TreePair;

import org.jspecify.annotations.Nullable;

import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;

/// What a copy that was active has and its new source has not: the blocks of LUNs that changed in
/// images since the last common one, and the log entries behind its image. It is read out once,
/// before the copy goes back to the common image, so that nothing is dropped in silence.
///
/// Which of it the new source has after all is known from where its epoch began: entries of the
/// epoch before, up to there, were in its log. Where that cannot be told, all is read out: rather
/// too much than too little.
public final class OwnTail {
    /// Takes the records, one at a time; each goes on with `next` when the record is done with.
    public interface Sink {
        /// `bytes` of LUN `lun` from `offset` are `data` (lent until `next`), or zeros if null.
        /// `cp` is the image that holds them, or `position` the log entry.
        void range(
                int lun,
                long offset,
                long bytes,
                @Nullable ByteBuffer data,
                @Nullable CpId cp,
                @Nullable Position position,
                Runnable next);

        /// `key` of the volume's own state was set to `value`.
        void value(String key, ByteBuffer value, Position position, Runnable next);

        /// A range that was changed cannot be read from any disk; `bytes` of 0: nobody knows how
        /// much from `offset` on.
        void unreadable(int lun, long offset, long bytes, CpId cp, Runnable next);

        /// That was all.
        void ended();
    }

    private static final int RECORDS_PER_SLICE = 64;

    private final VolumeCopy copy;
    private final List<LogEntry> entries = new ArrayList<>();
    private final ArrayDeque<ImageVersions.Versions> trees = new ArrayDeque<>();
    private ImageVersions.@Nullable Versions tree;
    private @Nullable TreePair walk;
    private int records;
    private int at;

    OwnTail(VolumeCopy copy, MirrorLog log, long self, Position sharedUpTo) {
        this.copy = copy;
        Position end = log.end();
        log.forEach(
                entry -> {
                    boolean own = entry.position().epoch().node() == self;
                    if (own && !isShared(entry.position(), end, sharedUpTo)) {
                        entries.add(entry);
                    }
                });
    }

    /// Whether an image of `copy` has anything of its own, made by node `self`.
    static boolean hasOwnImage(VolumeCopy copy, MirrorLog log, long self, Position sharedUpTo) {
        return copy.root().cp().epoch().node() == self
                && !isShared(copy.root().upTo(), log.end(), sharedUpTo);
    }

    private static boolean isShared(Position position, Position end, Position sharedUpTo) {
        return end.epoch().equals(sharedUpTo.epoch())
                && position.sequence() <= sharedUpTo.sequence();
    }

    /// Reads it out: what changed since `common` ([VolumeRoot] of an image of this copy, null: no
    /// image has anything of its own), then the entries.
    void read(@Nullable VolumeRoot common, Sink sink) {
        if (common == null) {
            nextEntry(sink);
            return;
        }
        ImageVersions.load(
                common,
                copy.root(),
                copy.reader(),
                images -> {
                    if (images != null) {
                        trees.addAll(images.luns());
                        nextTree(sink);
                    } else {
                        sink.unreadable(0, 0, 0, copy.root().cp(), () -> nextTree(sink));
                    }
                });
    }

    private void nextTree(Sink sink) {
        ImageVersions.Versions found = trees.poll();
        if (found == null) {
            nextEntry(sink);
        } else {
            tree = found;
            walk = found.walk(copy.reader(), copy.pool());
            nextPlace(sink);
        }
    }

    private void soon(Runnable step) {
        if (++records % RECORDS_PER_SLICE == 0) {
            copy.loop().execute(step);
        } else {
            step.run();
        }
    }

    private void nextPlace(Sink sink) {
        ImageVersions.Versions of = tree;
        TreePair pair = walk;
        if (of == null || pair == null) {
            nextEntry(sink);
            return;
        }
        Runnable next = () -> soon(() -> nextPlace(sink));
        CpId cp = copy.root().cp();
        pair.next(
                new TreePair.Visitor() {
                    @Override
                    public void place(
                            int level, long index, BlockPointer before, BlockPointer after) {
                        long offset = index * Blocks.SIZE;
                        if (level >= 0) {
                            next.run();
                        } else if (after.isHole()) {
                            sink.range(of.lun(), offset, Blocks.SIZE, null, cp, null, next);
                        } else if (after.isPoisoned()) {
                            sink.unreadable(of.lun(), offset, Blocks.SIZE, cp, next);
                        } else {
                            block(of.lun(), offset, after, cp, sink, next);
                        }
                    }

                    @Override
                    public void ended() {
                        nextTree(sink);
                    }

                    @Override
                    public void lost(BlockPointer pointer) {
                        pair.close();
                        sink.unreadable(
                                of.lun(), pair.at() * Blocks.SIZE, 0, cp, () -> nextTree(sink));
                    }
                });
    }

    private void block(
            int lun, long offset, BlockPointer pointer, CpId cp, Sink sink, Runnable next) {
        copy.reader()
                .read(
                        pointer,
                        content -> {
                            if (content == null) {
                                sink.unreadable(lun, offset, Blocks.SIZE, cp, next);
                                return;
                            }
                            ByteBuffer kept = copy.pool().take();
                            kept.put(0, content, 0, Blocks.SIZE);
                            sink.range(
                                    lun,
                                    offset,
                                    Blocks.SIZE,
                                    kept.duplicate().clear(),
                                    cp,
                                    null,
                                    () -> {
                                        copy.pool().give(kept);
                                        next.run();
                                    });
                        });
    }

    private void nextEntry(Sink sink) {
        if (at == entries.size()) {
            sink.ended();
            return;
        }
        LogEntry entry = entries.get(at++);
        Position position = entry.position();
        Runnable next = () -> soon(() -> nextEntry(sink));
        switch (entry) {
            case LogEntry.Write w ->
                    sink.range(
                            w.lun(),
                            w.offset(),
                            w.data().remaining(),
                            w.data().duplicate(),
                            null,
                            position,
                            next);
            case LogEntry.Unmap u ->
                    sink.range(u.lun(), u.offset(), u.length(), null, null, position, next);
            case LogEntry.WriteSame s ->
                    sink.range(
                            s.lun(),
                            s.offset(),
                            s.length(),
                            s.pattern().duplicate(),
                            null,
                            position,
                            next);
            case LogEntry.Put p -> sink.value(p.key(), p.value().duplicate(), position, next);
            case LogEntry.EpochOpened _ -> next.run();
        }
    }
}
