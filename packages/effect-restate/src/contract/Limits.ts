import type { Duration } from "effect"
import { maxPayloadBytes } from "./Serde.ts"

/** What invocations may take of the process and of Restate's journal. */
export interface Limits {
  /**
   * Largest payload in bytes: each input, answer, value of state, result of a step and value of an awakeable, written or read. Default
   * 256 KiB; Restate's own limit is 32 MiB. What is stored already and is larger can be read once this is raised.
   */
  readonly payloadBytes: number
  /** How long a step's body may take whose options say nothing. Default 30 s. */
  readonly stepTimeout: Duration.DurationInput
  /**
   * Effect operations of one attempt between two durable waits. Default five million, a second or so of them: an attempt that runs
   * more ends with `NeverRests`.
   */
  readonly operationsPerTurn: number
}

export const defaultLimits: Limits = {
  payloadBytes: maxPayloadBytes,
  stepTimeout: "30 seconds",
  operationsPerTurn: 5_000_000
}
