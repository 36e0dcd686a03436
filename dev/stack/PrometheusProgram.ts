import { access, constants } from "node:fs/promises"
import { dirname, join } from "node:path"
import { Config, Effect, Option } from "effect"
import { unpackWithApt } from "./Apt.ts"
import { canInstallPackages, findProgram } from "./Machine.ts"
import { devFolder } from "./RunDirectory.ts"
import { chooseSource, programOf, type Source } from "./Source.ts"
import { ComponentMissing, type StackFailure } from "./StackFailure.ts"

/** The server, and promtool. */
export interface PrometheusProgram {
  readonly prometheus: string
  readonly promtool: string
}

const folder = join(devFolder, "prometheus")
const inFolder = (where: string): PrometheusProgram => ({
  prometheus: join(where, "prometheus"),
  promtool: join(where, "promtool")
})

/** STACK_PROMETHEUS names the server's program; promtool is beside it. */
const programInEnvironment = Config.option(Config.nonEmptyString("STACK_PROMETHEUS")).pipe(
  Effect.orDie,
  Effect.map(Option.map((prometheus) => ({ ...inFolder(dirname(prometheus)), prometheus })))
)

const isThere = (path: string) => Effect.isSuccess(Effect.tryPromise(() => access(path, constants.X_OK)))

const findUnpacked = Effect.map(
  Effect.all([isThere(join(folder, "prometheus")), isThere(join(folder, "promtool"))]),
  (there) => (there.every((it) => it) ? Option.some(inFolder(folder)) : Option.none())
)

const findInstalled = Effect.map(
  Effect.all([findProgram("prometheus"), findProgram("promtool")]),
  ([prometheus, promtool]) =>
    Option.map(Option.all([prometheus, promtool]), ([prometheus, promtool]) => ({ prometheus, promtool }))
)

export const prometheusSource: Effect.Effect<Source<PrometheusProgram, PrometheusProgram>> = Effect.all({
  environment: programInEnvironment,
  program: Effect.flatMap(findInstalled, (installed) =>
    Option.isSome(installed) ? Effect.succeed(installed) : findUnpacked
  ),
  docker: Effect.succeed(false),
  apt: canInstallPackages
}).pipe(Effect.map(chooseSource))

const missing = new ComponentMissing({
  component: "Prometheus",
  remedies: [
    "sudo apt-get install --no-install-recommends prometheus",
    "STACK_PROMETHEUS=<path of prometheus>   (2.42 or newer, with promtool beside it)"
  ]
})

/**
 * Debian's package would start a server on all addresses when installed, so it is only unpacked. Atomic: the last file to be
 * moved is the one that is checked for.
 */
const unpack = `
mkdir -p "$0/new" && cd "$0/new"
if ! test -x ../promtool; then
  apt-get download prometheus || { apt-get -o DPkg::Lock::Timeout=300 update && apt-get download prometheus; }
  dpkg -x prometheus_*.deb .
  mv usr/bin/prometheus .. && mv usr/bin/promtool ..
fi
cd .. && rm -rf new
`

const unpacked = Effect.as(unpackWithApt("Prometheus", unpack, [folder]), inFolder(folder))

/** Prometheus: STACK_PROMETHEUS, else this machine's, else Debian's, unpacked below `.dev`. */
export const prometheusProgram: Effect.Effect<PrometheusProgram, StackFailure> = Effect.flatMap(
  prometheusSource,
  (source) => programOf(source, unpacked, missing)
)
