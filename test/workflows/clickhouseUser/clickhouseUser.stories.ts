import { Effect } from "effect"
import type { Vault } from "../../../src/services/vault/Vault.ts"
import { MemoryClickhouse } from "../../support/memory/MemoryClickhouse.ts"
import { clickhouseUsers, configureUser, withQuota } from "../../support/workflows/clickhouseUsers.ts"
import type { Story } from "../../support/workflows/Story.ts"

/** The answer together with what ClickHouse came to be, which no disturbance may change. */
const withOutcome = <A, E, R>(run: Effect.Effect<A, E, R>) =>
  Effect.gen(function* () {
    const answer = yield* run
    const { users, violations } = yield* MemoryClickhouse
    const plain = Array.from(users, ([name, user]) => ({
      name,
      password: user.password,
      grants: [...user.grants],
      filters: Array.from(user.filters.values(), (filter) => ({ ...filter })),
      limits: Array.from(user.limits.values(), (limit) => ({ ...limit }))
    }))
    return {
      answer,
      violations,
      users: JSON.stringify(plain, (_, value) => (typeof value === "bigint" ? String(value) : value))
    }
  })

const thorough = { duplicates: true, pairs: 100 }

export const clickhouseUserStories = {
  "ConfigureUser of a new workspace": {
    run: withOutcome(withQuota("ws_shop").pipe(Effect.zipRight(configureUser("ws_shop")))),
    world: clickhouseUsers(),
    matrix: thorough
  },
  "ConfigureUser again, with other limits": {
    run: withOutcome(
      withQuota("ws_shop").pipe(
        Effect.zipRight(configureUser("ws_shop")),
        Effect.zipRight(configureUser("ws_shop", { maxQueriesPerWindow: 5 }))
      )
    ),
    world: clickhouseUsers(),
    matrix: thorough
  },
  "ConfigureUser without a quota": {
    run: withOutcome(configureUser("ws_shop")),
    world: clickhouseUsers(),
    matrix: thorough
  }
} satisfies Record<string, Story<MemoryClickhouse | Vault>>
