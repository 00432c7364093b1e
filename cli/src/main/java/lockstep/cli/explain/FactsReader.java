package lockstep.cli.explain;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;

import lockstep.cli.initiator.Cdb;
import lockstep.cli.initiator.CommandResult;
import lockstep.cli.initiator.IscsiSession;
import lockstep.cli.initiator.ScsiTask;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/// Asks a LUN about itself, as hosts do when they find it.
public final class FactsReader {
    private static final int ROOM = 4096;
    private static final int ATTENTIONS_MAX = 8;
    private static final int PAGE_ROOM = 252;

    private final IscsiSession session;
    private final int lun;

    /// Asks LUN `lun` in `session`.
    public FactsReader(IscsiSession session, int lun) {
        this.session = session;
        this.lun = lun;
    }

    /// Everything that decisions are made from.
    public LunFacts read() throws IOException {
        settle();
        ByteBuffer inquiry = ask(room -> Cdb.inquiry(room.task, lun, -1, room.into, PAGE_ROOM));
        if (inquiry.limit() < 36 || (inquiry.get(0) & 0xe0) != 0) {
            throw new IOException("there is no LUN " + lun + " for this host");
        }
        Map<Integer, ByteBuffer> pages = new TreeMap<>();
        ByteBuffer list = page(0);
        for (int at = 4; at < list.limit(); at++) {
            int code = list.get(at) & 0xff;
            pages.put(code, page(code));
        }
        return new LunFacts(
                inquiry,
                pages,
                opcodes(),
                ask(room -> Cdb.readCapacity16(room.task, lun, room.into)),
                ask(room -> Cdb.reportTargetPortGroups(room.task, lun, room.into, ROOM)),
                ask(room -> Cdb.modeSense6(room.task, lun, 0x08, room.into, PAGE_ROOM)),
                ask(room -> Cdb.persistentReserveIn(room.task, lun, 2, room.into, 8)));
    }

    /// Unit attentions of a new nexus are not what is asked for.
    private void settle() {
        for (int i = 0; i < ATTENTIONS_MAX; i++) {
            CommandResult result = session.execute(Cdb.testUnitReady(new ScsiTask(), lun)).join();
            if (result.isGood()) {
                return;
            }
        }
    }

    private ByteBuffer page(int code) {
        return ask(room -> Cdb.inquiry(room.task, lun, code, room.into, ROOM));
    }

    private Set<Integer> opcodes() {
        ByteBuffer all = ask(room -> Cdb.reportOpcodes(room.task, lun, room.into, ROOM));
        Set<Integer> opcodes = new HashSet<>();
        int at = 4;
        while (at + 8 <= all.limit()) {
            int opcode = all.get(at) & 0xff;
            boolean hasAction = (all.get(at + 5) & 1) != 0;
            boolean hasTimeouts = (all.get(at + 5) & 2) != 0;
            int action = all.getShort(at + 2) & 0xffff;
            opcodes.add(hasAction ? LunFacts.withAction(opcode, action) : opcode);
            at += hasTimeouts ? 20 : 8;
        }
        return opcodes;
    }

    private record Room(ScsiTask task, ByteBuf into) {}

    private interface Question extends java.util.function.Function<Room, ScsiTask> {}

    /// What came; nothing if the command was refused.
    private ByteBuffer ask(Question question) {
        Room room = new Room(new ScsiTask(), Unpooled.directBuffer(ROOM, ROOM));
        try {
            CommandResult result = session.execute(question.apply(room)).join();
            byte[] came = new byte[result.isGood() ? room.task.received() : 0];
            room.into.getBytes(0, came);
            return ByteBuffer.wrap(came);
        } finally {
            room.into.release();
        }
    }
}
