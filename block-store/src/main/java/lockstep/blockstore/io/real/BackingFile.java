package lockstep.blockstore.io.real;

import lockstep.blockstore.io.real.SystemCalls.FileStatus;

import org.jspecify.annotations.Nullable;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.Objects;

/// What a device is made of, seen from the file system: whether it is still what was opened,
/// whether that has space left, and giving space back to it. For the I/O threads of one device.
final class BackingFile implements AutoCloseable {
    // Less than this is no space: what one request of ours may take, and the file system with it.
    private static final long NO_SPACE_BYTES = 8 << 20;

    private final Path path;
    private final long size;
    private final boolean regular;
    private final @Nullable Object key;
    private final @Nullable FileStatus opened;
    private volatile boolean takesHoles;
    private @Nullable Holes holes;

    BackingFile(Path path, long size) throws IOException {
        BasicFileAttributes attributes = Files.readAttributes(path, BasicFileAttributes.class);
        this.path = path;
        this.size = size;
        this.regular = attributes.isRegularFile();
        this.key = attributes.fileKey();
        SystemCalls calls = SystemCalls.FOUND;
        this.opened = calls == null ? null : calls.at(path.toString());
        this.takesHoles = regular;
    }

    /// Whether it is a file, and no device.
    boolean isRegular() {
        return regular;
    }

    /// Whether its file system has not refused yet to take space back.
    boolean takesHoles() {
        return takesHoles;
    }

    /// Throws if what is at its path is not what was opened, or less of it. Asked after every
    /// durable write, so the call that costs little goes first; the other one says what is wrong,
    /// and stands in where there is no first.
    void checkStillThere() throws IOException {
        SystemCalls calls = SystemCalls.FOUND;
        if (!regular || (calls != null && isAsOpened(calls.at(path.toString())))) {
            return;
        }
        BasicFileAttributes now;
        try {
            now = Files.readAttributes(path, BasicFileAttributes.class);
        } catch (IOException gone) {
            throw new IOException("the backing file was removed", gone);
        }
        if (!Objects.equals(now.fileKey(), key)) {
            throw new IOException("the backing file was replaced");
        }
        if (now.size() < size) {
            throw new IOException("the backing file was cut short");
        }
    }

    private boolean isAsOpened(@Nullable FileStatus now) {
        return now != null
                && opened != null
                && now.device() == opened.device()
                && now.inode() == opened.inode()
                && now.size() >= size;
    }

    /// Gives a range back, which reads as zeros then. False if the file system does not take it, or
    /// finds no space to do so this time: the range may have changed in part.
    synchronized boolean punch(long offset, long length) throws IOException {
        Holes found = takesHoles ? holes() : null;
        Holes.Answer answer = found == null ? Holes.Answer.REFUSED : found.punch(offset, length);
        takesHoles = answer != Holes.Answer.REFUSED;
        return answer == Holes.Answer.TAKEN;
    }

    /// Bytes that the file system has given to it; -1 if nobody knows.
    synchronized long held() throws IOException {
        Holes found = takesHoles ? holes() : null;
        return found == null ? -1 : found.held();
    }

    private @Nullable Holes holes() throws IOException {
        if (holes == null) {
            checkStillThere();
            holes = Holes.open(path);
        }
        return holes;
    }

    /// A write found no space in what lends it to this file.
    static final class NoSpace extends IOException {
        private static final long serialVersionUID = 1;

        NoSpace(IOException cause) {
            super(cause);
        }
    }

    /// Why a write failed. Java tells it by a message only, in the words of the system's language,
    /// so the file system is asked too.
    IOException judged(IOException failed) {
        return isOutOfSpace(failed) ? new NoSpace(failed) : failed;
    }

    private boolean isOutOfSpace(IOException failed) {
        String message = String.valueOf(failed.getMessage());
        if (message.contains("No space left") || message.contains("quota exceeded")) {
            return true;
        }
        if (message.contains("Input/output error")) {
            return false;
        }
        try {
            return regular && Files.getFileStore(path).getUsableSpace() < NO_SPACE_BYTES;
        } catch (IOException _) {
            return false;
        }
    }

    @Override
    public synchronized void close() {
        takesHoles = false;
        if (holes != null) {
            holes.close();
        }
    }
}
