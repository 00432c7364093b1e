package lockstep.cli.initiator;

import io.netty.channel.Channel;
import io.netty.channel.EventLoop;

import org.jspecify.annotations.Nullable;

import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.CompletableFuture;

/// One session with one target over one connection. Commands go out in the order submitted, as far
/// as the target's command window lets them; the rest wait here. A lost connection ends every task;
/// whether to connect again is the caller's affair.
///
/// All methods may be called from any thread; handlers run on [#loop].
public final class IscsiSession {
    private static final int CONTROL_TAGS = 0x40000000;

    private final Channel channel;
    private final PduWriter writer;
    private final Numbers numbers;
    private final TaskTable tasks = new TaskTable();
    private final ArrayDeque<ScsiTask> waiting = new ArrayDeque<>();
    private final Map<Integer, CompletableFuture<ControlAnswer>> controls = new HashMap<>();
    private final CompletableFuture<String> closed = new CompletableFuture<>();
    private Parameters parameters = Parameters.LOGIN;
    private int nextControl;
    private boolean inRead;
    private boolean flushScheduled;
    private @Nullable String closeReason;

    /// The header and data segment that answered a control PDU.
    record ControlAnswer(ByteBuffer header, ByteBuffer data) {}

    IscsiSession(Channel channel, PduWriter writer, Numbers numbers) {
        this.channel = channel;
        this.writer = writer;
        this.numbers = numbers;
    }

    /// The loop that owns this session and calls all handlers.
    public EventLoop loop() {
        return channel.eventLoop();
    }

    /// What the login agreed on.
    public Parameters parameters() {
        return parameters;
    }

    /// Ends with the reason when the session is over.
    public CompletableFuture<String> closed() {
        return closed;
    }

    /// Commands waiting for the target's window, and under way; only a hint off the loop.
    public int queued() {
        return waiting.size() + tasks.size();
    }

    /// Sends the command, now or when the window allows.
    public void submit(ScsiTask task) {
        task.inFlight = true;
        if (loop().inEventLoop()) {
            submitOnLoop(task);
        } else {
            loop().execute(() -> submitOnLoop(task));
        }
    }

    /// Sends the command and ends with its result; for callers that have no handler.
    public CompletableFuture<CommandResult> execute(ScsiTask task) {
        CompletableFuture<CommandResult> ended = new CompletableFuture<>();
        submit(task.whenEnded((_, result) -> ended.complete(result)));
        return ended;
    }

    /// Asks the target to answer; ends when it did.
    public CompletableFuture<Void> ping() {
        return control(
                        tag ->
                                writer.nopOut(
                                        0, tag, Bhs.NO_TAG, numbers.cmdSn(), numbers.expStatSn()))
                .thenAccept(_ -> {});
    }

    /// Task management (RFC 7143 section 11.5.1): 1 ABORT TASK, 2 ABORT TASK SET, 5 LOGICAL UNIT
    /// RESET…; ends with the response code. `about` names the task for ABORT TASK, which ends as
    /// unknown when the target has complied.
    public CompletableFuture<Integer> manage(int function, int lun, @Nullable ScsiTask about) {
        long field = (long) lun << 48;
        return control(
                        tag ->
                                writer.taskManagement(
                                        function,
                                        field,
                                        tag,
                                        about == null ? Bhs.NO_TAG : about.tag,
                                        about == null ? 0 : about.commandSn,
                                        numbers.cmdSn(),
                                        numbers.expStatSn()))
                .thenApply(
                        answer -> {
                            int response = answer.header().get(Bhs.RESPONSE_AT) & 0xff;
                            if (response == 0) {
                                dropAborted(function, field, about);
                            }
                            return response;
                        });
    }

    /// Ends the session in order; ends when the connection is gone.
    public CompletableFuture<String> logout() {
        control(tag -> writer.logout(tag, numbers.cmdSn(), numbers.expStatSn()))
                .whenComplete((_, _) -> close());
        return closed;
    }

    /// Drops the connection, as a failing host would.
    public void close() {
        channel.close();
    }

    /// One Text Request and its answer.
    CompletableFuture<ControlAnswer> text(String pairs, int transferTag) {
        return control(
                tag ->
                        writer.text(
                                tag, transferTag, numbers.takeCmdSn(), numbers.expStatSn(), pairs));
    }

    private interface ControlWriter {
        void write(int tag);
    }

