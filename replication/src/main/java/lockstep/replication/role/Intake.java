package lockstep.replication.role;

import lockstep.blockstore.base.Blocks;
import lockstep.blockstore.log.EntryCodec;
import lockstep.blockstore.log.LogEntry;
import lockstep.blockstore.log.MalformedEntry;
import lockstep.blockstore.volume.MirrorVolume;
import lockstep.replication.wire.BlockChange;
import lockstep.replication.wire.BlockRun;
import lockstep.replication.wire.ProtocolViolation;
import lockstep.replication.wire.ReferenceRun;
import lockstep.replication.wire.VolumeMessage;

import java.nio.ByteBuffer;

/// What a source sends in bulk, on its way into the mirror. What makes no sense there ends the
/// link.
final class Intake {
    private Intake() {}

    static void entries(MirrorVolume volume, VolumeMessage.Entries m) {
        int left = m.count();
        try {
            for (ByteBuffer piece : m.pieces()) {
                ByteBuffer rest = piece.duplicate();
                while (left > 0 && rest.hasRemaining()) {
                    store(volume, m.half(), EntryCodec.decode(rest));
                    left--;
                }
            }
        } catch (MalformedEntry e) {
            throw new ProtocolViolation("a log entry that makes no sense: " + e.getMessage());
        }
        if (left > 0) {
            throw new ProtocolViolation(left + " log entries are missing");
        }
    }

    /// An entry that is here already comes again after a link was lost; one that leaves a gap, or
    /// has no room, ends the link.
    private static void store(MirrorVolume volume, long half, LogEntry entry) {
        boolean known = entry.position().compareTo(volume.end()) <= 0;
        if (!known && !volume.store(half, entry)) {
            throw new ProtocolViolation(
                    "entry " + entry.position() + " cannot follow " + volume.end());
        }
    }

    static void data(MirrorVolume volume, VolumeMessage.CpData m) {
        for (BlockRun run : m.runs()) {
            for (int i = 0; i < run.blocks(); i++) {
                ByteBuffer block = run.contents().slice(i * Blocks.SIZE, Blocks.SIZE);
                if (!volume.data(run.vbn() + i, block)) {
                    throw new ProtocolViolation("block " + (run.vbn() + i) + " comes out of turn");
                }
            }
        }
    }

    static void references(MirrorVolume volume, VolumeMessage.CpReferences m) {
        for (ReferenceRun run : m.runs()) {
            for (int i = 0; i < run.blocks(); i++) {
                int offset = run.offset() + i * Blocks.SIZE;
                if (!volume.reference(run.vbn() + i, run.sequence(), offset)) {
                    throw new ProtocolViolation(
                            "block " + (run.vbn() + i) + " refers to nothing that is here");
                }
            }
        }
    }

    static void changes(MirrorVolume volume, VolumeMessage.CpChanges m) {
        for (BlockChange c : m.changes()) {
            if (!volume.change(c.vbn(), c.crc(), c.baseVbn(), c.baseCrc(), c.patch())) {
                throw new ProtocolViolation("block " + c.vbn() + " is changed out of turn");
            }
        }
    }
}
