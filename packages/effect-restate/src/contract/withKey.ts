import type { Contract } from "./Contract.ts"

/**
 * What follows the contract in a call: handler and input, and before them a key where the contract has keys. With a key that is
 * empty where it has none, as in Restate's protocol.
 */
export const withKey = <Rest extends ReadonlyArray<unknown>>(
  { kind }: Contract,
  args: ReadonlyArray<unknown>
): readonly [key: string, ...rest: Rest] =>
  // The overloads of the callers say what the arguments are.
  (kind === "service" ? ["", ...args] : args) as unknown as readonly [string, ...Rest]
