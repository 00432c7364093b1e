package lockstep.target.iscsi.session;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelOutboundHandlerAdapter;
import io.netty.channel.ChannelPromise;
import io.netty.channel.WriteBufferWaterMark;
import io.netty.channel.embedded.EmbeddedChannel;

import lockstep.target.LeakWatch;
import lockstep.target.iscsi.login.SessionParameters;
import lockstep.target.iscsi.pdu.PduWriter;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.slf4j.LoggerFactory;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;

/// What waits for the network waits in order, and nobody else waits for it.
@ExtendWith(LeakWatch.class)
class DataInTest {
    private static final int MEBIBYTE = 1 << 20;
    private static final Responses.Residual NONE = Responses.Residual.of(0, 0);

    /// A network that takes what it is let.
    private static final class Clog extends ChannelOutboundHandlerAdapter {
        private record Write(Object message, ChannelPromise promise) {}

        private final Deque<Write> held = new ArrayDeque<>();
        private long bytes;
        private boolean open;

        @Override
        public void write(ChannelHandlerContext ctx, Object message, ChannelPromise promise) {
            bytes += ((ByteBuf) message).readableBytes();
            held.add(new Write(message, promise));
            if (open) {
                release();
            }
        }

        /// Sends what is held; gives the PDUs' operation codes and tags.
        List<int[]> release() {
            List<int[]> pdus = new ArrayList<>();
            Deque<Write> all = new ArrayDeque<>(held);
            held.clear();
            for (Write write : all) {
                ByteBuf part = (ByteBuf) write.message;
                if (part.readableBytes() == 48) {
                    int at = part.readerIndex();
                    pdus.add(new int[] {part.getByte(at) & 0x3F, part.getInt(at + 16)});
                }
                bytes -= part.readableBytes();
                part.release();
                if (!write.promise.isVoid()) {
                    write.promise.setSuccess();
                }
            }
            return pdus;
        }
    }

    private final Clog clog = new Clog();
    private final EmbeddedChannel channel =
            new EmbeddedChannel(clog) {
                // What the network holds counts as not sent.
                @Override
                public long bytesBeforeUnwritable() {
                    return Math.max(0, 4L * MEBIBYTE - clog.bytes);
                }
            };
    private final ManualLoop loop = new ManualLoop();
    private final Responses responses = new Responses(new PduWriter(channel), () -> {});
    private final SessionParameters parameters =
            new SessionParameters(false, false, true, true, 262_144, 16 << 20, 65_536, 1);
    private int idle;
    private final DataIn dataIn;

    DataInTest() {
        channel.config().setWriteBufferWaterMark(new WriteBufferWaterMark(MEBIBYTE, 4 * MEBIBYTE));
        dataIn = new DataIn(responses, channel, loop, parameters, () -> idle++);
    }

    private List<int[]> release() {
        return clog.release();
    }

    @AfterEach
    void close() {
        dataIn.drop();
        release();
    }

    private static ByteBuf data(int bytes) {
        return Unpooled.directBuffer(bytes).writeZero(bytes);
    }

    @Test
    void aPongStandsBehindAMebibyteOfDataNotBehindAll() {
        List<Integer> sent = new ArrayList<>();
        for (int tag = 0; tag < 32; tag++) {
            int mine = tag;
            dataIn.send(tag, data(MEBIBYTE), NONE, () -> sent.add(mine));
        }
        assertThat(clog.bytes).isLessThan(2 * MEBIBYTE);
        assertThat(sent).hasSize(1);
        responses.pong(777, 0, Unpooled.EMPTY_BUFFER);
        List<int[]> first = release();
        assertThat(first).hasSizeLessThan(8);
        assertThat(first.getLast()).containsExactly(0x20, 777);
        int rounds = 0;
        while (!dataIn.isIdle()) {
            assertThat(clog.bytes).isLessThan(2 * MEBIBYTE);
            release();
            assertThat(rounds++).isLessThan(100);
        }
        assertThat(idle).isEqualTo(1);
        assertThat(sent).hasSize(32).isSorted();
    }

    @Test
    void whatIsAboutATaskStaysBehindItsData() {
        List<String> order = new ArrayList<>();
        dataIn.after(() -> order.add("at once"));
        for (int tag = 0; tag < 3; tag++) {
            int mine = tag;
            dataIn.send(tag, data(MEBIBYTE), NONE, () -> order.add("data " + mine));
        }
        dataIn.after(() -> order.add("after"));
        dataIn.send(9, data(512), NONE, () -> order.add("data 9"));
        while (!dataIn.isIdle()) {
            release();
        }
        assertThat(order)
                .containsExactly("at once", "data 0", "data 1", "data 2", "after", "data 9");
    }

    @Test
    void aConnectionThatIsGoneGivesItsDataBack() {
        ByteBuf last = data(MEBIBYTE);
        for (int tag = 0; tag < 4; tag++) {
            dataIn.send(tag, tag == 3 ? last : data(MEBIBYTE), NONE, () -> {});
        }
        dataIn.drop();
        release();
        assertThat(last.refCnt()).isZero();
        assertThat(dataIn.isIdle()).isTrue();
    }

    @Test
    void aNetworkThatTakesEverythingAtOnceIsNotAskedTwice() {
        List<Integer> sent = new ArrayList<>();
        for (int tag = 0; tag < 20; tag++) {
            int mine = tag;
            dataIn.send(tag, data(MEBIBYTE), NONE, () -> sent.add(mine));
        }
        ListAppender<ILoggingEvent> swallowed = new ListAppender<>();
        Logger netty = (Logger) LoggerFactory.getLogger("io.netty.util.concurrent");
        netty.addAppender(swallowed);
        swallowed.start();
        clog.open = true;
        release();
        netty.detachAppender(swallowed);
        assertThat(sent).hasSize(20).isSorted();
        assertThat(dataIn.isIdle()).isTrue();
        assertThat(idle).isEqualTo(1);
        // Netty only logs what a listener throws.
        assertThat(swallowed.list).isEmpty();
    }
}
