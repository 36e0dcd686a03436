import { Context, Effect, Layer, Redacted } from "effect"
import { ClickhouseUnavailable } from "../../../src/services/clickhouse/Usage.ts"
import { ClickhouseUsers, type UserOperation } from "../../../src/services/clickhouseUser/ClickhouseUsers.ts"

type Filter = Extract<UserOperation, { readonly _tag: "FilterRows" }>

/** A user as the server has it. */
export interface MemoryUser {
  readonly password: string
  /** Tables it has SELECT on. */
  readonly grants: ReadonlySet<string>
  /** By table and policy name. */
  readonly filters: ReadonlyMap<string, Filter>
  /** Bound quotas and profiles by name. */
  readonly limits: ReadonlyMap<string, UserOperation>
}

export interface MemoryClickhouseOptions {
  /** Users that exist already. */
  readonly users?: Readonly<Record<string, Partial<MemoryUser>>>
  /** Whether the server is unavailable at the n-th operation, counted from 0. */
  readonly isAway?: (nth: number) => boolean
}

/** The test's view of the in-memory ClickHouse. */
export class MemoryClickhouse extends Context.Tag("test/MemoryClickhouse")<
  MemoryClickhouse,
  {
    readonly users: ReadonlyMap<string, MemoryUser>
    /** Every operation after which a user could read another workspace's rows, or lost access. */
    readonly violations: ReadonlyArray<string>
    readonly operations: ReadonlyArray<UserOperation>
  }
>() {}

const nobody: MemoryUser = { password: "", grants: new Set(), filters: new Map(), limits: new Map() }

/** Row policies are combined with OR; without a policy a user sees all rows. */
const workspacesSeen = (user: MemoryUser, table: string): ReadonlyArray<string> => {
  if (!user.grants.has(table)) return []
  const filters = [...user.filters.values()].filter((filter) => filter.table.name === table)
  return filters.length === 0 ? ["everybody's"] : filters.map((filter) => filter.workspaceId)
}

const applied = (user: MemoryUser | undefined, operation: UserOperation, password: string): MemoryUser | undefined => {
  if (operation._tag === "CreateUser") return user ?? { ...nobody, password }
  if (user === undefined) return undefined
  switch (operation._tag) {
    case "SetPassword":
      return { ...user, password }
    case "FilterRows": {
      const filters = new Map(user.filters).set(`${operation.table.name} ${operation.name}`, operation)
      return { ...user, filters }
    }
    case "LimitUse":
    case "LimitQueries":
      return { ...user, limits: new Map(user.limits).set(operation.name, operation) }
    case "ReplaceGrants":
      return { ...user, grants: new Set(operation.tables) }
  }
}

/** Regressions of an operation, for the user's workspace. */
const worsened = (name: string, before: MemoryUser, after: MemoryUser): ReadonlyArray<string> => {
  const foreign = (user: MemoryUser, table: string) => workspacesSeen(user, table).filter((seen) => seen !== name)
  const exposed = [...after.grants].filter((table) => foreign(after, table).length > foreign(before, table).length)
  // It can still read its own rows.
  const lost = [...before.filters.values()]
    .map((filter) => filter.table.name)
    .filter((table) => before.grants.has(table) && !after.grants.has(table))
  const unlimited = after.grants.size > before.grants.size && after.limits.size < 2
  return [
    ...exposed.map((table) => `${name} reads foreign rows of ${table}`),
    ...lost.map((table) => `${name} lost ${table}`),
    ...(unlimited ? [`${name} reads without limits`] : [])
  ]
}

/**
 * Users, policies, limits and grants as a server keeps them, one operation at a time. It looks after every single operation
 * whether a user lost access, so that a wrong order of operations fails even if its end state is right.
 */
export const memoryClickhouse = ({ isAway = () => false, users: existing = {} }: MemoryClickhouseOptions = {}) =>
  Layer.effectContext(
    Effect.sync(() => {
      const users = new Map(Object.entries(existing).map(([name, user]) => [name, { ...nobody, ...user }] as const))
      const violations: Array<string> = []
      const operations: Array<UserOperation> = []
      let arrived = 0

      const apply = (operation: UserOperation, password: Redacted.Redacted) =>
        Effect.suspend(() => {
          const refusal = (reason: "unreachable" | "denied", code: string) =>
            new ClickhouseUnavailable({ operation: operation._tag, reason, code })
          if (isAway(arrived++)) return refusal("unreachable", "ECONNREFUSED")
          const before = users.get(operation.user)
          const after = applied(before, operation, Redacted.value(password))
          if (after === undefined) return refusal("denied", "192")
          users.set(operation.user, after)
          operations.push(operation)
          violations.push(...worsened(operation.user, before ?? nobody, after))
          return Effect.void
        })

      return Context.make(MemoryClickhouse, MemoryClickhouse.of({ users, violations, operations })).pipe(
        Context.add(ClickhouseUsers, ClickhouseUsers.of({ apply, check: Effect.void }))
      )
    })
  )
