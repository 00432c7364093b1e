package lockstep.target.iscsi.session;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;

import lockstep.target.iscsi.login.Discovery;
import lockstep.target.iscsi.login.TextKeys;
import lockstep.target.iscsi.pdu.Pdu;
import lockstep.target.iscsi.pdu.PduHeader;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Map;

/// Text requests in full feature phase: SendTargets; every other key is not understood. Either side
/// may need several PDUs; one exchange at a time.
final class TextExchange {
    private static final int CONTINUE = 0x40;
    private static final int TEXT_BYTES_MAX = 65_536;
    private static final int TRANSFER_TAG = 1;

    private final Responses responses;
    private final Discovery discovery;
    private final int segmentMax;
    private final ByteBuf asked = Unpooled.buffer(256, TEXT_BYTES_MAX);
    private ByteBuf answer = Unpooled.EMPTY_BUFFER;

    /// `segmentMax` is what the initiator takes in one PDU.
    TextExchange(Responses responses, Discovery discovery, int segmentMax) {
        this.responses = responses;
        this.discovery = discovery;
        this.segmentMax = segmentMax;
    }

    /// Takes a text request; false if it breaks the protocol. The PDU stays the caller's.
    boolean receive(Pdu borrowed) {
        PduHeader header = borrowed.header();
        ByteBuf data = borrowed.data();
        boolean continues = header.transferTag() != PduHeader.NO_TAG;
        if (!continues) {
            asked.clear();
            answer = Unpooled.EMPTY_BUFFER;
        } else if (header.transferTag() != TRANSFER_TAG) {
            return false;
        }
        if (data.readableBytes() > asked.maxCapacity() - asked.writerIndex()) {
            return false;
        }
        asked.writeBytes(data, data.readerIndex(), data.readableBytes());
        if (header.has(CONTINUE)) {
            responses.text(header.taskTag(), TRANSFER_TAG, false, Unpooled.EMPTY_BUFFER);
            return data.isReadable();
        }
        if (asked.isReadable()) {
            Map<String, String> keys = TextKeys.parse(asked);
            asked.clear();
            if (keys == null) {
                return false;
            }
            answer = Unpooled.wrappedBuffer(answer(keys));
        }
        sendPart(header.taskTag());
        return true;
    }

    private byte[] answer(Map<String, String> keys) {
        ByteArrayOutputStream text = new ByteArrayOutputStream();
        keys.forEach(
                (key, value) -> {
                    byte[] part =
                            key.equals("SendTargets")
                                    ? discovery.sendTargets(value)
                                    : (key + "=NotUnderstood\0").getBytes(StandardCharsets.UTF_8);
                    text.writeBytes(part);
                });
        return text.toByteArray();
    }

    private void sendPart(int taskTag) {
        int length = Math.min(segmentMax, answer.readableBytes());
        ByteBuf part = Unpooled.copiedBuffer(answer.readSlice(length));
        boolean more = answer.isReadable();
        responses.text(taskTag, more ? TRANSFER_TAG : PduHeader.NO_TAG, more, part);
    }
}
