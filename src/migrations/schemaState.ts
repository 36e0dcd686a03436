import { Schema } from "effect"
import type { Migration } from "./migrations.ts"

/** A row of the bookkeeping. */
export const AppliedMigration = Schema.Struct({ id: Schema.Number, name: Schema.String })
export type AppliedMigration = typeof AppliedMigration.Type

/** A database against the migrations of this build, each list ascending by id. */
export interface SchemaState {
  /** Ids of all that the database has, unknown ones included. */
  readonly present: ReadonlyArray<number>
  readonly applied: ReadonlyArray<Migration>
  readonly pending: ReadonlyArray<Migration>
  /** Of a newer version of this worker. */
  readonly unknown: ReadonlyArray<AppliedMigration>
}

export const compareSchema = (known: ReadonlyArray<Migration>, rows: ReadonlyArray<AppliedMigration>): SchemaState => {
  const present = rows.map(({ id }) => id).toSorted((a, b) => a - b)
  return {
    present,
    applied: known.filter(({ id }) => present.includes(id)),
    pending: known.filter(({ id }) => !present.includes(id)),
    unknown: rows.filter(({ id }) => !known.some((migration) => migration.id === id)).toSorted((a, b) => a.id - b.id)
  }
}

/** The database has migrations of a newer version; there is no way back to an older schema. A person has to look. */
export class SchemaNewer extends Schema.TaggedError<SchemaNewer>()("SchemaNewer", {
  unknown: Schema.Array(AppliedMigration)
}) {
  readonly class = "needs-person" as const

  override get message(): string {
    const names = this.unknown.map(({ id, name }) => `${id} "${name}"`).join(", ")
    return `the database is newer than this build, which does not know its migration ${names}. Nothing was changed: migrations only go forward. Migrate with the newest version; this one can still serve`
  }
}
