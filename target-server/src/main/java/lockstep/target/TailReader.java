package lockstep.target;

import lockstep.blockstore.base.CpId;
import lockstep.replication.tail.TailFormat;

import org.jspecify.annotations.Nullable;

import java.io.BufferedInputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.function.Consumer;

/// Reads a file of a tail, record by record, for people.
public final class TailReader {
    private static final int BEGIN = 12;
    private static final int RECORD_HEADER = 8;

    private TailReader() {}

    /// One line of a listing: `what` is data, zeros, value or unreadable; `place` the image or the
    /// log entry that held it; `lba` counts blocks of 512 bytes.
    public record Line(
            String what, int lun, long lba, long bytes, String place, String time, String detail) {}

    /// What a file says of itself, and the lines of it are shown to `each`, in order.
    public record Summary(
            String volume,
            String node,
            String time,
            String wentBackTo,
            String held,
            long records,
            boolean whole) {}

    /// Reads `file`; a record that is damaged ends it, and then the summary says that it is not
    /// whole.
    public static Summary read(Path file, Consumer<Line> each) throws IOException {
        try (DataInputStream in =
                new DataInputStream(new BufferedInputStream(Files.newInputStream(file)))) {
            byte[] begin = in.readNBytes(BEGIN);
            String wrong = TailFormat.readBegin(ByteBuffer.wrap(begin));
            if (wrong != null) {
                throw new IOException(file + ": " + wrong);
            }
            if (!(next(in) instanceof TailFormat.Head head)) {
                throw new IOException(file + ": its head is cut off or damaged");
            }
            String time = Instant.ofEpochMilli(head.keptMillis()).toString();
            long records = 0;
            TailFormat.Part record = next(in);
            while (record != null && !(record instanceof TailFormat.End)) {
                records++;
                each.accept(line(record, time));
                record = next(in);
            }
            boolean whole = record instanceof TailFormat.End end && end.records() == records;
            return new Summary(
                    head.volumeName(),
                    Long.toHexString(head.node()),
                    time,
                    head.common().equals(CpId.NONE) ? "nothing" : head.common().toString(),
                    head.image().toString(),
                    records,
                    whole);
        }
    }

    private static TailFormat.@Nullable Part next(DataInputStream in) throws IOException {
        byte[] header = in.readNBytes(RECORD_HEADER);
        if (header.length < RECORD_HEADER) {
            return null;
        }
        int length = ByteBuffer.wrap(header).getInt();
        if (length <= 0 || length > TailFormat.MAX_RECORD) {
            return null;
        }
        byte[] body = in.readNBytes(length);
        ByteBuffer record = ByteBuffer.allocate(RECORD_HEADER + body.length);
        return TailFormat.read(record.put(header).put(body).flip());
    }

    private static Line line(TailFormat.Part record, String time) {
        return switch (record) {
            case TailFormat.Range r -> {
                String what = r.data().hasRemaining() ? "data" : "zeros";
                yield new Line(
                        what, r.lun(), r.offset() / 512, r.bytes(), place(r.place()), time, "");
            }
            case TailFormat.Value v ->
                    new Line(
                            "value", -1, 0, v.value().remaining(), place(v.place()), time, v.key());
            case TailFormat.Unreadable u ->
                    new Line(
                            "unreadable",
                            u.lun(),
                            u.offset() / 512,
                            u.bytes(),
                            place(u.place()),
                            time,
                            u.bytes() == 0 ? "from here on" : "");
            case TailFormat.Head _, TailFormat.End _ ->
                    new Line("damaged", -1, 0, 0, "", time, "a record out of its place");
        };
    }

    private static String place(TailFormat.Place place) {
        return (place.inLog() ? "entry " : "image ") + place.number() + " of " + place.epoch();
    }
}
