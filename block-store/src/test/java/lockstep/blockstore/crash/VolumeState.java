package lockstep.blockstore.crash;

import org.jspecify.annotations.Nullable;

import java.util.Arrays;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;

/// What hosts can see of a volume: its LUNs and the stamp of each of their sectors. Immutable;
/// whoever changes something makes another.
record VolumeState(TreeMap<Integer, LunContent> luns) {
    /// Nothing was ever made.
    static final VolumeState EMPTY = new VolumeState(new TreeMap<>());

    /// One LUN; nobody changes the array.
    @SuppressWarnings("ArrayRecordComponent")
    record LunContent(UUID identity, long[] sectors) {
        @Override
        public boolean equals(@Nullable Object other) {
            return other instanceof LunContent(UUID id, long[] stamps)
                    && id.equals(identity)
                    && Arrays.equals(stamps, sectors);
        }

        @Override
        public int hashCode() {
            return Arrays.hashCode(sectors);
        }
    }

    /// The same with LUN `number` as `content`; without it if that is null.
    VolumeState with(int number, @Nullable LunContent content) {
        TreeMap<Integer, LunContent> changed = new TreeMap<>(luns);
        if (content == null) {
            changed.remove(number);
        } else {
            changed.put(number, content);
        }
        return new VolumeState(changed);
    }

    @Nullable LunContent lun(int number) {
        return luns.get(number);
    }

    /// Where this differs from `other`, for people.
    String difference(VolumeState other) {
        if (!luns.keySet().equals(other.luns.keySet())) {
            return "LUNs " + luns.keySet() + " and " + other.luns.keySet();
        }
        for (Map.Entry<Integer, LunContent> each : luns.entrySet()) {
            LunContent there = other.luns.get(each.getKey());
            if (there == null || each.getValue().equals(there)) {
                continue;
            }
            int at = Arrays.mismatch(each.getValue().sectors, there.sectors);
            String what = "LUN " + each.getKey() + " sector " + at + " of ";
            String sizes = each.getValue().sectors.length + " and " + there.sectors.length;
            return what + sizes + ": " + stamp(each.getValue(), at) + " and " + stamp(there, at);
        }
        return "nothing";
    }

    private static String stamp(LunContent lun, int at) {
        return at < 0 || at >= lun.sectors.length ? "none" : Long.toHexString(lun.sectors[at]);
    }
}
