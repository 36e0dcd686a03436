import type { SqlError } from "@effect/sql/SqlError"
import { Effect } from "effect"
import type { DbFailure } from "../../services/Db.ts"
import type { MysqlPool } from "./MysqlPool.ts"
import { replanOnDuplicate } from "./replanOnDuplicate.ts"

type Statements<A> = Effect.Effect<A, SqlError | DbFailure>

/** Makes the methods of a store. Each one's span, and the operation of its errors, is `store.method`. */
export const storeMethods = (store: string, pool: Pick<MysqlPool, "query" | "transaction">) => {
  const method =
    (run: <A>(operation: string, statements: Statements<A>) => Effect.Effect<A, DbFailure>) =>
    <Input extends Array<unknown>, A>(name: string, statements: (...input: Input) => Statements<A>) =>
      Effect.fn(`${store}.${name}`)((...input: Input) => run(`${store}.${name}`, statements(...input)))
  const transaction = method((operation, statements) => pool.transaction(operation, statements))
  return {
    /** Read-only statements. */
    query: method((operation, statements) => pool.query(operation, statements)),
    /** Statements that each commit by themselves. All of them are repeated after a lost connection. */
    autocommit: method((operation, statements) => pool.query(operation, statements)),
    transaction,
    /** A transaction that is repeated if another one inserted one of its rows after it read them. */
    replanned: method((operation, statements) => replanOnDuplicate(pool.transaction(operation, statements))),
    /** A transaction without a result. */
    command: <Input extends Array<unknown>>(name: string, statements: (...input: Input) => Statements<unknown>) =>
      transaction(name, (...input: Input) => Effect.asVoid(statements(...input)))
  }
}
