import { Effect, Option } from "effect"
import { installPackages } from "./Apt.ts"
import { canInstallPackages, findProgram } from "./Machine.ts"
import type { RunDirectory } from "./RunDirectory.ts"
import { ComponentMissing, type StackFailure } from "./StackFailure.ts"

/** Debian's smallest build of Chromium that renders and takes screenshots; installed, it takes 270 MB. */
const packageName = "chromium-headless-shell"

/** Also accepts an installed browser. */
const programs = [packageName, "chromium", "google-chrome"]

const findChromium = Effect.map(Effect.forEach(programs, findProgram), (found) => Option.firstSomeOf(found))

const missing = new ComponentMissing({
  component: "Chromium",
  remedies: ["install chromium or google-chrome", "run as root on Debian: chromium-headless-shell is installed"]
})

/** Null if this machine can provide a Chromium, else the reason why not. */
export const whyNoChromium: Effect.Effect<string | null> = Effect.gen(function* () {
  if (Option.isSome(yield* findChromium) || (yield* canInstallPackages)) return null
  return missing.message
})

/** Path of a headless Chromium: installed, or from Debian's packages. */
export const chromiumProgram: Effect.Effect<string, StackFailure, RunDirectory> = Effect.gen(function* () {
  const present = yield* findChromium
  if (Option.isSome(present)) return present.value
  if (!(yield* canInstallPackages)) return yield* missing
  yield* Effect.logInfo(`Chromium: installing the package ${packageName}`)
  yield* installPackages([packageName])
  return yield* Effect.flatMap(findChromium, Option.match({ onNone: () => missing, onSome: Effect.succeed }))
})
