package lockstep.blockstore.crash;

import lockstep.blockstore.block.BlockSpace;
import lockstep.blockstore.io.IoCompletion;

import java.nio.ByteBuffer;
import java.util.function.BooleanSupplier;

/// Another writer, of which a test changes one thing.
class ForwardingWriter implements BlockSpace.Writer {
    private final BlockSpace.Writer to;

    ForwardingWriter(BlockSpace.Writer to) {
        this.to = to;
    }

    @Override
    public void calmUnless(BooleanSupplier urgent) {
        to.calmUnless(urgent);
    }

    @Override
    public void put(long vbn, ByteBuffer content, int crc) {
        to.put(vbn, content, crc);
    }

    @Override
    public void writeOut(IoCompletion done) {
        to.writeOut(done);
    }

    @Override
    public void flush(IoCompletion done) {
        to.flush(done);
    }

    @Override
    public void committed() {
        to.committed();
    }

    @Override
    public void abandon(IoCompletion done) {
        to.abandon(done);
    }
}