    private CompletableFuture<ControlAnswer> control(ControlWriter pdu) {
        CompletableFuture<ControlAnswer> answer = new CompletableFuture<>();
        loop().execute(
                        () -> {
                            if (closeReason != null) {
                                answer.completeExceptionally(new ProtocolException(closeReason));
                                return;
                            }
                            int tag = CONTROL_TAGS + (nextControl++ & 0xffffff);
                            controls.put(tag, answer);
                            pdu.write(tag);
                            flushSoon();
                        });
        return answer;
    }

    // A target that complied with an abort answers those tasks no more.
    private void dropAborted(int function, long lun, @Nullable ScsiTask about) {
        CommandResult result = new CommandResult.Unknown("aborted");
        if (function == 1 && about != null && tasks.find(about.tag) == about) {
            tasks.remove(about);
            about.end(result);
        } else if (function != 1) {
            tasks.endAll(result, lun);
        }
        sendWaiting();
    }

    private void submitOnLoop(ScsiTask task) {
        String reason = closeReason;
        if (reason != null) {
            task.end(new CommandResult.NotSent(reason));
        } else if (!waiting.isEmpty() || tasks.isFull() || !numbers.windowOpen()) {
            waiting.add(task);
        } else {
            send(task);
            flushSoon();
        }
    }

    private void send(ScsiTask task) {
        tasks.add(task);
        task.commandSn = numbers.takeCmdSn();
        int unasked = 0;
        int immediate = 0;
        if (task.dataOut != null) {
            int burst = Math.min(task.length, parameters.firstBurst());
            if (parameters.immediateData()) {
                immediate = Math.min(burst, parameters.targetSegment());
            }
            unasked = parameters.initialR2T() ? 0 : burst - immediate;
        }
        writer.command(task, immediate, unasked == 0, numbers.expStatSn());
        if (unasked > 0) {
            sendData(task, immediate, unasked, Bhs.NO_TAG);
        }
    }

    /// Sends `length` bytes of the task's data from `offset` on as one sequence of Data-Outs.
    void sendData(ScsiTask task, int offset, int length, int transferTag) {
        int end = offset + length;
        int dataSn = 0;
        for (int at = offset; at < end; at += parameters.targetSegment()) {
            int segment = Math.min(end - at, parameters.targetSegment());
            boolean last = at + segment == end;
            writer.dataOut(task, at, segment, transferTag, dataSn, last, numbers.expStatSn());
            dataSn++;
        }
        flushSoon();
    }

    private void sendWaiting() {
        while (!waiting.isEmpty() && numbers.windowOpen() && !tasks.isFull()) {
            send(waiting.remove());
            flushSoon();
        }
    }

    // One flush for all that a batch of answers caused, or for all that one turn of the loop
    // submitted.
    private void flushSoon() {
        if (!flushScheduled) {
            flushScheduled = true;
            if (!inRead) {
                loop().execute(this::flush);
            }
        }
    }

    private void flush() {
        flushScheduled = false;
        channel.flush();
    }

    // ---- what Incoming tells ----

    void established(Parameters agreed) {
        parameters = agreed;
    }

    void readBegins() {
        inRead = true;
    }

    void readComplete() {
        inRead = false;
        sendWaiting();
        if (flushScheduled) {
            flush();
        }
    }

    @Nullable ScsiTask find(int tag) {
        return tasks.find(tag);
    }

    void answered(ScsiTask task, CommandResult result) {
        tasks.remove(task);
        task.end(result);
    }

    void controlAnswered(int tag, ByteBuffer header, byte[] data) throws ProtocolException {
        CompletableFuture<ControlAnswer> control = controls.remove(tag);
        if (control == null) {
            throw new ProtocolException("an answer to nothing asked");
        }
        ByteBuffer copy = ByteBuffer.allocate(Bhs.LENGTH).put(header.duplicate().rewind());
        control.complete(new ControlAnswer(copy.flip(), ByteBuffer.wrap(data)));
    }

    void pinged(long lun, int transferTag) {
        writer.nopOut(lun, Bhs.NO_TAG, transferTag, numbers.cmdSn(), numbers.expStatSn());
        flushSoon();
    }

    void closed(String reason) {
        closeReason = reason;
        tasks.endAll(new CommandResult.Unknown(reason));
        while (!waiting.isEmpty()) {
            waiting.remove().end(new CommandResult.NotSent(reason));
        }
        Map<Integer, CompletableFuture<ControlAnswer>> open = new HashMap<>(controls);
        controls.clear();
        open.values().forEach(c -> c.completeExceptionally(new ProtocolException(reason)));
        closed.complete(reason);
    }
}
