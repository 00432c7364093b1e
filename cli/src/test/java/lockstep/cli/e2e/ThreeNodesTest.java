package lockstep.cli.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import lockstep.cli.Lockstep;
import lockstep.cli.client.AdminClient;
import lockstep.cli.demo.ChildNode;
import lockstep.target.admin.model.InvitationView;
import lockstep.target.admin.model.Invite;
import lockstep.target.admin.model.PairView;
import lockstep.target.admin.model.PeerView;
import lockstep.target.admin.model.VolumeView;

import org.jspecify.annotations.NullUnmarked;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import picocli.CommandLine;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/// Three real nodes that know each other's keys by codes, each of them source of one volume and
/// destination of another.
@DisplayName("Many to many, real nodes")
@NullUnmarked
final class ThreeNodesTest {
    @TempDir Path directory;
    private String out = "";

    private ChildNode node(String name) throws Exception {
        return TestPair.node(name, directory, 6, 32, TestPair.steady(32, 4, 8));
    }

    private int run(ChildNode node, String... command) {
        List<String> all = new ArrayList<>(List.of(command));
        all.addAll(List.of("--node", node.socket().toString()));
        StringWriter text = new StringWriter();
        CommandLine line = Lockstep.commandLine();
        line.setOut(new PrintWriter(text, true)).setErr(new PrintWriter(text, true));
        int code = line.execute(all.toArray(String[]::new));
        out = text.toString();
        return code;
    }

    private void done(ChildNode node, String... command) {
        assertThat(run(node, command)).as(out).isZero();
    }

    private void pairKeys(ChildNode inviting, ChildNode accepting) throws Exception {
        InvitationView invitation =
                inviting.admin().post("/invitations", new Invite(60), InvitationView.class);
        assertThat(run(accepting, "pair", "accept", invitation.address(), "0000111122223333"))
                .isEqualTo(3);
        assertThat(out).contains("the code is wrong");
        done(accepting, "pair", "accept", invitation.address(), invitation.code());
        assertThat(out).startsWith("paired with " + inviting.plan().name() + ", key ");
        assertThat(run(accepting, "pair", "accept", invitation.address(), invitation.code()))
                .isEqualTo(3);
        assertThat(out).contains("no code is given out");
    }

    private void mirror(ChildNode source, ChildNode destination, String volume) throws Exception {
        done(source, "volume", "create", volume, "--group", "disk0,disk1,disk2");
        done(source, "lun", "create", volume, "data", "--size", "8m");
        String admin = destination.socket().toString();
        String disks = "disk3,disk4,disk5";
        done(source, "pair", "create", volume, "--peer-admin", admin, "--group", disks);
    }

    private static void await(ChildNode node, String volume, String state) throws Exception {
        String seen = "";
        for (int i = 0; i < 3000 && !seen.equals(state); i++) {
            TimeUnit.MILLISECONDS.sleep(20);
            for (VolumeView view : node.admin().list("/volumes", VolumeView.class)) {
                seen = view.name().equals(volume) ? view.state() : seen;
            }
        }
        assertThat(seen).isEqualTo(state);
    }

    @Test
    void threeNodesMirrorInARingOverEncryptedLinks() throws Exception {
        try (ChildNode a = node("alpha");
                ChildNode b = node("beta");
                ChildNode c = node("gamma")) {
            for (ChildNode node : List.of(a, b, c)) {
                node.launch();
            }
            for (ChildNode node : List.of(a, b, c)) {
                node.awaitReady();
            }
            InvitationView own =
                    a.admin().post("/invitations", new Invite(60), InvitationView.class);
            assertThat(run(a, "pair", "accept", own.address(), own.code())).isEqualTo(3);
            assertThat(out).contains("that node is this node");
            pairKeys(a, b);
            pairKeys(b, c);
            pairKeys(c, a);
            mirror(a, b, "va");
            mirror(b, c, "vb");
            mirror(c, a, "vc");
            await(a, "va", "in-sync");
            await(b, "vb", "in-sync");
            await(c, "vc", "in-sync");
            for (ChildNode node : List.of(a, b, c)) {
                AdminClient admin = node.admin();
                assertThat(admin.list("/peers", PeerView.class))
                        .extracting(PeerView::link)
                        .containsExactly("up", "up");
                assertThat(admin.list("/pairs", PairView.class)).hasSize(2);
            }
            // No chain: what is a mirror is not mirrored on.
            String gamma = c.socket().toString();
            assertThat(run(b, "pair", "create", "va", "--peer-admin", gamma)).isEqualTo(2);
            assertThat(out).contains("va is mirrored already");
            // Without the key of its peer a link is none; with another volume's it goes on.
            assertThat(run(a, "pair", "forget", "beta")).isEqualTo(3);
            assertThat(out).contains("va is paired with that node", "--force");
            done(a, "pair", "forget", "beta", "--force");
            await(a, "va", "suspended");
            done(a, "pair", "peers");
            assertThat(out).contains("gamma").doesNotContain("beta");
            pairKeys(b, a);
            await(a, "va", "in-sync");
            a.kill();
            done(b, "takeover", "va", "--confirm-source-down");
            await(b, "vb", "in-sync");
            await(c, "vc", "suspended");
        }
    }
}
