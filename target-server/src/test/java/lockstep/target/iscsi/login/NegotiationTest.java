package lockstep.target.iscsi.login;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;

/// Key by key: what is offered, what is answered.
class NegotiationTest {
    private final Negotiation negotiation = new Negotiation(IscsiSettings.DEFAULT);

    private Map<String, String> answer(String key, String offered) {
        Map<String, String> offers = new LinkedHashMap<>();
        offers.put(key, offered);
        Map<String, String> answers = negotiation.answer(offers);
        Objects.requireNonNull(answers);
        return answers;
    }

    @ParameterizedTest
    @CsvSource({
        "HeaderDigest, 'None,CRC32C', None",
        "HeaderDigest, 'CRC32C,None', CRC32C",
        "DataDigest, 'X-mine,CRC32C', CRC32C",
        "DataDigest, X-mine, Reject",
        "MaxConnections, 8, 1",
        "InitialR2T, No, No",
        "InitialR2T, Yes, Yes",
        "InitialR2T, maybe, Reject",
        "ImmediateData, Yes, Yes",
        "ImmediateData, No, No",
        "MaxBurstLength, 16776192, 16776192",
        "MaxBurstLength, 511, Reject",
        "MaxBurstLength, 16777216, Reject",
        "MaxBurstLength, 99999999999999999999, Reject",
        "FirstBurstLength, 0x10000, 65536",
        "FirstBurstLength, 1048576, 262144",
        "DefaultTime2Wait, 0, 2",
        "DefaultTime2Wait, 5, 5",
        "DefaultTime2Retain, 20, 0",
        "MaxOutstandingR2T, 1, 1",
        "MaxOutstandingR2T, 100, 4",
        "DataPDUInOrder, No, Yes",
        "DataSequenceInOrder, No, Yes",
        "ErrorRecoveryLevel, 2, 0",
        "IFMarker, Yes, No",
        "OFMarker, No, No",
        "OFMarkInt, 2048, Irrelevant",
        "SendTargets, All, NotUnderstood",
        "X-org.example.key, 1, NotUnderstood"
    })
    void keyIsAnsweredByItsRule(String key, String offered, String answered) {
        assertThat(answer(key, offered)).containsEntry(key, answered);
    }

    @Test
    void segmentLengthIsDeclaredByEachSide() {
        Map<String, String> answers = answer("MaxRecvDataSegmentLength", "4096");
        assertThat(answers).containsEntry("MaxRecvDataSegmentLength", "262144");
        assertThat(negotiation.result().initiatorSegmentMax()).isEqualTo(4096);
    }

    @Test
    void nothingOfferedMeansTheStandardsDefaults() {
        assertThat(negotiation.result())
                .isEqualTo(
                        new SessionParameters(false, false, true, true, 8192, 262_144, 65_536, 1));
    }

    @Test
    void firstBurstIsNeverLongerThanABurst() {
        answer("MaxBurstLength", "8192");
        assertThat(negotiation.result().firstBurst()).isEqualTo(8192);
    }

    @Test
    void keyIsNegotiatedOnce() {
        answer("InitialR2T", "No");
        assertThat(negotiation.answer(Map.of("InitialR2T", "Yes"))).isNull();
    }
}
