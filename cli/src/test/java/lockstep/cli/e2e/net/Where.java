package lockstep.cli.e2e.net;

/// Which wires a fault is on.
enum Where {
    /// The one between the nodes, seen from the source.
    LINK("between the nodes"),
    /// The one between hosts and source.
    HOSTS_TO_SOURCE("hosts to source"),
    /// The one between hosts and mirror.
    HOSTS_TO_MIRROR("hosts to mirror"),
    /// Both of the source: it is alone.
    SOURCE("source isolated"),
    /// Both of the mirror.
    MIRROR("mirror isolated"),
    /// Between the nodes, and between hosts and mirror: hosts reach only the source.
    ONLY_SOURCE("only the source in reach");

    private final String text;

    Where(String text) {
        this.text = text;
    }

    /// Whether the link between the nodes has the fault.
    boolean touchesLink() {
        return this != HOSTS_TO_SOURCE && this != HOSTS_TO_MIRROR;
    }

    @Override
    public String toString() {
        return text;
    }
}
