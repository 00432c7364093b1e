package lockstep.target.iscsi.login;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;

import lockstep.target.access.AccessTable;
import lockstep.target.access.InitiatorPattern;
import lockstep.target.access.Standing;
import lockstep.target.iscsi.pdu.Pdu;
import lockstep.target.iscsi.pdu.PduHeader;
import lockstep.target.scsi.ScsiTarget;

import org.jscsi.parser.OperationCode;
import org.jscsi.parser.datasegment.OperationalTextKey;
import org.jscsi.parser.login.LoginStage;
import org.jscsi.parser.login.LoginStatus;
import org.jspecify.annotations.Nullable;

import java.net.InetAddress;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// The login of one connection, from its first request to full feature phase (RFC 7143 6.3, 11.12).
/// A strict state machine: what does not fit ends the login.
///
/// Stages are SecurityNegotiation ([SecurityStage]) and LoginOperationalNegotiation; either may
/// come first, security never second, and without it only who need not prove himself gets on. A
/// request whose C bit is set is answered empty and joined with the next.
public final class LoginPhase {
    /// Bytes of text in one request; more is refused by the decoder.
    public static final int REQUEST_BYTES_MAX = 8192;

    private static final int REQUESTS_MAX = 16;
    private static final int TEXT_BYTES_MAX = 65_536;
    private static final int TRANSIT = 0x80;
    private static final int CONTINUE = 0x40;

    private final TargetCatalog catalog;
    private final Doors doors;
    private final IscsiSettings settings;
    private final InetAddress address;
    private final boolean loopback;
    private final Negotiation negotiation;
    private final ByteBuf text = Unpooled.buffer(512, TEXT_BYTES_MAX);
    private LoginStage stage = LoginStage.SECURITY_NEGOTIATION;
    private int requests;
    private long delayNanos;
    private String initiator = "";
    private @Nullable ScsiTarget target;
    private @Nullable SecurityStage security;

    /// A login that has seen nothing yet, of a host at `address`; `loopback` if it came in there.
    public LoginPhase(
            TargetCatalog catalog,
            Doors doors,
            IscsiSettings settings,
            InetAddress address,
            boolean loopback) {
        this.catalog = catalog;
        this.doors = doors;
        this.settings = settings;
        this.address = address;
        this.loopback = loopback;
        this.negotiation = new Negotiation(settings);
    }

    /// What a request led to.
    public sealed interface Step {}

    /// Send this text with these flags and go on.
    @SuppressWarnings("ArrayRecordComponent") // a message, never compared
    public record Reply(int flags, byte[] text) implements Step {}

    /// Send this text with these flags: the login is done. `target` is null in a discovery session.
    @SuppressWarnings("ArrayRecordComponent") // a message, never compared
    public record Complete(
            int flags,
            byte[] text,
            Standing standing,
            @Nullable ScsiTarget target,
            SessionParameters parameters)
            implements Step {}

    /// Answer with this status and close. With `silent`, close only: the peer speaks no iSCSI.
    /// `reason` is for this side's log.
    public record Failed(LoginStatus status, boolean silent, String reason) implements Step {}

    /// Do `then` after `nanos`; what comes from the initiator meanwhile is a fault.
    public record Delayed(long nanos, Step then) implements Step {}

    /// Takes a PDU of the login; the PDU stays the caller's.
    public Step receive(Pdu borrowed) {
        PduHeader header = borrowed.header();
        if (header.code() != OperationCode.LOGIN_REQUEST) {
            return new Failed(LoginStatus.INVALID_DURING_LOGIN, requests == 0, "no login request");
        }
        LoginStage current = stageOf(header.flags() >> 2 & 3);
        LoginStage next = stageOf(header.flags() & 3);
        boolean transit = header.has(TRANSIT);
        boolean more = header.has(CONTINUE);
        LoginStatus fault = check(header, current, next, transit, more);
        requests++;
        if (fault != null || current == null) {
            return failed(fault == null ? LoginStatus.INITIATOR_ERROR : fault);
        }
        stage = current;
        if (borrowed.data().readableBytes() > text.maxWritableBytes()) {
            return failed(LoginStatus.INITIATOR_ERROR);
        }
        text.writeBytes(
                borrowed.data(), borrowed.data().readerIndex(), borrowed.data().readableBytes());
        if (more) {
            return new Reply(current.value() << 2, new byte[0]);
        }
        Map<String, String> offers = TextKeys.parse(text);
        text.clear();
        if (offers == null) {
            return failed(LoginStatus.INITIATOR_ERROR);
        }
        Step step = answer(offers, current, transit ? next : null);
        return delayNanos == 0 ? step : new Delayed(delayNanos, step);
    }

    private @Nullable LoginStatus check(
            PduHeader header,
            @Nullable LoginStage current,
            @Nullable LoginStage next,
            boolean transit,
            boolean more) {
        if (header.u8(3) > 0) { // the lowest version that the initiator speaks
            return LoginStatus.UNSUPPORTED_VERSION;
        }
        if (requests == REQUESTS_MAX || (transit && more) || current == null) {
            return LoginStatus.INITIATOR_ERROR;
        }
        boolean first = requests == 0;
        if (first ? current == LoginStage.FULL_FEATURE_PHASE : current != stage) {
            return LoginStatus.INITIATOR_ERROR;
        }
        if (transit && (next == null || next.value() <= current.value())) {
            return LoginStatus.INITIATOR_ERROR;
        }
        if (more && bringsNothing(header)) {
            return LoginStatus.INITIATOR_ERROR;
        }
        return null;
    }

