/** Tables that only this worker uses. */
export type OwnTable = "control_plane_migrations" | "ctrl_worker_builds" | "ctrl_worker_regions"

/** The quoted name of a table. Without `database` it is in the connection's database. */
export const tableName = (table: string, database?: string): string =>
  database === undefined ? `\`${table}\`` : `\`${database}\`.\`${table}\``
