package lockstep.target.iscsi.login;

import lockstep.target.access.AccessTable;
import lockstep.target.access.ChapExchange;
import lockstep.target.access.Gatekeeper;
import lockstep.target.access.Standing;

import org.jscsi.parser.datasegment.OperationalTextKey;
import org.jscsi.parser.login.LoginStatus;
import org.jspecify.annotations.Nullable;

import java.util.List;
import java.util.Map;

/// SecurityNegotiation of one login (RFC 7143 12): which method, and the method itself. The host is
/// asked for no more than it has to prove: one that may come in as it is gets AuthMethod=None, even
/// if it offers CHAP too. In discovery it may see more by CHAP, so there its preference decides.
final class SecurityStage {
    private static final String CHAP = "CHAP";
    private static final String NONE = "None";

    /// Where the stage stands.
    private enum State {
        /// AuthMethod is expected.
        METHOD,
        /// CHAP goes on.
        CHAP,
        /// The host has done what it has to.
        PASSED
    }

    /// What a request led to. `delayNanos` is how long its answer waits.
    record Result(@Nullable LoginStatus fault, String reason, long delayNanos) {
        static final Result FINE = new Result(null, "", 0);

        static Result refused(LoginStatus fault, String reason) {
            return new Result(fault, reason, 0);
        }
    }

    private final Gatekeeper gatekeeper;
    private final List<AccessTable> tables;
    private final boolean discovery;
    private Standing standing;
    private State state = State.METHOD;
    private @Nullable ChapExchange exchange;

    /// A login of `standing` to the one volume of `tables`, or to all of them for discovery.
    SecurityStage(
            Gatekeeper gatekeeper, List<AccessTable> tables, boolean discovery, Standing standing) {
        this.gatekeeper = gatekeeper;
        this.tables = List.copyOf(tables);
        this.discovery = discovery;
        this.standing = standing;
    }

    /// Whether the host may go on to the next stage.
    boolean isPassed() {
        return state == State.PASSED;
    }

    /// Who the host is, as far as it has proven.
    Standing standing() {
        return standing;
    }

    /// The host leaves this stage out.
    Result skip() {
        return state == State.PASSED ? Result.FINE : withoutProof();
    }

    /// Takes the keys of this stage out of `offers`, and puts what is answered into `answers`.
    Result receive(Map<String, String> offers, Map<String, String> answers) {
        String methods = offers.remove(OperationalTextKey.AUTH_METHOD.value());
        return switch (state) {
            case METHOD -> choose(methods == null ? NONE : methods, methods != null, answers);
            case CHAP -> methods == null ? chap(offers, answers) : twice();
            case PASSED -> methods == null ? Result.FINE : twice();
        };
    }

    private static Result twice() {
        return Result.refused(LoginStatus.INITIATOR_ERROR, "a method is chosen once");
    }

    private Result choose(String methods, boolean said, Map<String, String> answers) {
        List<String> offered = List.of(methods.split(",", -1));
        boolean seesMore =
                discovery
                        && gatekeeper.usesChap(tables)
                        && offered.indexOf(CHAP) < offered.indexOf(NONE);
        boolean enters = mayEnter() && !seesMore;
        if (offered.contains(NONE) && (enters || !offered.contains(CHAP))) {
            Result result = withoutProof();
            if (result.fault == null && said) {
                answers.put(OperationalTextKey.AUTH_METHOD.value(), NONE);
            }
            return result;
        }
        if (!offered.contains(CHAP)) {
            return Result.refused(
                    LoginStatus.AUTHENTICATION_FAILURE, "no method of " + methods + " is known");
        }
        exchange = gatekeeper.challenge(tables, standing);
        state = State.CHAP;
        answers.put(OperationalTextKey.AUTH_METHOD.value(), CHAP);
        return Result.FINE;
    }

    /// Whether it can use something as it is, or may at least look.
    private boolean mayEnter() {
        boolean uses = tables.stream().anyMatch(table -> gatekeeper.luns(table, standing) != null);
        return uses || (discovery && standing.trusted() && !gatekeeper.usesChap(tables));
    }

    private Result withoutProof() {
        if (mayEnter()) {
            state = State.PASSED;
            return Result.FINE;
        }
        return gatekeeper.usesChap(tables)
                ? Result.refused(
                        LoginStatus.AUTHENTICATION_FAILURE, "it has to prove itself by CHAP")
                : Result.refused(
                        LoginStatus.AUTHORIZATION_FAILURE,
                        standing.trusted()
                                ? "no rule lets it in"
                                : "no CHAP is set up and the portal is not on loopback"
                                        + " (iscsi.allow-unauthenticated)");
    }

    private Result chap(Map<String, String> offers, Map<String, String> answers) {
        ChapExchange going = exchange;
        if (going == null) {
            throw new IllegalStateException("CHAP goes on with an exchange");
        }
        return switch (going.receive(offers)) {
            case ChapExchange.Step.Continue(var more) -> {
                answers.putAll(more);
                yield Result.FINE;
            }
            case ChapExchange.Step.Proven(var rules, var own) -> {
                answers.putAll(own);
                standing = standing.proving(rules);
                state = State.PASSED;
                yield new Result(null, "", gatekeeper.delayNanos(standing));
            }
            case ChapExchange.Step.Failed(var reason) -> {
                long delay = gatekeeper.delayNanos(standing);
                gatekeeper.failed(standing);
                yield new Result(LoginStatus.AUTHENTICATION_FAILURE, reason, delay);
            }
        };
    }
}