    /// A continued request that brings nothing could go on for ever.
    private static boolean bringsNothing(PduHeader header) {
        return header.dataBytes() == 0;
    }

    private static @Nullable LoginStage stageOf(int value) {
        return switch (value) {
            case 0 -> LoginStage.SECURITY_NEGOTIATION;
            case 1 -> LoginStage.LOGIN_OPERATIONAL_NEGOTIATION;
            case 3 -> LoginStage.FULL_FEATURE_PHASE;
            default -> null;
        };
    }

    private Step answer(Map<String, String> offers, LoginStage current, @Nullable LoginStage next) {
        Map<String, String> answers = new LinkedHashMap<>();
        SecurityStage stage = security;
        if (stage == null) {
            Step refusal = introduce(offers, answers);
            if (refusal != null) {
                return refusal;
            }
            stage = begin();
            security = stage;
        }
        offers.remove(OperationalTextKey.INITIATOR_ALIAS.value());
        SecurityStage.Result result =
                current == LoginStage.SECURITY_NEGOTIATION
                        ? stage.receive(offers, answers)
                        : stage.skip();
        delayNanos = result.delayNanos();
        if (result.fault() != null) {
            return new Failed(result.fault(), false, result.reason());
        }
        boolean operational = current != LoginStage.SECURITY_NEGOTIATION || !offers.isEmpty();
        // Operational keys may be offered with those of security, and are settled as usual.
        if (operational && !negotiate(offers, answers)) {
            return failed(LoginStatus.INITIATOR_ERROR);
        }
        return reply(stage, answers, current, next);
    }

    private Step reply(
            SecurityStage stage,
            Map<String, String> answers,
            LoginStage current,
            @Nullable LoginStage next) {
        byte[] bytes = TextKeys.format(answers);
        if (bytes.length > REQUEST_BYTES_MAX) {
            return failed(LoginStatus.INITIATOR_ERROR);
        }
        if (next == null || !stage.isPassed()) {
            return new Reply(current.value() << 2, bytes);
        }
        int flags = TRANSIT | current.value() << 2 | next.value();
        this.stage = next;
        return next == LoginStage.FULL_FEATURE_PHASE
                ? new Complete(flags, bytes, stage.standing(), target, negotiation.result())
                : new Reply(flags, bytes);
    }

    private SecurityStage begin() {
        Standing standing = Standing.of(initiator, address, doors.gatekeeper().trusts(loopback));
        ScsiTarget wanted = target;
        List<AccessTable> tables =
                wanted == null
                        ? catalog.targets().stream().map(catalog::access).toList()
                        : List.of(catalog.access(wanted));
        return new SecurityStage(doors.gatekeeper(), tables, wanted == null, standing);
    }

    /// The first whole request says who wants what. Gives the refusal, or null.
    private @Nullable Step introduce(Map<String, String> offers, Map<String, String> answers) {
        String initiatorName = offers.remove(OperationalTextKey.INITIATOR_NAME.value());
        String targetName = offers.remove(OperationalTextKey.TARGET_NAME.value());
        String sessionType = offers.remove(OperationalTextKey.SESSION_TYPE.value());
        if (initiatorName == null || initiatorName.isEmpty()) {
            return failed(LoginStatus.MISSING_PARAMETER);
        }
        if (!InitiatorPattern.isName(initiatorName)) {
            return failed(LoginStatus.INITIATOR_ERROR);
        }
        initiator = initiatorName;
        boolean discovery = "Discovery".equals(sessionType);
        if (!discovery && sessionType != null && !sessionType.equals("Normal")) {
            return failed(LoginStatus.SESSION_TYPE_NOT_SUPPORTED);
        }
        if (targetName == null) {
            return discovery ? null : failed(LoginStatus.MISSING_PARAMETER);
        }
        ScsiTarget found = catalog.find(targetName);
        if (found == null) {
            // Initiators try again after the one and give up after the other (RFC 7143 11.13.5).
            boolean expected = catalog.isExpected(targetName);
            return failed(expected ? LoginStatus.SERVICE_UNAVAILABLE : LoginStatus.NOT_FOUND);
        }
        target = discovery ? null : found;
        answers.put(
                OperationalTextKey.TARGET_PORTAL_GROUP_TAG.value(),
                Integer.toString(found.port().portGroup()));
        if (!settings.alias().isEmpty()) {
            answers.put(OperationalTextKey.TARGET_ALIAS.value(), settings.alias());
        }
        return null;
    }

    private boolean negotiate(Map<String, String> offers, Map<String, String> answers) {
        Map<String, String> settled = negotiation.answer(offers);
        if (settled != null) {
            answers.putAll(settled);
        }
        return settled != null;
    }

    private Step failed(LoginStatus status) {
        return new Failed(status, false, status.toString());
    }
}
