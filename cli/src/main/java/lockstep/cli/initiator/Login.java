package lockstep.cli.initiator;

import org.jspecify.annotations.Nullable;

import java.nio.ByteBuffer;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.CompletableFuture;

/// The login of a session: CHAP first if there is a secret, else straight to operational
/// negotiation; offers everything in the first PDU of that, and lets the target take as many turns
/// as it wants, up to a bound.
final class Login {
    private static final int TRANSIT = 0x80;
    private static final int CONTINUE = 0x40;
    private static final int OPERATIONAL_TO_FULL = 1 << 2 | 3;
    private static final int SECURITY_TO_OPERATIONAL = 1;
    private static final int MAX_TURNS = 16;
    private static final long ISID_RANDOM_FORMAT = 0x80L << 56;

    private final SessionOptions options;
    private final String target;
    private final PduWriter writer;
    private final Numbers numbers;
    private final Runnable flush;
    private final CompletableFuture<Parameters> done = new CompletableFuture<>();
    private final Map<String, String> answers = new HashMap<>();
    private final @Nullable Chap chap;
    private Step step;
    private int turns;

    /// What the next response answers.
    private enum Step {
        /// AuthMethod.
        METHOD,
        /// CHAP_A.
        ALGORITHM,
        /// CHAP_R.
        PROOF,
        /// Operational keys.
        OPERATIONAL
    }

    /// `target` is a target's name, or empty for a discovery session.
    Login(
            SessionOptions options,
            String target,
            PduWriter writer,
            Numbers numbers,
            Runnable flush) {
        this.options = options;
        this.target = target;
        this.writer = writer;
        this.numbers = numbers;
        this.flush = flush;
        ChapSecrets secrets = options.chap();
        this.chap = secrets == null ? null : new Chap(secrets);
        this.step = secrets == null ? Step.OPERATIONAL : Step.METHOD;
    }

    CompletableFuture<Parameters> done() {
        return done;
    }

    void start() {
        Map<String, String> names = names();
        if (step == Step.METHOD) {
            names.put("AuthMethod", "CHAP");
            send(0, TextKeys.encode(names));
        } else {
            names.putAll(offers());
            send(TRANSIT | OPERATIONAL_TO_FULL, TextKeys.encode(names));
        }
    }

    /// Answers a turn of CHAP; whether it was one.
    private boolean prove(int flags) throws ProtocolException {
        Chap going = chap;
        if (going == null || step == Step.OPERATIONAL) {
            return false;
        }
        switch (step) {
            case METHOD -> {
                if (!"CHAP".equals(answers.get("AuthMethod"))) {
                    throw new ProtocolException("the target does not take CHAP");
                }
                step = Step.ALGORITHM;
                send(0, TextKeys.encode(Chap.algorithms()));
            }
            case ALGORITHM -> {
                step = Step.PROOF;
                Map<String, String> answer = going.answer(answers);
                answers.remove("CHAP_R");
                send(TRANSIT | SECURITY_TO_OPERATIONAL, TextKeys.encode(answer));
            }
            case PROOF -> {
                if ((flags & TRANSIT) == 0) {
                    throw new ProtocolException("the target does not go on after CHAP");
                }
                going.check(answers);
                step = Step.OPERATIONAL;
                send(TRANSIT | OPERATIONAL_TO_FULL, TextKeys.encode(offers()));
            }
            case OPERATIONAL -> throw new IllegalStateException("CHAP is over");
        }
        return true;
    }

    void response(ByteBuffer header, byte[] text) throws ProtocolException {
        if (done.isDone()) {
            throw new ProtocolException("a login response after the login");
        }
        int status = header.getShort(Bhs.DATA_SN_AT) & 0xffff;
        for (Map.Entry<String, String> pair : TextKeys.decode(text)) {
            answers.put(pair.getKey(), pair.getValue());
        }
        if (status != 0) {
            throw new ProtocolException(refusal(status));
        }
        int flags = header.get(Bhs.FLAGS_AT) & 0xff;
        if ((flags & TRANSIT) != 0 && (flags & 3) == 3) {
            int tsih = header.getShort(Bhs.TSIH_AT) & 0xffff;
            done.complete(Parameters.agreed(options, answers, tsih));
            return;
        }
        if (++turns > MAX_TURNS) {
            throw new ProtocolException("the login does not end");
        }
        if (prove(flags)) {
            return;
        }
        boolean more = (flags & CONTINUE) != 0;
        send(more ? OPERATIONAL_TO_FULL & ~3 : TRANSIT | OPERATIONAL_TO_FULL, "");
    }

    void closed(String reason) {
        done.completeExceptionally(new ProtocolException(reason));
    }

    private void send(int flags, String text) {
        long isid = ISID_RANDOM_FORMAT | (options.isidQualifier() & 0xffffffffL) << 16;
        writer.login(flags, isid, 0, numbers.cmdSn(), numbers.expStatSn(), text);
        flush.run();
    }

    private String refusal(int status) {
        String why =
                switch (status) {
                    case 0x0101, 0x0102 -> "target moved to " + answers.get("TargetAddress");
                    case 0x0201 -> "authentication failed";
                    case 0x0202 -> "not authorized";
                    case 0x0203 -> "target not found";
                    case 0x0205 -> "unsupported version";
                    case 0x0206 -> "too many connections";
                    case 0x0301 -> "service unavailable";
                    case 0x0302 -> "out of resources";
                    default -> "status " + Integer.toHexString(status);
                };
        return "login refused: " + why;
    }

    private Map<String, String> names() {
        Map<String, String> names = new LinkedHashMap<>();
        names.put("InitiatorName", options.initiatorName());
        names.put("SessionType", target.isEmpty() ? "Discovery" : "Normal");
        if (!target.isEmpty()) {
            names.put("TargetName", target);
        }
        return names;
    }

    private Map<String, String> offers() {
        Map<String, String> offers = new LinkedHashMap<>();
        offers.put("HeaderDigest", options.headerDigest() ? "CRC32C,None" : "None");
        offers.put("DataDigest", options.dataDigest() ? "CRC32C,None" : "None");
        offers.put("ErrorRecoveryLevel", "0");
        offers.put("DefaultTime2Wait", "2");
        offers.put("DefaultTime2Retain", "0");
        String segment = Integer.toString(options.maxRecvDataSegmentLength());
        offers.put("MaxRecvDataSegmentLength", segment);
        if (!target.isEmpty()) {
            offers.put("InitialR2T", options.initialR2T() ? "Yes" : "No");
            offers.put("ImmediateData", options.immediateData() ? "Yes" : "No");
            offers.put("MaxBurstLength", Integer.toString(options.maxBurstLength()));
            offers.put("FirstBurstLength", Integer.toString(options.firstBurstLength()));
            offers.put("MaxConnections", "1");
            offers.put("MaxOutstandingR2T", "1");
            offers.put("DataPDUInOrder", "Yes");
            offers.put("DataSequenceInOrder", "Yes");
        }
        return offers;
    }
}
