import { assert, describe } from "@effect/vitest"
import { Effect } from "effect"
import { call, freshKey, type It } from "../Caller.ts"
import { bytesOf } from "./bytes.ts"

/** The last one is awaited, so that the list is complete when it is read. */
const orderings = [
  [true, false, false],
  [false, true, false],
  [true, true, false]
]

export const callOrdering = (it: It) =>
  describe.concurrent("CallOrdering", () => {
    for (const oneWay of orderings)
      it.effect(`ordering: messages (true) and calls (false) arrive in the order ${oneWay.join(", ")}`, () =>
        Effect.gen(function* () {
          const list = yield* freshKey
          const requests = oneWay.map((oneWayCall, index) => ({
            proxyRequest: {
              serviceName: "ListObject",
              virtualObjectKey: list,
              handlerName: "append",
              message: bytesOf(`${index}`)
            },
            oneWayCall,
            awaitAtTheEnd: !oneWayCall
          }))
          yield* call("Proxy/manyCalls", requests)
          assert.deepStrictEqual(yield* call(`ListObject/${list}/clear`), ["0", "1", "2"])
        })
      )
  })
