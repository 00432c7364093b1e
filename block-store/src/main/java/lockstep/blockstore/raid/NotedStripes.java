package lockstep.blockstore.raid;

import lockstep.blockstore.base.CpId;
import lockstep.blockstore.disk.Together;

import org.jspecify.annotations.Nullable;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/// The stripes that a crash may have left half written: nothing can be said of them before the
/// volume is opened, which makes them right.
public final class NotedStripes {
    private final List<DbnSet> groups = new ArrayList<>();

    private NotedStripes() {}

    /// None.
    static NotedStripes none() {
        return new NotedStripes();
    }

    static void read(List<RaidGroup> groups, CpId committed, Consumer<NotedStripes> done) {
        NotedStripes noted = new NotedStripes();
        Together together = new Together(_ -> done.accept(noted));
        for (RaidGroup group : groups) {
            DbnSet stripes = new DbnSet();
            noted.groups.add(stripes);
            var one = together.one();
            group.notes()
                    .readNewest(
                            (note, _) -> {
                                take(note, committed, stripes);
                                one.ended(null);
                            });
        }
        together.start();
    }

    private static void take(@Nullable DirtyNote note, CpId committed, DbnSet stripes) {
        if (note != null && note.cp().compareTo(committed) > 0) {
            for (DirtyNote.BlockRange range : note.ranges()) {
                stripes.add(range.dbn(), range.blocks());
            }
        }
    }

    boolean has(int group, long dbn) {
        return group < groups.size() && groups.get(group).has(dbn);
    }

    /// How many there are.
    public long count() {
        return groups.stream().mapToLong(DbnSet::size).sum();
    }
}
