/// What the admin API says and hears: records that are JSON as they stand. Version 1 is the prefix
/// `/v1` of every path; fields are only ever added.
///
/// Entrance: [lockstep.target.admin.model.NodeStatus]. Invariants: none; records are checked by who
/// uses them. Threads: immutable values. Imports: nothing of ours.
@NullMarked
package lockstep.target.admin.model;

import org.jspecify.annotations.NullMarked;
