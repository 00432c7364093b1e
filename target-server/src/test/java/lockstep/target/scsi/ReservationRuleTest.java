package lockstep.target.scsi;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/// The conflict tables of SPC-4 (table 66), SBC-3 (table 13) and SPC-2 (table 10), written down
/// once more, against the rules: every row, every type, every relation to the reservation.
class ReservationRuleTest {
    /// Allowed or Conflict: other nexus under WE, other under EA, registered under a type for
    /// registrants, not registered under such a WE, such an EA; another under RESERVE, its holder.
    private static final String TABLE =
            """
            TEST_UNIT_READY                            A A A A A C A
            REQUEST_SENSE                              A A A A A A A
            READ_6                                     A C A A C C A
            WRITE_6                                    C C A C C C A
            INQUIRY                                    A A A A A A A
            RESERVE_6                                  A A A A A A A
            RELEASE_6                                  A A A A A A A
            MODE_SENSE_6                               A C A A C C A
            START_STOP_UNIT                            A A A A A C A
            PREVENT_ALLOW_MEDIUM_REMOVAL               A A A A A C A
            READ_CAPACITY_10                           A A A A A C A
            READ_10                                    A C A A C C A
            WRITE_10                                   C C A C C C A
            WRITE_AND_VERIFY_10                        C C A C C C A
            VERIFY_10                                  A C A A C C A
            SYNCHRONIZE_CACHE_10                       C C A C C C A
            WRITE_SAME_10                              C C A C C C A
            UNMAP                                      C C A C C C A
            RESERVE_10                                 A A A A A A A
            RELEASE_10                                 A A A A A A A
            MODE_SENSE_10                              A C A A C C A
            READ_KEYS                                  A A A A A C C
            READ_RESERVATION                           A A A A A C C
            REPORT_CAPABILITIES                        A A A A A C C
            READ_FULL_STATUS                           A A A A A C C
            REGISTER                                   A A A A A C C
            RESERVE                                    A A A A A C C
            RELEASE                                    A A A A A C C
            CLEAR                                      A A A A A C C
            PREEMPT                                    A A A A A C C
            PREEMPT_AND_ABORT                          A A A A A C C
            REGISTER_AND_IGNORE_EXISTING_KEY           A A A A A C C
            REGISTER_AND_MOVE                          A A A A A C C
            READ_16                                    A C A A C C A
            WRITE_16                                   C C A C C C A
            WRITE_AND_VERIFY_16                        C C A C C C A
            VERIFY_16                                  A C A A C C A
            SYNCHRONIZE_CACHE_16                       C C A C C C A
            WRITE_SAME_16                              C C A C C C A
            READ_CAPACITY_16                           A A A A A C A
            REPORT_LUNS                                A A A A A A A
            REPORT_TARGET_PORT_GROUPS                  A A A A A A A
            REPORT_SUPPORTED_OPERATION_CODES           A C A A C C A
            REPORT_SUPPORTED_TASK_MANAGEMENT_FUNCTIONS A C A A C C A
            READ_12                                    A C A A C C A
            WRITE_12                                   C C A C C C A
            WRITE_AND_VERIFY_12                        C C A C C C A
            VERIFY_12                                  A C A A C C A
            PRE_FETCH_10                               A C A A C C A
            PRE_FETCH_16                               A C A A C C A
            GET_LBA_STATUS                             A C A A C C A
            READ_DEFECT_DATA_10                        A C A A C C A
            READ_DEFECT_DATA_12                        A C A A C C A
            COMPARE_AND_WRITE                          C C A C C C A
            ORWRITE                                    C C A C C C A
            WRITE_ATOMIC_16                            C C A C C C A
            MODE_SELECT_6                              C C A C C C A
            MODE_SELECT_10                             C C A C C C A
            EXTENDED_COPY                              C C A C C C A
            RECEIVE_COPY_STATUS                        C C A C C C A
            RECEIVE_COPY_OPERATING_PARAMETERS          C C A C C C A
            RECEIVE_COPY_FAILED_SEGMENT_DETAILS        C C A C C C A
            LOG_SENSE                                  A A A A A C A
            """;

    private static Map<String, String[]> table() {
        Map<String, String[]> rows = new TreeMap<>();
        TABLE.lines().map(line -> line.split(" +", -1)).forEach(row -> rows.put(row[0], row));
        return rows;
    }

    @Test
    void everyRowConflictsAsTheStandardsSay() {
        Map<String, String[]> rows = table();
        assertThat(rows).hasSameSizeAs(CommandTable.values());
        for (CommandTable row : CommandTable.values()) {
            String[] expected = rows.getOrDefault(row.name(), new String[0]);
            assertThat(expected).as(row.name()).hasSize(8);
            ReservationRule rule = ReservationRule.of(row);
            for (ReservationType type : ReservationType.values()) {
                boolean exclusive = type.name().startsWith("EXCLUSIVE");
                boolean registrants = type.name().contains("REGISTRANTS");
                int other = (registrants ? 4 : 1) + (exclusive ? 1 : 0);
                int registered = registrants ? 3 : other;
                PersistentState state = reserved(type);
                String what = row + " under " + type;
                assertThat(state.conflicts(rule, "holder")).as(what).isFalse();
                assertThat(state.conflicts(rule, "registered"))
                        .as(what + ", registered")
                        .isEqualTo(expected[registered].equals("C"));
                assertThat(state.conflicts(rule, "other"))
                        .as(what + ", not registered")
                        .isEqualTo(expected[other].equals("C"));
            }
            assertThat(rule.conflictsWithLegacy(false)).isEqualTo(expected[6].equals("C"));
            assertThat(rule.conflictsWithLegacy(true)).isEqualTo(expected[7].equals("C"));
            assertThat(PersistentState.NONE.conflicts(rule, "other")).isFalse();
        }
    }

    private static PersistentState reserved(ReservationType type) {
        var holder = new PersistentState.Registration("holder", 1, 7, false);
        var registered = new PersistentState.Registration("registered", 2, 7, false);
        return new PersistentState(
                2,
                false,
                type,
                type.allRegistrants() ? null : "holder",
                List.of(holder, registered));
    }
}
