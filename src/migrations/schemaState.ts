import { Schema } from "effect"
import type { OwnIndex } from "./createIndex.ts"
import type { Migration } from "./migrations.ts"

/** A row of the migrations table. */
export const AppliedMigration = Schema.Struct({ id: Schema.Number, name: Schema.String })
export type AppliedMigration = typeof AppliedMigration.Type

/** The migrations of a database compared with those of this build, each list ascending by id. */
export interface MigrationState {
  /** Ids of all applied migrations, unknown ones included. */
  readonly present: ReadonlyArray<number>
  readonly applied: ReadonlyArray<Migration>
  readonly pending: ReadonlyArray<Migration>
  /** Applied by a newer version of this worker. */
  readonly unknown: ReadonlyArray<AppliedMigration>
}

/** The schema state of a database. */
export interface SchemaState extends MigrationState {
  /** Tables and columns of unsupported Unkey versions, such as `table apps`. */
  readonly unsupported: ReadonlyArray<string>
  /** Dropped indexes of applied migrations: statements still work but are slow. */
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

/** The database has migrations of a newer version; a schema cannot be downgraded. Needs an operator. */
export class SchemaNewer extends Schema.TaggedError<SchemaNewer>()("SchemaNewer", {
  unknown: Schema.Array(AppliedMigration)
}) {
  override get message(): string {
    return `the database is newer than this build, which does not know its migration ${named(this.unknown)}. Nothing was changed: migrations only go forward. Migrate with the newest version; this one can still serve`
  }
}

/** Migrations are pending and a start may not apply them. Needs an operator. */
export class SchemaPending extends Schema.TaggedError<SchemaPending>()("SchemaPending", {
  pending: Schema.Array(AppliedMigration)
}) {
  override get message(): string {
    return `the database lacks migration ${named(this.pending)}, and database.migrate is off. Nothing was changed. Run "migrate --apply" with an account that may change the schema, then start again`
  }
}

/** Unkey releases with a supported schema and callers; v2.0.88 added the table `apps`. */
export const supportedVersions = "v2.0.83 to v2.0.87"

/** The database belongs to an unsupported version of Unkey. Needs an operator. */
export class SchemaUnsupported extends Schema.TaggedError<SchemaUnsupported>()("SchemaNotServed", {
  found: Schema.Array(Schema.String)
}) {
  override get message(): string {
    return `the database has the schema of an Unkey version that this worker does not serve: it has the ${this.found.join(", the ")}. Served are Unkey ${supportedVersions}. Nothing was changed. Check database.primary, or run the worker of that version`
  }
}
