package lockstep.blockstore.cp;

import lockstep.blockstore.block.BlockPointer;
import lockstep.blockstore.block.BlockReader;
import lockstep.blockstore.tree.TreeReader;
import lockstep.blockstore.tree.TreeRoot;

import java.util.function.Consumer;

/// Brings pages of a volume's [SpaceMap] into memory, from the committed image. One request at a
/// time: it belongs to the consistency point under way, or to a check.
public final class SpacePages {
    private static final int READS_AT_ONCE = 64;

    private final SpaceMap map;
    private final BlockReader reader;
    private TreeRoot tree;
    private int[] wanted = {};
    private Consumer<Boolean> done = _ -> {};
    private int next;
    private int reading;
    private boolean starting;
    private boolean lost;

    /// The pages of `map`, which stand in `tree`.
    public SpacePages(SpaceMap map, TreeRoot tree, BlockReader reader) {
        this.map = map;
        this.tree = tree;
        this.reader = reader;
    }

    /// The image with this space map is the committed one now.
    void committed(TreeRoot next) {
        tree = next;
        map.committed();
    }

    /// Calls `whenThere`, inside the call or later, when the pages of `ascending` are in memory:
    /// with false if one cannot be read from any disk.
    void need(int[] ascending, Consumer<Boolean> whenThere) {
        wanted = ascending;
        done = whenThere;
        next = 0;
        lost = false;
        start();
    }

    /// Brings all pages.
    public void needAll(Consumer<Boolean> whenThere) {
        int[] all = new int[SpaceMap.pages(map.size())];
        java.util.Arrays.setAll(all, i -> i);
        need(all, whenThere);
    }

    private void start() {
        if (starting) {
            return;
        }
        starting = true;
        while (next < wanted.length && reading < READS_AT_ONCE && !lost) {
            int page = wanted[next++];
            if (!map.isResident(page)) {
                reading++;
                new TreeReader(reader).find(tree, page, 1, found -> found(page, found));
            }
        }
        starting = false;
        if (reading == 0) {
            done.accept(!lost);
        }
    }

    private void found(int page, BlockPointer @org.jspecify.annotations.Nullable [] pointers) {
        if (pointers == null || pointers[0].isPoisoned()) {
            lost = true;
            ended();
        } else if (pointers[0].isHole()) {
            map.arrived(page, null);
            ended();
        } else {
            reader.read(
                    pointers[0],
                    block -> {
                        if (block == null) {
                            lost = true;
                        } else {
                            map.arrived(page, block);
                        }
                        ended();
                    });
        }
    }

    private void ended() {
        reading--;
        start();
    }
}
