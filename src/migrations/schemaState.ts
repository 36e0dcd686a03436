import { Schema } from "effect"
import type { OwnIndex } from "./createIndex.ts"
import type { Migration } from "./migrations.ts"

/** A row of the bookkeeping. */
export const AppliedMigration = Schema.Struct({ id: Schema.Number, name: Schema.String })
export type AppliedMigration = typeof AppliedMigration.Type

/** The bookkeeping of a database against the migrations of this build, each list ascending by id. */
export interface MigrationState {
  /** Ids of all that the database has, unknown ones included. */
  readonly present: ReadonlyArray<number>
  readonly applied: ReadonlyArray<Migration>
  readonly pending: ReadonlyArray<Migration>
  /** Of a newer version of this worker. */
  readonly unknown: ReadonlyArray<AppliedMigration>
}

/** What a database has. */
export interface SchemaState extends MigrationState {
  /** Tables and columns of a version of Unkey that this worker does not serve, as `table apps`. */
  readonly unserved: ReadonlyArray<string>
  /** Indexes of applied migrations that are gone: statements are slow without them, and right. */
  readonly missingIndexes: ReadonlyArray<OwnIndex>
}

export const compareSchema = (
  known: ReadonlyArray<Migration>,
  rows: ReadonlyArray<AppliedMigration>
): MigrationState => {
  const present = rows.map(({ id }) => id).toSorted((a, b) => a - b)
  return {
    present,
    applied: known.filter(({ id }) => present.includes(id)),
    pending: known.filter(({ id }) => !present.includes(id)),
    unknown: rows.filter(({ id }) => !known.some((migration) => migration.id === id)).toSorted((a, b) => a.id - b.id)
  }
}

const named = (migrations: ReadonlyArray<AppliedMigration>): string =>
  migrations.map(({ id, name }) => `${id} "${name}"`).join(", ")

/** The database has migrations of a newer version; there is no way back to an older schema. A person has to look. */
export class SchemaNewer extends Schema.TaggedError<SchemaNewer>()("SchemaNewer", {
  unknown: Schema.Array(AppliedMigration)
}) {
  readonly class = "needs-person" as const

  override get message(): string {
    return `the database is newer than this build, which does not know its migration ${named(this.unknown)}. Nothing was changed: migrations only go forward. Migrate with the newest version; this one can still serve`
  }
}

/** A start may not apply migrations, and some are pending. A person has to apply them. */
export class SchemaPending extends Schema.TaggedError<SchemaPending>()("SchemaPending", {
  pending: Schema.Array(AppliedMigration)
}) {
  readonly class = "needs-person" as const

  override get message(): string {
    return `the database lacks migration ${named(this.pending)}, and database.migrate is off. Nothing was changed. Run "migrate --apply" with an account that may change the schema, then start again`
  }
}

/** The releases of Unkey whose schema and callers this worker serves; v2.0.88 brought the table `apps`. */
export const servedVersions = "v2.0.83 to v2.0.87"

/** The database belongs to a version of Unkey that this worker does not serve. A person has to look. */
export class SchemaNotServed extends Schema.TaggedError<SchemaNotServed>()("SchemaNotServed", {
  found: Schema.Array(Schema.String)
}) {
  readonly class = "needs-person" as const

  override get message(): string {
    return `the database has the schema of an Unkey version that this worker does not serve: it has the ${this.found.join(", the ")}. Served are Unkey ${servedVersions}. Nothing was changed. Check database.primary, or run the worker of that version`
  }
}
