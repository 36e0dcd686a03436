/** Tables that this worker alone uses. */
export type OwnTable = "control_plane_migrations" | "ctrl_worker_builds"

/** The name of a table as a statement writes it. Without `database` it is in the database of the connection. */
export const tableName = (table: string, database?: string): string =>
  database === undefined ? `\`${table}\`` : `\`${database}\`.\`${table}\``
