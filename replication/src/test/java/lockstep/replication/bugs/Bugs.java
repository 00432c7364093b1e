package lockstep.replication.bugs;

import lockstep.replication.bugs.Edit.Answers;
import lockstep.replication.bugs.Edit.Instead;
import lockstep.replication.bugs.Edit.Returns;

import java.util.ArrayList;
import java.util.List;

/// The bugs, by name. A seed is the first of [lockstep.replication.pair.SeededPair] that catches
/// the bug; `-Dbugs.search=N` looks for it anew.
final class Bugs {
    private static final String ROLE = "replication.role.";
    private static final String SOURCE = "replication.source.";
    private static final String VOLUME = "blockstore.volume.";
    private static final String CP = "blockstore.cp.";
    private static final String RAID = "blockstore.raid.";
    private static final String OWN = "replication.bugs.Mistakes#";
    private static final String OF_VOLUME = VOLUME + "VolumeMistakes#";
    private static final String OF_ROLE = ROLE + "RoleMistakes#";

    private Bugs() {}

    static List<Bug> all() {
        List<Bug> all = new ArrayList<>(answers());
        all.addAll(log());
        all.addAll(images());
        all.addAll(roles());
        return List.copyOf(all);
    }

    private static List<Bug> answers() {
        return List.of(
                Bug.of(
                        "ack-before-log",
                        "what was given to the log counts as durable, before it is",
                        21,
                        new Instead(
                                VOLUME + "VolumeCore",
                                "log",
                                "append",
                                OF_VOLUME + "appendAndTell")),
                Bug.of(
                        "ack-without-mirror",
                        "a pair in sync answers when its own log has the write",
                        15,
                        new Instead(VOLUME + "AckGate", "durable", "min", OWN + "first")),
                Bug.of(
                        "ack-without-own-log",
                        "a pair in sync answers when the mirror's log has the write",
                        1,
                        new Instead(VOLUME + "AckGate", "durable", "min", OWN + "second")),
                Bug.of(
                        "read-before-durable",
                        "a read is answered with a write that may still be lost",
                        3,
                        new Instead(
                                VOLUME + "MediaPath",
                                "answerRead",
                                "await",
                                OF_VOLUME + "answerAtOnce")),
                Bug.of(
                        "joining-serves",
                        "a volume that is joining or held up refuses nothing",
                        2,
                        new Returns(VOLUME + "MediaPath", "serviceRefusal", null)),
                Bug.of(
                        "read-without-lease",
                        "a source answers reads whether or not its mirror still lets it",
                        15,
                        new Returns(ROLE + "ReadLease", "mayAnswer", true)),
                Bug.of(
                        "lease-not-awaited",
                        "a takeover serves while the old source may still answer reads",
                        15,
                        new Instead(
                                ROLE + "Takeover",
                                "fence",
                                "whenLeaseIsOver",
                                OF_ROLE + "atOnce")));
    }

    private static List<Bug> log() {
        return List.of(
                Bug.of(
                        "bare-sequence-duplicate",
                        "a mirror takes an entry for one it has by its sequence, not its position",
                        20,
                        new Instead(ROLE + "Intake", "store", "compareTo", OWN + "bySequence")),
                Bug.of(
                        "mirror-acks-before-log",
                        "a mirror acknowledges entries that its log has not made durable",
                        80,
                        new Instead(
                                ROLE + "MirrorRole", "entries", "entries", OF_ROLE + "takeAndSay")),
                Bug.of(
                        "half-reused-early",
                        "the half that fills is given back with the one that was committed",
                        14,
                        new Instead(
                                "blockstore.log.LogStream",
                                "release",
                                "headMap",
                                OWN + "oneHalfMore")),
                Bug.of(
                        "gap-accepted",
                        "a new link goes on where the source is, and a mirror takes a gap",
                        4,
                        new Returns(VOLUME + "MirrorLog", "continues", true),
                        new Answers(ROLE + "SourceSync", "attach", "resendFrom", null)),
                Bug.of(
                        "unmap-replayed-late",
                        "a replay applies an unmap after the write that came behind it",
                        24,
                        new Instead(
                                VOLUME + "VolumeOpening",
                                "replayEntry",
                                "apply",
                                OF_VOLUME + "unmapLate")));
    }

    private static List<Bug> images() {
        return List.of(
                Bug.of(
                        "frees-reused-early",
                        "what died is free at once, though the mirror's image is pinned" + " not",
                        3,
                        new Returns(CP + "Pins", "need", false)),
                Bug.of(
                        "hole-under-live-parity",
                        "a stripe becomes a hole although this consistency point wrote to it",
                        6,
                        new Returns(RAID + "HolePunch$Some", "isUsed", false)),
                Bug.of(
                        "commit-without-flush",
                        "a superblock is written before what it names is durable",
                        3,
                        new Instead(RAID + "CpWriter", "flush", "flush", OWN + "noFlush")),
                Bug.of(
                        "stripes-not-noted",
                        "stripes are changed without a durable note that they are",
                        2,
                        new Instead(RAID + "GroupWriter", "run", "write", OWN + "notNoted")),
                Bug.of(
                        "checksum-entry-not-updated",
                        "a block is written and its checksum entry stays",
                        1,
                        new Returns(RAID + "ChecksumStore", "put", null)),
                Bug.of(
                        "digest-skipped",
                        "a wrong image is committed at the mirror: digests are not compared",
                        1,
                        new Answers(SOURCE + "MirrorSender", "cpCommit", "flushData", null),
                        new Answers(ROLE + "ImageIntake", "digest", "Value.equals", true)));
    }

    private static List<Bug> roles() {
        return List.of(
                Bug.of(
                        "epoch-reopened-alone",
                        "a source opens an epoch after a restart without its partner's promise",
                        2,
                        new Answers(ROLE + "SourceRole", "openedAtStart", "isStandalone", true)),
                Bug.of(
                        "alone-before-recorded",
                        "a source goes on alone, and then records that its mirror is behind",
                        7,
                        new Instead(ROLE + "Exposure", "goAlone", "save", OF_ROLE + "actThenSave")),
                Bug.of(
                        "takeover-out-of-sync",
                        "a mirror that lacks acknowledged writes is activated without force",
                        53,
                        new Returns(ROLE + "Takeover", "lacking", null)));
    }
}
