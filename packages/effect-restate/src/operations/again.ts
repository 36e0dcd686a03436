import { Effect } from "effect"
import type { HandlerName, Input, KeyedContract } from "../contract/Contract.ts"
import { withAttempt } from "./Durable.ts"
import { type SendOptions, send } from "./Messaging.ts"
import { key } from "./withCapability.ts"

/**
 * Goes on in another invocation: sends the running handler, under its own key, its next input, now or after a delay. Let it be the
 * last thing that a handler does. What would be a loop without an end, whose journal grows with each round, becomes a chain of
 * invocations with a short journal each; others of the key run in between.
 *
 * The chain goes on once, wherever the process dies. A round that fails before it has said `again` ends the chain.
 */
export const again = <C extends KeyedContract, H extends HandlerName<C>>(
  contract: C,
  handler: H,
  input: Input<C, H>,
  options: Pick<SendOptions, "delay"> = {}
) =>
  Effect.zipRight(
    withAttempt(({ journal: { target } }) =>
      target.service === contract.name && target.handler === handler
        ? Effect.void
        : Effect.dieMessage(`again goes on with ${target.service}/${target.handler}, not ${contract.name}/${handler}`)
    ),
    Effect.flatMap(key, (own) => send(contract, own, handler, input, options))
  )
