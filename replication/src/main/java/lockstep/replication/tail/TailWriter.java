package lockstep.replication.tail;

import lockstep.blockstore.base.CpId;
import lockstep.blockstore.base.Position;
import lockstep.blockstore.volume.OwnTail;

import org.jspecify.annotations.Nullable;

import java.nio.ByteBuffer;

/// Puts what [OwnTail] reads out into a file, one record after the other. A tail with nothing in it
/// makes no file.
public final class TailWriter implements OwnTail.Sink {
    /// Takes the end.
    public interface Handler {
        /// There was nothing.
        void nothing();

        /// All of it is durable in `file`: `records`, which are `bytes` of LUNs. Some of them could
        /// not be read if `incomplete`.
        void kept(String file, long records, long bytes, boolean incomplete);

        /// It is not kept.
        void failed(String reason);
    }

    private final TailStore store;
    private final TailFormat.Head head;
    private final Handler handler;
    private TailStore.@Nullable File file;
    private long records;
    private long bytes;
    private boolean incomplete;

    /// Writes to a new file of `store` that begins with `head`.
    public TailWriter(TailStore store, TailFormat.Head head, Handler handler) {
        this.store = store;
        this.head = head;
        this.handler = handler;
    }

    @Override
    public void range(
            int lun,
            long offset,
            long length,
            @Nullable ByteBuffer data,
            @Nullable CpId cp,
            @Nullable Position position,
            Runnable next) {
        ByteBuffer content = data == null ? ByteBuffer.allocate(0) : data;
        bytes += length;
        add(
                new TailFormat.Range(
                        lun, offset, length, TailFormat.Place.of(cp, position), content),
                next);
    }

    @Override
    public void value(String key, ByteBuffer value, Position position, Runnable next) {
        add(new TailFormat.Value(key, value, TailFormat.Place.of(null, position)), next);
    }

    @Override
    public void unreadable(int lun, long offset, long length, CpId cp, Runnable next) {
        incomplete = true;
        add(new TailFormat.Unreadable(lun, offset, length, TailFormat.Place.of(cp, null)), next);
    }

    @Override
    public void ended() {
        TailStore.File whole = file;
        if (whole == null) {
            handler.nothing();
            return;
        }
        append(
                whole,
                TailFormat.encode(new TailFormat.End(records)),
                () ->
                        whole.finish(
                                problem -> {
                                    if (problem == null) {
                                        handler.kept(whole.name(), records, bytes, incomplete);
                                    } else {
                                        handler.failed(problem);
                                    }
                                }));
    }

    private void add(TailFormat.Part record, Runnable next) {
        TailStore.File known = file;
        if (known != null) {
            records++;
            append(known, TailFormat.encode(record), next);
            return;
        }
        store.begin(
                head.volumeName(),
                new TailStore.Opened() {
                    @Override
                    public void opened(TailStore.File made) {
                        file = made;
                        Runnable first =
                                () ->
                                        append(
                                                made,
                                                TailFormat.encode(head),
                                                () -> add(record, next));
                        append(made, TailFormat.begin(), first);
                    }

                    @Override
                    public void failed(String reason) {
                        handler.failed(reason);
                    }
                });
    }

    private void append(TailStore.File to, ByteBuffer encoded, Runnable next) {
        to.append(
                encoded,
                problem -> {
                    if (problem == null) {
                        next.run();
                    } else {
                        to.drop();
                        handler.failed(problem);
                    }
                });
    }
}
