import { Effect, type Layer, Logger, Option } from "effect"
import type { FactSources } from "../composition/facts.ts"
import { reportingFailures } from "./commandFailed.ts"
import { program } from "./program.ts"
import { printFrame, watching } from "./watch.ts"

/** How facts are printed. */
export interface FactFormat<Facts> {
  readonly textLines: (facts: Facts) => ReadonlyArray<string>
  readonly toJson: (facts: Facts) => unknown
  /** The same facts without what changes with the time alone. */
  readonly timeless: (facts: Facts) => Facts
}

/** The values of `factOptions`. */
export interface FactOptions {
  readonly json: boolean
  readonly watch: boolean
  readonly adminUrl: Option.Option<string>
  readonly config: Option.Option<string>
}

/** Reads facts, once or until Ctrl-C, and prints them. Log lines stay out of the output. */
export const showFacts = <Facts>(
  command: string,
  facts: Effect.Effect<Facts, Error, Layer.Layer.Success<ReturnType<typeof FactSources>>>,
  { textLines, timeless, toJson }: FactFormat<Facts>,
  { adminUrl, json, watch, ...own }: FactOptions
) =>
  Effect.gen(function* () {
    const outer = yield* program
    const config = Option.orElse(own.config, () => outer.config)
    const { FactSources } = yield* Effect.promise(() => import("../composition/facts.ts"))
    const linesOf = (shown: Facts) => (json ? [JSON.stringify(toJson(shown))] : textLines(shown))
    const read = Effect.map(facts, (found) => ({ lines: linesOf(found), timeless: linesOf(timeless(found)) }))
    const run = watch ? watching(read, { redraws: !json }) : Effect.flatMap(read, printFrame)
    yield* Effect.provide(run, FactSources({ config, adminUrl }))
  }).pipe(Effect.provide(Logger.remove(Logger.defaultLogger)), reportingFailures(command))
