package lockstep.blockstore.inject;

import java.util.List;
import java.util.Locale;

/// A fault of the device that is called `device`, where an operation touches the `length` bytes
/// from `offset` on. `nanos` is for what is slow. A flush touches the whole device only, so it is
/// not late where only a part is.
public record DeviceFault(DeviceEffect effect, String device, long offset, long length, long nanos)
        implements Fault {
    /// For `length`: up to the end of the device.
    public static final long TO_THE_END = Long.MAX_VALUE;

    /// A part of the device that an operation is about, in bytes.
    record Range(long offset, long length) {}

    @Override
    public String text() {
        String range =
                offset == 0 && length == TO_THE_END
                        ? ""
                        : " from byte "
                                + offset
                                + (length == TO_THE_END ? " on" : ", " + length + " bytes");
        String late = effect == DeviceEffect.SLOW ? " by " + nanos / 1_000_000 + " ms" : "";
        String name = effect.name().toLowerCase(Locale.ROOT).replace('_', '-');
        return name + late + " on " + device + range;
    }

    private boolean isWhole() {
        return offset == 0 && length == TO_THE_END;
    }

    boolean touches(Range range) {
        boolean before = range.offset + range.length <= offset;
        boolean behind = length != TO_THE_END && range.offset >= offset + length;
        return !before && !behind;
    }

    boolean hits(String name, DeviceEffect.Asked asked, List<Range> ranges) {
        if (!device.equals(name) || !effect.concerns(asked)) {
            return false;
        }
        if (ranges.isEmpty() || !effect.hasRange()) {
            return !effect.hasRange() || isWhole();
        }
        return ranges.stream().anyMatch(this::touches);
    }
}
