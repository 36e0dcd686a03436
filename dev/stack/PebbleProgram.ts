import { dirname, join } from "node:path"
import { Config, Effect, Option } from "effect"
import { installPackages } from "./Apt.ts"
import { canInstallPackages, findProgram } from "./Machine.ts"
import { RunDirectoryLive } from "./RunDirectory.ts"
import { chooseSource, programOf, type Source } from "./Source.ts"
import { ComponentMissing, type StackFailure } from "./StackFailure.ts"

/** Let's Encrypt's test CA, and its DNS and HTTP test server. */
export interface PebbleProgram {
  readonly authority: string
  readonly challengeTestServer: string
}

const debianPackage = "pebble"
const serverName = "pebble-challtestsrv"

/** STACK_PEBBLE names the CA's program; the other one is beside it. */
const programInEnvironment = Config.option(Config.nonEmptyString("STACK_PEBBLE")).pipe(
  Effect.orDie,
  Effect.map(
    Option.map((authority): PebbleProgram => ({ authority, challengeTestServer: join(dirname(authority), serverName) }))
  )
)

const findInstalled: Effect.Effect<Option.Option<PebbleProgram>> = Effect.map(
  Effect.all([findProgram("pebble"), findProgram(serverName)]),
  ([authority, challengeTestServer]) =>
    Option.map(Option.all([authority, challengeTestServer]), ([authority, challengeTestServer]) => ({
      authority,
      challengeTestServer
    }))
)

export const pebbleSource: Effect.Effect<Source<PebbleProgram, PebbleProgram>> = Effect.all({
  environment: programInEnvironment,
  program: findInstalled,
  docker: Effect.succeed(false),
  apt: canInstallPackages
}).pipe(Effect.map(chooseSource))

const missing = new ComponentMissing({
  component: "Pebble",
  remedies: [
    `sudo apt-get install --no-install-recommends ${debianPackage}`,
    `STACK_PEBBLE=<path of pebble>   (2.4 or newer, with ${serverName} beside it)`
  ]
})

const installed = Effect.gen(function* () {
  yield* Effect.logInfo(`Pebble: apt-get install ${debianPackage}`)
  yield* installPackages([debianPackage])
  return yield* Effect.flatMap(findInstalled, (found) => Effect.mapError(found, () => missing))
}).pipe(Effect.provide(RunDirectoryLive))

/** Pebble: STACK_PEBBLE, else this machine's, else installed with apt-get. */
export const pebbleProgram: Effect.Effect<PebbleProgram, StackFailure> = Effect.flatMap(pebbleSource, (source) =>
  programOf(source, installed, missing)
)
