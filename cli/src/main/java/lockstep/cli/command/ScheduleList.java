package lockstep.cli.command;

import lockstep.cli.client.AdminClient;
import lockstep.cli.client.Refused;
import lockstep.target.admin.model.ScheduleView;

import picocli.CommandLine.Command;

import java.io.IOException;

/// `lockstep snapshot schedule list`.
@Command(name = "list", description = "List the schedules.", mixinStandardHelpOptions = true)
public final class ScheduleList extends NodeCommand {

    @Override
    void run(AdminClient client) throws IOException, Refused {
        print(
                client.list("/schedules", ScheduleView.class),
                column("VOLUME", ScheduleView::volume),
                column("NAME", ScheduleView::name),
                column("EVERY", schedule -> schedule.everySeconds() + " s"),
                column("KEEP", ScheduleView::keep),
                column("LUNS", ScheduleList::luns));
    }

    private static String luns(ScheduleView schedule) {
        return schedule.luns().isEmpty() ? "all" : LunList.numbers(schedule.luns());
    }
}
