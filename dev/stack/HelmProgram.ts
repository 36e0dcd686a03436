import { access, constants, mkdir } from "node:fs/promises"
import { join } from "node:path"
import { Config, Effect, Option } from "effect"
import { findProgram } from "./Machine.ts"
import { runProgram } from "./Process.ts"
import { programOutput } from "./programOutput.ts"
import { devFolder, RunDirectory } from "./RunDirectory.ts"
import { type ComponentFailed, ComponentMissing, type StackFailure } from "./StackFailure.ts"

const folder = join(devFolder, "helm")
const built = join(folder, "helm")

/** The module of Helm and the version that is built where Helm is not installed. */
const module = "helm.sh/helm/v3/cmd/helm@v3.22.0"

const isThere = (path: string) => Effect.isSuccess(Effect.tryPromise(() => access(path, constants.X_OK)))

/** STACK_HELM, else this machine's, else the one that was built before. */
const findHelm = Effect.gen(function* () {
  const given = yield* Effect.orDie(Config.option(Config.nonEmptyString("STACK_HELM")))
  const named = Option.isSome(given) ? given : yield* findProgram("helm")
  if (Option.isSome(named)) return named
  return (yield* isThere(built)) ? Option.some(built) : Option.none()
})

const missing = new ComponentMissing({
  component: "Helm 3",
  remedies: ["install Helm 3.16 or newer", "STACK_HELM=<path of helm>", "install Go, which builds Helm from its module"]
})

/** Builds Helm into `.dev`, which takes minutes. `go install` moves the complete program into place. */
const build = Effect.gen(function* () {
  if (Option.isNone(yield* findProgram("go"))) return yield* missing
  yield* Effect.logInfo("Helm: building it from its Go module")
  const logs = yield* Effect.flatMap(RunDirectory, (run) => run.folderFor("helm"))
  yield* Effect.promise(() => mkdir(folder, { recursive: true }))
  yield* runProgram({
    component: "Helm",
    command: "go",
    args: ["install", "-trimpath", module],
    env: { ...process.env, GOBIN: folder },
    logFile: join(logs, "build.log")
  })
  return built
})

/** Helm 3: STACK_HELM, else this machine's, else built with Go, kept below `.dev`. */
export const helmProgram: Effect.Effect<string, StackFailure, RunDirectory> = Effect.flatMap(findHelm, (found) =>
  Option.match(found, { onNone: () => build, onSome: Effect.succeed })
)

/** What a command of Helm prints. None of those that are used reads a kubeconfig or calls a cluster. */
export const helm = (program: string, args: ReadonlyArray<string>): Effect.Effect<string, ComponentFailed> =>
  programOutput("Helm", program, args)
