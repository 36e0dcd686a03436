import type { Context } from "effect"
import { Effect } from "effect"
import type { ConsoleServices } from "../../src/console/server/ConsoleServices.ts"
import { ConsoleSettings } from "../../src/console/server/ConsoleSettings.ts"
import { makeConsoleApp } from "../../src/console/server/consoleApp.ts"
import { files, type Sent, send, settings } from "./console.ts"
import { noSources } from "./sources.ts"

export type Answer = Effect.Effect.Success<ReturnType<ReturnType<typeof send>>>
export type Ask = (path: string, sent?: Sent) => Effect.Effect<Answer>

interface Console {
  readonly settings?: Partial<ConsoleSettings["Type"]>
  readonly sources?: Context.Context<ConsoleServices>
}

/** Asks one console several times. By default no source answers. */
export const onConsole = <A, E>(use: (ask: Ask) => Effect.Effect<A, E>, own: Console = {}) =>
  Effect.gen(function* () {
    const app = yield* makeConsoleApp(files)
    return yield* use((path, sent) =>
      send(app)(path, sent).pipe(
        Effect.provideService(ConsoleSettings, { ...settings, ...own.settings }),
        Effect.provide(own.sources ?? noSources)
      )
    )
  })
