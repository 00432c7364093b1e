package lockstep.cli.command;

import lockstep.cli.client.AdminClient;
import lockstep.cli.client.Refused;
import lockstep.target.admin.model.InvitationView;
import lockstep.target.admin.model.Invite;

import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

import java.io.IOException;

/// `lockstep pair invite [--valid 10m]`.
@Command(
        name = "invite",
        description = "Give out a code by which another node is paired with this one, once.",
        mixinStandardHelpOptions = true)
@SuppressWarnings("NullAway.Init") // Picocli fills the fields
public final class PairInvite extends NodeCommand {
    @Option(
            names = "--valid",
            paramLabel = "TIME",
            defaultValue = "10m",
            description = "how long the code is good (default: ${DEFAULT-VALUE})")
    private String valid;

    @Override
    void run(AdminClient client) throws IOException, Refused {
        Invite request = new Invite(ScheduleSet.seconds(valid));
        InvitationView made = client.post("/invitations", request, InvitationView.class);
        print(
                made,
                "code: %s%non the other node, within %s: lockstep pair accept %s %s"
                        .formatted(made.code(), valid, made.address(), made.code()));
    }
}
