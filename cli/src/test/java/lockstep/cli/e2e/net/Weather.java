package lockstep.cli.e2e.net;

/// What befalls packets on a [RoughWire]: they take so many milliseconds, and up to so many more;
/// of a hundred, so many are lost, come twice, are overtaken by later ones, or have two words of
/// their content exchanged, which TCP's checksum cannot see.
record Weather(
        int delayMillis,
        int jitterMillis,
        int lostPercent,
        int twicePercent,
        int overtakenPercent,
        int spoiltPercent) {}
