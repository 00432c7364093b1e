package lockstep.target.iscsi.session;

import io.netty.buffer.ByteBuf;

import lockstep.target.iscsi.login.SessionParameters;

/// Sends read data as Data-In PDUs: cut by what the initiator takes in one PDU and by
/// MaxBurstLength, slices of one buffer, GOOD on the last (phase collapse).
final class DataIn {
    private final Responses responses;
    private final int segmentMax;
    private final int burstMax;

    DataIn(Responses responses, SessionParameters parameters) {
        this.responses = responses;
        this.segmentMax = parameters.initiatorSegmentMax();
        this.burstMax = parameters.burstMax();
    }

    /// Sends all of `data` (handed over, not empty) and the status.
    void send(int taskTag, ByteBuf data, Responses.Residual residual) {
        int total = data.readableBytes();
        int offset = 0;
        int number = 0;
        int burstLeft = burstMax;
        while (total - offset > Math.min(segmentMax, burstLeft)) {
            int length = Math.min(segmentMax, burstLeft);
            burstLeft -= length;
            boolean burstEnds = burstLeft == 0;
            ByteBuf part = data.retainedSlice(data.readerIndex() + offset, length);
            responses.dataIn(taskTag, number, offset, burstEnds, part);
            burstLeft = burstEnds ? burstMax : burstLeft;
            offset += length;
            number++;
        }
        ByteBuf last = data.slice(data.readerIndex() + offset, total - offset);
        responses.dataInWithStatus(taskTag, number, offset, residual, last);
    }
}
