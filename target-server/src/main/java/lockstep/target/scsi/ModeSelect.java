package lockstep.target.scsi;

import lockstep.blockstore.base.Blocks;
import lockstep.blockstore.base.IoBuffer;
import lockstep.blockstore.volume.LunSpace;

import org.jspecify.annotations.Nullable;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/// MODE SELECT (SPC-4 clause 6): header, block descriptor, pages. The list is checked as a whole
/// before anything changes: every page must be one there is, and may differ from its current values
/// only where [ModePages] lets it.
final class ModeSelect {
    private static final int SUBPAGE_FORMAT = 0x40;

    /// PS means nothing in what a host sends.
    private static final int PAGE_CODE_BITS = 0x7F;

    private static final long ANY_COUNT = 0xFFFF_FFFFL;

    @SuppressWarnings("ArrayRecordComponent") // never compared
    private record Brought(ModePages.Page known, byte[] bytes) {}

    private final ModePages pages;
    private final long lunSectors;

    ModeSelect(ModePages pages, long lunSectors) {
        this.pages = pages;
        this.lunSectors = lunSectors;
    }

    /// Why the list in `borrowed` is refused; null if it was taken.
    @Nullable SenseData take(
            ScsiCommand.ModeSelect command, @Nullable IoBuffer borrowed, LunSpace space) {
        int headerBytes = command.ten() ? 8 : 4;
        if (command.listBytes() == 0) {
            return null;
        }
        if (command.listBytes() < headerBytes
                || borrowed == null
                || borrowed.size() < command.listBytes()) {
            return Sense.PARAMETER_LIST_LENGTH_ERROR.plain();
        }
        ByteBuffer list = borrowed.view().slice(0, command.listBytes());
        boolean wide = command.ten() && (list.get(4) & 1) != 0;
        int descriptorBytes = command.ten() ? list.getShort(6) & 0xFFFF : list.get(3) & 0xFF;
        int from = headerBytes + descriptorBytes;
        if (from > list.limit()) {
            return Sense.PARAMETER_LIST_LENGTH_ERROR.plain();
        }
        if (descriptorBytes != 0
                && !isCurrent(list.slice(headerBytes, descriptorBytes), wide ? 16 : 8)) {
            return Sense.INVALID_FIELD_IN_PARAMETER_LIST.field(headerBytes);
        }
        List<Brought> brought = new ArrayList<>();
        SenseData wrong = readPages(list, from, pages.pages(space), brought);
        if (wrong == null) {
            brought.forEach(page -> pages.take(page.known, page.bytes));
        }
        return wrong;
    }

    /// The size cannot be changed this way; 0 and "all" mean the current one.
    private boolean isCurrent(ByteBuffer descriptor, int bytes) {
        if (descriptor.limit() != bytes) {
            return false;
        }
        long count = bytes == 16 ? descriptor.getLong(0) : descriptor.getInt(0) & 0xFFFF_FFFFL;
        int block = descriptor.getInt(bytes - 4) & (bytes == 16 ? -1 : 0xFF_FFFF);
        boolean same = count == 0 || count == ANY_COUNT || count == -1 || count == lunSectors;
        return same && block == Blocks.SECTOR;
    }

    private static @Nullable SenseData readPages(
            ByteBuffer list, int from, List<ModePages.Page> known, List<Brought> into) {
        int at = from;
        while (at < list.limit()) {
            if (list.limit() - at < 4) {
                return Sense.PARAMETER_LIST_LENGTH_ERROR.plain();
            }
            ModePages.Page page = find(list, at, known);
            if (page == null) {
                return Sense.INVALID_FIELD_IN_PARAMETER_LIST.field(at);
            }
            int bytes = page.current().length;
            if (list.limit() - at < bytes) {
                return Sense.PARAMETER_LIST_LENGTH_ERROR.plain();
            }
            byte[] brought = new byte[bytes];
            list.get(at, brought);
            brought[0] = (byte) (brought[0] & PAGE_CODE_BITS);
            for (int i = 0; i < bytes; i++) {
                if (((brought[i] ^ page.current()[i]) & ~page.changeable()[i]) != 0) {
                    return Sense.INVALID_FIELD_IN_PARAMETER_LIST.field(at + i);
                }
            }
            into.add(new Brought(page, brought));
            at += bytes;
        }
        return null;
    }

    private static ModePages.@Nullable Page find(
            ByteBuffer list, int at, List<ModePages.Page> known) {
        int code = list.get(at) & 0x3F;
        int subpage = (list.get(at) & SUBPAGE_FORMAT) == 0 ? 0 : list.get(at + 1) & 0xFF;
        for (ModePages.Page page : known) {
            if (page.code() == code && page.subpage() == subpage) {
                return page;
            }
        }
        return null;
    }
}
