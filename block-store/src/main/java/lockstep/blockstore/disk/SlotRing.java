package lockstep.blockstore.disk;

import java.util.ArrayList;
import java.util.List;

/// Which slot of a group holds the second copy of whose checksum pages. As founded, each slot has
/// its second copy on the next one and the last, which is parity, has it on the first. A disk that
/// joins comes into the ring right behind parity:
///
/// ```
/// founded, 2 data disks      0 → 1 → P → 0
/// slot 3 joins               0 → 1 → P → 3 → 0
/// slot 4 joins               0 → 1 → P → 4 → 3 → 0
/// ```
///
/// So of all relations only parity's changes, and nothing is moved when a disk joins. The second
/// copy of a parity page comes to the new disk when that page is next loaded or written; until then
/// it stands where it was ([#formerOfParity]), and the place on the new disk is blank. The new
/// disk's own pages have their second place where parity's stood: a page of parity that is found
/// there is as good as a blank one. Parity's is the copy whose loss costs least, as parity can be
/// computed; and it is written before the page that takes its old place is, because a stripe's
/// parity is written with its data.
public record SlotRing(int parity, int slots) {
    /// The slot that holds the second copy of the pages of `slot`.
    public int next(int slot) {
        if (slot < parity) {
            return slot + 1;
        }
        if (slot == parity) {
            return slots - 1 == parity ? 0 : slots - 1;
        }
        return slot == parity + 1 ? 0 : slot - 1;
    }

    /// The slot whose pages have their second copy on `slot`.
    public int before(int slot) {
        if (slot == 0) {
            return slots - 1 == parity ? parity : parity + 1;
        }
        if (slot <= parity) {
            return slot - 1;
        }
        return slot == slots - 1 ? parity : slot + 1;
    }

    /// Where the second copy of parity's pages stood before disks joined, the latest first.
    public List<Integer> formerOfParity() {
        List<Integer> former = new ArrayList<>();
        for (int slot = slots - 2; slot > parity; slot--) {
            former.add(slot);
        }
        if (slots - 1 > parity) {
            former.add(0);
        }
        return former;
    }

    /// Whether the second place of the pages of `slot` was parity's before.
    public boolean tookPlaceOfParity(int slot) {
        return slot > parity;
    }

    /// Whether the second place of the pages of `slot` may be blank though they were written.
    public boolean mayBeToCome(int slot) {
        return slot == parity && slots - 1 > parity;
    }
}
