/// Several nodes, each source of some volumes and destination of others, on one log and over one
/// link to each of their peers.
@org.jspecify.annotations.NullUnmarked
package lockstep.replication.ring;
