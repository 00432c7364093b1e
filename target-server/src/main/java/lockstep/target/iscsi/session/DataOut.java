package lockstep.target.iscsi.session;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;

import lockstep.target.iscsi.pdu.Pdu;
import lockstep.target.iscsi.pdu.PduHeader;

import org.jspecify.annotations.Nullable;

import java.util.ArrayDeque;
import java.util.Deque;

/// Gathers the data of one command: immediate, unsolicited, and solicited by R2T, in this order and
/// without gaps (DataPDUInOrder, DataSequenceInOrder).
///
/// `wanted` bytes are kept; what a host sends unasked beyond them (its CDB needs less than it
/// announced) is counted and dropped. Data that came whole with the command stays the slice it is;
/// otherwise one buffer takes all of it. Memory for more than the unsolicited part is taken only in
/// [#solicit], which the caller calls when there is room: never on the peer's word.
final class DataOut {
    /// A part asked for by R2T.
    record Burst(int transferTag, int number, int offset, int length) {}

    private final ByteBufAllocator allocator;
    private final int wanted;
    private final int unsolicitedMax;
    private final int burstMax;
    private final Deque<Burst> outstanding = new ArrayDeque<>();
    private @Nullable ByteBuf gathered;
    private int received;
    private int sequence;
    private int burstReceived;
    private int solicited;
    private int bursts;
    private boolean unsolicitedOpen;
    private boolean damaged;

    /// For `wanted` bytes, of which `unsolicitedMax` may come unasked; `more` says that they do.
    DataOut(
            ByteBufAllocator allocator,
            int wanted,
            int unsolicitedMax,
            int burstMax,
            boolean more) {
        this.allocator = allocator;
        this.wanted = wanted;
        this.unsolicitedMax = unsolicitedMax;
        this.burstMax = burstMax;
        this.unsolicitedOpen = more;
    }

    /// Takes the data segment (handed over) that came with the command.
    void immediate(ByteBuf data) {
        int length = data.readableBytes();
        if (length >= wanted && wanted > 0 && !unsolicitedOpen) {
            received = length;
            gathered = data.writerIndex(data.readerIndex() + wanted);
        } else {
            keep(data);
        }
    }

    /// Takes a Data-Out PDU, whose data is handed over; false if it breaks a rule. One that is out
    /// of sequence breaks none (a PDU may have been lost) but damages the data.
    boolean accept(Pdu pdu) {
        PduHeader header = pdu.header();
        boolean asked = header.transferTag() != PduHeader.NO_TAG;
        int length = pdu.data().readableBytes();
        if (damaged || header.i32(36) != sequence) {
            damaged = true;
            pdu.release();
            ended(header, asked);
            return true;
        }
        boolean fits = asked ? fitsBurst(header, length) : fitsUnsolicited(length);
        if (!fits || header.i32(40) != received) {
            pdu.release();
            return false;
        }
        sequence++;
        keep(pdu.data());
        if (asked) {
            burstReceived += length;
        }
        ended(header, asked);
        return true;
    }

    /// Closes the sequence that a final PDU ends.
    private void ended(PduHeader header, boolean asked) {
        if (!header.has(PduHeader.FINAL)) {
            return;
        }
        sequence = 0;
        burstReceived = 0;
        if (asked) {
            outstanding.poll();
        } else {
            unsolicitedOpen = false;
        }
    }

    /// Whether some of the data is lost.
    boolean isDamaged() {
        return damaged;
    }

    private boolean fitsUnsolicited(int length) {
        return unsolicitedOpen && received + length <= unsolicitedMax;
    }

    /// The final flag stands exactly at the end of what was asked for.
    private boolean fitsBurst(PduHeader header, int length) {
        Burst burst = outstanding.peek();
        return burst != null
                && burst.transferTag == header.transferTag()
                && burstReceived + length <= burst.length
                && header.has(PduHeader.FINAL) == (burstReceived + length == burst.length);
    }

    private void keep(ByteBuf data) {
        int length = data.readableBytes();
        int useful = Math.min(length, wanted - Math.min(received, wanted));
        if (useful > 0) {
            if (gathered == null) {
                int room = Math.min(wanted, Math.max(unsolicitedMax, useful));
                gathered = allocator.directBuffer(room, wanted);
            }
            gathered.writeBytes(data, data.readerIndex(), useful);
        }
        received += length;
        data.release();
    }

    /// Whether all has come.
    boolean isComplete() {
        return !unsolicitedOpen && received >= wanted;
    }

    /// Whether the initiator owes data.
    boolean isAwaiting() {
        return unsolicitedOpen || !outstanding.isEmpty();
    }

    /// Whether data must be asked for, and may be now that the unsolicited part is in.
    boolean needsSolicit() {
        return !unsolicitedOpen && received < wanted;
    }

    /// The next part to ask for, under `transferTag`; null if all was asked for or `outstandingMax`
    /// parts are.
    @Nullable Burst solicit(int transferTag, int outstandingMax) {
        if (solicited == 0) {
            solicited = received;
            if (gathered != null && gathered.capacity() < wanted) {
                gathered.capacity(wanted);
            } else if (gathered == null) {
                gathered = allocator.directBuffer(wanted, wanted);
            }
        }
        if (solicited >= wanted || outstanding.size() >= outstandingMax) {
            return null;
        }
        int length = Math.min(burstMax, wanted - solicited);
        Burst burst = new Burst(transferTag, bursts++, solicited, length);
        solicited += length;
        outstanding.add(burst);
        return burst;
    }

    /// R2Ts sent so far.
    int burstCount() {
        return bursts;
    }

    /// The data, handed over; null if none was wanted or came.
    @Nullable NettyIoBuffer take() {
        ByteBuf taken = gathered;
        gathered = null;
        return taken == null ? null : new NettyIoBuffer(taken);
    }

    /// Gives everything back.
    void drop() {
        NettyIoBuffer taken = take();
        if (taken != null) {
            taken.release();
        }
    }
}
