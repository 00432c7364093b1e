package lockstep.target.iscsi.session;

import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;

import lockstep.blockstore.io.Clock;
import lockstep.blockstore.io.EventLoop;
import lockstep.target.iscsi.login.IscsiSettings;
import lockstep.target.iscsi.login.SessionParameters;
import lockstep.target.iscsi.pdu.Pdu;
import lockstep.target.iscsi.pdu.PduHeader;
import lockstep.target.scsi.Buffers;
import lockstep.target.scsi.Cdb;
import lockstep.target.scsi.Nexus;
import lockstep.target.scsi.ScsiResult;
import lockstep.target.scsi.ScsiTarget;
import lockstep.target.scsi.ScsiTask;
import lockstep.target.scsi.Sense;

import org.jscsi.parser.reject.RejectParser.ReasonCode;
import org.jscsi.parser.scsi.SCSIStatus;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/// A normal session with a target: the I_T nexus and its commands. A command comes here in order,
/// gathers its data, waits for memory if it is long, runs, and is answered.
final class Session {
    private static final Logger LOG = LoggerFactory.getLogger(Session.class);

    /// Immediate commands under way beyond the command window.
    private static final int IMMEDIATE_MAX = 16;

    private static final int TASK_WRITE = 0x20;

    private final ScsiTarget target;
    private final Nexus nexus;
    private final SessionParameters parameters;
    private final IscsiSettings settings;
    private final Responses responses;
    private final Channel channel;
    private final Clock clock;
    private final TargetMetrics metrics;
    private final Buffers buffers;
    private final DataIn dataIn;
    private final Admission admission;
    private final Map<Integer, Task> tasks = new LinkedHashMap<>();
    private int lastTransferTag;

    Session(
            ScsiTarget target,
            Nexus nexus,
            SessionParameters parameters,
            IscsiSettings settings,
            Responses responses,
            Channel channel,
            EventLoop loop,
            TargetMetrics metrics) {
        this.target = target;
        this.nexus = nexus;
        this.parameters = parameters;
        this.settings = settings;
        this.responses = responses;
        this.channel = channel;
        this.clock = loop.clock();
        this.metrics = metrics;
        this.buffers = NettyIoBuffer.from(channel.alloc());
        this.dataIn = new DataIn(responses, channel, loop, parameters, this::writable);
        this.admission =
                new Admission(
                        settings.firstBurst(),
                        settings.largeTransferMax(),
                        () -> channel.isWritable() && dataIn.isIdle());
    }

    ScsiTarget target() {
        return target;
    }

    Nexus nexus() {
        return nexus;
    }

    /// Commands not answered yet.
    int underWay() {
        return tasks.size();
    }

    /// The task of this tag; null if there is none.
    @Nullable Task find(int tag) {
        return tasks.get(tag);
    }

    /// Takes a SCSI Command PDU, in its turn; false if it breaks the protocol.
    boolean command(Pdu pdu) {
        PduHeader header = pdu.header();
        Task task = new Task(header, clock.nanoTime());
        ReasonCode refusal = refusal(header);
        if (refusal != null) {
            pdu.release();
            metrics.rejected().mark();
            responses.reject(refusal, header);
            return true;
        }
        boolean more = !header.has(PduHeader.FINAL);
        int immediateBytes = pdu.data().readableBytes();
        int unsolicitedMax = (int) Math.min(parameters.firstBurst(), task.expectedOut());
        boolean allowed =
                (immediateBytes == 0 || parameters.immediateData())
                        && immediateBytes <= unsolicitedMax
                        && (!more || (header.has(TASK_WRITE) && !parameters.initialR2t()));
        if (!allowed) {
            pdu.release();
            return false;
        }
        metrics.commands().mark();
        metrics.bytesIn().mark(immediateBytes);
        open(task, pdu, unsolicitedMax, more);
        return true;
    }

    private @Nullable ReasonCode refusal(PduHeader header) {
        if (tasks.containsKey(header.taskTag())) {
            return ReasonCode.TASK_IN_PROGRESS;
        }
        boolean tooMany = tasks.size() >= settings.commandWindow() + IMMEDIATE_MAX;
        return header.isImmediate() && tooMany ? ReasonCode.IMMEDIATE_COMMAND_REJECT : null;
    }

    private void open(Task task, Pdu pdu, int unsolicitedMax, boolean more) {
        Cdb cdb = Cdb.of(pdu.header().copy(32, Cdb.BYTES));
        ScsiTask device =
                target.open(
                        nexus, task.lun(), cdb, task.expectedOut(), task.tag(), new Ending(task));
        int wanted = (int) Math.min(device.dataOutBytes(), task.expectedOut());
        DataOut gathering =
                new DataOut(channel.alloc(), wanted, unsolicitedMax, parameters.burstMax(), more);
        task.opened(device, gathering);
        tasks.put(task.tag(), task);
        if (pdu.data().isReadable()) {
            gathering.immediate(pdu.data());
        } else {
            pdu.release();
        }
        advance(task);
    }

    /// Takes a Data-Out PDU; false if it breaks the protocol. Data for a task that is over (it was
    /// aborted meanwhile) is dropped.
    boolean dataOut(Pdu pdu) {
        Task task = tasks.get(pdu.header().taskTag());
        if (task == null || task.device().isAborting()) {
            pdu.release();
            return true;
        }
        metrics.bytesIn().mark(pdu.data().readableBytes());
        if (!task.dataOut().isAwaiting()) {
            pdu.release();
            return false;
        }
        if (!task.dataOut().accept(pdu)) {
            return false;
        }
        task.progressed(clock.nanoTime());
        if (!task.dataOut().isDamaged()) {
            advance(task);
        } else if (!task.dataOut().isAwaiting()) {
            endDamaged(task);
        }
        return true;
    }

