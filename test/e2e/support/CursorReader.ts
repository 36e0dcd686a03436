import { SqlClient } from "@effect/sql/SqlClient"
import { Effect, Ref, Schedule, Schema, type Scope } from "effect"

const Row = Schema.Struct({ source: Schema.String, id: Schema.String, version: Schema.BigInt })

/** A row at one version, as text: `sentinels se_1 17`. */
const nameOf = ({ id, source, version }: typeof Row.Type) => `${source} ${id} ${version}`

const rowsAfter = (region: string, cursor: bigint) =>
  Effect.gen(function* () {
    const sql = yield* SqlClient
    const above = sql`WHERE region = ${region} AND version > ${String(cursor)}`
    return yield* sql`
      SELECT source, id, CAST(version AS CHAR) AS version FROM (
        SELECT 'topology' AS source, deployment_id AS id, version FROM deployment_topology ${above}
        UNION ALL SELECT 'sentinel', id, version FROM sentinels ${above}
        UNION ALL SELECT 'policy', id, version FROM cilium_network_policies ${above}
      ) AS versioned ORDER BY versioned.version`
  }).pipe(Effect.flatMap(Schema.decodeUnknown(Schema.Array(Row))), Effect.orDie)

export interface Follower {
  readonly region: string
  /** All rows at all versions that came by, after a last look. */
  readonly seen: Effect.Effect<ReadonlySet<string>>
}

/**
 * Follows a region as krane does, only more eagerly and over all three tables at once: it asks for what is above the
 * highest version it has seen, so a row that is committed below that is lost to it for good.
 */
export const followRegion = (region: string): Effect.Effect<Follower, never, SqlClient | Scope.Scope> =>
  Effect.gen(function* () {
    const context = yield* Effect.context<SqlClient>()
    const seen = yield* Ref.make<ReadonlySet<string>>(new Set())
    const cursor = yield* Ref.make(0n)
    const oneAtATime = yield* Effect.makeSemaphore(1)
    const look = Effect.gen(function* () {
      const rows = yield* rowsAfter(region, yield* Ref.get(cursor))
      yield* Ref.update(cursor, (before) => rows.at(-1)?.version ?? before)
      return yield* Ref.updateAndGet(seen, (before) => new Set([...before, ...rows.map(nameOf)]))
    }).pipe(oneAtATime.withPermits(1), Effect.provide(context))
    yield* Effect.forkScoped(Effect.repeat(look, Schedule.spaced("5 millis")))
    return { region, seen: look }
  })

/** The rows of a region as they are now, under the names that a follower gives them. */
export const versionedRows = (region: string): Effect.Effect<ReadonlyArray<string>, never, SqlClient> =>
  Effect.map(rowsAfter(region, 0n), (rows) => rows.map(nameOf))
