package lockstep.cli.e2e.net;

import lockstep.cli.client.AdminClient;
import lockstep.cli.demo.ChildNode;
import lockstep.cli.demo.LoopbackPair;
import lockstep.cli.e2e.SteadyHosts;
import lockstep.cli.e2e.TestPair;
import lockstep.cli.verify.History;
import lockstep.target.admin.model.AcceptInvitation;
import lockstep.target.admin.model.EventView;
import lockstep.target.admin.model.InvitationView;
import lockstep.target.admin.model.Invite;
import lockstep.target.admin.model.PeerView;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;

/// One network with one pair and its hosts, that goes through one cell after the other. Its nodes
/// change roles meanwhile.
final class Lane implements AutoCloseable {
    private static final Duration IN_SYNC_WITHIN = Duration.ofSeconds(30);
    private static final int SECTORS = 1024;
    private static final int ISCSI_PORT = 3260;
    private static final int REPLICATION_PORT = 7801;
    private static final ChildNode.Settings SETTINGS =
            new ChildNode.Settings(
                    64 * TestPair.MEBIBYTE,
                    8 * TestPair.MEBIBYTE,
                    16 * TestPair.MEBIBYTE,
                    Duration.ofMillis(600),
                    Duration.ofMillis(300));

    /// How a cell ended well: how long after the fault a node knew that the link was lost (0 if it
    /// was not looked for), how long after healing the pair was in sync, whether the other node is
    /// the source now, and what hosts did meanwhile.
    record Outcome(
            Cell cell,
            long noticedMillis,
            long inSyncMillis,
            boolean moved,
            long writes,
            long reads,
            long unknown) {}

    private final Network network;
    private final LoopbackPair pair;
    private final SteadyHosts hosts;
    private final Operator operator;
    private final SplittableRandom random;
    private final Rig rig;

    /// What a course makes use of.
    record Rig(
            Network network,
            LoopbackPair pair,
            SteadyHosts hosts,
            Operator operator,
            SplittableRandom random) {
        /// 0 for the first node, 1 for the second.
        int number(ChildNode node) {
            return node.equals(pair.first()) ? 0 : 1;
        }
    }

    /// Lane `number` of this process, below `directory`; its link is encrypted if `keys`. To be
    /// made, used and closed among the hosts of `network`.
    Lane(Network network, Path directory, boolean keys, long seed) throws Exception {
        this.network = network;
        this.random = new SplittableRandom(seed);
        this.pair =
                new LoopbackPair(
                        node("alpha", directory, 0, 5, 40, keys),
                        node("beta", directory, 1, 4, 72, keys));
        this.hosts = new SteadyHosts(pair, new SteadyHosts.Load(2, 3, SECTORS, 8, 40, seed));
        this.operator = new Operator(pair, hosts);
        this.rig = new Rig(network, pair, hosts, operator, random);
        try {
            pair.start();
            if (keys) {
                pinKeys();
            }
            pair.createVolume();
            pair.createLun(0, "data", 16 * TestPair.MEBIBYTE);
            pair.pair();
            pair.awaitInSync(IN_SYNC_WITHIN);
            hosts.start();
        } catch (Exception e) {
            close();
            throw e;
        }
    }

    private ChildNode node(
            String name, Path directory, int number, int disks, int diskMebibytes, boolean keys) {
        String plaintext = keys ? "" : ", plaintext = true";
        var place =
                new ChildNode.Place(
                        List.of("ip", "netns", "exec", network.node(number)),
                        network.toNode(number).end(1).address(),
                        network.between().end(number).address(),
                        "iscsi.allow-unauthenticated = true\nreplication { loss = 800 ms"
                                + plaintext
                                + " }");
        return new ChildNode(
                new ChildNode.Plan(
                        name,
                        directory.resolve(name),
                        disks,
                        diskMebibytes * TestPair.MEBIBYTE,
                        ISCSI_PORT,
                        REPLICATION_PORT,
                        SETTINGS,
                        place),
                TestPair.JAVA);
    }

    private void pinKeys() throws Exception {
        AdminClient inviting = pair.first().admin();
        InvitationView invitation =
                inviting.post("/invitations", new Invite(60), InvitationView.class);
        var acceptance = new AcceptInvitation(invitation.address(), invitation.code(), "");
        pair.second().admin().post("/peers", acceptance, PeerView.class);
    }

    /// What was seen in all cells.
    History history() {
        return hosts.history();
    }

    private List<Fault.Spot> spots(Cell cell, ChildNode source) {
        int here = rig.number(source);
        Fault.Spot link = new Fault.Spot(network.between(), here, random.nextLong());
        Fault.Spot back = new Fault.Spot(network.between(), 1 - here, random.nextLong());
        Fault.Spot toSource = new Fault.Spot(network.toNode(here), 1, random.nextLong());
        Fault.Spot toMirror = new Fault.Spot(network.toNode(1 - here), 1, random.nextLong());
        return switch (cell.where()) {
            case LINK -> List.of(link);
            case HOSTS_TO_SOURCE -> List.of(toSource);
            case HOSTS_TO_MIRROR -> List.of(toMirror);
            case SOURCE -> List.of(link, toSource);
            case MIRROR -> List.of(back, toMirror);
            case ONLY_SOURCE -> List.of(link, toMirror);
        };
    }

    /// Goes through `cell`; fails if anything is not as it has to be.
    Outcome run(Cell cell) throws Exception {
        ChildNode source = pair.awaitInSync(IN_SYNC_WITHIN);
        hosts.pause(false);
        hosts.awaitWrites(50);
        History.Counts before = hosts.history().counts();
        List<Fault.Spot> spots = spots(cell, source);
        Course course = new Course(cell, source, spots, rig);
        try {
            course.run();
        } finally {
            course.heal();
        }
        ChildNode now = pair.awaitInSync(IN_SYNC_WITHIN);
        long inSync = System.nanoTime();
        hosts.pause(false);
        hosts.awaitWrites(100);
        hosts.readAll(now);
        judge(cell);
        History.Counts after = hosts.history().counts();
        return new Outcome(
                cell,
                course.noticedMillis(),
                TimeUnit.NANOSECONDS.toMillis(inSync - course.healedNanos()),
                !now.equals(source),
                after.acked() - before.acked(),
                after.reads() - before.reads(),
                after.unknown() - before.unknown());
    }

    private void judge(Cell cell) {
        List<String> wrong = new ArrayList<>(hosts.history().violations());
        wrong.addAll(hosts.ownership().violations());
        if (!wrong.isEmpty()) {
            throw new AssertionError(cell + ": " + String.join("; ", wrong));
        }
    }

    /// What an operator would look at after a failure.
    String tale() {
        StringBuilder tale = new StringBuilder();
        for (ChildNode node : List.of(pair.first(), pair.second())) {
            tale.append(node.plan().name()).append(": ").append(LoopbackPair.volume(node));
            tale.append('\n');
            try {
                List<EventView> events = node.admin().list("/events", EventView.class);
                for (EventView event :
                        events.subList(Math.max(0, events.size() - 40), events.size())) {
                    tale.append("    ").append(event.at()).append(' ').append(event.text());
                    tale.append('\n');
                }
            } catch (Exception e) {
                tale.append("    ").append(e).append('\n');
            }
        }
        return tale.toString();
    }

    @Override
    public void close() {
        hosts.close();
        operator.close();
        pair.close();
    }
}