    /// Data was lost between the PDUs that came: the command ends when the rest is in, as RFC 7143
    /// 7.7 and 7.8 want it without recovery; the session goes on.
    private void endDamaged(Task task) {
        int numbers = task.dataOut().burstCount();
        task.device()
                .abort(
                        () ->
                                responses.sense(
                                        task.tag(),
                                        Sense.PROTOCOL_SERVICE_CRC_ERROR.plain(),
                                        residual(task, 0),
                                        numbers));
    }

    private void advance(Task task) {
        DataOut gathering = task.dataOut();
        if (gathering.isComplete()) {
            if (task.isAdmitted() || task.device().readBytes() == 0) {
                run(task);
            } else {
                admit(task, true, () -> run(task));
            }
        } else if (gathering.needsSolicit()) {
            if (task.isAdmitted()) {
                solicit(task);
            } else {
                admit(task, false, () -> solicit(task));
            }
        }
    }

    private void admit(Task task, boolean reads, Runnable start) {
        admission.admit(
                task.cost(),
                reads,
                () -> {
                    if (task.device().isOver()) {
                        admission.release(task.cost());
                    } else {
                        task.admitted(true);
                        start.run();
                    }
                });
    }

    private void solicit(Task task) {
        task.progressed(clock.nanoTime());
        while (true) {
            int tag = nextTransferTag();
            DataOut.Burst burst = task.dataOut().solicit(tag, parameters.outstandingR2tMax());
            if (burst == null) {
                return;
            }
            responses.readyToTransfer(task.tag(), task.lun(), burst);
        }
    }

    /// A transfer tag that is not "none".
    int nextTransferTag() {
        lastTransferTag = (lastTransferTag + 1) & Integer.MAX_VALUE;
        return lastTransferTag;
    }

    private void run(Task task) {
        task.device().run(task.dataOut().take(), buffers);
    }

    /// Runs `action` behind the data that waits to be sent now: an answer about a task must not
    /// overtake the task's own.
    void afterData(Runnable action) {
        dataIn.after(action);
    }

    /// The connection is gone.
    void dropData() {
        dataIn.drop();
    }

    /// The channel takes data again.
    void writable() {
        admission.pump();
    }

    /// Whether a task has waited too long for data that its initiator owes.
    boolean isStalled(long nowNanos) {
        long limit = settings.stalledDataTime().toNanos();
        for (Task task : tasks.values()) {
            if (task.dataOut().isAwaiting() && nowNanos - task.lastProgressNanos() > limit) {
                return true;
            }
        }
        return false;
    }

    /// The nexus is lost; `done` runs when none of its tasks is under way. May be called again, to
    /// wait again.
    void end(Runnable done) {
        target.detach(nexus, done);
        // Tasks for LUNs that do not exist are in no task set.
        for (Task task : List.copyOf(tasks.values())) {
            task.device().abort(() -> {});
        }
    }

    /// How the device ends a task of this session.
    private final class Ending implements ScsiTask.Owner {
        private final Task task;

        Ending(Task task) {
            this.task = task;
        }

        @Override
        public void ended(ScsiTask device, ScsiResult result) {
            over(task);
            try {
                answer(task, result);
            } catch (RuntimeException failure) {
                // It came from the volume's loop, which must not end for one connection's sake.
                LOG.error("{} closed by a failure of ours", channel.remoteAddress(), failure);
                channel.close();
                leave(task);
            }
            count(task);
        }

        @Override
        public void aborted(ScsiTask device) {
            metrics.aborted().mark();
            over(task);
            leave(task);
        }
    }

    private void count(Task task) {
        long nanos = clock.nanoTime() - task.begunNanos();
        if (task.device().dataOutBytes() > 0) {
            metrics.writes().update(nanos, TimeUnit.NANOSECONDS);
        } else if (task.device().readBytes() > 0) {
            metrics.reads().update(nanos, TimeUnit.NANOSECONDS);
        }
    }

    private void over(Task task) {
        tasks.remove(task.tag(), task);
        task.dataOut().drop();
    }

    private void leave(Task task) {
        if (task.isAdmitted()) {
            task.admitted(false);
            admission.release(task.cost());
        }
    }

    /// Answers a task, whose memory is free when the answer is in the channel.
    private void answer(Task task, ScsiResult result) {
        int tag = task.tag();
        int numbers = task.dataOut().burstCount();
        switch (result) {
            case ScsiResult.Good _ ->
                    responses.scsi(tag, SCSIStatus.GOOD, residual(task, 0), numbers);
            case ScsiResult.Data(var data, int length) -> {
                int sent = (int) Math.min(length, task.expectedIn());
                ByteBuf bytes = NettyIoBuffer.toNetty(data, sent);
                if (sent > 0) {
                    metrics.bytesOut().mark(sent);
                    dataIn.send(tag, bytes, residual(task, length), () -> leave(task));
                    return;
                }
                bytes.release();
                responses.scsi(tag, SCSIStatus.GOOD, residual(task, length), numbers);
            }
            case ScsiResult.CheckCondition(var sense) ->
                    responses.sense(tag, sense, residual(task, 0), numbers);
            case ScsiResult.Busy _ ->
                    responses.scsi(tag, SCSIStatus.BUSY, residual(task, 0), numbers);
            case ScsiResult.ReservationConflict _ ->
                    responses.scsi(
                            tag, SCSIStatus.RESERVATION_CONFLICT, residual(task, 0), numbers);
        }
        leave(task);
    }

    /// Announced against what the command moves in either direction.
    private static Responses.Residual residual(Task task, int bytesIn) {
        return Responses.Residual.of(
                task.expected(), Math.max(task.device().dataOutBytes(), bytesIn));
    }
}
