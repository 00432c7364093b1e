package lockstep.cli.explain;

/// Kinds of hosts whose decisions are known.
public enum HostKind {
    /// VMware ESXi.
    ESXI,
    /// Windows Server.
    WINDOWS,
    /// Linux with open-iscsi and dm-multipath.
    LINUX
}
