import { Context, Duration } from "effect"
import { Deadline, type DeadlineSettings } from "../contract/Deadline.ts"
import { contracts } from "./implementations.ts"

/** The deadline of every handler in milliseconds, by `service/handler`, as its contract declares it. */
export const deadlinesOf = (settings: DeadlineSettings): ReadonlyMap<string, number> =>
  new Map(
    contracts.flatMap(({ handlers, name }) =>
      Object.entries(handlers).map(([handler, { annotations }]): [string, number] => [
        `${name}/${handler}`,
        Duration.toMillis(Context.get(annotations, Deadline)(settings))
      ])
    )
  )
