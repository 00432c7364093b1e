package lockstep.target;

import lockstep.blockstore.base.VolumeId;

import org.jspecify.annotations.Nullable;

import java.net.URLDecoder;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.stream.Collectors;

/// Snapshots of one volume that this node shows to hosts as a target of its own, `name`: write
/// protected, or, where there is a scratch volume, as clones whose writes go to LUNs there. A line
/// of the file `exports`:
///
/// ```
/// export=VOLUME SCRATCH NAME LUN[,LUN...] SNAPSHOT   SCRATCH `-` for none, SNAPSHOT URL-encoded
/// LUN: identity of a snapshot, and behind a `+` that of its scratch LUN, if it has one
/// ```
record Export(
        VolumeId volume,
        @Nullable VolumeId scratch,
        String name,
        List<Shown> luns,
        String snapshot) {
    private static final String EXPORT = "export=";

    /// One of its LUNs.
    record Shown(UUID snapshot, @Nullable UUID scratchLun) {
        @Override
        public String toString() {
            return scratchLun == null ? snapshot.toString() : snapshot + "+" + scratchLun;
        }

        private static Shown parse(String text) {
            int plus = text.indexOf('+');
            return plus < 0
                    ? new Shown(UUID.fromString(text), null)
                    : new Shown(
                            UUID.fromString(text.substring(0, plus)),
                            UUID.fromString(text.substring(plus + 1)));
        }
    }

    Export {
        luns = List.copyOf(luns);
    }

    boolean isClone() {
        return scratch != null;
    }

    /// Whether `lun` is a LUN that its writes go to.
    boolean hasScratch(UUID lun) {
        return luns.stream().anyMatch(shown -> lun.equals(shown.scratchLun));
    }

    String line() {
        String all = luns.stream().map(Shown::toString).collect(Collectors.joining(","));
        // A name may have any character, the end of a line too.
        String encoded = URLEncoder.encode(snapshot, StandardCharsets.UTF_8);
        Object under = scratch == null ? "-" : scratch;
        return EXPORT + volume + " " + under + " " + name + " " + all + " " + encoded;
    }

    /// The export of a line; fails with IllegalArgumentException if it is none.
    static Export parse(String line) {
        String[] parts = line.split("[ =]", 6);
        if (!line.startsWith(EXPORT) || parts.length != 6) {
            throw new IllegalArgumentException(line);
        }
        List<Shown> luns = new ArrayList<>();
        for (String lun : parts[4].split(",", -1)) {
            luns.add(Shown.parse(lun));
        }
        VolumeId scratch = parts[2].equals("-") ? null : VolumeId.of(UUID.fromString(parts[2]));
        String snapshot = URLDecoder.decode(parts[5], StandardCharsets.UTF_8);
        return new Export(
                VolumeId.of(UUID.fromString(parts[1])), scratch, parts[3], luns, snapshot);
    }
}
