package lockstep.target.scsi;

import lockstep.blockstore.base.IoBuffer;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/// Grows the bytes of an answer about the device: big endian, like all of SCSI.
final class ParameterData {
    private byte[] bytes = new byte[256];
    private int size;

    ParameterData u8(int value) {
        room(1);
        bytes[size++] = (byte) value;
        return this;
    }

    ParameterData u16(int value) {
        return u8(value >> 8).u8(value);
    }

    ParameterData u32(long value) {
        return u16((int) (value >> 16)).u16((int) value);
    }

    ParameterData u64(long value) {
        return u32(value >> 32).u32(value);
    }

    ParameterData zeros(int count) {
        room(count);
        size += count;
        return this;
    }

    ParameterData raw(byte[] more) {
        room(more.length);
        System.arraycopy(more, 0, bytes, size, more.length);
        size += more.length;
        return this;
    }

    /// `text` in ASCII, cut or padded with spaces to `width`.
    ParameterData ascii(String text, int width) {
        byte[] field = new byte[width];
        Arrays.fill(field, (byte) ' ');
        byte[] encoded = text.getBytes(StandardCharsets.US_ASCII);
        System.arraycopy(encoded, 0, field, 0, Math.min(width, encoded.length));
        return raw(field);
    }

    int size() {
        return size;
    }

    /// Puts a length that is known only now at `at`.
    ParameterData patch16(int at, int value) {
        bytes[at] = (byte) (value >> 8);
        bytes[at + 1] = (byte) value;
        return this;
    }

    ParameterData patch8(int at, int value) {
        bytes[at] = (byte) value;
        return this;
    }

    ParameterData patch32(int at, int value) {
        return patch16(at, value >> 16).patch16(at + 2, value);
    }

    byte[] toBytes() {
        return Arrays.copyOf(bytes, size);
    }

    /// All of it, as far as the host has room.
    ScsiResult upTo(int allocation) {
        int length = Math.min(size, allocation);
        return length == 0
                ? ScsiResult.good()
                : new ScsiResult.Data(IoBuffer.unpooled(ByteBuffer.wrap(bytes, 0, length)), length);
    }

    private void room(int more) {
        if (size + more > bytes.length) {
            bytes = Arrays.copyOf(bytes, Math.max(bytes.length * 2, size + more));
        }
    }
}
