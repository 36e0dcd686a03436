import { Context, type Effect } from "effect"
import type { Rows, TableName, Tables } from "./Tables.ts"

/** What surrounds a store in a test: rows other components wrote, and a look at all rows at the end. */
export class World extends Context.Tag("test/World")<
  World,
  {
    readonly insert: <T extends TableName>(table: T, row: Tables[T]) => Effect.Effect<void>
    /** Sets columns of every row whose columns equal `where`. */
    readonly update: <T extends TableName>(
      table: T,
      where: Partial<Tables[T]>,
      set: Partial<Tables[T]>
    ) => Effect.Effect<void>
    /** All rows as plain JSON, sorted, so that two worlds compare with deepStrictEqual. */
    readonly dump: Effect.Effect<Rows>
    readonly clear: Effect.Effect<void>
  }
>() {}

const sorted = <Row>(rows: ReadonlyArray<Row>): ReadonlyArray<Row> =>
  [...rows].sort((one, other) => (JSON.stringify(one) < JSON.stringify(other) ? -1 : 1))

/** Rows in an order of their own, whatever the order in which they were written. */
export const sortedRows = (rows: Rows): Rows => ({
  workspaces: sorted(rows.workspaces),
  projects: sorted(rows.projects),
  environments: sorted(rows.environments),
  environment_runtime_settings: sorted(rows.environment_runtime_settings),
  deployments: sorted(rows.deployments),
  deployment_steps: sorted(rows.deployment_steps),
  deployment_topology: sorted(rows.deployment_topology),
  sentinels: sorted(rows.sentinels),
  cilium_network_policies: sorted(rows.cilium_network_policies),
  instances: sorted(rows.instances),
  frontline_routes: sorted(rows.frontline_routes)
})
